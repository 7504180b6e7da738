"""Cases drawn at random for comparing two ways of evaluating: any book, any order, and something missing or broken.

``any_case(7)`` is always the same case. Books hold longs, shorts and nonsense; orders rest, are partially
filled, protect, or are over; in some cases one figure in twenty-five is missing. ``any_limits`` sets
nearly every limit there is, or a few, each anywhere between loose and tight.
"""

from dataclasses import fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, TypeVar

from domain.book import Account, AccountKind, Book, Counters, Performance, Position
from domain.case import (
    Approval,
    Case,
    Control,
    MarketView,
    Mode,
    Pause,
    Proposal,
    Provenance,
    Release,
    SymbolView,
    TextUsed,
    TradingState,
    Usage,
)
from domain.ids import ClientOrderId, DecisionId, Ref
from domain.market import AssetClass, EventKind, Instrument, MarketEvent, Quote, Session, Symbol, TradingStatus
from domain.orders import Order, OrderIntent, OrderStatus, OrderType, Origin, Side, TimeInForce
from policies.limits import LIMITS, Kind, Limit
from tests.builders.policies import NOW, a_session, ago

T = TypeVar("T")
D = Decimal
SYMBOLS = tuple(Symbol(name) for name in ("AAPL", "MSFT", "XOM", "KO", "PG", "SPY"))
SECTORS = ("technology", "energy", "energy", "energy", None)
ROLES = ("advisor", "inspector", "decider")
NO_NUMBERS = (D("NaN"), D("Infinity"), D("-Infinity"), D("sNaN"))
NONSENSE: tuple[Any, ...] = (None, True, 0, -1, 1.5, "text", "", [1, 2], D("NaN"), D(-1))


class Luck(Random):
    """Draws, and how often what is drawn is missing: in half of all cases nothing is, so that some orders pass."""

    missing = 0.0


def any_case(seed: int) -> Case:
    """One order in some book, under some control, at some time of the day."""
    random = Luck(seed)
    random.missing = random.choice((0.0, 0.004, 0.04))
    now = NOW + timedelta(seconds=random.choice((0, 0, 0, 60, 14_000, 17_900, -5_300, -9_000)))
    symbols = random.sample(SYMBOLS, random.randint(0, len(SYMBOLS)))
    views = {symbol: a_view_of(random, symbol, now) for symbol in SYMBOLS if random.random() > random.missing}
    order = any_order(random, now)
    resting = tuple(any_resting(random, now, number) for number in range(random.choice((0, 0, 1, 2, 4, 6))))
    over = tuple(any_resting(random, now, number + 3) for number in range(random.choice((0, 0, 1, 3))))
    positions = {symbol: any_position(random, symbol) for symbol in symbols}
    book = Book(
        any_account(random, now), any_performance(random), positions, resting, over,
        maybe(random, random.randint(0, 60)), number(random, 0, 250_000), any_counters(random, now),
    )  # fmt: skip
    session = None if random.random() < 0.1 else a_session()
    following = None if random.random() < 0.1 else Session(NOW.date(), *_hours(random.choice((1, 3))))
    release = Release("c", "p", "r") if random.random() < 0.8 else None
    market = MarketView(now, random.choice(("XNYS", "XLON")), session, views, number(random, -5, 5), following)
    proposal = any_proposal(random, order, now) if random.random() < 0.7 else None
    approval = an_approval_of(random, order, now) if random.random() < 0.1 else None
    case = Case(now, order, any_control(random, now), book, market, proposal, approval, random.randint(0, 4), release)
    return broken(random, case) if random.random() < random.missing * 3 else case


def broken(random: Luck, case: Case) -> Case:
    """The case with nonsense in one field of one of its parts."""
    part = random.choice(("order", "control", "book", "market", "proposal", "account", "performance", "counters"))
    inner = getattr(case if hasattr(case, part) else case.book, part)
    if inner is None:
        return case
    name = random.choice(fields(inner)).name
    changed = replace(inner, **{name: random.choice(NONSENSE)})
    if part in ("account", "performance", "counters"):
        return replace(case, book=replace(case.book, **{part: changed}))
    return replace(case, **{part: changed})


