"""A day's money is one for all cycles, processes and restarts of a home, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.ids import CycleId
from domain.record.model_use import Spent
from tests.builders.agents import AT, CYCLE, a_call, set_aside
from trading.store.calls import CallStore
from trading.store.database import open_database
from trading.store.model_use.spending import SpendingStore, nano

DAY = timedelta(days=1)


def day_start(at):
    return at.replace(hour=4, minute=0)


def a_store(database):
    return SpendingStore(database, CallStore(database), day_start)


def below(tokens, own):
    return lambda others: sum(spent.tokens for spent in others.values()) + own <= tokens


def taken(store, key, tokens=40, limit=100, **changed):
    return store.set_aside(set_aside(key, tokens, "0.1", **changed), below(limit, tokens))


def test_what_does_not_fit_leaves_no_trace(database):
    store = a_store(database)
    assert [taken(store, key) for key in "abc"] == [True, True, False]
    assert store.of_day(AT) == {"reader": Spent(80, Decimal("0.2"))}


def test_it_is_told_by_role_and_over_cycles(database):
    store = a_store(database)
    taken(store, "a")
    taken(store, "a", cycle_id=CycleId("cyc-other"), role="advisor")
    assert store.of_day(AT) == {"reader": Spent(40, Decimal("0.1")), "advisor": Spent(40, Decimal("0.1"))}


def test_a_call_that_is_over_counts_as_what_it_used_and_one_not_made_not_at_all(database):
    store = a_store(database)
    taken(store, "a")
    taken(store, "b")
    store.settle(CYCLE, "a", Spent(1, Decimal("0.0000000011")))
    store.give_back(CYCLE, "b")
    assert store.of_day(AT) == {"reader": Spent(1, Decimal("0.000000002"))}, "parts of a billionth are rounded up"


def test_the_same_question_is_set_aside_once(database):
    store = a_store(database)
    assert [taken(store, "a", 90) for _ in range(3)] == [True] * 3
    assert store.of_day(AT)["reader"].tokens == 90


def test_another_day_begins_at_nothing(database):
    store = a_store(database)
    assert taken(store, "a", 100)
    assert not taken(store, "b", 1)
    assert taken(store, "b", 100, at=AT + DAY)


def test_another_start_goes_on_with_what_is_left(database):
    taken(a_store(database), "a", 90)
    assert not taken(a_store(database), "b", 11)
    assert taken(a_store(database), "b", 10)


def test_calls_of_a_morning_without_limits_belong_to_the_day(database):
    calls = CallStore(database)
    calls.save(a_call(tokens_in=50, tokens_out=10, cost_usd=Decimal("0.3")))
    calls.save(replace(a_call(request_digest="r-1"), at=AT - DAY))
    store = a_store(database)
    assert not taken(store, "b", 41)
    assert taken(store, "b", 40)
    assert store.of_day(AT)["reader"] == Spent(100, Decimal("0.4"))


def test_two_processes_cannot_both_spend_the_last_of_it(url, database):
    other = open_database(url)
    try:
        stores = a_store(database), a_store(other)
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda n: taken(stores[n % 2], str(n), 7), range(40)))
        assert made.count(True) == 14
    finally:
        other.close()


@pytest.mark.parametrize(("cost", "billionths"), [("0", 0), ("1", 10**9), ("0.0001284", 128_400), ("1E-12", 1)])
def test_money_is_counted_in_billionths(cost, billionths):
    assert nano(Decimal(cost)) == billionths
