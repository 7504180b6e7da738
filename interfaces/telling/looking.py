"""Looking: status, positions, orders, trades, profit and loss, risk and limits as of now; nothing is changed here.

Broker truth stands beside our own books, with the age of each; a broker that does not answer leaves its column empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from domain.book import Account, Position
from domain.case import MarketView, Pause, TradingState
from domain.errors import ConfigurationError, DataQualityError, RetryableError, UsageError
from domain.market import Symbol
from domain.money import HUNDRED, ZERO
from domain.orders import Order
from domain.record.canonical import restore
from domain.record.entries import ClosedTrade, RecordKind
from graphs.nodes.observe import bars_of, market_now, valued
from interfaces.runtime import Runtime
from interfaces.telling.asking import models
from interfaces.telling.gates.rooms import is_waited_for
from interfaces.telling.standstill import standstill
from interfaces.views.control import LimitChange, RiskRow
from interfaces.views.gates import LimitRow, LimitsView, RiskView
from interfaces.views.state import (
    DependencyView,
    OrdersView,
    PlaceView,
    PnlView,
    PositionsView,
    PositionView,
    ReconciledView,
    State,
    StatusView,
    TradesView,
)
from policies.limit_words import meaning
from policies.limits import BY_NAME, LIMITS
from policies.measures.headroom import Headroom, headroom, probe
from policies.policy import Policy, compare_policies, load_policy, set_but_not_enforced
from trading.execution.account import read_book, unrealized_pnl
from trading.execution.guard import plans, protection_of_books
from trading.execution.protection import BARE, Protection, protections
from trading.monitor.health import Dependency, HealthLimits, SourceState, dependencies
from trading.portfolio.performance import statistics_of
from trading.portfolio.periods import until_now
from trading.store.trades import Trade

SHOWN_ORDERS = 50
SHOWN_TRADES = 50
_LONGEST_ANSWER_AGE_S = 300
# As the shipped policies have it: daily bars are that old after a long week-end.
_LONGEST_BAR_AGE_S = 4 * 86_400
_PERCENT_STEP = Decimal("0.01")
_STATES = {
    "ok": State.OK,
    "warning": State.TIGHT,
    "approval": State.TIGHT,
    "blocked": State.FAILED,
    "unknown": State.UNKNOWN,
    "idle": State.IDLE,
    "off": State.OFF,
}


def status(runtime: Runtime) -> StatusView:
    """Mode, trading state, pauses, the last cycle, and what Sage leans on."""
    deps, now = runtime.deps, runtime.deps.clock.now()
    control = deps.stores.control.read(at=now)
    last = last_report(runtime)
    return StatusView(
        as_of=now,
        mode=control.mode,
        trading_state=control.trading_state,
        kill_switch=control.kill_switch,
        paused=standing(control.pauses, now),
        policy_digest=deps.policy.digest,
        prompt_digest=runtime.setup.prompt_digest,
        model=runtime.setup.model,
        degraded=last.get("degraded") if last else None,
        reconciled=ReconciledView(
            at=control.reconciled_at,
            ok=None if control.reconciled_at is None else not control.mismatched,
            differences=tuple(f"{symbol} differs" for symbol in control.mismatched),
        ),
        last_cycle=last["cycle_id"] if last else None,
        last_cycle_at=datetime.fromisoformat(last["as_of"]) if last else None,
        dependencies=(
            DependencyView("database", True, ZERO, deps.stores.database.place),
            *(
                DependencyView(each.name, each.ok, None if each.age_s is None else Decimal(each.age_s), each.note)
                for each in health_of(runtime, now)
            ),
        ),
        ramp=control.ramp,
        why=why_stopped(runtime),
        release=runtime.setup.notice,
        unprotected=bare_holdings(runtime),
        alerts=tuple(reversed(deps.stores.control.alerts.open())),
        models=models(runtime),
        standstill=standstill(runtime),
    )


def standing(pauses: Sequence[Pause], now: datetime) -> tuple[Pause, ...]:
    """Those that have not ended by themselves: at its end, as gate A3 reads it, a pause is over."""
    return tuple(each for each in pauses if each.until is None or now < each.until)


def bare_holdings(runtime: Runtime) -> tuple[str, ...]:
    """Holdings without the stop that was planned, by our own books: a broker that is away hides none of them."""
    known = protection_of_books(runtime.deps.stores.orders).values()
    return tuple(each.told for each in known if each.cover in BARE)


def why_stopped(runtime: Runtime) -> str:
    """Why trading is not active, as the newest move of the trading state says; empty while it is."""
    control = runtime.deps.stores.control.read()
    if control.trading_state is TradingState.ACTIVE or not control.readable:
        return ""
    moves = runtime.deps.stores.ledger.backwards(RecordKind.CONTROL, subject="control")
    newest = next((entry.body for entry in moves if "trading_state" in entry.body), None)
    return "" if newest is None else f"{newest['by']}: {newest['reason']}"


def last_report(runtime: Runtime) -> dict[str, Any] | None:
    """The stored report of the newest finished cycle."""
    record = runtime.deps.stores.cycles.last(runtime.setup.account_id, finished=True)
    return dict(record.report) if record is not None and record.report is not None else None


def account_of(runtime: Runtime) -> tuple[Account | None, str]:
    """The broker's account, or None and why."""
    try:
        return runtime.deps.broker.account(), ""
    except (RetryableError, DataQualityError, ConfigurationError) as error:
        return None, error.what


