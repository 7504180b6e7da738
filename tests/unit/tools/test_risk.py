"""The room that the gates leave, and the gate that ends it."""

from dataclasses import replace

import pytest

from domain.case import Mode, Pause, TradingState
from domain.verdicts import Outcome
from policies.evaluate import evaluate
from policies.policy import policy_from_limits
from tests.builders.signals import AAPL, NOW, a_book, a_market, a_position, a_quote, a_signal, a_view, d
from tests.builders.tools import LIMITS, PAPER, an_environment, signals_of
from tools.risk import room, standard_entry
from trading.execution.intents import marketable_limit


def room_of(**changes):
    shares, gate = room(an_environment(**{"book": a_book()} | changes), symbol=AAPL)
    assert (shares.available_at, gate.available_at) == (NOW, NOW)
    return shares.value, gate.value


@pytest.mark.parametrize(
    ("changes", "shares", "gate"),
    [
        pytest.param({}, 99, "C3", id="a_tenth_of_equity"),
        pytest.param({"book": a_book(a_position(qty=50))}, 49, "C3", id="what_is_held_counts"),
        pytest.param({"policy": policy_from_limits(LIMITS | {"max_order_qty": 20})}, 20, "C2", id="an_order_limit"),
        pytest.param({"control": replace(PAPER, kill_switch=True)}, 0, "A1", id="killed"),
        pytest.param({"control": replace(PAPER, trading_state=TradingState.REDUCING)}, 0, "A4", id="reducing_only"),
        pytest.param({"policy": policy_from_limits(LIMITS | {"mode": "observe"})}, 0, "A2", id="observing"),
        pytest.param(
            {"control": replace(PAPER, pauses=(Pause("symbol", "AAPL", NOW, "owner"),))}, 0, "A3", id="paused"
        ),
        pytest.param({"signals": {}}, 0, "B8", id="no_atr_no_protection"),
        pytest.param({"signals": signals_of(a_signal(atr14="9"))}, 0, "B8", id="too_wild_to_protect"),
    ],
)
def test_the_room(changes, shares, gate):
    assert room_of(**changes) == (shares, gate)


def test_without_a_quote_there_is_no_room():
    shares, gate = room_of(market=a_market({"AAPL": a_view(quote=None)}))
    assert shares == 0
    assert gate != "none"


def test_waiting_for_an_approval_is_room_too():
    assert (
        room_of(control=replace(PAPER, mode=Mode.APPROVE), policy=policy_from_limits(LIMITS | {"mode": "approve"}))[0]
        > 0
    )


def test_the_room_passes_and_one_lot_more_does_not():
    env = an_environment(book=a_book())
    shares, _ = room_of()
    case = standard_entry(env, AAPL)
    asked = [evaluate(replace(case, order=replace(case.order, qty=qty)), env.policy) for qty in (shares, shares + 1)]
    assert [answer.outcome for answer in asked] == [Outcome.PASS, Outcome.DENY]


@pytest.mark.parametrize("ask", ["100.01", "7.77", "4321.99"])
def test_the_standard_entry_costs_what_the_desk_would_send(ask):
    quote = a_quote(d(ask) - d("0.02"), ask)
    env = an_environment(market=a_market({"AAPL": a_view(quote=quote)}), signals=signals_of(a_signal(atr14="0.1")))
    order = standard_entry(env, AAPL).order
    assert order.limit_price == marketable_limit(order.side, quote, d("0.01"))
