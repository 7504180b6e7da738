"""The budget: what does not fit is not asked, the dearer model stops before the cheaper one, and nothing is lost."""

import threading
from decimal import Decimal

import pytest

from agents.calls.budget import Allowance, Budget, DayBudget, TokenPrice
from agents.llm import NoAnswer
from domain.ids import CycleId
from tests.builders.agents import CYCLE, a_call, set_aside
from tests.builders.model_use import MemoryBook

EDGE = Decimal("0.8")
OTHER = CycleId("cyc-other")


def a_budget(**changed):
    told = {"calls": 100, "tokens": 1000, "usd": None, "day": None, **changed}
    return Budget(**told)


def a_day(usd=None, tokens=None, **roles):
    return DayBudget(MemoryBook(), Allowance(tokens, None if usd is None else Decimal(usd)), roles)


def fits(budget, wanted, share=Decimal(1)):
    try:
        budget.reserve(wanted, share)
    except NoAnswer as error:
        return f"{error.reason}: {error}"
    return ""


@pytest.mark.parametrize(
    ("budget", "first", "second", "refused"),
    [
        pytest.param(a_budget(tokens=100), set_aside("a", 60), set_aside("b", 40), "", id="tokens_at_limit"),
        pytest.param(a_budget(tokens=100), set_aside("a", 60), set_aside("b", 41), "of cycle", id="one_token_over"),
        pytest.param(a_budget(calls=1), set_aside("a", 1), set_aside("b", 1), "of cycle", id="one_call_over"),
        pytest.param(
            a_budget(usd=Decimal(1)), set_aside("a", 1, "0.6"), set_aside("b", 1, "0.4"), "", id="money_at_limit"
        ),
        pytest.param(
            a_budget(usd=Decimal(1)), set_aside("a", 1, "0.6"), set_aside("b", 1, "0.41"), "of cycle", id="a_cent_over"
        ),
        pytest.param(
            a_budget(day=a_day("1")),
            set_aside("a", 1, "0.6"),
            set_aside("b", 1, "0.41", cycle_id=OTHER),
            "of the day",
            id="a_cent_over_the_day_in_another_cycle",
        ),
        pytest.param(
            a_budget(day=a_day(tokens=100)),
            set_aside("a", 60),
            set_aside("b", 41, cycle_id=OTHER),
            "of the day",
            id="tokens_of_the_day",
        ),
        pytest.param(
            a_budget(day=a_day(reader=Allowance(50))),
            set_aside("a", 40),
            set_aside("b", 11),
            "of the reader for the day",
            id="a_role_of_the_day",
        ),
        pytest.param(
            a_budget(day=a_day(reader=Allowance(50))),
            set_aside("a", 40),
            set_aside("b", 900, role="advisor"),
            "",
            id="another_role_goes_on",
        ),
    ],
)
def test_a_call_is_made_only_where_it_fits(budget, first, second, refused):
    assert fits(budget, first) == ""
    told = fits(budget, second)
    assert (refused in told) if refused else (told == "")


def test_what_the_day_refuses_is_not_kept_in_the_cycle():
    budget = a_budget(tokens=100, day=a_day("1"))
    assert fits(budget, set_aside("a", 90, "2")) != ""
    assert fits(budget, set_aside("b", 90, "0.5")) == ""


def test_what_an_earlier_attempt_set_aside_stays_where_the_day_refuses_the_next():
    budget = a_budget(tokens=100, day=a_day("1"))
    assert fits(budget, set_aside("a", 60, "0.9")) == ""
    assert "of the day" in fits(budget, set_aside("a", 60, "1.1"))
    assert "of cycle" in fits(budget, set_aside("b", 50, "0.05"))


def test_the_dearer_model_stops_at_the_edge_and_the_cheaper_goes_on_to_the_limit():
    budget = a_budget(usd=Decimal(1), tokens=10**9)
    assert fits(budget, set_aside("a", 1, "0.8"), EDGE) == ""
    assert "nearly spent" in fits(budget, set_aside("b", 1, "0.01"), EDGE)
    assert fits(budget, set_aside("b", 1, "0.2")) == ""
    assert "is spent" in fits(budget, set_aside("c", 1, "0.01"))


def test_a_settled_call_counts_as_what_it_used_and_one_given_back_not_at_all():
    budget = a_budget(tokens=100, day=a_day(tokens=100))
    budget.reserve(set_aside("a", 90))
    budget.settle(CYCLE, "a", 10)
    budget.reserve(set_aside("b", 90))
    budget.give_back(CYCLE, "b")
    assert fits(budget, set_aside("c", 90)) == ""
    assert fits(budget, set_aside("d", 1)) != ""


def test_a_resumed_cycle_goes_on_with_what_is_left():
    made = [a_call(request_digest="a", tokens_in=50, tokens_out=10)]
    budget = a_budget(tokens=100, earlier=lambda cycle: made if cycle == CYCLE else ())
    assert fits(budget, set_aside("b", 41)) != ""
    assert fits(budget, set_aside("b", 40)) == ""
    assert fits(budget, set_aside("b", 100, cycle_id=OTHER)) == ""


def test_answers_used_again_cost_the_resumed_cycle_nothing():
    made = [a_call(call_id="reused-x", tokens_in=0, tokens_out=0)]
    budget = a_budget(calls=1, earlier=lambda _: made)
    assert fits(budget, set_aside("b", 1)) == ""


def test_parallel_calls_cannot_overspend_a_day():
    budget, made = a_budget(calls=999, tokens=10**9, day=a_day(tokens=100)), []
    lock = threading.Lock()
    budget.day.book.set_aside = locked(lock, budget.day.book.set_aside)
    threads = [
        threading.Thread(target=lambda n=n: made.append(n) if fits(budget, set_aside(str(n), 7)) == "" else None)
        for n in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 14


def locked(lock, function):
    def call(*arguments):
        with lock:
            return function(*arguments)

    return call


@pytest.mark.parametrize(
    ("one", "other", "below"),
    [("1 4", "2 4", True), ("2 4", "2 4", False), ("0.1 9", "5 5", True), ("5 5", "0 0", False)],
)
def test_the_cheaper_of_two_prices(one, other, below):
    prices = [TokenPrice(*map(Decimal, text.split())) for text in (one, other)]
    assert prices[0].below(prices[1]) is below


def test_a_price_is_by_the_million():
    assert TokenPrice(Decimal(2), Decimal(10)).of(900, 120) == Decimal("0.003")
