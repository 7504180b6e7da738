"""How much to buy, and when a position has outgrown its share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders.market import an_instrument
from tests.builders.signals import d
from trading.portfolio.sizing import (
    FINEST_FRACTION,
    SizingRule,
    excess_qty,
    position_size,
    step_behind,
    step_of,
)

RULE = SizingRule()


def size(equity="100000", entry="200", stop="190", lot="1", rule=RULE):
    money = None if equity is None else d(equity)
    return position_size(equity=money, entry=d(entry), stop=d(stop), lot=d(lot), rule=rule)


@pytest.mark.parametrize(
    ("changes", "qty", "bound"),
    [
        pytest.param({}, "45", "cap", id="worked_number"),
        pytest.param({"stop": "180"}, "30", "risk", id="a_far_stop_is_bound_by_risk"),
        pytest.param({"stop": "181.25"}, "32", "risk", id="floored_to_the_lot"),
        pytest.param({"stop": "181.25", "lot": "10"}, "30", "risk", id="lot_of_ten"),
        pytest.param({"stop": "181", "lot": "0.001"}, "31.578", "risk", id="fractional_lot"),
        pytest.param({"equity": "2000"}, "0", "cap", id="less_than_one_lot"),
        pytest.param({"equity": None}, "0", "unknown", id="equity_unknown"),
        pytest.param({"equity": "0"}, "0", "unknown", id="no_equity"),
        pytest.param({"equity": "-5"}, "0", "unknown", id="negative_equity"),
        pytest.param({"equity": "NaN"}, "0", "unknown", id="nan_equity"),
        pytest.param({"equity": "Infinity"}, "0", "unknown", id="endless_equity"),
        pytest.param({"stop": "200"}, "0", "unknown", id="stop_at_entry"),
        pytest.param({"stop": "201"}, "0", "unknown", id="stop_above_entry"),
        pytest.param({"stop": "0"}, "0", "unknown", id="no_stop"),
        pytest.param({"lot": "0"}, "0", "unknown", id="no_lot"),
    ],
)
def test_the_size(changes, qty, bound):
    found = size(**changes)
    assert (found.qty, found.bound) == (d(qty), bound)


def test_notional_and_risk_belong_to_the_rounded_quantity():
    found = size()
    assert (found.notional, found.risk) == (9000, 450)


@given(
    equity=st.integers(1, 10**9),
    entry=st.integers(1, 10**6),
    gap=st.integers(1, 10**6),
    lot=st.sampled_from(["1", "0.001", "100"]),
)
def test_the_size_never_exceeds_risk_nor_cap(equity, entry, gap, lot):
    price, stop = d(entry) / 100, max(d("0.01"), d(entry) / 100 - d(gap) / 100)
    found = position_size(equity=d(equity), entry=price, stop=stop, lot=d(lot), rule=RULE)
    assert found.risk <= RULE.risk_pct / 100 * equity
    assert found.notional <= RULE.cap_pct / 100 * equity
    assert found.qty % d(lot) == 0


@pytest.mark.parametrize(
    ("held", "price", "equity", "excess"),
    [
        pytest.param("108", "100", "100000", "0", id="at_the_tolerance"),
        pytest.param("109", "100", "100000", "19", id="one_share_over"),
        pytest.param("109", "100", None, "0", id="equity_unknown"),
        pytest.param("109", "0", "100000", "0", id="no_price"),
    ],
)
def test_the_excess(held, price, equity, excess):
    money = None if equity is None else d(equity)
    assert excess_qty(held=d(held), price=d(price), equity=money, lot=d(1), rule=RULE) == d(excess)


@pytest.mark.parametrize(
    ("allowed", "changes", "step"),
    [
        pytest.param(True, {"fractionable": True}, FINEST_FRACTION, id="parts_of_a_share"),
        pytest.param(True, {}, 1, id="an_instrument_that_is_traded_whole"),
        pytest.param(False, {"fractionable": True}, 1, id="a_policy_that_takes_none"),
        pytest.param(True, {"fractionable": True, "lot": d(10)}, 10, id="lots"),
    ],
)
def test_the_smallest_quantity_to_trade(allowed, changes, step):
    assert step_of(an_instrument(**changes), allow_fractional=allowed) == step


@pytest.mark.parametrize(("qty", "step"), [("40", 1), ("40.5", FINEST_FRACTION), ("0", 1)])
def test_what_is_left_of_a_size_is_cut_in_its_own_step(qty, step):
    assert step_behind(d(qty), an_instrument()) == step
    assert step_behind(d(qty), None) == step
