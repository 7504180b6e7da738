"""Cases for the gates: one good entry, and every part of it changeable by name.

The good case: buy 10 AAPL at a limit of 200.00 with a stop at 190.00; quote 199.90 to 200.00, last 200.00; an account
of 100,000 in cash with nothing held, nothing working, nothing lost; Tuesday 2026-03-17 15:00 UTC, session open.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.book import Account, Book, Counters, Performance, Position
from domain.case import Approval, Case, Control, MarketView, Mode, Proposal, Release, SymbolView, TradingState
from domain.ids import ClientOrderId, DecisionId
from domain.market import EventKind, Instrument, Quote, Session, Symbol, Timeframe, TradingStatus
from domain.orders import Order, OrderIntent, OrderStatus, OrderType, Origin, Side, TimeInForce
from domain.verdicts import Outcome, Verdict
from policies.evaluate import evaluate
from policies.policy import Policy, policy_from_limits

NOW = datetime(2026, 3, 17, 15, 0, tzinfo=UTC)
AAPL, MSFT, XOM = Symbol("AAPL"), Symbol("MSFT"), Symbol("XOM")
D = Decimal
NOTHING_DONE = D(0)
TOGETHER = {frozenset({AAPL, MSFT}): D("0.8"), frozenset({AAPL, XOM}): D("0.3"), frozenset({MSFT, XOM}): D("0.2")}
"""How the three symbols move together: two alike, and one on its own."""


def ago(seconds: float) -> datetime:
    """So many seconds before the case; negative is the future."""
    return NOW - timedelta(seconds=seconds)


def an_order(**changes: Any) -> OrderIntent:
    """The good order; a market order loses its limit price unless one is given."""
    order = OrderIntent(
        decision_id=DecisionId("dec-1"),
        symbol=AAPL,
        side=Side.BUY,
        qty=D(10),
        type=OrderType.LIMIT,
        tif=TimeInForce.DAY,
        created_at=NOW,
        origin=Origin.MANUAL,
        strategy="momentum",
        limit_price=D("200.00"),
        stop_loss=D("190.00"),
    )
    if changes.get("type") in (OrderType.MARKET, OrderType.STOP, OrderType.TRAILING_STOP):
        changes = {"limit_price": None, **changes}
    return replace(order, **changes)


def a_sell(qty: Any, **changes: Any) -> OrderIntent:
    """A sell of AAPL at market, without a stop."""
    return an_order(**{"side": Side.SELL, "qty": qty, "type": OrderType.MARKET, "stop_loss": None, **changes})


def a_quote(symbol: Symbol = AAPL, **changes: Any) -> Quote:
    """199.90 to 200.00, last 200.00, now."""
    return replace(Quote(symbol, D("199.90"), D("200.00"), D("200.00"), NOW, "test"), **changes)


def an_instrument(symbol: Symbol = AAPL, **changes: Any) -> Instrument:
    """A share in technology, in whole dollars and cents."""
    return replace(Instrument(symbol, symbol, sector="technology"), **changes)


def a_view(symbol: Symbol = AAPL, **changes: Any) -> SymbolView:
    """Everything known about one symbol."""
    view = SymbolView(
        instrument=an_instrument(symbol),
        quote=a_quote(symbol),
        status=TradingStatus(symbol, NOW, halted=False),
        last_bar_end=NOW,
        timeframe=Timeframe.DAY_1,
        atr=D("4.00"),
        adv_shares=D(2_000_000),
        event_kinds=frozenset(EventKind),
        beta=D(1),
        daily_sigma=D("0.02"),
        sigma_now=D("0.02"),
        correlations={other: TOGETHER[pair] for pair in TOGETHER if symbol in pair for other in pair - {symbol}},
        recent_volume=D(100_000),
        gap_pct=D(0),
        bar_fault="",
        second_price=D("200.00"),
        easy_to_borrow=True,
        short_restricted=False,
    )
    return replace(view, **changes)


def an_account(**changes: Any) -> Account:
    """100,000 in cash and 200,000 of buying power on paper."""
    account = Account("paper-1", NOW, "USD", True, D(100_000), D(100_000), D(200_000), trading_blocked=False)
    return replace(account, **changes)


def counters(**changes: Any) -> Performance:
    """A day, a week and a month without a loss."""
    start = D(100_000)
    lost = Performance(
        start, start, D(0), D(0), 0, None, week_start_equity=start, month_start_equity=start, day_peak_equity=start,
        strategy_pnl={}, symbol_pnl={}, strategy_losses={},
    )  # fmt: skip
    return replace(lost, **changes)


def done(**changes: Any) -> Counters:
    """Nothing was sent, filled, left or refused."""
    nothing = Counters(
        entries_today=0, cancels_today=0, messages_today=0, fills_today=0, round_trips_5d=0, round_trips_today={},
        last_exit_at={}, last_stop_at={}, last_reject_at={}, last_loss_on={}, rejects_in_row=0, api_error_pct=D(0),
        slippage_pct=D(0),
    )  # fmt: skip
    return replace(nothing, **changes)


def held(qty: Any, symbol: Symbol = AAPL, **changes: Any) -> dict[Symbol, Position]:
    """A holding, as the positions of a book."""
    return {symbol: replace(Position(symbol, qty if isinstance(qty, Decimal) else D(qty), D(150)), **changes)}


def working(qty: Any, **changes: Any) -> Order:
    """A buy of AAPL at 200.00 that rests at the broker."""
    order = Order(
        client_order_id=ClientOrderId("ord-other"),
        decision_id=DecisionId("dec-other"),
        symbol=AAPL,
        side=Side.BUY,
        qty=D(qty),
        type=OrderType.LIMIT,
        tif=TimeInForce.DAY,
        status=OrderStatus.ACCEPTED,
        created_at=ago(3600),
        updated_at=ago(3600),
        strategy="momentum",
        origin=Origin.AGENT,
        limit_price=D("200.00"),
    )
    return replace(order, **changes)


def selling(qty: Any, **changes: Any) -> Order:
    """A sell of AAPL at 210.00 that rests at the broker."""
    return working(qty, **{"side": Side.SELL, "limit_price": D("210.00"), **changes})


def a_book(**changes: Any) -> Book:
    """Nothing held, nothing working, nothing done today."""
    return replace(Book(an_account(), counters(), {}, (), (), 0, D(0)), **changes)


def a_control(**changes: Any) -> Control:
    """Active, automatic, reconciled a moment ago."""
    control = Control(False, TradingState.ACTIVE, Mode.AUTO, reconciled_at=NOW, broker_time=NOW)
    return replace(control, **changes)


def a_proposal(**changes: Any) -> Proposal:
    """Code proposed 100, the advisor left 80, the inspector 50."""
    proposal = Proposal(
        asked_symbol=AAPL,
        schema_valid=True,
        cited=(),
        known=frozenset(),
        evidence_as_of=ago(60),
        decided_at=ago(30),
        evidence_digest="e1",
        evidence_digest_now="e1",
        candidate_qty=D(100),
        advised_qty=D(80),
        inspected_qty=D(50),
        confidence=D("0.70"),
    )
    return replace(proposal, **changes)


def a_session() -> Session:
    """The regular session of the case's day, 09:30 to 16:00 in New York."""
    return Session(NOW.date(), NOW.replace(hour=13, minute=30), NOW.replace(hour=20))


