"""The case that every breach starts from, and the changes that turn it into one.

``good_case`` builds an unremarkable entry that fits the policy's lists: one share, a tight fresh quote, a rich account.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.book import Account, AccountKind, Book, Counters, Performance, Position
from domain.case import Case, Control, MarketView, Mode, Proposal, Provenance, Release, SymbolView, TradingState, Usage
from domain.ids import ClientOrderId, DecisionId
from domain.market import EventKind, Instrument, Quote, Session, Symbol, TradingStatus
from domain.money import CENT, HUNDRED, ONE, ZERO, cents
from domain.orders import Order, OrderIntent, OrderStatus, OrderType, Origin, Side, TimeInForce
from policies.measures.worst_case import LARGEST
from policies.policy import Policy

NOW = datetime(2026, 3, 17, 15, 0, tzinfo=UTC)
DAY = timedelta(days=1)
# The largest that is plausible: beyond it another gate would stop the order as nonsense.
HUGE = LARGEST - ONE
FORTUNE = Decimal(10) ** 9
EVERYTHING_LOST = Decimal(10) ** 13
NOTHING_DONE = Counters(
    entries_today=0, cancels_today=0, messages_today=0, fills_today=0, round_trips_5d=0, round_trips_today={},
    last_exit_at={}, last_stop_at={}, last_reject_at={}, last_loss_on={}, rejects_in_row=0, api_error_pct=ZERO,
    slippage_pct=ZERO,
)  # fmt: skip
LONG_AGO = date(1900, 1, 1)
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
    order = replace(order, expires_at=NOW + DAY) if order.tif is TimeInForce.GTD else order
    release = Release("self-test", policy.digest, "self-test")
    return Case(
        now=NOW,
        order=order,
        control=Control(False, TradingState.ACTIVE, Mode.AUTO, reconciled_at=NOW, broker_time=NOW, release=release),
        book=_book(limits),
        market=_market(quote),
        proposal=_proposal(order, limits),
        release=release,
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


def _market(quote: Quote) -> MarketView:
    session = Session(NOW.date(), NOW - DAY / 8, NOW + DAY / 8)
    following = Session((NOW + DAY).date(), NOW + DAY * 7 / 8, NOW + DAY * 9 / 8)
    return MarketView(NOW, "XNYS", session, {quote.symbol: _view(quote)}, ZERO, following)


def _view(quote: Quote) -> SymbolView:
    return SymbolView(
        instrument=Instrument(
            quote.symbol, "self-test", sector="self-test", listed_on=LONG_AGO, market_cap=LARGEST, leverage=ONE
        ),
        quote=quote,
        status=TradingStatus(quote.symbol, NOW, halted=False),
        last_bar_end=NOW,
        atr=ONE,
        adv_shares=FORTUNE,
        event_kinds=frozenset(EventKind),
        beta=ONE,
        daily_sigma=CENT,
        sigma_now=CENT,
        correlations={},
        recent_volume=FORTUNE,
        gap_pct=ZERO,
        bar_fault="",
        second_price=quote.mid,
        easy_to_borrow=True,
        short_restricted=False,
    )


def _book(limits: Mapping[str, Any]) -> Book:
    account = Account(
        limits.get("account_id", "self-test"), NOW, "USD", True, FORTUNE, FORTUNE, FORTUNE, trading_blocked=False,
        kind=AccountKind.MARGIN, settled_cash=FORTUNE, maintenance_margin=ZERO,
    )  # fmt: skip
    nothing_lost = Performance(
        FORTUNE, FORTUNE, ZERO, ZERO, 0, week_start_equity=FORTUNE, month_start_equity=FORTUNE,
        day_peak_equity=FORTUNE, strategy_pnl={}, symbol_pnl={}, strategy_losses={},
    )  # fmt: skip
    return Book(account, nothing_lost, {}, (), (), 0, ZERO, NOTHING_DONE)


def _proposal(order: OrderIntent, limits: Mapping[str, Any]) -> Proposal:
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
        provenance=Provenance(
            "self-test", order.strategy, _told(limits, "released_models"), _told(limits, "released_prompts")
        ),
        signal_direction=order.side.sign,
        calibrated=ONE,
        texts=(),
        usage=Usage(0, 0, 0, ZERO),
    )


def _told(limits: Mapping[str, Any], name: str) -> dict[str, str]:
    """What every role ran: the first on the policy's list, or anything where there is no list."""
    return dict.fromkeys(("advisor", "inspector", "decider"), min(limits.get(name, ()), default="self-test"))


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


def with_counters(case: Case, **changes: Any) -> Case:
    """The case with changed counters of what was done."""
    return with_book(case, counters=replace(case.book.counters, **changes))


def with_market(case: Case, **changes: Any) -> Case:
    """The case with a changed view of the whole market."""
    return replace(case, market=replace(case.market, **changes))


def with_session(case: Case, opens_at: datetime, closes_at: datetime) -> Case:
    """The case in another session of its day."""
    return with_market(case, session=Session(case.now.date(), opens_at, closes_at))


def with_view(case: Case, **changes: Any) -> Case:
    """The case with a changed view of the order's symbol."""
    view = replace(case.market.symbols[case.order.symbol], **changes)
    return replace(case, market=replace(case.market, symbols={**case.market.symbols, case.order.symbol: view}))


def with_instrument(case: Case, **changes: Any) -> Case:
    """The case with a changed instrument of the order."""
    instrument = case.market.symbols[case.order.symbol].instrument
    return case if instrument is None else with_view(case, instrument=replace(instrument, **changes))


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
    return tuple(replace(_working(case, number), **changes) for number in range(count))


def huge(case: Case, limits: Mapping[str, Any]) -> Case:
    """An order of more shares than there are."""
    return with_order(case, qty=HUGE)


def _working(case: Case, number: int) -> Order:
    return Order(
        client_order_id=ClientOrderId(f"working-{number}"),
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
