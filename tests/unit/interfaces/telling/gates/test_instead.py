"""An explanation of a refusal ends with what would have passed then, found by the gates and never made up."""

from decimal import Decimal

import pytest

from domain.decisions import Phase
from domain.verdicts import Outcome
from interfaces.cli.rendering.answers import chat, explain
from interfaces.service import Service
from interfaces.telegram_bot.screens import records
from interfaces.telegram_bot.talking import said
from interfaces.telling import explaining
from interfaces.telling.gates.instead import NOT_TOLD, instead
from interfaces.telling.gates.whynot import refused_then
from interfaces.views.chat import ChatView
from interfaces.views.gates import Basis
from policies.policy import load_policy
from tests.builders.runtime import BLOCKED, GLIMR, NIMBO, OSTRE, a_cycle, a_runtime
from tests.builders.views import a_whynot
from tests.unit.interfaces.cli.test_render import flat, shown

NONE_PASSES = "No size would have passed then: spread (E7) stands at any size."


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    with a_runtime(tmp_path_factory.mktemp("scene")) as runtime:
        a_cycle(runtime)
        yield runtime


@pytest.mark.parametrize("phase", [None, Phase.BEFORE, Phase.AFTER])
def test_a_refused_decision_is_told_with_what_would_have_passed_once(scene, phase):
    head = scene.deps.stores.ledger.head()
    view = Service(scene).explain(GLIMR, phase)
    assert [each.statements.count(NONE_PASSES) for each in view.explanations][-1] == 1
    assert sum(each.statements.count(NONE_PASSES) for each in view.explanations) == 1
    assert scene.deps.stores.ledger.head() == head, "nothing is written by looking"
    assert NONE_PASSES in flat(shown(explain(view), width=160))
    assert NONE_PASSES in records.explain(view).plain, "the same words by Telegram"


@pytest.mark.parametrize("name", [NIMBO, OSTRE, BLOCKED])
def test_what_passed_waits_or_never_came_before_the_gates_has_no_such_sentence(scene, name):
    assert Service(scene).explain(name, None) == explaining.explain(scene, name, None)


def test_of_a_case_that_cannot_be_made_again_nothing_is_claimed(scene):
    desk = scene.deps.desk
    before, release = desk.policy, desk.release
    desk.adopt(load_policy("research"), release)
    try:
        assert Service(scene).explain(GLIMR, Phase.AFTER).explanations[0].statements[-1] == NOT_TOLD
    finally:
        desk.adopt(before, release)


def test_the_case_of_the_record_is_asked_and_not_the_state_of_now(scene):
    (decision,) = explaining.decisions_for(scene, GLIMR)
    view = refused_then(scene, decision)
    assert view is not None
    assert (view.basis, view.outcome, view.at_any_size) == (Basis.RECORD, Outcome.DENY, ("E7",))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        pytest.param(
            {},
            "Up to 54 shares at 912.30 USD would have passed then; order notional (C1) stops the next one.",
            id="some",
        ),
        pytest.param(
            {"nearest_qty": Decimal(1), "stopped_by": None, "needs_approval": True},
            "Up to 1 share at 912.30 USD would have passed then with a person's yes.",
            id="one_with_a_yes",
        ),
        pytest.param(
            {"nearest_qty": Decimal(0), "at_any_size": ("A3", "E7")},
            "No size would have passed then: pause (A3) and spread (E7) stand at any size.",
            id="none",
        ),
        pytest.param({"basis": Basis.PRESENT}, NOT_TOLD, id="of_now"),
    ],
)
def test_the_sentence(fields, told):
    assert instead(a_whynot(**fields)) == told


def test_long_figures_of_a_talk_are_rounded_on_screens_and_exact_in_its_document():
    line = "The spread was 0.589101621 %, the stop 12.3456 USD."
    view = ChatView((line,), (), (), "scripted:spy")
    for told in (flat(shown(chat(view), width=160)), said(view).plain):
        assert "0.59 %, the stop 12.3456 USD" in told
    assert view.lines == (line,)
