"""What Alpaca tells of money: settled cash, and the fees of regulators, which it books a day later."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.errors import DataQualityError
from domain.record.entries import RecordKind
from tests.builders.alpaca import an_alpaca_house
from tests.builders.execution import an_exit, an_intent
from tests.builders.market import AAPL, NOON
from trading.execution.brokers.alpaca import account_wire, order_wire

D = Decimal
TODAY = NOON.date().isoformat()
FEE = {
    "activity_type": "FEE", "activity_sub_type": "REG", "id": "20260930040000001::46b11ac3-baa2-4c36-bd5d-f917ab52d3e7",
    "date": "2026-09-29", "net_amount": "-0.19", "description": "REG fee for proceed of 2 trades", "status": "executed",
}  # fmt: skip


def read(**changes: Any) -> Any:
    """That fee, read; ``changes`` are other words of Alpaca."""
    return account_wire.charge_of(FEE | changes)


@pytest.fixture
def made(database, tmp_path):
    with an_alpaca_house(database, tmp_path) as made:
        yield made


@pytest.mark.parametrize(("told", "settled"), [(D("812.50"), D("812.50")), (D(0), D(0)), (None, None)])
def test_settled_is_what_can_be_withdrawn_and_unknown_where_nobody_says(made, told, settled):
    made.server.exchange.withdrawable = told
    assert made.broker.account().settled_cash == settled


def test_a_fee_costs_what_its_net_amount_takes():
    charge = read()
    assert (charge.amount, charge.symbol, charge.what) == (D("0.19"), None, "REG REG fee for proceed of 2 trades")
    assert charge.at == datetime.fromisoformat("2026-09-29T12:00:00Z")
    assert read(net_amount="0.19").amount == D("-0.19"), "money that comes back"
    assert read(symbol="AAPL").symbol == AAPL


def test_a_fee_that_was_undone_is_none():
    assert read(status="canceled") is None


@pytest.mark.parametrize("lost", ["id", "date", "net_amount"])
def test_a_fee_without_its_name_day_or_amount_is_no_fee_of_nothing(lost):
    with pytest.raises(DataQualityError):
        account_wire.charge_of({name: value for name, value in FEE.items() if name != lost})


@pytest.mark.parametrize("amount", ["NaN", "", "1e5", True, None, "- 1"])
def test_an_amount_that_is_no_number_is_refused(amount):
    with pytest.raises(DataQualityError):
        read(net_amount=amount)


def test_no_line_of_a_description_reaches_the_log():
    assert read(description="a\x1b[31m\nb").what == "REG a[31mb"


def sold(made):
    """A round trip without profit, and what the fees of its day come to."""
    made.house.place(an_intent())
    made.house.place(an_exit())
    assert made.broker.positions() == ()


def reconciled(house):
    return house.reconciler.reconcile(house.clock.now())


def test_a_fee_is_booked_once_into_the_ledger_and_the_profit(made):
    house = made.house
    sold(made)
    before = house.orders.trades.realized(NOON - timedelta(hours=12))
    made.server.exchange.charge(1, TODAY, "-0.19")
    made.server.exchange.charge(2, TODAY, "-0.27", activity_sub_type="CAT")
    assert reconciled(house).ok
    reconciled(house)
    assert house.orders.trades.realized(NOON - timedelta(hours=12)) == before - D("0.46")
    assert house.orders.trades.commissions() == D("0.46")
    booked = [entry for entry in house.ledger.entries() if entry.kind is RecordKind.CHARGE]
    assert [entry.body["amount"] for entry in booked] == ["0.19", "0.27"]
    assert house.equity.performance(NOON, equity=None).realized_pnl_day == before - D("0.46")


def test_fees_of_before_our_first_order_are_not_ours(made):
    made.server.exchange.charge(1, "2026-01-05", "-99")
    reconciled(made.house)
    sold(made)
    reconciled(made.house)
    assert made.house.orders.trades.commissions() == 0


def test_a_fee_that_is_told_days_late_is_found(made):
    sold(made)
    made.server.exchange.charge(1, TODAY, "-0.19")
    reconciled(made.house)
    later = NOON + timedelta(days=3)
    made.house.clock.at = later
    made.server.exchange.charge(2, (NOON - timedelta(days=0)).date().isoformat(), "-0.05")
    reconciled(made.house)
    assert made.house.orders.trades.commissions() == D("0.24")


@pytest.mark.parametrize("reply", [(500, {"message": "no"}), (422, {"code": 42210000, "message": "no such type"})])
def test_fees_that_are_not_told_stop_no_comparison(made, reply):
    sold(made)
    made.server.fail("GET /v2/account/activities/FEE", "reply", reply=reply)
    made.server.exchange.charge(1, TODAY, "-0.19")
    assert reconciled(made.house).ok
    assert made.house.orders.trades.commissions() == 0
    reconciled(made.house)
    assert made.house.orders.trades.commissions() == D("0.19")


def test_fees_come_page_by_page(made):
    sold(made)
    for number in range(130):
        made.server.exchange.charge(number + 1, TODAY, "-0.01")
    assert len(made.broker.charges(since=NOON)) == 130


# What Alpaca has no words for is refused here, with a reason and before anything is sent.


def test_a_part_of_a_share_goes_in_a_plain_order_for_the_day_alone(made):
    plain: dict[str, Any] = {"stop_loss": None, "take_profit": None}
    assert order_wire.inexpressible(an_intent(qty="0.5", **plain)) is None
    assert "fractions" in str(order_wire.inexpressible(an_intent(qty="0.5")))
    assert "fractions" in str(order_wire.inexpressible(an_intent(qty="0.5", tif="gtc", **plain)))
    assert order_wire.inexpressible(an_intent(qty=2, tif="gtc")) is None


def test_the_exits_of_a_day_order_are_told_as_ending_with_the_day(made):
    made.server.exchange.depth = D(4)
    made.house.place(an_intent())
    legs = {leg.leg: leg.tif for leg in made.broker.orders() if leg.parent_id is not None}
    assert {kind: tif.value for kind, tif in legs.items()} == {"stop": "day", "target": "day"}
    assert {order.tif.value for order in made.house.orders.open() if order.parent_id is not None} == {"day"}


def test_a_leg_that_does_not_tell_how_long_it_rests_counts_for_the_day(made):
    made.server.edit = lambda path, body: json.loads(json.dumps(body).replace('"time_in_force": "day"', '"x": 1'))
    made.server.exchange.depth = D(4)
    made.house.place(an_intent())
    assert {order.tif.value for order in made.house.orders.open() if order.parent_id is not None} == {"day"}
