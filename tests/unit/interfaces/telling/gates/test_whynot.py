"""Why an order did not pass, and the nearest one that would: of the record where it can be asked, else of now."""

from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.case import Pause
from domain.errors import UsageError
from domain.orders import Origin, Side
from domain.record.canonical import plain
from domain.verdicts import Outcome
from interfaces.acting.ordering import Ticket
from interfaces.service import Service
from interfaces.telling.gates import whynot as product
from interfaces.views.gates import Basis
from policies.policy import load_policy
from tests.builders.execution import HandClock
from tests.builders.market import NOON
from tests.builders.runtime import (
    BLOCKED,
    GLIMR,
    KORVA,
    LEAVING,
    NIMBO,
    OSTRE,
    TARQU,
    VERDA,
    ShiftedMarket,
    a_cycle,
    a_policy,
    a_runtime,
    the_market,
)

whynot: Any = product
"""As Any: here it is known what is there and what is None."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    with a_runtime(tmp_path_factory.mktemp("scene")) as runtime:
        a_cycle(runtime)
        yield runtime


def test_a_refusal_names_its_gate_with_figures_and_what_would_pass(scene):
    view = whynot.why_not(scene, GLIMR)
    (spread,) = [each for each in view.objections if each.gate == "E7"]
    assert (view.symbol, view.outcome, view.final_qty) == (GLIMR, Outcome.DENY, 0)
    assert (spread.name, spread.code, spread.unit) == ("spread", "SPREAD_TOO_WIDE", "pct")
    assert spread.value > spread.limit
    assert spread.margin == spread.limit - spread.value
    assert (view.basis, view.nearest_qty, view.at_any_size) == (Basis.RECORD, 0, ("E7",))
    assert view.decided_at is not None
    assert view.decision_id.startswith("dec-")


def test_an_id_a_candidate_and_last_lead_to_the_same_answer(scene):
    view = whynot.why_not(scene, GLIMR)
    assert whynot.why_not(scene, view.decision_id).objections == view.objections
    assert whynot.why_not(scene, view.decision_id).symbol == GLIMR


def test_an_order_that_waits_would_pass_with_a_yes(scene):
    view = whynot.why_not(scene, OSTRE)
    assert [each.gate for each in view.objections] == ["A2"]
    assert view.outcome is Outcome.NEED_APPROVAL
    assert (view.nearest_qty, view.needs_approval) == (view.order.qty, True)


def test_what_was_never_refused_says_so(scene):
    view = whynot.why_not(scene, NIMBO)
    assert (view.objections, view.nearest_qty, view.basis) == ((), None, Basis.NONE)
    assert (view.outcome, view.note) == (Outcome.PASS, whynot.PASSED)


def test_what_the_roles_left_never_came_before_the_gates(scene):
    view = whynot.why_not(scene, BLOCKED)
    assert (view.symbol, view.outcome, view.objections) == (TARQU, None, ())
    assert view.note.startswith(whynot.LEFT)


def test_a_symbol_without_a_decision_is_asked_about_now(scene):
    view = whynot.why_not(scene, VERDA.lower())
    assert (view.decision_id, view.basis) == (None, Basis.PRESENT)
    assert (view.nearest_qty > 0) is (view.outcome is not Outcome.DENY)
    assert (view.nearest_qty > 0) is (view.at_any_size == ())
    assert "nothing was decided on VERDA" in view.note


def test_why_not_and_what_if_name_the_same_nearest_order(scene):
    view = whynot.why_not(scene, VERDA)
    price = view.order.limit_price
    asked = Service(scene).order(Ticket(Side.BUY, VERDA, qty=Decimal(5000), stop=price - 1), what_if=True)
    assert asked.intent is not None
    assert asked.intent.limit_price == price, "the limit that an order without a price of its own gets"
    assert asked.why is not None
    assert (asked.why.nearest_qty, asked.why.stopped_by) == (view.nearest_qty, view.stopped_by)
    assert asked.final_qty == view.nearest_qty, "and it is what the gates cut a larger order to"


def test_the_latest_order_answers_for_its_symbol_and_for_last_whoever_made_it(tmp_path):
    # All of it at one moment: simulated time stands still, and the ledger's order decides.
    with a_runtime(tmp_path) as runtime:
        service = Service(runtime)
        for name in (NIMBO, KORVA):
            service.order(Ticket(Side.BUY, name, qty=Decimal(7)))
        view = whynot.why_not(runtime, "last")
        assert (view.symbol, view.order.qty, view.outcome) == (KORVA, 7, Outcome.DENY)
        assert "STOP_MISSING" in {each.code for each in view.objections}
        assert view.note == whynot.BY_HAND
        a_cycle(runtime, NIMBO)
        decided = whynot.why_not(runtime, "last")
        assert (decided.symbol, decided.order.origin) == (NIMBO, Origin.AGENT)
        assert whynot.why_not(runtime, NIMBO) == replace(decided, id=NIMBO)
        assert whynot.why_not(runtime, KORVA).order.origin is Origin.MANUAL, "nothing was decided on it since"
        service.order(Ticket(Side.SELL, NIMBO, qty=Decimal(5)))
        for asked in (NIMBO, NIMBO.lower(), "last"):
            sold = whynot.why_not(runtime, asked)
            assert (sold.order.side, sold.outcome, sold.objections) == (Side.SELL, Outcome.PASS, ())
        assert whynot.why_not(runtime, decided.decision_id).order == decided.order, "an id is an id"


def test_a_name_that_nobody_knows_is_refused(scene):
    with pytest.raises(UsageError, match="nothing called NOBODY is on record"):
        whynot.why_not(scene, "NOBODY")


@contextmanager
def judged_by(runtime, profile):
    """The desk judges by another policy for a while, under the release that is in force."""
    desk = runtime.deps.desk
    before, release = desk.policy, desk.release
    desk.adopt(load_policy(profile), release)
    yield
    desk.adopt(before, release)


def test_under_another_policy_the_state_of_now_is_asked(scene):
    with judged_by(scene, "research"):
        view = whynot.why_not(scene, GLIMR)
    assert view.basis is Basis.PRESENT
    assert [each.gate for each in view.objections] == ["E7"], "the record stays what it was"


def test_an_exit_that_nothing_prices_any_more_is_answered_by_an_entry_and_says_so(tmp_path):
    """The kill refused to sell KORVA; the entry that is asked about instead must not be taken for that sale."""
    clock = HandClock()
    with a_runtime(tmp_path, clock=clock) as runtime:
        a_cycle(runtime, KORVA)
        Service(runtime).kill("odd", flatten=False)
        clock.at = LEAVING
        a_cycle(runtime, KORVA)
        priced = whynot.why_not(runtime, KORVA)
        assert (priced.order.side, priced.order.leg, priced.note) == (Side.SELL, "exit", "")
    with a_runtime(tmp_path, clock=clock, market=ShiftedMarket(the_market(), KORVA=None)) as runtime:
        with judged_by(runtime, "research"):
            view = whynot.why_not(runtime, KORVA)
        assert (view.basis, view.order, view.asked_at) == (Basis.PRESENT, priced.order, priced.asked_at)
        assert "there is no usable quote of KORVA to price an order with" in view.note
        assert "the smallest entry into KORVA, a buy of 1" in view.note
        assert plain(view)["note"] == view.note


def test_the_nearest_order_passes_and_one_lot_more_does_not(tmp_path):
    """A cap that was cut in the record: the same case at the nearest quantity passes, one share more does not."""
    policy = a_policy(tmp_path, max_order_qty=20, approval_required_above_notional=100_000)
    with a_runtime(tmp_path, policy=policy) as runtime:
        a_cycle(runtime, NIMBO)
        view = whynot.why_not(runtime, NIMBO)
        assert (view.outcome, view.final_qty) == (Outcome.REDUCE, 20)
        assert [each.code for each in view.objections] == ["ORDER_QTY"]
        assert (view.nearest_qty, view.stopped_by, view.at_any_size) == (20, "C2", ())


def test_when_everything_is_paused_no_size_passes(tmp_path):
    with a_runtime(tmp_path) as runtime:
        runtime.deps.stores.control.pause(Pause("global", "", NOON, "owner", reason="odd"))
        view = whynot.why_not(runtime, VERDA)
    assert view.nearest_qty == 0
    assert "A3" in view.at_any_size


def test_without_a_quote_the_answer_says_what_is_missing(tmp_path):
    with a_runtime(tmp_path, market=ShiftedMarket(the_market(), VERDA=None)) as runtime:
        view = whynot.why_not(runtime, VERDA)
    assert "QUOTE_MISSING" in {each.code for each in view.objections}
    assert view.nearest_qty == 0
    assert "E4" in view.at_any_size