def sources_of(runtime: Runtime, now: datetime) -> tuple[SourceState, ...]:
    """When broker and market last answered."""
    account, note = account_of(runtime)
    missing: list[str] = []
    # One symbol stands for the market: a look at the status is no reason to ask a vendor for all of them.
    bars = bars_of(runtime.deps, runtime.deps.market.symbols()[:1], now, missing)
    newest = max((series[-1].end for series in bars.values() if series), default=None)
    return (
        SourceState(f"broker {runtime.setup.broker}", account.as_of if account is not None else None, note),
        SourceState(f"market {runtime.setup.market}", newest, "; ".join(missing)),
    )


def health_of(runtime: Runtime, now: datetime) -> tuple[Dependency, ...]:
    """Each source with its age, judged by the ages that the policy allows."""
    limits = runtime.deps.policy.limits
    market = f"market {runtime.setup.market}"
    ages = {market: int(limits.get("max_bar_age_s", _LONGEST_BAR_AGE_S))}
    return dependencies(sources_of(runtime, now), now, HealthLimits(_LONGEST_ANSWER_AGE_S, ages))


def positions(runtime: Runtime) -> PositionsView:
    """Every holding by our books and by the broker's."""
    deps, now = runtime.deps, runtime.deps.clock.now()
    ours, trades = deps.stores.trades.positions(), deps.stores.trades.all_open()
    held, working, note = told_by_broker(runtime, now)
    market = market_now(deps, sorted({*ours, *held}))
    shares = ours if note else {symbol: each.qty for symbol, each in held.items()}
    covers = protections(shares, working, plans(deps.stores.orders))
    lasts = timedelta(seconds=int(deps.policy.limits.get("max_quote_age_s", _LONGEST_ANSWER_AGE_S)))
    rows = (
        position_view(symbol, ours.get(symbol), held.get(symbol), market, covers.get(symbol), trades.get(symbol))
        for symbol in sorted({*ours, *held})
    )
    aged = (replace(row, stale=row.as_of is None or now - row.as_of > lasts) for row in rows)
    shown = tuple(replace(row, broker_qty=None) if note else row for row in aged)
    return PositionsView(now, shown, compared_at(runtime), note, places(runtime))


def places(runtime: Runtime) -> tuple[PlaceView, ...]:
    """What lies at which broker, as they have just told it; nothing where there is only one."""
    told = runtime.parts().items()
    return tuple(
        PlaceView(name, None if held is None else {each.symbol: each.qty for each in held if each.qty})
        for name, held in told
        if len(told) > 1
    )


