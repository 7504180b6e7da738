"""For each gate of the catalogue one order that it must stop, made from a case that is good under the same policy.

``good_case`` builds an unremarkable entry that fits the policy's lists: one share, a tight fresh quote, a rich account.
Each breach changes the one thing that its gate looks at. A breach is None where the policy leaves the gate nothing to
stop, such as lists without a name on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.book import Account, Book, Performance, Position
from domain.case import Approval, Case, Control, MarketView, Mode, Pause, Proposal, SymbolView, TradingState
from domain.ids import ClientOrderId, DecisionId, Ref
from domain.market import EventKind, Instrument, MarketEvent, Quote, Session, Symbol, TradingStatus
from domain.money import CENT, HUNDRED, ONE, ZERO, cents
from domain.orders import Order, OrderIntent, OrderStatus, OrderType, Origin, Side, TimeInForce
from policies.policy import Policy
from policies.worst_case import LARGEST

NOW = datetime(2026, 3, 17, 15, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HUGE = LARGEST - ONE
FORTUNE = Decimal(10) ** 9
EVERYTHING_LOST = Decimal(10) ** 13
USUAL_STOP_PCT = Decimal(3)
UNLISTED = Symbol("UNLISTED")

Breach = Callable[[Case, Mapping[str, Any]], Case | None]


def good_case(policy: Policy) -> Case:
    """An entry of one share that has nothing against it but what the policy itself makes impossible."""
    limits = policy.limits
    symbol = _symbol(limits)
    bid = max(HUNDRED, 2 * limits.get("min_price", ZERO))
    quote = Quote(symbol, bid, bid + CENT, bid, NOW, "self-test")
    order = OrderIntent(
        decision_id=DecisionId("self-test"),
        symbol=symbol,
        side=Side.BUY,
        qty=ONE,
        type=_first(limits, "allowed_order_types", OrderType.LIMIT),
        tif=_first(limits, "allowed_tif", TimeInForce.DAY),
        created_at=NOW,
        origin=Origin.AGENT,
        strategy="self-test",
        limit_price=quote.ask,
        stop_loss=cents(quote.ask * (1 - _stop_pct(limits) / HUNDRED)),
    )
    order = order if order.type is OrderType.LIMIT else replace(order, limit_price=None)
    return Case(
        now=NOW,
        order=order,
        control=Control(False, TradingState.ACTIVE, Mode.AUTO, reconciled_at=NOW, broker_time=NOW),
        book=_book(limits),
        market=MarketView(NOW, "XNYS", Session(NOW.date(), NOW - DAY / 24, NOW + DAY / 24), {symbol: _view(quote)}),
        proposal=_proposal(order),
    )


def _symbol(limits: Mapping[str, Any]) -> Symbol:
    listed = limits.get("universe", frozenset({Symbol("AAPL"), Symbol("MSFT")})) - set(limits.get("restricted", ()))
    return min(listed, default=Symbol("AAPL"))


def _first(limits: Mapping[str, Any], name: str, usual: Any) -> Any:
    allowed = limits.get(name) or {usual}
    return usual if usual in allowed else min(allowed)


def _stop_pct(limits: Mapping[str, Any]) -> Decimal:
    nearest, farthest = limits.get("min_stop_distance_pct", ZERO), limits.get("max_stop_distance_pct", HUNDRED)
    return (nearest + farthest) / 2 if not nearest < USUAL_STOP_PCT < farthest else USUAL_STOP_PCT


def _view(quote: Quote) -> SymbolView:
    return SymbolView(
        instrument=Instrument(quote.symbol, "self-test", sector="self-test"),
        quote=quote,
        status=TradingStatus(quote.symbol, NOW, halted=False),
        last_bar_end=NOW,
        atr=ONE,
        adv_shares=FORTUNE,
        event_kinds=frozenset({EventKind.EARNINGS}),
    )


def _book(limits: Mapping[str, Any]) -> Book:
    account = Account(
        limits.get("account_id", "self-test"), NOW, "USD", True, FORTUNE, FORTUNE, FORTUNE, trading_blocked=False
    )
    return Book(account, Performance(FORTUNE, FORTUNE, ZERO, ZERO, 0, None), {}, (), (), 0, ZERO)


def _proposal(order: OrderIntent) -> Proposal:
    return Proposal(
        asked_symbol=order.symbol,
        schema_valid=True,
        cited=(),
        known=frozenset(),
        evidence_as_of=NOW,
        decided_at=NOW,
        evidence_digest="evidence",
        evidence_digest_now="evidence",
        candidate_qty=LARGEST,
        advised_qty=LARGEST,
        inspected_qty=LARGEST,
        confidence=ONE,
    )


def _order(case: Case, **changes: Any) -> Case:
    return replace(case, order=replace(case.order, **changes))


def _control(case: Case, **changes: Any) -> Case:
    return replace(case, control=replace(case.control, **changes))


def _ledger(case: Case, **changes: Any) -> Case:
    return replace(case, book=replace(case.book, **changes))


def _account(case: Case, **changes: Any) -> Case:
    return _ledger(case, account=replace(case.book.account, **changes))


def _counters(case: Case, **changes: Any) -> Case:
    return _ledger(case, performance=replace(case.book.performance, **changes))


def _shown(case: Case, **changes: Any) -> Case:
    view = replace(case.market.symbols[case.order.symbol], **changes)
    return replace(case, market=replace(case.market, symbols={**case.market.symbols, case.order.symbol: view}))


def _quoted(case: Case, **changes: Any) -> Case:
    quote = case.market.symbols[case.order.symbol].quote
    return case if quote is None else _shown(case, quote=replace(quote, **changes))


def _proposed(case: Case, **changes: Any) -> Case:
    return case if case.proposal is None else replace(case, proposal=replace(case.proposal, **changes))


def _holding(case: Case, qty: Decimal, available: Decimal | None = None) -> Case:
    position = Position(case.order.symbol, qty, ONE, available)
    return _ledger(case, positions={**case.book.positions, case.order.symbol: position})


def _huge(case: Case, limits: Mapping[str, Any]) -> Case:
    return _order(case, qty=HUGE)


def _poor(case: Case, limits: Mapping[str, Any]) -> Case:
    return _counters(_account(case, equity=ZERO), day_start_equity=EVERYTHING_LOST, peak_equity=EVERYTHING_LOST)


def _working(case: Case, count: int, **changes: Any) -> tuple[Order, ...]:
    order = Order(
        client_order_id=ClientOrderId("working"),
        decision_id=DecisionId("another"),
        symbol=UNLISTED,
        side=Side.BUY,
        qty=ONE,
        type=OrderType.LIMIT,
        tif=TimeInForce.DAY,
        status=OrderStatus.ACCEPTED,
        created_at=case.now,
        updated_at=case.now,
        strategy="self-test",
        origin=Origin.RULE,
        limit_price=ONE,
    )
    order = replace(order, **changes)
    return tuple(replace(order, client_order_id=ClientOrderId(f"working-{number}")) for number in range(count))


def _crowd(case: Case, limits: Mapping[str, Any]) -> Case:
    names = (Symbol(f"HELD{number}") for number in range(int(limits["max_open_positions"])))
    return _ledger(case, positions={name: Position(name, ONE, ONE) for name in names})


def _outside_lists(case: Case, limits: Mapping[str, Any]) -> Case | None:
    banned = [name for name, entry in limits.get("restricted", {}).items() if entry.until is None or entry.until > NOW]
    if "universe" in limits:
        return _order(case, symbol=UNLISTED)
    return _order(case, symbol=banned[0]) if banned else None


def _own_order_in_the_way(case: Case, limits: Mapping[str, Any]) -> Case | None:
    if not limits["forbid_self_cross"]:
        return None
    resting = _working(case, 1, symbol=case.order.symbol, side=Side.SELL, type=OrderType.MARKET, limit_price=None)
    return _ledger(case, open_orders=resting)


def _unapproved(case: Case, limits: Mapping[str, Any]) -> Case:
    return replace(case, approval=Approval("", "another order", case.now, case.now))


def _earnings_now(case: Case, limits: Mapping[str, Any]) -> Case:
    return _shown(case, events=(MarketEvent(case.order.symbol, EventKind.EARNINGS, case.now, case.now),))


BREACHES: Mapping[str, Breach] = {
    "A1": lambda case, limits: _control(case, kill_switch=True),
    "A2": lambda case, limits: _control(case, mode=Mode.OFF),
    "A3": lambda case, limits: _control(case, pauses=(Pause("global", "", case.now, "self-test"),)),
    "A4": lambda case, limits: _control(case, trading_state=TradingState.HALTED),
    "A6": lambda case, limits: _account(case, trading_blocked=True),
    "A6_age": lambda case, limits: _account(case, as_of=case.now + DAY),
    "A7": lambda case, limits: _control(case, reconciled_at=None),
    "A8": lambda case, limits: _control(case, broker_time=None),
    "A10": _unapproved,
    "B1": lambda case, limits: _order(case, symbol=Symbol("not a ticker")),
    "B2": lambda case, limits: _order(case, qty=-ONE),
    "B3": lambda case, limits: _order(case, type=OrderType.LIMIT, limit_price=None),
    "B4": lambda case, limits: _order(case, type=OrderType.MARKET, limit_price=None, extended_hours=True),
    "B6": lambda case, limits: _order(_holding(case, -ONE), qty=HUGE),
    "B7": lambda case, limits: _order(case, reduce_only=True),
    "B8": lambda case, limits: _order(case, stop_loss=HUGE),
    "B9": _outside_lists,
    "B10": lambda case, limits: _quoted(case, last=ZERO),
    **dict.fromkeys(("C1", "C1_equity", "C2", "C3", "C3_notional", "C3_qty", "C5", "C6", "C7", "C8", "C11"), _huge),
    "C4": _crowd,
    "C4_cycle": lambda case, limits: replace(case, cycle_entries=int(limits["max_entries_per_cycle"])),
    **dict.fromkeys(("C15", "C15_pct", "C18", "D1", "E9"), _huge),
    "D3": lambda case, limits: _order(case, side=Side.SELL),
    "D5": _own_order_in_the_way,
    "D8": lambda case, limits: _order(_holding(case, ONE, available=ZERO), side=Side.SELL),
    "E1": lambda case, limits: replace(case, market=replace(case.market, session=None)),
    "E3": lambda case, limits: _shown(case, status=TradingStatus(case.order.symbol, case.now, halted=True)),
    "E4": lambda case, limits: _quoted(case, at=case.now + DAY),
    "E4_bar": lambda case, limits: _shown(case, last_bar_end=None),
    "E6": lambda case, limits: _quoted(case, last=CENT),
    "E6_atr": lambda case, limits: _shown(_quoted(case, last=CENT), atr=CENT),
    "E7": lambda case, limits: _quoted(case, bid=CENT),
    "E8": lambda case, limits: _order(_shown(case, quote=None), type=OrderType.MARKET, limit_price=None),
    "E13": _earnings_now,
    "F1": lambda case, limits: _ledger(case, recent_orders=_working(case, int(limits["max_orders_per_minute"]))),
    "F1_day": lambda case, limits: _ledger(case, orders_today=int(limits["max_orders_per_day"])),
    "F3": lambda case, limits: _ledger(case, open_orders=_working(case, int(limits["max_active_orders"]))),
    "F4": lambda case, limits: _ledger(case, recent_orders=_working(case, 1, decision_id=case.order.decision_id)),
    "F6": lambda case, limits: _counters(case, last_loss_at=case.now + DAY),
    "F7": lambda case, limits: _counters(case, consecutive_losses=int(limits["max_consecutive_losses"])),
    **dict.fromkeys(("G1", "G1_abs", "G3_soft", "G3"), _poor),
    "H1": lambda case, limits: _proposed(case, schema_valid=False),
    "H2": lambda case, limits: _proposed(case, cited=(Ref("invented@NOWHERE"),)),
    "H3": lambda case, limits: _proposed(case, confidence=None),
    "H6": lambda case, limits: _proposed(case, evidence_digest_now="changed"),
    "H10": lambda case, limits: _proposed(case, inspected_qty=None),
}
