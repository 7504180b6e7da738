"""From a decision to the desk."""

from typing import Any

import pytest

from domain.decisions import Action, Decision
from domain.errors import DataQualityError
from domain.ids import decision_id
from domain.orders import OrderType, Origin, Side
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
from tools.orders import intent_for, place_order, preview_order
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


class Desk:
    """A desk that answers with what it was asked."""

    def preview(self, intent, **asked):
        return "preview", intent, asked

    def place(self, intent, **asked):
        return "place", intent, asked


def test_preview_and_place_hand_over_everything():
    intent, market = intent_for(ENTRY, a_market(), at=NOW), a_market()
    desk: Any = Desk()
    shared = {"market": market, "proposal": None, "approval": None, "cycle_id": CYCLE}
    previewed: Any = preview_order(desk, intent, market=market, proposal=None, cycle_id=CYCLE)
    placed: Any = place_order(desk, intent, market=market, proposal=None, cycle_id=CYCLE)
    assert previewed == ("preview", intent, shared)
    assert placed == ("place", intent, shared)
