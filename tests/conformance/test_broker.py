"""What every broker adapter must do, whatever it talks to: believe permits only, send once, answer for what it took.

A new adapter joins by adding itself to BROKERS: a context manager that gets a database, a folder and what the test
wants of the house, and yields a house around the broker; and what it declares that it can do.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.case import TradingState
from domain.errors import IntegrityError, ManualActionError
from domain.ids import ClientOrderId, DecisionId, client_order_id
from domain.market import Symbol
from domain.orders import OrderClass, OrderStatus, OrderType, Side, TimeInForce
from policies.permit import PermitOffice
from policies.policy import policy_from_limits
from tests.builders.alpaca import an_alpaca_house
from tests.builders.execution import (
    ENTRY,
    LIMITS,
    House,
    OpenOffice,
    a_house,
    a_slip,
    an_exit,
    an_intent,
    an_observed_house,
)
from tests.builders.market import AAPL, MSFT, NOON
from tests.builders.several import two_alpacas, two_papers
from tests.servers.alpaca_trading import AlpacaTrading
from trading.execution.intents import qty_for
from trading.store.database import Database, open_database

D = Decimal


@dataclass(frozen=True)
class Kind:
    """A broker under test. What is not in ``types`` and ``tifs`` it must reject with a reason, asked at noon.

    ``in_parts`` makes the exchange behind it fill four shares at a time.
    """

    open: Callable[..., AbstractContextManager[House]]
    types: frozenset[OrderType] = frozenset(OrderType)
    tifs: frozenset[TimeInForce] = frozenset(TimeInForce)
    in_parts: Callable[[House], None] = lambda house: house.market.move("99.99", "100.01", NOON, ask_size="4")


def opened(build: Callable[..., House]) -> Callable[..., AbstractContextManager[House]]:
    """A house that leaves nothing behind but its database."""

    @contextmanager
    def house(*args, **given) -> Iterator[House]:
        yield build(*args, **given)

    return house


@contextmanager
def alpaca_over_loopback(*args, **given) -> Iterator[House]:
    """The real adapter, its real client and a real server."""
    with an_alpaca_house(*args, **given) as (house, server, _):
        SERVERS[id(house)] = (server,)
        yield house
        del SERVERS[id(house)]


@contextmanager
def two_alpacas_over_loopback(*args, **given) -> Iterator[House]:
    """Two accounts at two servers, seen as one."""
    with two_alpacas(*args, **given) as (house, servers):
        SERVERS[id(house)] = servers
        yield house
        del SERVERS[id(house)]


SERVERS: dict[int, tuple[AlpacaTrading, ...]] = {}


def four_at_a_time(house: House) -> None:
    """The depth of the loopback exchange."""
    for server in SERVERS[id(house)]:
        server.exchange.depth = Decimal(4)


ALPACA_TIFS = frozenset(TimeInForce) - {TimeInForce.GTD}
PAPER_TIFS = frozenset(TimeInForce) - {TimeInForce.OPG}  # the opening auction is over
BROKERS = {
    "paper": Kind(opened(a_house), tifs=PAPER_TIFS),
    "observed": Kind(opened(an_observed_house), tifs=PAPER_TIFS),
    "alpaca": Kind(alpaca_over_loopback, tifs=ALPACA_TIFS, in_parts=four_at_a_time),
    "two papers": Kind(opened(lambda *args, **given: two_papers(*args, **given).house), tifs=PAPER_TIFS),
    "two alpacas": Kind(two_alpacas_over_loopback, tifs=ALPACA_TIFS, in_parts=four_at_a_time),
}


@pytest.fixture(params=BROKERS)
def kind(request) -> Kind:
    """What the broker under test declares."""
    return BROKERS[request.param]


@pytest.fixture
def build(kind, tmp_path) -> Iterator[Callable[..., House]]:
    """Make a house around the broker under test."""
    database: Database = open_database(f"sqlite:///{tmp_path / 'sage.db'}")
    with ExitStack() as stack:
        stack.callback(database.close)
        yield lambda **given: stack.enter_context(kind.open(database, tmp_path, **given))


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
    house.place(an_intent())  # through the desk: an order that is not in our books would count as somebody else's
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
    assert house.broker.time().at == NOON


def test_fills_keep_their_names_and_their_figures_are_exact(house):
    house.broker.submit(house.permit(an_intent()))
    made = fills(house)
    assert made == fills(house), "asking twice changes nothing"
    assert all(type(figure) is D for fill in made for figure in (fill.qty, fill.price, fill.commission))
    assert {fill.at.tzinfo for fill in made} == {UTC}
    assert {fill.client_order_id for fill in made} == {ENTRY}


PRICED: dict[OrderType, dict[str, Any]] = {
    OrderType.MARKET: {"limit_price": None},
    OrderType.LIMIT: {"limit_price": 90},
    OrderType.STOP: {"limit_price": None, "trigger_price": 110},
    OrderType.STOP_LIMIT: {"limit_price": 111, "trigger_price": 110},
    OrderType.TRAILING_STOP: {"limit_price": None, "trail_amount": D(5)},
}


def bare(**changes):
    """A buy without exits behind it, away from the market."""
    return an_intent(**({"limit_price": 90, "stop_loss": None, "take_profit": None} | changes))


@pytest.mark.parametrize("type", OrderType)
def test_a_type_of_order_is_worked_on_or_refused_with_a_reason(build, kind, type):
    house = build(office=OpenOffice)
    report = house.broker.submit(a_slip(bare(type=type, **PRICED[type])))
    assert report.type is type
    told(house, report, taken=type in kind.types)


@pytest.mark.parametrize("tif", TimeInForce)
def test_a_time_in_force_is_taken_or_refused_with_a_reason(build, kind, tif):
    house = build(office=OpenOffice)
    ends = NOON + timedelta(days=7) if tif is TimeInForce.GTD else None
    told(house, house.broker.submit(a_slip(bare(tif=tif, expires_at=ends))), taken=tif in kind.tifs)


def told(house, report, *, taken):
    if not taken:
        assert report.status is OrderStatus.REJECTED
        assert report.reason
        assert house.broker.orders() == ()
        return
    assert report.status not in (OrderStatus.REJECTED, OrderStatus.UNKNOWN)
    assert house.broker.find(ENTRY) == report


def test_an_exit_takes_the_place_of_the_protection_behind_its_entry(house):
    house.place(an_intent())
    assert house.broker.submit(house.permit(an_exit())).status is OrderStatus.FILLED
    assert house.broker.positions() == ()
    assert house.broker.orders() == (), "nothing is left to sell what is gone"


SECOND = client_order_id(DecisionId("dec-9"))


def resting(house):
    house.broker.submit(house.permit(bare()))
    return house.broker.find(ENTRY)


def test_a_replaced_order_ends_and_the_new_one_works(house):
    resting(house)
    report = house.broker.replace(ENTRY, house.permit(bare(decision="dec-9", qty=6, limit_price=91)))
    assert (report.client_order_id, report.qty, report.limit_price) == (SECOND, 6, 91)
    assert report.status is OrderStatus.ACCEPTED
    assert house.broker.find(ENTRY).status is OrderStatus.REPLACED
    assert {each.client_order_id for each in house.broker.orders()} == {SECOND}


def test_what_is_over_is_not_replaced(house):
    resting(house)
    house.broker.cancel(ENTRY)
    report = house.broker.replace(ENTRY, house.permit(bare(decision="dec-9", limit_price=91)))
    assert report.status is OrderStatus.REJECTED
    assert report.reason
    assert house.broker.find(ENTRY).status is OrderStatus.CANCELED
    assert house.broker.orders() == ()


def test_only_an_order_of_the_same_symbol_takes_the_place(house):
    resting(house)
    report = house.broker.replace(ENTRY, house.permit(bare(decision="dec-9", symbol=MSFT, limit_price=91)))
    assert report.status is OrderStatus.REJECTED
    assert house.broker.find(ENTRY).status.is_open


def test_a_replacement_needs_a_permit_and_stops_with_the_kill_switch(house):
    resting(house)
    with pytest.raises(IntegrityError):
        house.broker.replace(ENTRY, a_slip(bare(decision="dec-9")))
    approved = house.permit(bare(decision="dec-9", limit_price=91))
    engage_the_latch(house)
    with pytest.raises(ManualActionError):
        house.broker.replace(ENTRY, approved)
    assert house.broker.find(ENTRY).status is OrderStatus.ACCEPTED


def test_a_replacement_that_is_known_answers_with_what_it_became(house):
    resting(house)
    first = house.broker.replace(ENTRY, house.permit(bare(decision="dec-9", limit_price=91)))
    house.clock.wait(seconds=1)
    assert house.broker.replace(ENTRY, house.permit(bare(decision="dec-9", limit_price=91))) == first


EXITS: dict[OrderClass, dict[str, Any]] = {
    OrderClass.BRACKET: {"stop_loss": 95, "take_profit": 110},
    OrderClass.OTO: {"stop_loss": 95, "take_profit": None},
    OrderClass.SIMPLE: {"stop_loss": None, "take_profit": None},
}


@pytest.mark.parametrize("kind_of_order", EXITS)
def test_what_rests_behind_an_entry_is_what_it_carried(house, kind_of_order):
    house.broker.submit(house.permit(an_intent(**EXITS[kind_of_order])))
    legs = {order.leg: (order.trigger_price, order.limit_price) for order in house.broker.orders()}
    wanted: dict[str, Any] = {"stop": (95, None)} if kind_of_order is not OrderClass.SIMPLE else {}
    assert legs == wanted | ({"target": (None, 110)} if kind_of_order is OrderClass.BRACKET else {})


def test_every_working_order_tells_how_long_it_works(house):
    house.broker.submit(house.permit(an_intent()))
    resting: dict[str, Any] = {"stop_loss": None, "take_profit": None, "limit_price": 90}
    house.broker.submit(house.permit(an_intent("dec-8", tif=TimeInForce.GTC, **resting)))
    told = {order.client_order_id: order.tif for order in house.broker.orders()}
    assert told.pop(client_order_id(DecisionId("dec-8"))) is TimeInForce.GTC
    assert None not in told.values()


PAIR: dict[str, Any] = {
    "limit_price": 110,
    "take_profit": 110,
    "stop_loss": 95,
    "tif": TimeInForce.GTC,
    "leg": "target-p1",
}
PAIR_ID = client_order_id(DecisionId("dec-2"), "target-p1")


@pytest.fixture
def paired(build):
    """Ten held, and a pair of exits behind them that outlasts the day."""
    house = build(limits=LIMITS)
    house.place(bare(limit_price="100.20"))
    assert house.place(an_exit(**PAIR)).order.status is OrderStatus.ACCEPTED
    return house


def test_a_pair_of_exits_is_a_target_with_a_stop_behind_it(paired):
    working = {order.client_order_id: order for order in paired.broker.orders()}
    target = working.pop(PAIR_ID)
    (stop,) = working.values()
    assert (target.limit_price, stop.trigger_price, stop.parent_id) == (110, 95, PAIR_ID)
    assert {target.tif, stop.tif} == {TimeInForce.GTC}


def test_taking_out_one_of_a_pair_takes_out_both(paired):
    stop = next(order for order in paired.broker.orders() if order.parent_id == PAIR_ID)
    assert paired.broker.cancel(stop.client_order_id).status is OrderStatus.CANCELED
    assert paired.broker.orders() == ()
    assert paired.broker.find(PAIR_ID).status is OrderStatus.CANCELED


def test_a_pair_steps_aside_for_an_exit_of_everything(paired):
    report = paired.broker.submit(paired.permit(an_exit("dec-3")))
    assert report.status is OrderStatus.FILLED
    assert (paired.broker.positions(), paired.broker.orders()) == ((), ())


def test_a_trailing_stop_rests_behind_a_holding(build):
    house = build(limits=LIMITS)
    house.place(bare(limit_price="100.20"))
    trailing: dict[str, Any] = {"type": OrderType.TRAILING_STOP, "limit_price": None, "trail_pct": D(5)}
    report = house.broker.submit(house.permit(an_exit(**trailing)))
    assert (report.status, report.type) == (OrderStatus.ACCEPTED, OrderType.TRAILING_STOP)
    assert {order.client_order_id for order in house.broker.orders()} == {report.client_order_id}


@pytest.mark.parametrize("kind_of_order", EXITS)
def test_a_part_of_a_share_is_taken_in_the_classes_that_are_declared(build, kind_of_order):
    house = build(office=OpenOffice)
    report = house.broker.submit(a_slip(an_intent(qty="2.5", limit_price=90, **EXITS[kind_of_order])))
    told(house, report, taken=kind_of_order in house.broker.fractional)


def test_an_amount_of_money_becomes_shares_that_cost_no_more(house):
    limit = D("100.20")
    qty = qty_for(D(1050), limit, house.market.instrument(AAPL), allow_fractional=False)
    report = house.broker.submit(house.permit(bare(qty=qty, limit_price=limit)))
    assert (report.qty, report.status) == (10, OrderStatus.FILLED)
    assert report.qty * limit <= 1050


def test_a_cancel_keeps_what_had_filled(build, kind):
    house = build(limits=LIMITS)
    kind.in_parts(house)
    report = house.broker.submit(house.permit(bare(limit_price="100.20")))
    assert (report.status, report.filled_qty) == (OrderStatus.PARTIALLY_FILLED, 4)
    after = house.broker.cancel(ENTRY)
    assert (after.status, after.filled_qty) == (OrderStatus.CANCELED, 4)
    assert sum(fill.qty for fill in fills(house)) == 4
    assert house.broker.positions()[0].qty == 4


def test_fees_that_no_execution_carries_have_names_of_their_own(house):
    house.broker.submit(house.permit(an_intent()))
    charges = house.broker.charges(since=NOON - timedelta(days=1))
    assert len({charge.charge_id for charge in charges}) == len(charges)
    assert charges == house.broker.charges(since=NOON - timedelta(days=1)), "asking twice changes nothing"
    moved = house.broker.transfers(since=NOON - timedelta(days=1))
    assert moved == house.broker.transfers(since=NOON - timedelta(days=1)), "nor does this"
    assert len({each.transfer_id for each in moved}) == len(moved)


def fills(house):
    return house.broker.fills(since=NOON - timedelta(days=1))


def nothing_arrived(house):
    return house.broker.find(ENTRY) is None and house.broker.orders() == () == fills(house)
