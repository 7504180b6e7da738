"""The figures that all gates share."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.case import Case
from domain.ids import ClientOrderId
from domain.orders import OrderClass, OrderStatus, OrderType, Side
from policies.evaluate import evaluate
from policies.measures.worst_case import STOP_TYPES, affordable, percent, usable, whole_lots, worst_case
from policies.policy import policy_from_limits
from tests.builders.gate_cases import any_case, any_limits
from tests.builders.market import known
from tests.builders.policies import (
    MSFT,
    D,
    a_case,
    a_quote,
    a_sell,
    a_view,
    an_instrument,
    an_order,
    held,
    selling,
    working,
)

row = pytest.param
NAN = Decimal("NaN")
SHORT: dict[str, Any] = {"side": Side.SELL, "stop_loss": None}


def test_the_worked_example():
    case = a_case(
        an_order(qty=D(20), limit_price=D(202)),
        positions=held(50),
        open_orders=(working(10, limit_price=D(201)),),
    )
    worst = worst_case(case)
    assert worst.qty_after == 80
    assert worst.position_after == 50 * 200 + 10 * 201 + 20 * 202 == 16_050
    assert worst.gross_after == 16_050
    assert worst.reserved == 2_010


@pytest.mark.parametrize(
    ("order", "view", "price"),
    [
        row(an_order(limit_price=D(190)), a_view(), "190", id="buy_limit"),
        row(an_order(type=OrderType.MARKET), a_view(), "202.00", id="buy_at_the_ask_with_slippage"),
        row(an_order(type=OrderType.STOP, trigger_price=D(210)), a_view(), "212.10", id="buy_stop_at_its_trigger"),
        row(an_order(type=OrderType.STOP, trigger_price=D(190)), a_view(), "202.00", id="buy_stop_already_triggered"),
        row(an_order(type=OrderType.TRAILING_STOP), a_view(), "202.00", id="trailing_stop_at_the_touch"),
        row(an_order(**SHORT, limit_price=D(210)), a_view(), "210", id="sell_limit_above_the_bid"),
        row(an_order(**SHORT, limit_price=D(1)), a_view(), "199.90", id="sell_limit_below_the_bid"),
        row(an_order(**SHORT, limit_price=D(1)), a_view(quote=None), "1", id="sell_limit_without_a_quote"),
        row(a_sell(D(1)), a_view(), "201.899", id="sell_at_the_bid"),
        row(a_sell(D(1)), a_view(quote=None), None, id="no_quote"),
        row(an_order(qty=NAN), a_view(), None, id="nan_qty"),
        row(an_order(limit_price=NAN), a_view(), None, id="nan_price"),
        row(an_order(type=OrderType.MARKET, trigger_price=NAN), a_view(), None, id="nan_trigger"),
    ],
)
def test_worst_price(order, view, price):
    assert worst_case(a_case(order, view=view), D("0.01")).price == (None if price is None else D(price))


def test_what_works_without_a_price_of_its_own_is_reserved_at_the_ask_with_slippage():
    case = a_case(open_orders=(working(10, type=OrderType.MARKET, limit_price=None, reserved_price=None),))
    assert worst_case(case, D("0.01")).reserved == 10 * D("202.00")


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        row(an_order(limit_price=D(190)), "190", id="limit"),
        row(an_order(type=OrderType.STOP, trigger_price=D(190)), "190", id="trigger"),
        row(an_order(type=OrderType.MARKET), "202", id="ask_moved_up"),
        row(a_sell(D(1)), "197.901", id="bid_moved_down"),
    ],
)
def test_where_the_order_would_execute_at_worst(order, expected):
    assert worst_case(a_case(order), D("0.01")).expected == D(expected)


@pytest.mark.parametrize(
    ("order", "changes", "closable", "reduces"),
    [
        row(a_sell(D(50)), {"positions": held(50)}, 50, True, id="sells_all"),
        row(a_sell(D(51)), {"positions": held(50)}, 50, False, id="one_too_many"),
        row(a_sell(D(30)), {"positions": held(50), "open_orders": (selling(20),)}, 30, True, id="rest_of_it"),
        row(a_sell(D(31)), {"positions": held(50), "open_orders": (selling(20),)}, 30, False, id="more_than_the_rest"),
        row(
            a_sell(D(31)),
            {"positions": held(50), "open_orders": (selling(20, status=OrderStatus.UNKNOWN),)},
            30,
            False,
            id="a_sell_of_unknown_fate_counts",
        ),
        row(a_sell(D(1)), {"positions": held(50), "open_orders": (selling(60),)}, 0, False, id="oversold_already"),
        row(a_sell(D(1)), {}, 0, False, id="nothing_held"),
        row(a_sell(D(1)), {"positions": held(-50)}, 0, False, id="adds_to_a_short"),
        row(an_order(qty=D(50)), {"positions": held(-50)}, 50, True, id="covers_all"),
        row(
            an_order(qty=D(41)),
            {"positions": held(-50), "open_orders": (working(10),)},
            40,
            False,
            id="over",
        ),
        row(an_order(), {"positions": held(50)}, 0, False, id="adds"),
        row(a_sell(D(1)), {"positions": held(NAN)}, 0, False, id="nan_position"),
        row(a_sell(NAN), {"positions": held(50)}, 50, False, id="nan_qty"),
        row(a_sell(D(-5)), {"positions": held(50)}, 50, False, id="negative_qty"),
    ],
)
def test_reducing_risk_is_a_matter_of_quantity(order, changes, closable, reduces):
    worst = worst_case(a_case(order, **changes))
    assert (worst.closable, worst.reduces_risk) == (closable, reduces)


def test_a_pair_of_exits_is_replaced_by_an_exit_and_counts_once():
    exits = {"side": Side.SELL, "reduce_only": True}
    target = working(50, **exits, limit_price=D(210), take_profit=D(210), stop_loss=D(190))
    stop = working(50, **exits, type=OrderType.STOP, limit_price=None, trigger_price=D(190),
                   parent_id=target.client_order_id, client_order_id="ord-stop")  # fmt: skip
    worst = worst_case(a_case(a_sell(D(50)), positions=held(50), open_orders=(target, stop)))
    assert (worst.closable, worst.reduces_risk, worst.mine.legs, worst.mine.selling) == (D(50), True, D(50), D(0))


COVERS: dict[str, Any] = {"side": Side.BUY, "reduce_only": True, "parent_id": ClientOrderId("ord-parent")}


@pytest.mark.parametrize(
    ("stop", "reserved", "closable"),
    [
        row({}, 0, 50, id="open_stop"),
        row({"status": OrderStatus.FILLED, "filled_qty": D(50)}, 10_000, 0, id="filled"),
        row({"status": OrderStatus.CANCELED}, 10_000, 0, id="cancelled"),
        row({"filled_qty": D(50)}, 10_000, 0, id="nothing_left_of_it"),
        row({"symbol": MSFT}, 10_000, 0, id="of_another_symbol"),
        row({"parent_id": ClientOrderId("ord-other")}, 10_000, 0, id="of_another_parent"),
        row({"status": OrderStatus.PENDING_CANCEL}, 0, 50, id="in_flight"),
    ],
)
def test_a_target_protects_only_beside_an_open_stop_of_its_symbol_and_parent(stop, reserved, closable):
    target = working(50, **COVERS, limit_price=D(200))
    beside = working(50, **{**COVERS, "type": OrderType.STOP, "limit_price": None, "trigger_price": D(210),
                            "client_order_id": "ord-stop", **stop})  # fmt: skip
    worst = worst_case(a_case(an_order(qty=D(50)), positions=held(-50), open_orders=(target, beside)))
    assert worst.reserved == reserved
    assert worst.working_value == reserved
    assert worst.closable == closable


NO_PRICES = [D("NaN"), D("sNaN"), D("Infinity"), D("-Infinity"), D(0), D(-1)]


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(
    "amiss",
    [{field: value} for field in ("reserved_price", "limit_price") for value in NO_PRICES],
    ids=lambda amiss: "_".join(map(str, *amiss.items())),
)
def test_a_working_order_at_no_price_is_worth_nobody_knows_what(side, amiss):
    worst = worst_case(a_case(open_orders=(working(10, side=side, **amiss),)))
    assert (worst.working_value, worst.gross_after, worst.net_after, worst.position_after) == (None,) * 4
    assert worst.reserved == (None if side is Side.BUY else 0)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(
    "amiss",
    [
        *[{"qty": value} for value in NO_PRICES],
        *[{"filled_qty": value} for value in NO_PRICES if str(value) != "0"],
        {"qty": D(10) ** 12},
    ],
    ids=lambda amiss: "_".join(map(str, *amiss.items())),
)
def test_a_working_order_of_no_quantity_leaves_no_figure_that_needs_it(side, amiss):
    order = replace(working(10, side=side), **amiss)
    worst = worst_case(a_case(a_sell(D(50)), positions=held(50), open_orders=(order,)))
    figures = (worst.working_value, worst.gross_after, worst.net_after, worst.position_after, worst.qty_after)
    assert figures == (None,) * 5
    # A buy of any size takes nothing from what is left to sell; a sell of any size may take it all.
    assert worst.reduces_risk is (side is Side.BUY)


def test_a_leg_of_no_quantity_frees_nothing_and_stops_no_exit():
    stop = replace(working(50, side=Side.SELL, type=OrderType.STOP, limit_price=None, trigger_price=D(190),
                           reduce_only=True, parent_id=ClientOrderId("ord-parent")), qty=NAN)  # fmt: skip
    worst = worst_case(a_case(a_sell(D(50)), positions=held(50), open_orders=(stop,)))
    assert worst.reduces_risk
    assert (worst.mine.legs, worst.reserved, worst.working_value) == (D(0),) * 3


def test_no_verdict_on_any_book_shows_a_number_that_is_none():
    for seed in (157, 537, 565, 1194, 1240, 1419, 1477, 1894, *range(100)):
        for verdict in evaluate(any_case(seed), policy_from_limits(any_limits(seed))).verdicts:
            for figure in (verdict.limit, verdict.value, verdict.margin, verdict.quantity):
                assert figure is None or isinstance(figure, str | int) or figure.is_finite(), f"{seed} {verdict}"


def test_an_open_order_beyond_its_quantity_frees_nothing():
    overfilled = working(10, filled_qty=D(30), status=OrderStatus.PARTIALLY_FILLED)
    assert worst_case(a_case(open_orders=(overfilled,))).qty_after == 10


def test_one_holding_that_cannot_be_valued_makes_the_totals_unknown_and_nothing_else():
    worst = worst_case(a_case(positions=held(5, MSFT)))
    assert (worst.gross_after, worst.net_after) == (None, None)
    assert worst.position_after == 2000


@pytest.mark.parametrize(
    ("instrument", "allowed", "expected"),
    [
        row(an_instrument(), False, (False, "1"), id="whole"),
        row(an_instrument(fractionable=True), False, (False, "1"), id="not_allowed"),
        row(an_instrument(), True, (False, "1"), id="not_possible"),
        row(an_instrument(fractionable=True), True, (True, "0.000000001"), id="fractions"),
        row(an_instrument(fractionable=True, lot=D("0.01")), True, (True, "0.01"), id="fractional_lot"),
        row(an_instrument(fractionable=True, lot=D("0.01")), False, (False, "1"), id="fractional_lot_not_allowed"),
        row(an_instrument(fractionable=True, lot=D(100)), True, (False, "100"), id="round_lot"),
        row(an_instrument(lot=NAN), True, (False, "1"), id="nan_lot"),
        row(None, True, (False, "1"), id="unknown_instrument"),
    ],
)
def test_steps(instrument, allowed, expected):
    worst = worst_case(a_case(view=a_view(instrument=instrument)), allow_fractional=allowed)
    assert (worst.fractions, worst.step) == (expected[0], D(expected[1]))


def test_rounding_never_goes_toward_more_risk():
    assert percent(D("33.333333334"), D(100)) == D("33.3333334")
    assert affordable(D("999.99"), D(10), D(1)) == 99
    assert affordable(D(2) / D(3), D(1) / D(3), D(1)) <= 2
    assert affordable(D(-5), D(10), D(1)) == 0
    assert whole_lots(D("-3"), D(1)) == 0
    assert whole_lots(D(250), D(100)) == 200


def test_a_tight_quote_is_worth_what_it_asks():
    locked = a_view(quote=a_quote(bid=D(200)))
    case = a_case(positions=held(-5), view=locked, order=an_order(qty=D(5)))
    assert worst_case(case).exposures[case.order.symbol].worst == 1000


def signed(order: Any, case: Case) -> Decimal:
    """What an open order adds to the book, from the words of the module alone."""
    view = case.market.symbols.get(order.symbol)
    quote = None if view is None else usable(view.quote)
    price = order.reserved_price
    if price is None and order.limit_price is not None:
        price = order.limit_price if order.side is Side.BUY or quote is None else max(order.limit_price, quote.bid)
    if price is None and quote is not None:
        touch = quote.ask if order.side is Side.BUY else quote.bid
        price = max(touch, order.trigger_price or touch)
    assert price is not None
    return order.side.sign * order.open_qty * price


def protects(order: Any, others: Any) -> bool:
    if order.order_class is OrderClass.OCO:
        return True
    stops = {
        (other.symbol, other.parent_id) for other in others if other.parent_id is not None and other.type in STOP_TYPES
    }
    return order.reduce_only and (order.symbol, order.parent_id) in stops


def test_the_figures_of_any_book_are_those_that_its_parts_add_up_to():
    compared = 0
    for seed in range(400):
        case = any_case(seed)
        try:
            worst = worst_case(case)
        except (ArithmeticError, AttributeError, TypeError):
            continue
        if worst.gross_after is None or worst.reserved is None or worst.working_value is None:
            continue
        longest = shortest = gross = D(0)
        working = [order for order in case.book.open_orders if order.open_qty > 0]
        for symbol in {*case.book.positions, *(order.symbol for order in working), case.order.symbol}:
            position, mine = case.book.positions.get(symbol), [order for order in working if order.symbol == symbol]
            held_value = D(0)
            if position is not None and position.qty != 0:
                held_value = position.qty * known(case.market.symbols[symbol].quote).ask
            adds = [signed(order, case) for order in mine if not protects(order, mine)]
            if symbol == case.order.symbol:
                adds.append(case.order.side.sign * known(worst.notional))
            up, down = held_value + sum(x for x in adds if x > 0), held_value + sum(x for x in adds if x < 0)
            longest, shortest, gross = longest + up, shortest + down, gross + max(up, -down)
        open_values = [signed(order, case) for order in working if not protects(order, working)]
        assert worst.gross_after == gross, f"seed {seed}"
        assert worst.net_after == max(abs(longest), abs(shortest)), f"seed {seed}"
        assert worst.reserved == sum(value for value in open_values if value > 0), f"seed {seed}"
        assert worst.working_value == sum(abs(value) for value in open_values), f"seed {seed}"
        compared += 1
    assert compared > 100
