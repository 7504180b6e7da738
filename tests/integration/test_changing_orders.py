"""`sage orders cancel` and `replace` as a person types them: what is at stake is shown, and asked about."""

from dataclasses import replace
from decimal import Decimal

import pytest

import interfaces.acting.changing as changing
from domain.orders import OrderStatus, OrderType, Side
from tests.builders.execution import HandClock
from tests.builders.runtime import a_runtime
from tests.integration.test_commands import run

BUY = ("buy", "NIMBO", "10", "--stop", "128", "--yes")
RESTING = ("buy", "NIMBO", "10", "--limit", "130", "--stop", "125", "--target", "150", "--yes")


def orders_of(home):
    with a_runtime(home, clock=HandClock()) as runtime:
        return runtime.deps.stores.orders.newest(9)


def the_entry(home):
    (entry,) = [order for order in orders_of(home) if order.leg.startswith("entry") and order.status.is_open]
    return entry


@pytest.fixture
def bare(tmp_path):
    """A home in which a person put the only stop behind a holding that none was planned for, and that stop."""
    assert run(tmp_path, *BUY)[0] == 0
    with a_runtime(tmp_path, clock=HandClock()) as runtime:
        orders = runtime.deps.stores.orders
        (stop,) = [order for order in orders.open() if order.type is OrderType.STOP]
        # As a holding that was taken over from the broker stands: nothing of ours is in front of its stop.
        orders.update(replace(stop, parent_id=None, leg="exit"))
    return tmp_path, stop.client_order_id


def test_the_only_stop_behind_a_holding_is_cancelled_after_a_yes_that_was_told_what_it_protects(bare):
    home, stop = bare
    code, _, err = run(home, "orders", "cancel", stop)
    told = "sell 10 NIMBO stop 128.00 protects what is held: 10 NIMBO are held, of which a stop covers 0 without it."
    assert (code, told in " ".join(err.split())) == (1, True)
    assert err.endswith("sage: not cancelled: nothing was changed. Answer y, or say --yes.\n")
    assert next(each for each in orders_of(home) if each.client_order_id == stop).status.is_open
    code, _, err = run(home, "orders", "cancel", stop, typed="y\n")
    assert (code, told in " ".join(err.split())) == (0, True)
    assert next(each for each in orders_of(home) if each.client_order_id == stop).status is OrderStatus.CANCELED


def test_a_script_is_not_asked(bare):
    home, stop = bare
    assert run(home, "orders", "cancel", stop, "--yes")[0] == 0


def test_what_protects_nothing_is_cancelled_at_once(tmp_path):
    assert run(tmp_path, *RESTING)[0] == 0
    code, _, err = run(tmp_path, "orders", "cancel", the_entry(tmp_path).client_order_id)
    assert (code, "protects" in err) == (0, False)


def test_a_pair_of_exits_takes_its_stop_along(bare):
    home, stop = bare
    with a_runtime(home, clock=HandClock()) as runtime:
        orders = runtime.deps.stores.orders
        row = orders.get(stop)
        target = replace(row, client_order_id="ord-target", type=OrderType.LIMIT, trigger_price=None,
                         limit_price=Decimal(150), leg="target")  # fmt: skip
        orders.insert(target, cycle_id="")
        orders.update(replace(row, parent_id="ord-target"))
        assert (target.side, target.reduce_only) == (Side.SELL, True)
        left = changing.bared(runtime, target)
        assert left is not None
        assert left.covered == 0


def test_a_replacement_shows_both_and_is_sent_after_a_yes(tmp_path):
    assert run(tmp_path, *RESTING)[0] == 0
    name = the_entry(tmp_path).client_order_id
    words = ("orders", "replace", name, "--limit", "129.50")
    code, _, err = run(tmp_path, *words)
    told = "buy 10 NIMBO limit 130.00 becomes buy 10 NIMBO limit 129.50."
    assert (code, told in " ".join(err.split())) == (1, True)
    assert the_entry(tmp_path).limit_price == 130, "no answer is a no"
    assert run(tmp_path, *words, typed="y\n")[0] == 0
    assert the_entry(tmp_path).limit_price == Decimal("129.50")


def test_what_is_refused_is_refused_before_anybody_is_asked(tmp_path):
    assert run(tmp_path, *BUY)[0] == 0
    with a_runtime(tmp_path, clock=HandClock()) as runtime:
        (stop,) = [order for order in runtime.deps.stores.orders.open() if order.type is OrderType.STOP]
    code, _, err = run(tmp_path, "orders", "cancel", stop.client_order_id)
    assert (code, err.count("\n"), f"{stop.client_order_id} protects NIMBO" in err) == (2, 1, True)
    code, _, err = run(tmp_path, "orders", "replace", stop.client_order_id, "--stop", "120")
    assert (code, "less protection" in err, "becomes" in err) == (2, True, False)