def any_limits(seed: int) -> dict[str, Any]:
    """Nearly every limit or a few, each somewhere between stopping hardly anything and nearly everything."""
    random = Luck(seed)
    tight = random.choice((0.0, 0.03, 0.5))
    found = {limit.name: any_limit(random, limit, random.random() < tight) for limit in LIMITS}
    found["mode"] = random.choice(("paper", "auto", "auto", "auto", "approve", "observe"))
    kept = random.choice((0.05, 0.3, 0.98))
    set_ = {name: value for name, value in found.items() if value is not None and random.random() < kept}
    return {**set_, "oversize": random.choice(("deny", "reduce", "reduce"))}


def any_limit(random: Luck, limit: Limit, tight: bool) -> Any:
    """A value of one limit; None leaves it unset."""
    if limit.kind in (Kind.AT_MOST, Kind.AT_LEAST):
        loose_end, tight_end = (limit.high, limit.low) if limit.kind is Kind.AT_MOST else (limit.low, limit.high)
        share = D(random.choice(("0", "0.0001", "0.001", "0.01", "0.05", "0.2"))) if tight else D(1)
        value = loose_end * share + tight_end * (1 - share)
        return int(value) if limit.unit == "count" else str(round(value, 6))
    if limit.kind is Kind.REQUIRE:
        return random.random() < 0.8
    if limit.kind is Kind.ALLOW:
        return random.random() < 0.5
    return {
        "allowed_asset_classes": ["equity", "etf"],
        "allowed_order_types": [str(kind) for kind in OrderType] if not tight else ["limit"],
        "allowed_tif": [str(tif) for tif in TimeInForce] if not tight else ["day"],
        "universe": list(SYMBOLS) if not tight else ["AAPL"],
        "restricted": [] if not tight else ["MSFT", {"symbol": "AAPL", "until": "2026-03-17T16:00:00Z"}],
        "released_models": ["hosted:gpt-5", "rules"],
        "released_prompts": ["d1", "d2"],
        "account_id": "paper-1",
    }.get(limit.name)


def any_order(random: Luck, now: datetime) -> OrderIntent:
    kind = random.choice((OrderType.LIMIT, OrderType.LIMIT, OrderType.LIMIT, *OrderType))
    side, tif = random.choice(list(Side)), random.choice((*[TimeInForce.DAY] * 8, *TimeInForce))
    limited = kind in (OrderType.LIMIT, OrderType.STOP_LIMIT) or random.random() < 0.02
    triggered = kind in (OrderType.STOP, OrderType.STOP_LIMIT) or random.random() < 0.02
    far = D(random.choice((-30, -10, -5, 0, 5))) * side.sign
    return OrderIntent(
        decision_id=DecisionId(f"dec-{random.randint(0, 9)}"),
        symbol=random.choice((*[SYMBOLS[0]] * 5, *SYMBOLS, Symbol("ZZZ"), Symbol("aapl"))),
        side=side,
        qty=_qty(random),
        type=kind,
        tif=tif,
        created_at=now - timedelta(seconds=random.choice((-5, 0, 0, 20, 400))),
        origin=random.choice((Origin.AGENT, Origin.AGENT, *Origin)),
        strategy=random.choice(("momentum", "news")),
        limit_price=number(random, 150, 250) if limited else None,
        trigger_price=number(random, 150, 250) if triggered else None,
        stop_loss=None if random.random() < 0.2 else D(200) + far + number(random, 0, 9, sure=True),
        take_profit=None if random.random() < 0.7 else number(random, 150, 260),
        currency="USD" if random.random() > random.missing else "EUR",
        reduce_only=random.random() < 0.15,
        extended_hours=random.random() < 0.08,
        expires_at=None if tif is not TimeInForce.GTD else random.choice((now, now + timedelta(days=1), None)),
    )


def _qty(random: Luck) -> Decimal:
    if random.random() < random.missing:
        return random.choice((D(0), D(-5), D("0.5"), D("1.5"), *NO_NUMBERS, D(10) ** 12, D(10) ** 11))
    return D(random.choice((random.randint(1, 30), random.randint(1, 30), random.randint(1, 2000))))


