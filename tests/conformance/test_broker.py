"""What every broker adapter must do, whatever it talks to: believe permits only, send once, answer for what it took.

A new adapter joins by adding a factory to BROKERS: it gets a database, a folder and returns a house around itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from domain.case import TradingState
from domain.errors import IntegrityError, ManualActionError
from domain.ids import ClientOrderId
from domain.market import Symbol
from domain.orders import OrderStatus, Side
from policies.permit import PermitOffice
from policies.policy import policy_from_limits
from tests.builders.execution import ENTRY, LIMITS, House, OpenOffice, a_house, a_slip, an_exit, an_intent
from tests.builders.market import AAPL, NOON
from trading.store.database import open_database

BROKERS: dict[str, Callable[..., House]] = {"paper": a_house}


@pytest.fixture(params=BROKERS)
def build(request, tmp_path) -> Iterator[Callable[..., House]]:
    """Make a house around the broker under test."""
    database = open_database(f"sqlite:///{tmp_path / 'sage.db'}")
    yield partial(BROKERS[request.param], database, tmp_path)
    database.close()


@pytest.fixture
def house(build) -> House:
    """A broker behind a real office."""
    return build()


def forged_seal(house):
    return replace(house.permit(an_intent()), seal="0" * 64)


def grown_after_approval(house):
    approved = house.permit(an_intent())
    return replace(approved, intent=replace(approved.intent, qty=Decimal(999)))


def longer_life(house):
    approved = house.permit(an_intent())
    return replace(approved, expires_at=approved.expires_at + timedelta(days=1))


def other_id(house):
    return replace(house.permit(an_intent()), client_order_id=ClientOrderId("ord-other"))


def never_approved(house):
    return a_slip(an_intent())


def other_office(house):
    approved = house.permit(an_intent())
    foreign = PermitOffice(b"f" * 32, house.latch)
    case = house.case(an_intent())
    return foreign.issue(case, policy_from_limits(LIMITS), approved.client_order_id).approved


@pytest.mark.parametrize(
    "made", [forged_seal, grown_after_approval, longer_life, other_id, never_approved, other_office]
)
def test_a_forged_permit_is_refused(house, made):
    with pytest.raises(IntegrityError):
        house.broker.submit(made(house))
    assert nothing_arrived(house)


def test_an_expired_permit_is_refused(house):
    approved = house.permit(an_intent())
    house.clock.at = approved.expires_at + timedelta(microseconds=1)
    with pytest.raises(IntegrityError, match="not valid at"):
        house.broker.submit(approved)
    assert nothing_arrived(house)


def test_a_permit_is_good_for_one_order(house):
    approved = house.permit(an_intent())
    house.broker.submit(approved)
    with pytest.raises(IntegrityError, match="has been used"):
        house.broker.submit(approved)
    assert sum(fill.qty for fill in fills(house)) == 10


def engage_the_latch(house):
    house.latch.engage("owner", "drill", "now")


def set_the_kill_row(house):
    house.control.set_killed(True, by="owner", at=NOON)


def halt(house):
    house.control.set_trading_state(TradingState.HALTED, by="owner", at=NOON)


def only_reduce(house):
    house.control.set_trading_state(TradingState.REDUCING, by="owner", at=NOON)


@pytest.mark.parametrize("stop", [engage_the_latch, set_the_kill_row, halt, only_reduce])
def test_a_stop_after_the_approval_stops_the_order(house, stop):
    approved = house.permit(an_intent())
    stop(house)
    with pytest.raises(ManualActionError):
        house.broker.submit(approved)
    assert nothing_arrived(house)


def test_an_exit_leaves_while_only_reducing_is_allowed(house):
    house.broker.submit(house.permit(an_intent()))
    only_reduce(house)
    assert house.broker.submit(house.permit(an_exit())).status is OrderStatus.FILLED


def test_an_unknown_symbol_is_rejected_with_a_reason(build):
    house = build(office=OpenOffice)
    report = house.broker.submit(a_slip(an_intent(symbol=Symbol("NOSUCH"))))
    assert report.status is OrderStatus.REJECTED
    assert "NOSUCH" in report.reason
    assert house.broker.positions() == ()


def test_an_id_is_taken_once_and_answers_with_what_it_became(house):
    first = house.broker.submit(house.permit(an_intent()))
    house.clock.wait(seconds=1)
    again = house.broker.submit(house.permit(an_intent(qty=7)))
    assert again == first
    assert sum(fill.qty for fill in fills(house)) == 10


def test_an_order_can_be_found_by_its_id_in_any_state(house):
    assert house.broker.find(ENTRY) is None
    house.broker.submit(house.permit(an_intent()))
    report = house.broker.find(ENTRY)
    assert (report.status, report.symbol, report.side, report.qty) == (OrderStatus.FILLED, AAPL, Side.BUY, 10)


def test_reports_fills_and_holdings_agree(house):
    report = house.broker.submit(house.permit(an_intent()))
    made = fills(house)
    assert sum(fill.qty for fill in made) == report.filled_qty == 10
    assert sum(fill.qty * fill.price for fill in made) / 10 == report.avg_fill_price
    (position,) = house.broker.positions()
    assert (position.symbol, position.qty, position.avg_price) == (AAPL, 10, report.avg_fill_price)
    assert house.broker.fills(since=made[-1].at) == (), "only what came after"


def test_protection_rests_at_the_broker_behind_an_entry(house):
    house.broker.submit(house.permit(an_intent()))
    legs = {report.leg: report for report in house.broker.orders()}
    assert (legs["stop"].trigger_price, legs["target"].limit_price) == (95, 110)
    assert {leg.parent_id for leg in legs.values()} == {ENTRY}
    assert {leg.side for leg in legs.values()} == {Side.SELL}


def test_a_working_order_can_be_cancelled_and_a_finished_one_stays_finished(house):
    house.market.move(101, "101.02", NOON)
    house.broker.submit(house.permit(an_intent()))
    assert house.broker.cancel(ENTRY).status is OrderStatus.CANCELED
    assert house.broker.cancel(ENTRY).status is OrderStatus.CANCELED
    assert house.broker.cancel(ClientOrderId("ord-none")) is None
    assert house.broker.orders() == ()


def test_the_account_tells_its_age_and_kind(house):
    account = house.broker.account()
    assert (account.as_of, account.currency, account.paper) == (NOON, "USD", house.broker.paper)
    assert account.equity == account.cash == account.buying_power
    assert house.broker.time() == NOON


def fills(house):
    return house.broker.fills(since=NOON - timedelta(days=1))


def nothing_arrived(house):
    return house.broker.find(ENTRY) is None and house.broker.orders() == () == fills(house)
