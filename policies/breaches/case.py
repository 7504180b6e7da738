"""The case that every breach starts from, and the changes that turn it into one.

``good_case`` builds an unremarkable entry that fits the policy's lists: one share, a tight fresh quote, a rich account.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.book import Account, Book, Performance, Position
from domain.case import Case, Control, MarketView, Mode, Proposal, SymbolView, TradingState
from domain.ids import ClientOrderId, DecisionId
from domain.market import EventKind, Instrument, Quote, Session, Symbol, TradingStatus
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


def with_order(case: Case, **changes: Any) -> Case:
    """The case with a changed order."""
    return replace(case, order=replace(case.order, **changes))


def with_control(case: Case, **changes: Any) -> Case:
    """The case with a changed control plane."""
    return replace(case, control=replace(case.control, **changes))


def with_book(case: Case, **changes: Any) -> Case:
    """The case with a changed book."""
    return replace(case, book=replace(case.book, **changes))


def with_account(case: Case, **changes: Any) -> Case:
    """The case with a changed account."""
    return with_book(case, account=replace(case.book.account, **changes))


def with_performance(case: Case, **changes: Any) -> Case:
    """The case with changed loss counters."""
    return with_book(case, performance=replace(case.book.performance, **changes))


def with_view(case: Case, **changes: Any) -> Case:
    """The case with a changed view of the order's symbol."""
    view = replace(case.market.symbols[case.order.symbol], **changes)
    return replace(case, market=replace(case.market, symbols={**case.market.symbols, case.order.symbol: view}))


def with_quote(case: Case, **changes: Any) -> Case:
    """The case with a changed quote of the order's symbol."""
    quote = case.market.symbols[case.order.symbol].quote
    return case if quote is None else with_view(case, quote=replace(quote, **changes))


def with_proposal(case: Case, **changes: Any) -> Case:
    """The case with a changed proposal, where it has one."""
    return case if case.proposal is None else replace(case, proposal=replace(case.proposal, **changes))


def holding(case: Case, qty: Decimal, available: Decimal | None = None) -> Case:
    """The case with a position in the order's symbol."""
    position = Position(case.order.symbol, qty, ONE, available)
    return with_book(case, positions={**case.book.positions, case.order.symbol: position})


def working_orders(case: Case, count: int, **changes: Any) -> tuple[Order, ...]:
    """So many open orders of another symbol, each with an id of its own."""
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


def huge(case: Case, limits: Mapping[str, Any]) -> Case:
    """An order of more shares than there are."""
    return with_order(case, qty=HUGE)
