"""Controlling: pause, resume, kill, flatten. Tightening is always possible; loosening asks a checklist first."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.book import Position
from domain.case import MarketView, Mode, Pause, TradingState
from domain.errors import DataQualityError, ManualActionError, RetryableError, UsageError
from domain.ids import decision_id
from domain.market import Symbol
from domain.money import ZERO
from domain.orders import OrderIntent, OrderType, Origin, Side, TimeInForce
from domain.verdicts import Outcome
from graphs.nodes.observe import market_now
from interfaces.announcing import announce_control
from interfaces.looking import health_of, risk, why_stopped
from interfaces.runtime import Runtime
from interfaces.views import ControlView, ModeView, ResumePlan, RiskRow, State
from policies.gates.catalogue import BY_ID
from policies.gates.control.mode import SENDS_NOTHING
from policies.ladder import Actor, ResumeFacts, mode_refusal, resume_checklist
from policies.limits import LADDER
from policies.policy import Policy
from policies.selftest import run_self_test
from policies.worst_case import usable
from tools.orders import place_order
from trading.execution.desk import Placement
from trading.execution.intents import marketable_limit
from trading.portfolio import exposure
from trading.strategies.registry import STRATEGY_NAMES

OWNER = "owner"
SAME_RUNG = frozenset({Mode.PAPER, Mode.APPROVE})
NOT_KILLED = (0, 0, 0, 0)
"""The stamp of a latch that stood nowhere when the owner looked."""


def pause(runtime: Runtime, scope: str, name: str, lasting: timedelta | None, reason: str) -> ControlView:
    """Stop new entries of a scope; exits go on. A name that nothing carries is refused: it would stop nothing."""
    now = runtime.deps.clock.now()
    name = known_name(runtime, scope, name)
    until = now + lasting if lasting is not None else None
    runtime.deps.stores.control.pause(Pause(scope, name, now, OWNER, until, reason))
    return view_of(runtime, "pause", "new entries stop, exits go on")


def known_name(runtime: Runtime, scope: str, name: str) -> str:
    """The strategy or symbol of that name as candidates carry it."""
    known: tuple[str, ...] = {"strategy": STRATEGY_NAMES, "symbol": runtime.deps.market.symbols()}.get(scope, ())
    folded = next((each for each in known if each.lower() == name.lower()), None)
    if scope == "global" or (scope == "symbol" and not known):
        return name.upper()
    if folded is None:
        raise UsageError(f"there is no {scope} {name!r}", f"Choose from {', '.join(known)}.")
    return folded


def resume(runtime: Runtime, scope: str, name: str, plan: ResumePlan | None = None) -> ControlView:
    """Lift a pause; without a scope also the halt and the kill switch, if the checklist allows.

    ``plan`` is what the owner was shown: a kill that fell after it is not among what is released.
    """
    control, now = runtime.deps.stores.control, runtime.deps.clock.now()
    if scope != "global":
        name = known_name(runtime, scope, name)
        if not control.resume(scope, name, by=OWNER, at=now):
            raise UsageError(f"the {scope} {name} is not paused", "See `sage status`.")
        return view_of(runtime, "resume", f"the {scope} {name} may enter again")
    engaged = runtime.kill_switch.stamp() if plan is None else plan.stamp
    failed = checklist(runtime)
    if failed:
        raise ManualActionError(f"not resumed: {'; '.join(failed)}", "Mend it, then `sage resume` again.")
    stopped = release_all(runtime, engaged)
    note = f"{_active_again(control.read().mode)}; counters and limits are as they were"
    return view_of(runtime, "resume", f"{note}, and orders start at a quarter of their size" if stopped else note)


def _active_again(mode: Mode) -> str:
    if mode in SENDS_NOTHING:
        return f"nothing is stopped any more, but mode {mode} sends no orders: `sage mode paper` is the next step"
    return "trading is active again"


def release_all(runtime: Runtime, engaged: tuple[int, ...] | None) -> bool:
    """Lift pauses, halt and latch, or none of them; True where more than a pause was lifted, which starts the ramp."""
    control, now = runtime.deps.stores.control, runtime.deps.clock.now()
    with runtime.deps.stores.database.transaction():
        present = control.read()
        stopped = present.kill_switch or present.trading_state is not TradingState.ACTIVE
        for each in present.pauses:
            if each.scope == "global":
                control.resume(each.scope, each.name, by=OWNER, at=now)
        if stopped:
            control.start_ramp(by=OWNER, at=now)
        control.set_killed(False, by=OWNER, at=now, reason="resumed by the owner")
        control.set_trading_state(TradingState.ACTIVE, by=OWNER, at=now, reason="resumed by the owner")
        # Last, and it takes only the kill that was looked at: a newer one undoes everything above.
        if not runtime.kill_switch.release(seen=engaged or NOT_KILLED):
            raise ManualActionError("not resumed: somebody killed it in the meantime", "Ask them, then `sage resume`.")
    return stopped


def plan(runtime: Runtime) -> ResumePlan:
    """What a resume would release, and what its checklist finds."""
    control = runtime.deps.stores.control.read()
    details = runtime.kill_switch.details()
    releases = [f"the pause of everything by {each.by}" for each in control.pauses if each.scope == "global"]
    if control.trading_state is not TradingState.ACTIVE:
        releases.append(f"trading {control.trading_state}: {why_stopped(runtime) or 'no reason on record'}")
    if details is not None:
        releases.append(f"the kill by {details.by} at {details.at}: {details.reason}")
    elif control.kill_switch:
        releases.append("the kill in the database, whose latch file is gone")
    return ResumePlan(
        as_of=runtime.deps.clock.now(),
        releases=tuple(releases),
        findings=checklist(runtime),
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
    both = mode is not ceiling and {mode, ceiling} == SAME_RUNG
    told = "orders go to a paper account alone, and only after a person's yes"
    return f"the policy's own mode is {ceiling}: {told}" if both else ""


def is_up(old: Mode, new: Mode) -> bool:
    """True where only the owner may make that move."""
    return mode_refusal(old, new, Actor.PERSON) is not None


def checklist(runtime: Runtime) -> tuple[str, ...]:
    """What stands against resuming: the ladder's list, the symbols that differ, and a ledger that was changed."""
    deps, now = runtime.deps, runtime.deps.clock.now()
    report = deps.stores.ledger.verify()  # first: whatever is appended renews the anchor
    differences = deps.reconciler.reconcile(now=now).differences
    facts = ResumeFacts(
        reconciled=not differences,
        data_fresh=all(source.ok for source in health_of(runtime, now)),
        breaches=tuple(row.gate for row in risk(runtime).risk if _is_loss_breach(row)),
        self_test_ok=all(result.ok for result in run_self_test(deps.policy)),
    )
    return (
        *resume_checklist(facts),
        *(f"{each.symbol} differs from the broker" for each in differences),
        *(() if report.ok else ("the ledger does not verify",)),
    )