def any_resting(random: Luck, now: datetime, place: int) -> Order:
    kind, qty = random.choice(list(OrderType)), D(random.randint(1, 200))
    filled = random.random()
    return Order(
        client_order_id=ClientOrderId(f"ord-{place}"),
        decision_id=DecisionId(f"dec-{random.randint(0, 40)}"),
        symbol=random.choice(SYMBOLS),
        side=random.choice(list(Side)),
        qty=qty,
        type=kind,
        tif=TimeInForce.DAY,
        status=random.choice(list(OrderStatus)) if filled > 0.3 else OrderStatus.PARTIALLY_FILLED,
        created_at=now - timedelta(seconds=random.choice((-5, 0, 1, 59, 60, 61, 800, 90_000))),
        updated_at=now,
        strategy="momentum",
        origin=Origin.AGENT,
        filled_qty=qty // 3 if filled < 0.4 else qty + 1 if filled > 0.97 else D(0),
        limit_price=number(random, 150, 250) if kind in (OrderType.LIMIT, OrderType.STOP_LIMIT) else None,
        trigger_price=number(random, 150, 250) if kind in (OrderType.STOP, OrderType.STOP_LIMIT) else None,
        stop_loss=maybe(random, number(random, 120, 280), 0.5),
        reserved_price=maybe(random, number(random, 150, 250), 0.6),
        reduce_only=random.random() < 0.4,
        parent_id=maybe(random, ClientOrderId(f"parent-{random.randint(0, 1)}"), 0.6),
    )


def any_position(random: Luck, symbol: Symbol) -> Position:
    qty = number(random, -300, 300) if random.random() > random.missing else random.choice((D(0), D("NaN"), D("0.5")))
    return Position(
        symbol,
        D(0) if qty is None else qty if not qty.is_finite() else qty // 1,
        number(random, 150, 250, sure=True),
        maybe(random, number(random, 0, 300), 0.5),
        stop_loss=maybe(random, number(random, 120, 280), 0.3),
        entries=maybe(random, random.randint(0, 3), 0.1),
    )


def a_view_of(random: Luck, symbol: Symbol, now: datetime) -> SymbolView:
    bid = D(random.randint(19_000, 20_500)) / 100
    crossed = random.random() < random.missing * 3
    ask = bid + D(-1 if crossed else random.choice((0, 1, 1, 10, 300))) / 100
    at = now - timedelta(seconds=random.choice((0, 0, 0, 3, 30, 90, -4)))
    quote = Quote(symbol, bid, ask, number(random, 185, 210, sure=True), at, "test")
    if random.random() < random.missing / 2:
        amiss: dict[str, Any] = {random.choice(("bid", "ask", "last")): random.choice(NO_NUMBERS)}
        quote = replace(quote, **amiss)
    instrument = Instrument(
        symbol, symbol, random.choice((AssetClass.EQUITY, AssetClass.EQUITY, AssetClass.ETF)),
        lot=random.choice((D(1), D(1), D(100), D("0.01"))), sector=random.choice(SECTORS),
        tradable=random.random() > random.missing, fractionable=random.random() < 0.4, shortable=random.random() < 0.6,
        listed_on=maybe(random, ago(random.choice((0, 10_000_000, 90_000_000))).date()),
        market_cap=number(random, 0, 900_000), leverage=maybe(random, D(random.choice((1, 1, 2))), 0.3),
        margin_rate=maybe(random, D("0.3"), 0.3),
    )  # fmt: skip
    event = MarketEvent(
        random.choice((symbol, None)), random.choice(list(EventKind)), ago(90_000), now + _spread(random)
    )
    others = {other: D(random.randint(-40, 100)) / 100 for other in SYMBOLS if other != symbol}
    return SymbolView(
        instrument=maybe(random, instrument),
        quote=maybe(random, quote),
        status=maybe(random, TradingStatus(symbol, now, halted=random.random() < random.missing)),
        last_bar_end=maybe(random, now - timedelta(seconds=random.choice((0, 3600, 400_000, -10)))),
        atr=number(random, 1, 8),
        adv_shares=number(random, 1_000, 2_000_000),
        events=(event,) if random.random() < 0.3 else (),
        event_kinds=frozenset(EventKind) if random.random() > random.missing else frozenset({EventKind.EARNINGS}),
        beta=number(random, -2, 3),
        daily_sigma=maybe(random, D(random.randint(1, 500)) / 10_000),
        sigma_now=maybe(random, D(random.randint(1, 500)) / 10_000),
        correlations=None if random.random() < 0.2 else {k: v for k, v in others.items() if random.random() > 0.03},
        recent_volume=number(random, 100, 100_000),
        gap_pct=number(random, -9, 9),
        bar_fault=maybe(random, "" if random.random() > random.missing else "a gap"),
        second_price=number(random, 195, 205),
        easy_to_borrow=maybe(random, random.random() > random.missing),
        short_restricted=maybe(random, random.random() < random.missing),
    )


