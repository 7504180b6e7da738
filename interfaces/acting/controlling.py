"""Controlling: pause, resume, kill. Tightening is always possible; loosening asks a checklist first."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from domain.case import Mode, Pause, TradingState
from domain.errors import ConfigurationError, DataQualityError, ManualActionError, RetryableError, UsageError
from domain.market import Symbol
from domain.money import HUNDRED
from domain.record.entries import RecordKind
from interfaces.acting.closing import check_held, close, closed, hands_of
from interfaces.runtime import Runtime
from interfaces.telling.announcing import announce_alerts, announce_control
from interfaces.telling.looking import health_of, risk, standing, why_stopped
from interfaces.telling.naming import listed, nearest
from interfaces.telling.standstill import standstill
from interfaces.views.control import ControlView, ModeView, PeopleView, PersonRow, ResumePlan
from interfaces.views.plain import amount, quantity
from interfaces.views.state import State
from policies.gates.control.mode import SENDS_NOTHING
from policies.kill_switch import NOT_KILLED
from policies.ladder import ACCOUNT_LOSSES, DRAWDOWN_GATES, Actor, ResumeFacts, mode_refusal, resume_checklist
from policies.limits import LADDER
from policies.policy import Policy
from policies.selftest import run_self_test
from trading.execution.flatten import Flattened, meant_by
from trading.execution.flatten import flatten as close_now
from trading.store.accounts.equity import HIGH_WATER
from trading.store.people.roles import PeopleStore, Role
from trading.strategies.registry import STRATEGY_NAMES

OWNER = "owner"
SAME_RUNG = frozenset({Mode.PAPER, Mode.APPROVE})


DRIFT = Decimal("0.01")
"""By so much of it the equity may have fallen between the question and the yes."""


class AcceptedLoss(NamedTuple):
    """A drawdown that the owner takes as lost: the high-water mark until now, and the equity that takes its place."""

    mark: Decimal
    equity: Decimal

    @property
    def told(self) -> str:
        """In words."""
        lost = self.mark - self.equity
        share = f"{quantity((HUNDRED * lost / self.mark).quantize(Decimal('0.01')))} % of {amount(self.mark)}"
        return f"{amount(lost)} are lost, {share}; the high-water mark becomes {amount(self.equity)}"


def pause(
    runtime: Runtime, scope: str, name: str, lasting: timedelta | None, reason: str, *, by: str = OWNER
) -> ControlView:
    """Stop new entries of a scope; exits go on. A name that nothing carries is refused: it would stop nothing."""
    now, control = runtime.deps.clock.now(), runtime.deps.stores.control
    name = known_name(runtime, scope, name)
    wanted = Pause(scope, name, now, by, now + lasting if lasting is not None else None, reason)
    with runtime.deps.stores.database.transaction():
        before = next((each for each in control.read().pauses if (each.scope, each.name) == (scope, name)), None)
        # A pause replaces the one before: whoever may only tighten must not end an older one by a short one.
        if by != OWNER and before is not None and outlasts(before, wanted):
            until = "it is lifted" if before.until is None else f"{before.until:%m-%d %H:%M} UTC"
            raise ManualActionError(f"{scope} {name}".strip() + f" is paused until {until} already", "Leave it so.")
        control.pause(wanted)
    return view_of(runtime, "pause", "new entries stop, exits go on")


def outlasts(before: Pause, other: Pause) -> bool:
    """True where one pause ends later than the other; without an end it ends last."""
    return other.until is not None and (before.until is None or before.until > other.until)


def known_name(runtime: Runtime, scope: str, name: str) -> str:
    """The strategy or symbol of that name as candidates carry it."""
    known: tuple[str, ...] = {"strategy": STRATEGY_NAMES, "symbol": runtime.deps.market.symbols()}.get(scope, ())
    folded = next((each for each in known if each.lower() == name.lower()), None)
    # A vendor that lists no symbols cannot say which there are, and a pause too many harms nobody.
    if scope == "global" or (scope == "symbol" and not known):
        return name.upper()
    if folded is None:
        where = " in this market" if scope == "symbol" else ""
        raise UsageError(f"there is no {scope} {name!r}{where}{nearest(name, known)}", listed(known))
    return folded


def resume(
    runtime: Runtime, scope: str, name: str, plan: ResumePlan | None = None, *, accept_loss: bool = False
) -> ControlView:
    """Lift a pause, if the checklist allows; without a scope the pause of everything, the halt and the kill switch.

    After any of these orders begin small (gate G6); a symbol or strategy that was paused alone goes on as before.

    ``plan`` is what the owner was shown: a kill that fell after it is not among what is released. ``accept_loss``: the
    owner takes a drawdown as lost, and what is left is the new high-water mark.
    """
    control, now = runtime.deps.stores.control, runtime.deps.clock.now()
    if accept_loss and scope != "global":
        raise UsageError("a loss is accepted for everything at once", "Say `sage resume --accept-loss`.")
    if scope != "global":
        name = known_name(runtime, scope, name)
        if (scope, name) not in {(each.scope, each.name) for each in standing(control.read(at=now).pauses, now)}:
            raise UsageError(f"the {scope} {name} is not paused", "See `sage status`.")
    engaged = runtime.kill_switch.stamp() if plan is None else plan.stamp
    # What was found when it was shown was never asked about, so that it is gone by now releases nothing.
    failed = (() if plan is None else plan.findings) or checklist(runtime, accept_loss=accept_loss)
    if failed:
        raise ManualActionError(f"not resumed: {'; '.join(failed)}", "Mend it, then `sage resume` again.")
    if scope != "global":
        control.resume(scope, name, by=OWNER, at=now)
        return view_of(runtime, "resume", f"the {scope} {name} may enter again")
    taken = accepted(runtime, now) if accept_loss else None
    if taken is not None and plan is not None and plan.mark is not None:
        check_shown(taken, plan.mark)
    stopped = release_all(runtime, engaged, taken)
    note = f"{_active_again(control.read().mode)}; {'other ' if taken else ''}counters and limits are as they were"
    note += f", the high-water mark is {amount(taken.equity)}" if taken else ""
    return view_of(runtime, "resume", f"{note}, and orders start at a quarter of their size" if stopped else note)


def _active_again(mode: Mode) -> str:
    if mode in SENDS_NOTHING:
        return f"nothing is stopped any more, but mode {mode} sends no orders: `sage mode paper` is the next step"
    return "trading is active again"


def release_all(runtime: Runtime, engaged: tuple[int, ...] | None, taken: AcceptedLoss | None = None) -> bool:
    """Lift pause, halt and latch, or none of them; True where anything was lifted, which starts the ramp.

    A loss that is accepted counts as lifted, and is in the ledger with both marks.
    """
    control, now = runtime.deps.stores.control, runtime.deps.clock.now()
    with runtime.deps.stores.database.transaction():
        present = control.read()
        # One that has ended by itself stopped nothing any more, and is cleared away with the others.
        paused = any(each.scope == "global" for each in standing(present.pauses, now))
        stopped = paused or present.kill_switch or present.trading_state is not TradingState.ACTIVE or taken is not None
        if taken is not None:
            _accept(runtime, taken)
        for each in present.pauses:
            if each.scope == "global":
                control.resume(each.scope, each.name, by=OWNER, at=now)
        if stopped:
            control.start_ramp(by=OWNER, at=now)
        control.set_killed(False, by=OWNER, at=now, reason="resumed by the owner")
        control.set_trading_state(TradingState.ACTIVE, by=OWNER, at=now, reason="resumed by the owner")
        # Last, and it takes only the kill that was looked at: a newer one undoes everything above.
        if not runtime.kill_switch.release(seen=engaged or NOT_KILLED, by=OWNER, at_text=now.isoformat()):
            raise ManualActionError("not resumed: somebody killed it in the meantime", "Ask them, then `sage resume`.")
        control.kills.remember(at=now)
        control.alerts.seen(at=now)
    return stopped


def accepted(runtime: Runtime, since: datetime) -> AcceptedLoss:
    """What the owner would accept now, of a drawdown at its limit; UsageError where there is none.

    ``since`` is when the checklist began: it has compared, and written down the equity that the broker tells.
    """
    last = runtime.deps.stores.equity.newest()
    mark = runtime.deps.stores.equity.performance(since, equity=None).peak_equity
    if not DRAWDOWN_GATES & set(loss_breaches(runtime)) or last is None or mark is None or last.equity >= mark:
        raise UsageError("no drawdown has reached its limit, so there is no loss to accept", "See `sage risk`.")
    if last.at < since:
        raise ManualActionError("the broker does not tell the equity", "Ask again once `sage reconcile` tells it.")
    return AcceptedLoss(mark, last.equity)


def check_shown(taken: AcceptedLoss, shown: Decimal) -> None:
    """Refuse a yes to a smaller loss than the one that it would be: prices move while a person reads, but not far."""
    if taken.equity < shown * (1 - DRIFT):
        raise ManualActionError(f"not resumed: the loss is larger by now ({taken.told})", "Look at it once more.")


def _accept(runtime: Runtime, taken: AcceptedLoss) -> None:
    """Lower the high-water mark, on record: what it was, what it is, and who said so."""
    stores, now = runtime.deps.stores, runtime.deps.clock.now()
    before = stores.equity.lower_mark(taken.equity)
    body = {"accepted_loss": {"from": before, "to": taken.equity}, "by": OWNER, "reason": "sage resume --accept-loss"}
    stores.ledger.append(RecordKind.CONTROL, HIGH_WATER, body, at=now)


def plan(runtime: Runtime, *, accept_loss: bool = False) -> ResumePlan:
    """What a resume would release, what its checklist finds, and what it would accept as lost."""
    control, now = runtime.deps.stores.control.read(), runtime.deps.clock.now()
    details = runtime.kill_switch.details()
    paused = standing(control.pauses, now)
    releases = [f"the pause of everything by {each.by}" for each in paused if each.scope == "global"]
    if control.trading_state is not TradingState.ACTIVE:
        releases.append(f"trading {control.trading_state}: {why_stopped(runtime) or 'no reason on record'}")
    if details is not None:
        releases.append(f"the kill by {details.by} at {details.at}: {details.reason}")
    elif control.kill_switch:
        releases.append("the kill in the database, whose latch file is gone")
    findings = checklist(runtime, accept_loss=accept_loss)
    loss = accepted(runtime, now) if accept_loss and not findings else None
    return ResumePlan(
        as_of=now,
        releases=tuple(releases),
        findings=findings,
        loss="" if loss is None else loss.told,
        mark=None if loss is None else loss.equity,
        stopped=control.kill_switch or control.trading_state is not TradingState.ACTIVE,
        stamp=runtime.kill_switch.stamp(),
    )


def set_mode(runtime: Runtime, mode: Mode, *, confirmed: bool) -> ModeView:
    """Move on the autonomy ladder: down at once, up as the owner and, where real money starts to move, confirmed."""
    control, now = runtime.deps.stores.control, runtime.deps.clock.now()
    capped = above_ceiling(runtime.deps.policy, mode)
    with runtime.deps.stores.database.transaction():
        before = control.read().mode
        live = not runtime.deps.broker.paper
        refused = mode_refusal(before, mode, Actor.OWNER, confirmed=confirmed, live_account=live)
        if refused is not None:
            raise ManualActionError(refused, "Answer the question, or say --yes.")
        # A way down stays open even where it ends above the ceiling: refusing it would keep the higher mode.
        if capped and is_up(before, mode):
            raise ManualActionError(f"{capped}: the mode stays {before}", "`sage limits` shows the policy's mode.")
        if mode is not before:
            control.set_mode(mode, by=OWNER, at=now, reason="sage mode")
    return ModeView(now, mode, before, capped or _also_rules(runtime.deps.policy, mode))


def people(runtime: Runtime, me: str) -> PeopleView:
    """Who may do what from afar, as the table and the settings say."""
    roles = people_of(runtime).roles()
    rows = tuple(PersonRow(who, role.value) for who, role in sorted(roles.items()))
    return PeopleView(runtime.deps.clock.now(), me, rows)


def set_role(runtime: Runtime, who: int, role: Role | None, me: str) -> PeopleView:
    """Give or take a role, on record under the name of whoever sits at the machine."""
    people_of(runtime).set_role(who, role, by=me)
    return people(runtime, me)


def people_of(runtime: Runtime) -> PeopleStore:
    """The table of people; ConfigurationError where this start has none."""
    if runtime.duties.people is None:
        raise ConfigurationError("this start knows no people", "Start it with `sage`.")
    return runtime.duties.people()


def above_ceiling(policy: Policy, mode: Mode) -> str:
    """What the policy has against that mode; empty where it goes as far.

    Paper and approve share a rung: under one of them as the ceiling the other one adds its own rule (gate A2), so with
    a ceiling of paper the mode approve asks a person for every order and still reaches no real money.
    """
    ceiling = policy.limits.get("mode")
    if ceiling is None or {mode, ceiling} == SAME_RUNG or LADDER.index(mode) <= LADDER.index(ceiling):
        return ""
    return f"the policy {policy.profile} goes no further than {ceiling}"


def _also_rules(policy: Policy, mode: Mode) -> str:
    ceiling = policy.limits.get("mode")
    # Each of the two rungs adds what the other one does not ask.
    both = mode is not ceiling and {mode, ceiling} == SAME_RUNG
    told = "orders go to a paper account alone, and only after a person's yes"
    return f"the policy's own mode is {ceiling}: {told}" if both else ""


def is_up(old: Mode, new: Mode) -> bool:
    """True where only the owner may make that move."""
    return mode_refusal(old, new, Actor.PERSON) is not None


def checklist(runtime: Runtime, *, accept_loss: bool = False) -> tuple[str, ...]:
    """What stands against resuming: the ladder's list, the symbols that differ, and a ledger that was changed.

    A drawdown stands against it unless the loss is accepted; what the day, week or month has lost ends with these.
    """
    deps, now = runtime.deps, runtime.deps.clock.now()
    report = deps.stores.ledger.verify()  # first: whatever is appended renews the anchor
    differences = deps.reconciler.reconcile(now=now).differences
    facts = ResumeFacts(
        reconciled=not differences,
        data_fresh=all(source.ok for source in health_of(runtime, now)),
        breaches=tuple(gate for gate in loss_breaches(runtime) if not (accept_loss and gate in DRAWDOWN_GATES)),
        self_test_ok=all(result.ok for result in run_self_test(deps.policy)),
    )
    return (
        *resume_checklist(facts),
        *(f"{each.symbol} differs from the broker" for each in differences),
        *(() if report.ok else ("the ledger does not verify",)),
    )


def loss_breaches(runtime: Runtime) -> tuple[str, ...]:
    """The gates whose limit on what the whole account may lose is reached."""
    rows = risk(runtime).risk
    return tuple(row.gate for row in rows if row.gate in ACCOUNT_LOSSES and row.state is State.FAILED)


def flatten(runtime: Runtime, only: Sequence[Symbol], what: str = "flatten") -> ControlView:
    """Close these symbols, or all. Under a kill it is the kill again, with the order to close them and nothing else."""
    if not (runtime.kill_switch.engaged() or runtime.deps.stores.control.read().kill_switch):
        return view_of(runtime, what, close(runtime, only))
    wanted = frozenset(only)
    check_held(hands_of(runtime, only=wanted or None), only)
    ordered = runtime.kill_switch.flatten()
    so_far = meant_by(runtime.kill_switch, ordered) if ordered else frozenset()
    if so_far is None and wanted:
        # Everything is ordered to be closed already: a narrower word would take the rest of it back.
        done = close_now(hands_of(runtime, only=wanted), ordered)
        return _flattened(runtime, what, done, wanted)
    # What an earlier word has not closed yet stays ordered.
    meant = wanted | (so_far or wanted) if wanted else wanted
    # The symbols stand in the reason for people to read; the order is the journal's field, never a text.
    return kill(runtime, f"sage {' '.join((what, *sorted(meant)))}", flatten=True, only=meant, what=what)


def kill(
    runtime: Runtime, reason: str, *, flatten: bool = False, only: frozenset[Symbol] = frozenset(), what: str = "kill"
) -> ControlView:
    """Latch in file and database, then cancel what could still add exposure, then close what is held if so ordered.

    ``only`` these symbols are closed then; none means all. Raises ManualActionError where something is still held,
    which names it: the kill stands.
    """
    deps, now = runtime.deps, runtime.deps.clock.now()
    # The latch first: it needs no database, and every adapter looks at it before it sends.
    runtime.kill_switch.engage(OWNER, reason, now.isoformat(), flatten=flatten, only=only)
    deps.stores.control.set_killed(True, by=OWNER, at=now, reason=reason)
    if not flatten:
        cancelled = deps.desk.cancel_working()
        return view_of(runtime, "kill", f"nothing is sent any more; {len(cancelled)} working entries cancelled")
    try:
        deps.desk.cancel_working()
    except (RetryableError, DataQualityError) as error:
        # An entry that stays must not keep what is held from being closed.
        logging.getLogger(__name__).warning("an entry is not cancelled: %s", error.what)
    return _flattened(runtime, what, closed(runtime, runtime.kill_switch.flatten()), only)


def _flattened(runtime: Runtime, what: str, done: Flattened, only: frozenset[Symbol]) -> ControlView:
    of = f" of {', '.join(sorted(only))}" if only else ""
    view = view_of(runtime, what, f"killed: nothing else is sent any more; {done.told or f'nothing is held{of}'}")
    if done.left:
        again = f"`sage flatten {','.join(sorted(only))}`" if only else "`sage kill --flatten`"
        stands = standstill(runtime)
        remedy = f"{stands} Then {again}" if stands else again
        raise ManualActionError(f"killed; {done.told}", f"{remedy} again goes on with it.")
    return view


def view_of(runtime: Runtime, action: str, note: str) -> ControlView:
    """The control plane afterwards."""
    control = runtime.deps.stores.control.read()
    if action in ("kill", "resume"):
        announce_control(runtime, control, note)
    announce_alerts(runtime)
    now = runtime.deps.clock.now()
    paused = standing(control.pauses, now)
    return ControlView(now, action, control.trading_state, control.kill_switch, paused, note)
