"""A yes that would be used up for nothing is not taken: the request stays open, and the person is told until when.

    too many orders in the last second, a rest after a loss   time alone takes these back
    anything else that refuses                                the yes is taken, and the gates have the last word

An approval is used once, and every gate runs when it is used; that stands. So the gates are asked before it is given:
where nothing but time is in the way, nothing is claimed, written or sent. It opens no gate: whoever answers again meets
all of them again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from domain.case import Approval
from domain.decisions import Decision
from domain.errors import DataQualityError, RetryableError
from domain.verdicts import Evaluation, Outcome, Verdict
from graphs.nodes.observe import market_now
from graphs.nodes.screen import observation_of
from graphs.proposal import proposal_for
from interfaces.acting.slicing import settled
from interfaces.runtime import Runtime
from interfaces.telling.gates.refusing import refusal
from interfaces.telling.standstill import PASSING, shown, standstill
from policies.codes import ReasonCode
from trading.store.approvals import PendingApproval

A_MINUTE, A_DAY = timedelta(minutes=1), timedelta(days=1)


class NotYet(NamedTuple):
    """What is in the way and for how long, in words; ``standstill`` is what moves time on where it stands still."""

    note: str
    said: Evaluation
    standstill: str


def not_yet(runtime: Runtime, request: PendingApproval, decision: Decision, approval: Approval) -> NotYet | None:
    """Why a yes to this request would meet nothing but what time takes back; None where it may be given."""
    said = asked(runtime, request, decision, approval)
    denied = [] if said is None else [each for each in said.verdicts if each.outcome is Outcome.DENY]
    if said is None or not denied or not all(map(is_passing, denied)):
        return None
    now, ends = runtime.deps.clock.now(), request.expires_at
    opens = max(opens_at(each, now) for each in denied)
    told = f"not yet: {refusal(said.verdicts, request.intent).sentence}; nothing was sent"
    if opens >= ends:
        return NotYet(f"{told}, and the request ends at {shown(ends)}, before that is over", said, "")
    note = f"{told}, and the request stays open until {shown(ends)}: answer again at {shown(opens)} or later"
    return NotYet(note, said, moved_on(runtime, opens))


def asked(runtime: Runtime, request: PendingApproval, decision: Decision, approval: Approval) -> Evaluation | None:
    """What the gates would say of the order with that yes; None where nobody can tell now, and sending will."""
    deps = runtime.deps
    settled(runtime)  # a comparison of the books that is too old would refuse it too
    try:
        return deps.desk.preview(
            request.intent,
            market=market_now(deps, [request.intent.symbol]),
            proposal=proposal_for(decision, observation_of(deps, decision.cycle_id), deps),
            approval=approval,
            cycle_id=decision.cycle_id,
        )
    except (RetryableError, DataQualityError):
        return None


def is_passing(refused: Verdict) -> bool:
    """Whether time alone takes it back; a counter that is unknown stays so."""
    return refused.code in PASSING and refused.value is not None


def opens_at(refused: Verdict, now: datetime) -> datetime:
    """When that refusal is over at the latest: a rest by its own figures, a rate once its window has passed."""
    if refused.code == ReasonCode.COOLDOWN and refused.margin is not None:
        return whole_seconds(now + timedelta(seconds=float(-refused.margin)))
    return whole_seconds(now + (A_MINUTE if refused.code == ReasonCode.ORDER_RATE else A_DAY))


def whole_seconds(at: datetime) -> datetime:
    """Up to the next one, as it is told."""
    return at if not at.microsecond else at.replace(microsecond=0) + timedelta(seconds=1)


def moved_on(runtime: Runtime, to: datetime) -> str:
    """How time gets there where it stands still: a plain cycle goes to the next session, and the request would end."""
    stands = standstill(runtime)
    return f"{stands} `sage cycle --as-of {to:%Y-%m-%dT%H:%M:%SZ}` takes it there." if stands else ""