def told_by_broker(runtime: Runtime, now: datetime) -> tuple[Mapping[Symbol, Position], tuple[Order, ...], str]:
    """What it holds and what works there; where it does not answer nothing, our own open orders, and why."""
    deps = runtime.deps
    try:
        book = read_book(deps.broker, deps.stores.orders, deps.stores.equity, now=now)
    except (RetryableError, DataQualityError, ConfigurationError) as error:
        return {}, tuple(deps.stores.orders.open()), error.what
    return book.positions, tuple(book.open_orders), ""


def compared_at(runtime: Runtime) -> datetime | None:
    """When our books were last compared with the broker's."""
    return runtime.deps.stores.control.read().reconciled_at


def position_view(
    symbol: Symbol,
    ours: Decimal | None,
    held: Position | None,
    market: MarketView,
    protection: Protection | None = None,
    trade: Trade | None = None,
) -> PositionView:
    """One holding at the price at which it could be sold; by our books alone where the broker tells of none."""
    quote = market.symbols[symbol].quote
    long = (ours or ZERO) >= ZERO if held is None else held.qty > ZERO
    price = None if quote is None else quote.bid if long else quote.ask
    avg = held.avg_price if held is not None else None if trade is None else trade.average
    return PositionView(
        symbol=symbol,
        qty=ours if ours is not None else ZERO,
        avg_price=avg,
        market_price=price,
        unrealized_pnl=None if price is None or held is None else (price - held.avg_price) * held.qty,
        broker_qty=held.qty if held is not None else ZERO,
        as_of=quote.at if quote is not None else None,
        stop_loss=held.stop_loss if held is not None else None if trade is None else trade.stop_loss,
        strategy=held.strategy if held is not None else "" if trade is None else trade.strategy,
        protection="" if protection is None else protection.cover.value,
        protected_qty=None if protection is None else protection.covered,
        trade_id="" if trade is None else trade.trade_id,
    )


def orders(runtime: Runtime) -> OrdersView:
    """Our records of orders, newest first."""
    found = runtime.deps.stores.orders.newest(SHOWN_ORDERS)
    return OrdersView(runtime.deps.clock.now(), found, compared_at(runtime))


def trades(runtime: Runtime, count: int = SHOWN_TRADES) -> TradesView:
    """So many finished round trips, newest first."""
    entries = islice(runtime.deps.stores.ledger.backwards(RecordKind.TRADE_CLOSED), count)
    newest = (restore(ClosedTrade, entry.body) for entry in entries)
    taken_over = runtime.deps.stores.trades.adjustments.newest()[:count]
    return TradesView(runtime.deps.clock.now(), tuple(newest), compared_at(runtime), taken_over)


def pnl(runtime: Runtime) -> PnlView:
    """Profit and loss of the exchange day and in all, unrealised included."""
    deps, now = runtime.deps, runtime.deps.clock.now()
    book = read_book(deps.broker, deps.stores.orders, deps.stores.equity, now=now)
    counters, equity = book.performance, book.account.equity
    closed = tuple(each for each in deps.stores.trades.closed() if each.traded)
    fees = deps.stores.trades.commissions()
    start, peak = counters.day_start_equity, counters.peak_equity
    day = None if equity is None or start is None else equity - start
    return PnlView(
        as_of=now,
        currency=book.account.currency,
        equity=equity,
        day_start_equity=start,
        day_pnl=day,
        day_pnl_pct=percent(day, start),
        realized_pnl_day=counters.realized_pnl_day,
        unrealized_pnl=unrealized_pnl(book.account, tuple(book.positions.values())),
        peak_equity=peak,
        drawdown_pct=None if equity is None or peak is None else percent(peak - equity, peak),
        closed_trades=len(closed),
        wins=sum(trade.pnl is not None and trade.pnl > 0 for trade in closed),
        realized_pnl=deps.stores.trades.realized(),
        statistics=statistics_of(
            [trade.pnl for trade in closed if trade.pnl is not None],
            until_now(deps.stores.equity.days(), deps.stores.equity.day_of(now), start, equity),
            fees,
            sum((trade.commission for trade in closed), ZERO),
        ),
        fees_day=deps.stores.trades.commissions(deps.stores.equity.day_start(now)),
        fees=fees,
        adjustments=deps.stores.trades.adjustments.newest(),
    )


