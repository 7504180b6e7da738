"""From a decision to the desk."""

from dataclasses import replace
from typing import Any

import pytest

from domain.decisions import Action, Decision
from domain.errors import DataQualityError
from domain.ids import decision_id
from domain.orders import OrderClass, OrderType, Origin, Side
from policies.policy import policy_from_limits
from tests.builders.market import an_instrument
from tests.builders.signals import (
    CYCLE,
    NOW,
    a_book,
    a_market,
    a_position,
    a_quote,
    a_signal,
    a_view,
    d,
)
from tools.orders import intent_for, place_order, place_orders, shown_orders, taken_in_fractions
from trading.execution.sight import OrderRequest
from trading.portfolio.sizing import SizingRule
from trading.strategies.screen import screen


def a_decision(book, qty):
    (candidate,) = screen(
        cycle_id=CYCLE,
        signals=(a_signal(),),
        alerts=(),
        book=book,
        market=a_market(),
        sizing=SizingRule(),
        enabled=("momentum",),
    )
    return Decision(
        decision_id=decision_id(CYCLE, candidate.candidate_id),
        cycle_id=CYCLE,
        candidate=candidate,
        action=Action.TAKE,
        qty=d(qty),
        stop_loss=candidate.stop_loss,
        needs_approval=False,
        reasons=(),
        codes=(),
        cited=(),
        evidence_digest="",
        decided_at=NOW,
        source="rules",
    )


ENTRY = a_decision(a_book(), 40)
EXIT = a_decision(a_book(a_position(stop_loss=d(150))), 50)


def test_an_entry_is_a_protected_marketable_limit():
    intent = intent_for(ENTRY, a_market(), at=NOW)
    assert (intent.side, intent.type, intent.origin) == (Side.BUY, OrderType.LIMIT, Origin.AGENT)
    assert (intent.qty, intent.limit_price, intent.stop_loss) == (d(40), d("100.21"), d("95.01"))
    assert not intent.reduce_only


def test_an_exit_only_reduces():
    intent = intent_for(EXIT, a_market(), at=NOW)
    assert (intent.side, intent.origin, intent.reduce_only) == (Side.SELL, Origin.RULE, True)
    assert (intent.qty, intent.stop_loss, intent.take_profit) == (d(50), None, None)


@pytest.mark.parametrize(
    ("view", "missing"),
    [
        pytest.param({"quote": None}, "usable quote of AAPL", id="no_quote"),
        pytest.param({"quote": a_quote("101", "100")}, "usable quote of AAPL", id="crossed_quote"),
        pytest.param({"instrument": None}, "instrument of AAPL", id="no_instrument"),
    ],
)
def test_what_cannot_be_priced_is_no_order(view, missing):
    with pytest.raises(DataQualityError, match=missing):
        intent_for(ENTRY, a_market({"AAPL": a_view(**view)}), at=NOW)


PARTS = replace(ENTRY, qty=d("40.5"))
FRACTIONABLE = {"instrument": an_instrument(fractionable=True)}


@pytest.mark.parametrize(
    ("taken", "view", "qty"),
    [
        pytest.param({OrderClass.BRACKET}, FRACTIONABLE, "40.5", id="policy_broker_and_instrument_take_parts"),
        pytest.param({OrderClass.SIMPLE}, FRACTIONABLE, "40", id="the_broker_takes_parts_without_exits_alone"),
        pytest.param(set(), FRACTIONABLE, "40", id="the_policy_takes_none"),
        pytest.param({OrderClass.BRACKET}, {}, "40", id="the_instrument_is_traded_whole"),
    ],
)
def test_parts_of_shares_where_everybody_takes_them(taken, view, qty):
    intent = intent_for(PARTS, a_market({"AAPL": a_view(**view)}), at=NOW, fractional=frozenset(taken))
    assert intent.qty == d(qty)


class Broker:
    """What it takes in parts."""

    fractional = frozenset({OrderClass.SIMPLE})


@pytest.mark.parametrize(("allowed", "taken"), [(True, {OrderClass.SIMPLE}), (False, set())])
def test_policy_and_broker_both_have_a_say(allowed, taken):
    policy: Any = policy_from_limits({"max_order_qty": 10, "allow_fractional": allowed})
    broker: Any = Broker()
    assert taken_in_fractions(policy, broker) == taken


class Desk:
    """A desk that answers with what it was asked."""

    def shown(self, requests):
        return "shown", requests

    def place_all(self, requests):
        return "all", requests

    def place(self, intent, **asked):
        return "place", intent, asked


def test_show_and_place_hand_over_everything():
    intent, market = intent_for(ENTRY, a_market(), at=NOW), a_market()
    desk: Any = Desk()
    shared = {"market": market, "proposal": None, "approval": None, "cycle_id": CYCLE}
    requests = (OrderRequest(intent, market, cycle_id=CYCLE),)
    shown: Any = shown_orders(desk, requests)
    every: Any = place_orders(desk, requests)
    placed: Any = place_order(desk, intent, market=market, proposal=None, cycle_id=CYCLE)
    assert (shown, every) == (("shown", requests), ("all", requests))
    assert placed == ("place", intent, {**shared, "parent": None})