def _is_loss_breach(row: RiskRow) -> bool:
    return row.gate.startswith("G") and row.state is State.FAILED


def kill(runtime: Runtime, reason: str) -> ControlView:
    """Latch in file and database, then ask the broker to cancel what could still add exposure."""
    deps, now = runtime.deps, runtime.deps.clock.now()
    runtime.kill_switch.engage(OWNER, reason, now.isoformat())
    deps.stores.control.set_killed(True, by=OWNER, at=now, reason=reason)
    cancelled = deps.desk.cancel_working()
    return view_of(runtime, "kill", f"nothing is sent any more; {len(cancelled)} working entries cancelled")


class Flattened(NamedTuple):
    """How many closing orders went out, and for every position what became of its own."""

    sent: int
    fates: Mapping[Symbol, str]


def flatten(runtime: Runtime, reason: str) -> Flattened:
    """Sell (or cover) everything; entries stop first."""
    deps, now = runtime.deps, runtime.deps.clock.now()
    deps.stores.control.tighten(TradingState.REDUCING, by=OWNER, at=now, reason=reason)
    deps.desk.cancel_working()
    held = [position for position in deps.broker.positions() if position.qty != ZERO]
    market = market_now(deps, [position.symbol for position in held])
    sent, fates = 0, dict[Symbol, str]()
    for position in held:
        try:
            placed = place_order(deps.desk, _closing_intent(position, market, now), market=market, proposal=None)
        except (RetryableError, DataQualityError) as error:
            fates[position.symbol] = error.what
        else:
            sent += placed.order is not None
            fates[position.symbol] = _fate(placed)
            if placed.order is not None:
                continue
        # One that cannot be closed stops none of the others, so it is named and the rest go on.
        logging.getLogger(__name__).warning("%s was not flattened: %s", position.symbol, fates[position.symbol])
    return Flattened(sent, fates)


def _closing_intent(position: Position, market: MarketView, now: datetime) -> OrderIntent:
    """The order that closes a position at once; raises DataQualityError where nothing tells at what price."""
    view = exposure.view_of(market, position.symbol)
    quote = usable(view.quote)
    if quote is None or view.instrument is None:
        raise DataQualityError("no usable quote" if quote is None else "nothing is known of the instrument")
    side = Side.SELL if position.qty > ZERO else Side.BUY
    return OrderIntent(
        decision_id=decision_id("flatten", f"{now.isoformat()} {position.symbol}"),
        symbol=position.symbol,
        side=side,
        qty=abs(position.qty),
        type=OrderType.LIMIT,
        tif=TimeInForce.DAY,
        created_at=now,
        origin=Origin.MANUAL,
        strategy=position.strategy or "manual",
        limit_price=marketable_limit(side, quote, view.instrument.tick),
        reduce_only=True,
        leg="exit",
    )


def _fate(placed: Placement) -> str:
    """What became of a closing order, as far as its placing tells."""
    if placed.order is not None:
        return f"its closing order is {placed.order.status.value.replace('_', ' ')}"
    refused = () if placed.evaluation is None else placed.evaluation.verdicts
    gates = [f"{each.gate} {BY_ID[each.gate].name}" for each in refused if each.outcome is not Outcome.PASS]
    return f"refused by {', '.join(gates)}" if gates else "its closing order was not sent"


def still_held(runtime: Runtime, done: Flattened) -> ManualActionError | None:
    """The error that names what a flatten has left and why; None where nothing is held any more."""
    left = [
        f"{each.symbol} {each.qty.normalize():f} still held: {done.fates.get(each.symbol, 'it was not held before')}"
        for each in runtime.deps.broker.positions()
        if each.qty != ZERO
    ]
    if not left:
        return None
    what = f"killed; closing orders sent: {done.sent}; {'; '.join(left)}"
    return ManualActionError(what, "`sage resume`, then `sage kill --flatten` again.")


def view_of(runtime: Runtime, action: str, note: str) -> ControlView:
    """The control plane afterwards."""
    control = runtime.deps.stores.control.read()
    if action in ("kill", "resume"):
        announce_control(runtime, control, note)
    return ControlView(
        runtime.deps.clock.now(), action, control.trading_state, control.kill_switch, control.pauses, note
    )