def any_account(random: Luck, now: datetime) -> Account:
    return Account(
        maybe(random, "paper-1") or "other", now - timedelta(seconds=random.choice((0, 0, 20, 900, -8))), "USD",
        random.random() > random.missing, number(random, 50_000, 150_000), number(random, 0, 100_000),
        number(random, 0, 900_000), trading_blocked=maybe(random, random.random() < random.missing),
        kind=random.choice((*AccountKind, None)), settled_cash=number(random, 0, 100_000),
        maintenance_margin=number(random, 0, 50_000),
    )  # fmt: skip


def any_performance(random: Luck) -> Performance:
    made = Performance(
        day_start_equity=number(random, 50_000, 150_000),
        peak_equity=number(random, 50_000, 150_000),
        realized_pnl_day=number(random, -3_000, 3_000),
        unrealized_pnl=number(random, -3_000, 3_000),
        consecutive_losses=maybe(random, random.randint(0, 6)),
        last_loss_at=maybe(random, ago(random.randint(-3, 4_000)), 0.3),
        week_start_equity=number(random, 50_000, 150_000),
        month_start_equity=number(random, 50_000, 150_000),
        day_peak_equity=number(random, 50_000, 150_000),
        strategy_pnl=maybe(random, {"momentum": number(random, -4_000, 4_000, sure=True)}),
        symbol_pnl=maybe(random, {SYMBOLS[0]: number(random, -4_000, 4_000, sure=True)}),
    )
    # Drawn from what is there: one more draw would make every seeded case another one.
    losses = made.consecutive_losses
    return replace(made, strategy_losses=None if losses is None else {"momentum": losses})


def any_counters(random: Luck, now: datetime) -> Counters:
    def times() -> dict[Symbol, datetime] | None:
        told = {symbol: now - _spread(random) for symbol in SYMBOLS if random.random() < 0.3}
        return maybe(random, told)

    return Counters(
        entries_today=maybe(random, random.randint(0, 60)),
        cancels_today=maybe(random, random.randint(0, 60)),
        messages_today=maybe(random, random.randint(0, 60)),
        fills_today=maybe(random, random.randint(0, 60)),
        round_trips_5d=maybe(random, random.randint(0, 4)),
        round_trips_today=maybe(random, {SYMBOLS[0]: random.randint(0, 3)}),
        last_exit_at=times(),
        last_stop_at=times(),
        last_reject_at=times(),
        last_loss_on=times(),
        rejects_in_row=maybe(random, random.randint(0, 6)),
        api_error_pct=number(random, 0, 30),
        slippage_pct=number(random, -1, 1),
    )


