"""Cases and limits of every kind, for properties that must hold for all gates at once.

A case starts from the good one of ``policies/breaches`` and is changed in a few places, so that most gates pass and the
ones that do not are always others. Limits start from a shipped profile and are made tighter or looser by a factor.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from importlib import resources
from typing import Any

from hypothesis import strategies as st

from domain.book import Position
from domain.case import Case, TradingState
from domain.ids import ClientOrderId
from domain.market import EventKind, MarketEvent, Symbol
from domain.orders import Order, OrderStatus, OrderType, Side
from policies.breaches import good_case
from policies.breaches.case import (
    with_account,
    with_book,
    with_control,
    with_counters,
    with_market,
    with_order,
    with_performance,
    with_proposal,
    with_quote,
    with_view,
    working_orders,
)
from policies.limits import BY_NAME, FLAGS, NUMBERS, Kind, Limit, compare, parse_limit
from policies.policy import policy_from_limits
from tests.builders.policies import ago

PROFILE: Mapping[str, Any] = tomllib.loads(
    (resources.files("policies") / "balanced.toml").read_text(encoding="utf-8"), parse_float=Decimal
)["limits"]
BY_HAND: Mapping[str, Any] = {
    "universe": ["AAPL", "MSFT"],
    "account_id": "self-test",
    "released_models": ["self-test"],
    "released_prompts": ["self-test"],
    "mode": "auto",
    "require_same_release": False,
    "restricted": ["XOM"],
    "max_source_difference_pct": 1,
}
ALL_LIMITS: Mapping[str, Any] = {**PROFILE, **BY_HAND}
"""Every limit there is. The release is left out: its gate compares the digest of the policy itself."""
OTHER = Symbol("MSFT")
FACTORS = tuple(map(Decimal, ("0", "0.05", "0.3", "0.7", "0.95", "1", "1.05", "1.5", "3", "20")))


def cents(low: int, high: int) -> st.SearchStrategy[Decimal]:
    """Money to the cent."""
    return st.integers(low * 100, high * 100).map(lambda amount: Decimal(amount) / 100)


def values(limit: Limit) -> st.SearchStrategy[Any]:
    """Values of a limit around that of the profile."""
    usual = ALL_LIMITS.get(limit.name)
    if limit.kind in NUMBERS:
        start = Decimal(str(usual if usual is not None else limit.high / 2))
        return st.sampled_from(FACTORS).map(lambda factor: fitted(limit, start * factor))
    choices: dict[Kind, tuple[Any, ...]] = {
        Kind.REQUIRE: (True, False),
        Kind.ALLOW: (True, False),
        Kind.OVERSIZE: ("deny", "reduce"),
        Kind.MODE: ("off", "observe", "paper", "approve", "auto"),
        Kind.NAME: ("self-test", "another"),
        Kind.FORBIDDEN: ([], ["AAPL"], ["MSFT"], ["AAPL", "MSFT"]),
    }
    if limit.kind in choices:
        return st.sampled_from(choices[limit.kind])
    if limit.members is not None:
        return st.lists(st.sampled_from([member.value for member in limit.members]), max_size=4, unique=True)
    names = ("AAPL", "MSFT") if limit.unit == "symbols" else ("self-test", "other")
    return st.lists(st.sampled_from(names), max_size=2, unique=True)


def fitted(limit: Limit, value: Decimal) -> Decimal:
    """The value within the bounds of the limit, whole where it counts."""
    inside = min(max(value, limit.low), limit.high)
    return inside.to_integral_value(ROUND_CEILING) if limit.unit == "count" else inside


@st.composite
def tighter(draw: st.DrawFn, limit: Limit, old: Any) -> Any:
    """A value that is tighter than ``old``, or the same where none is."""
    if limit.kind in NUMBERS:
        start, factor = Decimal(str(old)), draw(st.sampled_from(FACTORS[:5]))
        down = limit.kind is Kind.AT_MOST
        moved = (
            start * factor if down else start + (limit.high - start) * (1 - factor) * draw(st.sampled_from(FACTORS[:3]))
        )
        whole = moved.to_integral_value(ROUND_FLOOR if down else ROUND_CEILING)
        return min(max(whole if limit.unit == "count" else moved, limit.low), limit.high)
    if limit.kind in FLAGS:
        return limit.kind is Kind.REQUIRE
    if limit.kind is Kind.ALLOWED:
        return draw(st.lists(st.sampled_from(sorted(old)), unique=True)) if old else old
    if limit.kind is Kind.FORBIDDEN:
        return sorted({*old, *draw(st.lists(st.sampled_from(("AAPL", "MSFT")), unique=True))})
    if limit.kind is Kind.OVERSIZE:
        return "deny"
    new = draw(values(limit))
    return new if compare(limit, parse_limit(limit, old), parse_limit(limit, new)) > 0 else old


@st.composite
def some_limits(draw: st.DrawFn, most: int = 6) -> dict[str, Any]:
    """A few limits: under all of them at tight values hardly any order would pass."""
    names = draw(st.lists(st.sampled_from(sorted(BY_NAME)), max_size=most, unique=True))
    return {name: draw(values(BY_NAME[name])) for name in names if name != "account_id"}


@st.composite
def wide_cases(draw: st.DrawFn) -> Case:
    """The good case with up to four of its parts changed; now and then with a position and orders under way."""
    case = good_case(policy_from_limits({"universe": ["AAPL", "MSFT"]}))
    case = with_order(case, qty=Decimal(draw(st.integers(1, 400))))
    case = with_account(
        case,
        equity=draw(cents(20_000, 200_000)),
        cash=draw(cents(0, 150_000)),
        settled_cash=draw(cents(0, 150_000)),
        buying_power=draw(cents(0, 400_000)),
    )
    start = draw(cents(60_000, 120_000))
    case = with_performance(
        case,
        day_start_equity=start,
        week_start_equity=start,
        month_start_equity=start,
        peak_equity=start * 2 // 1,
        day_peak_equity=start,
    )
    if draw(st.booleans()):
        case = _with_positions(draw, case)
    for change in draw(st.lists(st.sampled_from(CHANGES), max_size=4, unique=True)):
        case = change(draw, case)
    return case


def _with_positions(draw: st.DrawFn, case: Case) -> Case:
    symbol = case.order.symbol
    positions = {symbol: _position(draw, symbol), OTHER: _position(draw, OTHER)}
    mine = case.market.symbols[symbol]
    assert mine.quote is not None
    assert mine.instrument is not None
    theirs = replace(
        mine,
        quote=replace(mine.quote, symbol=OTHER),
        instrument=replace(mine.instrument, symbol=OTHER),
        correlations={symbol: Decimal("0.5")},
    )
    seen = {symbol: replace(mine, correlations={OTHER: Decimal("0.5")}), OTHER: theirs}
    return with_market(with_book(case, positions=positions), symbols=seen)


def _position(draw: st.DrawFn, symbol: Symbol) -> Position:
    qty = Decimal(draw(st.integers(-200, 200)))
    free = draw(st.sampled_from((None, abs(qty), abs(qty) // 2)))
    return Position(
        symbol,
        qty,
        draw(cents(80, 120)),
        free,
        None,
        "",
        draw(st.sampled_from((None, Decimal(95)))),
        draw(st.integers(1, 3)),
    )


def _selling(draw: st.DrawFn, case: Case) -> Case:
    return with_order(case, side=Side.SELL, stop_loss=None, reduce_only=draw(st.booleans()))


def _market(draw: st.DrawFn, case: Case) -> Case:
    return with_order(case, type=OrderType.MARKET, limit_price=None)


def _resting(draw: st.DrawFn, case: Case) -> Case:
    made = working_orders(
        case,
        draw(st.integers(1, 4)),
        symbol=draw(st.sampled_from((case.order.symbol, OTHER))),
        side=draw(st.sampled_from(Side)),
        qty=Decimal(draw(st.integers(1, 100))),
        limit_price=draw(cents(90, 110)),
        status=draw(st.sampled_from(OrderStatus)),
    )
    return with_book(case, open_orders=made)


def _recent(draw: st.DrawFn, case: Case) -> Case:
    order: Order = working_orders(case, 1)[0]
    made = tuple(
        replace(order, client_order_id=ClientOrderId(f"recent-{n}"), created_at=ago(draw(st.integers(0, 4000))))
        for n in range(draw(st.integers(0, 6)))
    )
    return with_book(case, recent_orders=made, orders_today=draw(st.integers(0, 200)))


def _lost(draw: st.DrawFn, case: Case) -> Case:
    return with_performance(
        case,
        consecutive_losses=draw(st.integers(0, 8)),
        last_loss_at=ago(draw(st.integers(0, 5000))),
        strategy_pnl={case.order.strategy: draw(cents(-9000, 100))},
        symbol_pnl={case.order.symbol: draw(cents(-9000, 100))},
        strategy_losses={case.order.strategy: draw(st.integers(0, 8))},
    )


def _counted(draw: st.DrawFn, case: Case) -> Case:
    number, moment = st.integers(0, 12), ago(draw(st.integers(0, 90_000)))
    return with_counters(
        case,
        entries_today=draw(number),
        cancels_today=draw(number),
        messages_today=draw(number),
        fills_today=draw(st.integers(0, 3)),
        round_trips_5d=draw(number),
        rejects_in_row=draw(number),
        round_trips_today={case.order.symbol: draw(number)},
        api_error_pct=draw(cents(0, 40)),
        slippage_pct=draw(cents(0, 1)),
        last_exit_at={case.order.symbol: moment},
        last_stop_at={case.order.symbol: moment},
        last_reject_at={case.order.symbol: moment},
        last_loss_on={case.order.symbol: moment},
    )


def _moved(draw: st.DrawFn, case: Case) -> Case:
    return with_quote(case, ask=draw(cents(100, 103)), last=draw(cents(95, 106)), at=ago(draw(st.integers(-3, 40))))


def _odd(draw: st.DrawFn, case: Case) -> Case:
    return with_view(
        case,
        gap_pct=draw(cents(-12, 12)),
        sigma_now=draw(cents(0, 1)) / 10,
        recent_volume=Decimal(draw(st.integers(0, 10_000))),
        adv_shares=Decimal(draw(st.integers(0, 100_000))),
        second_price=draw(cents(95, 106)),
        beta=draw(cents(-2, 3)),
        daily_sigma=draw(cents(0, 1)) / 10,
        atr=draw(cents(0, 4)),
        bar_fault=draw(st.sampled_from(("", "gap"))),
        last_bar_end=ago(draw(st.integers(0, 500_000))),
    )


def _dated(draw: st.DrawFn, case: Case) -> Case:
    at = ago(3600 * draw(st.integers(-80, 80)))
    return with_view(case, events=(MarketEvent(case.order.symbol, draw(st.sampled_from(EventKind)), at, at),))


def _said(draw: st.DrawFn, case: Case) -> Case:
    qty = case.order.qty
    return with_proposal(
        case,
        candidate_qty=qty * 2,
        advised_qty=qty * 2,
        inspected_qty=qty + draw(st.integers(-20, 50)),
        confidence=draw(cents(0, 1)),
        calibrated=draw(st.sampled_from((None, Decimal("0.5")))),
        signal_direction=draw(st.sampled_from((-1, 0, 1))),
        quoted_price=draw(cents(95, 106)),
        dispersion=draw(cents(0, 1)),
    )


def _held_back(draw: st.DrawFn, case: Case) -> Case:
    return with_control(
        case,
        trading_state=draw(st.sampled_from((TradingState.ACTIVE, TradingState.REDUCING))),
        reconciled_at=ago(draw(st.integers(0, 900))),
        ramp=draw(st.sampled_from((Decimal("0.25"), Decimal("0.5"), Decimal(1)))),
    )


CHANGES = (_selling, _market, _resting, _recent, _lost, _counted, _moved, _odd, _dated, _said, _held_back)
