"""Sliced orders in the database: started once, what is over stays over, and they come back as they were."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from domain.ids import next_leg
from tests.builders.execution import an_intent, an_order
from tests.builders.market import NOON
from trading.execution.algos import twap
from trading.execution.algos.base import AlgoKind, AlgoPlan, AlgoState, Progress, Remainder
from trading.execution.algos.store import Algo, AlgoStore, children_of
from trading.store.orders import OrderStore

HOUR = timedelta(hours=1)


def a_plan(decision="dec-1"):
    parent = an_intent(decision, qty=100, trail_pct=Decimal("2.5"))
    slices = twap.schedule(parent.qty, Decimal(1), NOON, NOON + HOUR, 3)
    return AlgoPlan(parent, AlgoKind.TWAP, slices, NOON + HOUR, Remainder.MARKETABLE)


def test_a_plan_comes_back_as_it_was(database):
    store, plan = AlgoStore(database), a_plan()
    assert store.start(plan, Progress("cyc-1"), at=NOON)
    assert store.get(plan.algo_id) == Algo(plan, AlgoState.WORKING, Progress("cyc-1"))
    assert store.open() == (Algo(plan, AlgoState.WORKING, Progress("cyc-1")),)
    assert store.get("algo-none") is None


def test_one_leg_of_a_decision_is_sliced_once(database):
    store, plan = AlgoStore(database), a_plan()
    assert store.start(plan, Progress(), at=NOON)
    assert not store.start(replace(plan, rest=Remainder.CANCEL), Progress(), at=NOON)
    kept = store.get(plan.algo_id)
    assert kept is not None
    assert kept.plan == plan


def test_what_is_over_stays_over(database):
    store, plan = AlgoStore(database), a_plan()
    store.start(plan, Progress(), at=NOON)
    store.start(a_plan("dec-2"), Progress(), at=NOON)
    done = Algo(plan, AlgoState.STOPPED, Progress(reason="stopped"))
    store.save(done, at=NOON)
    store.save(replace(done, state=AlgoState.WORKING), at=NOON + HOUR)
    assert store.get(plan.algo_id) == done
    assert [algo.plan.parent.decision_id for algo in store.open()] == ["dec-2"]


def test_children_are_found_with_what_took_their_place(database):
    orders = OrderStore(database)
    for leg in ("algo.1", next_leg("algo.1"), "algo.2", "entry", "algo.4"):
        orders.insert(an_order(leg=leg))
    found = [child.leg for child in children_of(orders, an_order().decision_id)]
    assert found == ["algo.1", "algo.1.r1", "algo.2"]


def test_a_trail_is_stored(database):
    orders = OrderStore(database)
    order = orders.insert(an_order(trail_amount=Decimal("1.50"), trail_pct=Decimal("0.125")))
    assert orders.get(order.client_order_id) == order