def a_market(*views: SymbolView, session: Session | None = None, closed: bool = False) -> MarketView:
    """AAPL as it is, and further views; ``closed`` for no session."""
    symbols = {AAPL: a_view()}
    symbols.update({view.instrument.symbol: view for view in views if view.instrument is not None})
    tomorrow = Session(ago(-86_400).date(), ago(-86_400).replace(hour=13, minute=30), ago(-86_400).replace(hour=20))
    return MarketView(NOW, "XNYS", None if closed else session or a_session(), symbols, D(0), tomorrow)


def a_case(
    order: OrderIntent | None = None,
    *,
    account: Account | None = None,
    lost: Performance | None = None,
    positions: dict[Symbol, Position] | None = None,
    open_orders: tuple[Order, ...] = (),
    recent_orders: tuple[Order, ...] = (),
    orders_today: int | None = 0,
    turnover_today: Decimal | None = NOTHING_DONE,
    counts: Counters | None = None,
    view: SymbolView | None = None,
    others: tuple[SymbolView, ...] = (),
    market: MarketView | None = None,
    control: Control | None = None,
    proposal: Proposal | None = None,
    approval: Approval | None = None,
    now: datetime = NOW,
    cycle_entries: int = 0,
    release: Release | None = None,
) -> Case:
    """The good case with the given parts in place of its own; ``view`` replaces what is known about AAPL."""
    market = market or a_market(*others)
    if view is not None:
        market = replace(market, symbols={**market.symbols, AAPL: view})
    return Case(
        now=now,
        order=order or an_order(),
        control=control or a_control(),
        book=Book(
            account=account or an_account(),
            performance=lost or counters(),
            positions=positions or {},
            open_orders=open_orders,
            recent_orders=recent_orders,
            orders_today=orders_today,
            turnover_today=turnover_today,
            counters=counts or Counters(),
        ),
        market=market,
        proposal=proposal,
        approval=approval,
        cycle_entries=cycle_entries,
        release=release,
    )


def a_policy(**limits: Any) -> Policy:
    """The policy with just these limits."""
    return policy_from_limits(limits)


def verdict(gate: str, case: Case, **limits: Any) -> Verdict:
    """What one gate says about a case under a policy with just these limits."""
    return next(found for found in evaluate(case, a_policy(**limits)).verdicts if found.gate == gate)


def answer(gate: str, case: Case, **limits: Any) -> str:
    """The same in one line, straight from the gate: ``PASS``, ``DENY ORDER_QTY``, ``REDUCE ORDER_QTY 50``."""
    return in_words(verdict(gate, case, **limits))


def refused(expected: str) -> str:
    """What a gate answers under a policy that cuts nothing, where it would cut."""
    words = expected.split()
    return f"DENY {words[1]}" if words[0] == "REDUCE" else expected


def passed(gate: str) -> Verdict:
    """What a gate says that has measured nothing and objects to nothing."""
    return Verdict(gate, "OK", Outcome.PASS)


def in_words(found: Verdict) -> str:
    """A verdict in one line; a pass names its code only where it is not the usual one."""
    words = [str(found.outcome)]
    if found.outcome is not Outcome.PASS or found.code != "OK":
        words.append(str(found.code))
    if found.outcome is Outcome.REDUCE:
        words.append(str(found.quantity))
    return " ".join(words)