def any_control(random: Luck, now: datetime) -> Control:
    pause = Pause(random.choice(("global", "strategy", "symbol", "?")), "news", ago(60), "owner", now + _spread(random))
    return Control(
        random.random() < random.missing / 2, random.choice((*[TradingState.ACTIVE] * 8, *TradingState)),
        random.choice((*[Mode.AUTO] * 5, Mode.PAPER, *Mode)), (pause,) if random.random() < 0.2 else (), "p",
        maybe(random, now - timedelta(seconds=random.choice((0, 200, 4_000)))),
        (SYMBOLS[0],) if random.random() < random.missing else (),
        maybe(random, now - timedelta(seconds=random.choice((0, 1, -1, 3, 60)))), random.random() > random.missing / 2,
        maybe(random, Release("c", "p", "r")), random.choice((D(1), D(1), D(1), D("0.25"), None, D("NaN"))),
    )  # fmt: skip


def any_proposal(random: Luck, order: OrderIntent, now: datetime) -> Proposal:
    refs = frozenset({Ref("n1"), Ref("n2")})
    text = TextUsed(
        Ref("n1"), now - _spread(random), now - timedelta(seconds=50), random.random() > random.missing, False
    )
    ran = {role: random.choice(("hosted:gpt-5", "rules:rules")) for role in ROLES}
    prompts = {role: random.choice(("d1", "d2", "d2", "d2")) for role in ROLES}
    candidate = D(random.choice((10, 100, 2_000)))
    return Proposal(
        asked_symbol=order.symbol if random.random() > random.missing else SYMBOLS[2],
        schema_valid=random.random() > random.missing,
        cited=tuple(random.sample((Ref("n1"), Ref("n2")), random.randint(0, 2))),
        known=refs if random.random() > random.missing else frozenset(),
        evidence_as_of=now - timedelta(seconds=60),
        decided_at=now - timedelta(seconds=random.choice((30, 30, 30, 90))),
        evidence_digest="e1",
        evidence_digest_now="e1" if random.random() > random.missing else "e2",
        candidate_qty=candidate,
        advised_qty=maybe(random, candidate * random.choice((1, D("0.8"), 2))),
        inspected_qty=maybe(random, candidate * random.choice((1, D("0.8"), D("0.5")))),
        quoted_price=maybe(random, number(random, 195, 205), 0.4),
        confidence=number(random, 0, 1),
        provenance=maybe(random, Provenance("cycle", random.choice(("momentum", "news")), ran, prompts)),
        signal_direction=random.choice((-1, 0, 1, 1, None)),
        override_reason=random.choice(("", "a reason")),
        dispersion=maybe(random, D("0.1"), 0.5),
        calibrated=maybe(random, D("0.7"), 0.3),
        texts=maybe(random, (text,) if random.random() < 0.4 else ()),
        usage=maybe(random, Usage(random.randint(0, 80), random.randint(0, 9_000), 50_000, D("1.20"))),
    )


def an_approval_of(random: Luck, order: OrderIntent, now: datetime) -> Approval:
    made = now - timedelta(seconds=random.choice((0, 30, 130)))
    figures = (order.qty, order.limit_price, order.trigger_price, order.stop_loss, order.take_profit)
    sound = all(figure is None or figure.is_finite() for figure in figures)  # what is no number has no digest
    told = order.digest if sound and random.random() < 0.9 else "x"
    price = number(random, 198, 202)
    return Approval("owner", told, made, made + timedelta(seconds=120), price, random.choice(("", "", "p")))


def number(random: Luck, low: int, high: int, *, sure: bool = False) -> Any:
    """Cents between the two; sometimes missing, sometimes no number, unless it has to be there."""
    value = D(random.randint(low * 100, high * 100)) / 100
    chance = 1.0 if sure else random.random()
    return (
        None if chance < random.missing else random.choice(NO_NUMBERS[:3]) if chance < random.missing * 1.5 else value
    )


def maybe(random: Luck, value: T, missing: float | None = None) -> T | None:
    """The value, or None where nobody told it."""
    return None if random.random() < (random.missing if missing is None else missing) else value


def _spread(random: Luck) -> timedelta:
    return timedelta(seconds=random.choice((-200_000, -3_600, -500, 0, 500, 3_600, 90_000, 3_000_000)))


def _hours(days: int) -> tuple[datetime, datetime]:
    opens = NOW.replace(hour=13, minute=30) + timedelta(days=days)
    return opens, opens + timedelta(hours=6, minutes=30)