def percent(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """``part`` of ``whole`` in per cent, two places; None where either is unknown."""
    return None if part is None or not whole else (part / whole * HUNDRED).quantize(_PERCENT_STEP)


def risk(runtime: Runtime) -> RiskView:
    """The room every gate leaves at this moment."""
    deps, now = runtime.deps, runtime.deps.clock.now()
    book = read_book(deps.broker, deps.stores.orders, deps.stores.equity, now=now)
    # Every gate is asked about an entry into something: what is held first, else whatever there is. To buy what is
    # short is an exit, for which nearly every limit steps aside.
    short = {symbol for symbol, each in book.positions.items() if each.qty < ZERO}
    entered = [symbol for symbol in (*sorted(book.positions), *deps.market.symbols()) if symbol not in short]
    symbols = (*entered[:1], *sorted(book.positions))
    if not symbols:
        raise UsageError(f"{runtime.setup.market} names no symbols", "Name them in SAGE_UNIVERSE.")
    market = market_now(deps, symbols)
    theirs = deps.broker.time()
    control = deps.stores.control.read(broker_time=theirs.at, broker_open=theirs.market_open)
    book = valued(deps, book, market, now)
    case = probe(now, control, book, market, symbols[0], policy=deps.policy, release=deps.desk.release)
    rows = headroom(case, deps.policy)
    return RiskView(now, tuple(risk_row(row) for row in rows), symbols[0], bare_holdings(runtime), case.order)


def risk_row(row: Headroom) -> RiskRow:
    """One gate for people. What time alone makes room for has no share of it left."""
    state, left = _STATES[row.state], row.headroom_pct
    left = None if is_waited_for(row.limit, row.value, left, row.unit) else left
    return RiskRow(row.gate, row.limit, row.value, left, state, row.name, row.unit, row.note)


def limits(
    runtime: Runtime, profile: str | None = None, against: str | None = None, *, waits: bool = False
) -> LimitsView:
    """The policy of this start, or a profile or file, and how it would change if that of ``against`` took its place.

    ``waits``: the policy of this start is not in force before the owner accepts it.
    """
    now, ours = runtime.deps.clock.now(), profile is None
    policy = runtime.deps.policy if profile is None else load_policy(profile)
    other = None if against is None else load_policy(against)
    return LimitsView(
        as_of=now,
        profile=policy.profile,
        digest=policy.digest,
        loaded_at=runtime.setup.started_at if ours else now,
        limits=policy.limits,
        rows=limit_rows(policy),
        in_force=ours and not waits,
        waits=ours and waits,
        compared_with=None if other is None else other.profile,
        changes=() if other is None else limit_changes(policy, other),
        changed=put_in_force(runtime, policy.digest),
    )


def put_in_force(runtime: Runtime, digest: str) -> str:
    """Who put a policy in force for the last time, and when; empty where nobody has."""
    moves = runtime.deps.stores.ledger.backwards(RecordKind.CONTROL, subject="control")
    last = next((each for each in moves if each.body.get("policy_digest") == digest), None)
    return "" if last is None else f"put in force by {last.body['by']} at {last.at:%Y-%m-%d %H:%M} UTC"


def limit_rows(policy: Policy) -> tuple[LimitRow, ...]:
    """Every limit that the policy sets, in the order of the catalogue."""
    idle = set(set_but_not_enforced(policy))
    return tuple(
        LimitRow(limit.name, policy.limits[limit.name], limit.unit, meaning(limit), limit.gates, limit.name not in idle)
        for limit in LIMITS
        if limit.name in policy.limits
    )


def limit_changes(old: Policy, new: Policy) -> tuple[LimitChange, ...]:
    """Every limit that differs, and which way."""
    return tuple(
        LimitChange(
            change.name,
            BY_NAME[change.name].unit,
            change.old,
            change.new,
            "tighter" if change.direction > 0 else "looser",
        )
        for change in compare_policies(old, new)
    )
