"""The autonomy ladder and the trading states: who may move them, which way, and what a resume takes.

    mode            off < observe < paper, approve < auto
    trading state   HALTED < REDUCING < ACTIVE

Down is open to everyone and to the rules themselves: a breach moves to REDUCING by itself, and no rule moves further,
because exits stay possible whatever was lost. HALTED is left to a person, or what is left where nobody can read the
control plane. Up needs the owner, and a confirmation
where real money starts to move. Between paper and approve each way gives something up (real money here, the second pair
of eyes there), so both count as up. Nothing ever moves up by itself, and a resume never resets a counter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from domain.case import Mode, TradingState
from domain.errors import DataQualityError
from domain.money import ONE
from domain.ports import Calendar
from domain.verdicts import Outcome, Verdict
from policies.codes import ReasonCode
from policies.limits import LADDER

STATES = (TradingState.HALTED, TradingState.REDUCING, TradingState.ACTIVE)
LIVE = frozenset({Mode.APPROVE, Mode.AUTO})
REDUCING_CODES = frozenset(
    {
        ReasonCode.DAY_LOSS, ReasonCode.WEEK_LOSS, ReasonCode.MONTH_LOSS, ReasonCode.DRAWDOWN_SOFT, ReasonCode.DRAWDOWN,
        ReasonCode.LOSS_STREAK, ReasonCode.REJECTS_IN_ROW, ReasonCode.API_ERRORS, ReasonCode.SLIPPAGE,
    }
)  # fmt: skip
"""Breaches that concern the whole account, or execution itself. The loss of one strategy or in one symbol stops its own
orders and nobody else's, and a profit that was given back is still no loss: neither is among them."""
DRAWDOWN_GATES = frozenset({"G3_soft", "G3"})
ACCOUNT_LOSSES: Mapping[str, str] = {
    "G1": "wait for the next session: the loss of the day has reached its limit",
    "G1_abs": "wait for the next session: the loss of the day has reached its limit in money",
    "G2": "wait for the next week: the loss of this one has reached its limit",
    "G2_month": "wait for the next month: the loss of this one has reached its limit",
    "G3_soft": "accept the loss with `sage resume --accept-loss`: the soft drawdown limit is reached, and no waiting"
    " lowers the high-water mark",
    "G3": "accept the loss with `sage resume --accept-loss`: the drawdown limit is reached, and no waiting lowers the"
    " high-water mark",
}
"""Losses of the whole account that stand against a resume, by gate, and what ends each. What one strategy or symbol
lost, or a profit given back, goes on stopping its own orders and keeps nobody else from resuming."""
RAMP = (Decimal("0.25"), Decimal("0.5"), ONE)
"""Share of the usual size in the session of a resume, in the next one, and from the third on."""
_TICK = timedelta(microseconds=1)


class Actor(StrEnum):
    """Who wants to move something."""

    OWNER = "owner"
    PERSON = "person"
    AGENT = "agent"
    RULE = "rule"


def mode_refusal(
    old: Mode, new: Mode, actor: Actor, *, confirmed: bool = False, live_account: bool = False
) -> str | None:
    """Why ``actor`` may not move the mode, or None. ``live_account``: real money is behind the broker."""
    if old is new or _is_down(old, new):
        return None
    if actor is not Actor.OWNER:
        return f"only the owner moves the mode from {old} to {new}"
    if live_account and new in LIVE and not confirmed:
        return f"moving to {new} on a live account needs the owner's confirmation"
    return None


@dataclass(frozen=True, slots=True)
class ResumeFacts:
    """What is known when somebody asks to resume; None is not known, and counts as not so.

    ``breaches`` are gates of ``ACCOUNT_LOSSES``.
    """

    reconciled: bool | None
    data_fresh: bool | None
    breaches: tuple[str, ...] | None
    self_test_ok: bool | None


def resume_checklist(facts: ResumeFacts) -> tuple[str, ...]:
    """What still stands in the way of a resume, in words; empty when nothing does."""
    missing = []
    if facts.reconciled is not True:
        missing.append("reconcile the book with the broker")
    if facts.data_fresh is not True:
        missing.append("wait for fresh market data")
    if facts.breaches is None:
        missing.append("find out which limits are breached")
    elif facts.breaches:
        # Past the hard limit the soft one is no news.
        past = {"G3_soft"} if "G3" in facts.breaches else set[str]()
        missing += [ACCOUNT_LOSSES[gate] for gate in facts.breaches if gate not in past]
    if facts.self_test_ok is not True:
        missing.append("repair the gates that fail their self-test")
    return tuple(missing)


def recovery_ramp(resumed_at: datetime | None, at: datetime, calendar: Calendar) -> Decimal | None:
    """The share of the usual size at ``at`` after the owner's resume; None where the calendar cannot tell.

    Counted in exchange sessions: resumed on Friday at noon, a quarter until Monday's opening, half until Tuesday's.
    A resume between sessions counts for the session that follows. A moment before the resume is still its session.
    """
    if resumed_at is None:
        return ONE
    try:
        # The calendar counts [start, end): one that opens with the resume is its own, one that opens now counts.
        opened = len(calendar.sessions(resumed_at + _TICK, at + _TICK)) if at > resumed_at else 0
        before_its_session = calendar.session_at(resumed_at) is None
    except DataQualityError:
        return None
    return RAMP[min(max(opened - before_its_session, 0), len(RAMP) - 1)]


def state_after(state: TradingState, verdicts: Iterable[Verdict]) -> TradingState:
    """Where breached limits move the trading state by themselves: to REDUCING or nowhere, and never up.

    Never to HALTED, which stops exits too: no loss, however large, keeps anybody from what makes it smaller (I-09).
    Only a measured breach counts: a figure that is unknown for a moment denies the order and moves nothing.
    """
    wanted = TradingState.REDUCING if breaches(verdicts) else TradingState.ACTIVE
    return min(state, wanted, key=STATES.index)


def is_hard_drawdown(verdicts: Iterable[Verdict]) -> bool:
    """Whether the limit is reached that stands for the worst: told as critical, whatever state trading is in."""
    return any(each.code is ReasonCode.DRAWDOWN for each in breaches(verdicts))


def breaches(verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """Those that move the trading state."""
    return tuple(each for each in verdicts if each.outcome is Outcome.DENY and each.code in REDUCING_CODES)


def _is_down(old: Mode, new: Mode) -> bool:
    return LADDER.index(new) < LADDER.index(old) and (old, new) != (Mode.APPROVE, Mode.PAPER)
