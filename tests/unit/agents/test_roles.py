"""Advisor, inspector and decider: what each is shown, and that together they can only make a trade smaller."""

import json
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import advisor, decider, inspector
from agents.advisor import advise
from agents.decider import decide, sizes
from agents.inspector import inspect
from agents.llm import BadAnswer, NoAnswer
from agents.slots import evidence_lines, index, read_slot, share
from agents.slots import figures as shown
from domain.decisions import Action, Concern, MonitorReport, Ruling, Severity, Stance
from domain.ids import Ref
from domain.market import Symbol
from domain.record.rendering import check
from tests.builders.agents import (
    AT,
    CYCLE,
    a_candidate,
    a_decision_answer,
    a_figure,
    a_plan,
    an_advice,
    an_advice_answer,
    an_evidence_set,
    an_exit,
    an_inspection,
    an_inspection_answer,
    asking,
)

STRANGER = a_figure("close", Decimal(9), "USD", symbol=Symbol("OTHER"))


def test_a_figure_that_is_shown_again_is_as_old_as_it_is_by_then():
    told = [evidence_lines([STRANGER], STRANGER.observed_at + timedelta(minutes=late)) for late in (2, 90, 2)]
    assert [json.loads(line)["age"] for line in told] == ["2m", "90m", "2m"]


def decided(*answers, candidate=None, advice=None, inspection=None, missing=(), **more):
    asker, model, _ = asking(*(answers or (a_decision_answer(),)))
    advice = None if "advice" in missing else advice or an_advice()
    inspection = None if "inspection" in missing else inspection or an_inspection()
    evidence, candidate = an_evidence_set(STRANGER), candidate or a_candidate()
    return decide(asker, CYCLE, evidence, candidate, a_plan(), advice, inspection, **more), model


@pytest.mark.parametrize(
    ("room", "sees", "not_seen"),
    [
        (advisor, {"close@ACME", "signal.score@ACME", "memory.trades@ACME"}, {"book.cash", "room.shares@ACME"}),
        (inspector, {"close@ACME", "book.cash", "position.qty@ACME"}, {"close@OTHER", "room.shares@ACME"}),
        (decider, {"quote.ask@ACME", "book.cash"}, {"rsi14@ACME", "memory.trades@ACME", "room.shares@ACME"}),
    ],
    ids=["advisor", "inspector", "decider"],
)
def test_a_role_sees_what_its_tools_say_about_its_symbol_and_no_more(room, sees, not_seen):
    evidence = an_evidence_set(STRANGER)
    if room is advisor:
        asker, model, _ = asking(an_advice_answer())
        advise(asker, CYCLE, evidence, a_candidate(), a_plan())
    elif room is inspector:
        asker, model, _ = asking(an_inspection_answer())
        inspect(asker, CYCLE, evidence, a_candidate(), a_plan(), an_advice())
    else:
        asker, model, _ = asking(a_decision_answer())
        decide(asker, CYCLE, evidence, a_candidate(), a_plan(), an_advice(cited=()), an_inspection(cited=()))
    refs = set(shown(read_slot(model.requests[0].user, "evidence")))
    assert sees <= refs
    assert not (not_seen | {"close@OTHER"}) & refs
    assert {"plan.qty@ACME", "plan.stop@ACME"} <= set(shown(read_slot(model.requests[0].user, "plan")))


def test_the_decider_is_also_shown_what_the_others_leaned_on():
    _, model = decided(advice=an_advice(cited=("rsi14@ACME",)))
    assert "rsi14@ACME" in shown(read_slot(model.requests[0].user, "evidence"))


def test_no_question_names_a_cycle_an_account_or_the_present_time():
    _, model = decided()
    text = model.requests[0].system + model.requests[0].user
    assert not [word for word in (CYCLE, "cand-acme", "2026", AT.isoformat()) if word in text]


def test_a_typical_question_is_short():
    asker, model, _ = asking(an_advice_answer())
    advise(asker, CYCLE, an_evidence_set(), a_candidate(), a_plan())
    request = model.requests[0]
    assert (len(request.system) + len(request.user)) / 3.5 < 3000


def test_the_advisor_that_fails_raises_and_its_reason_is_told():
    asker, *_ = asking(NoAnswer("timeout", "slow"))
    with pytest.raises(NoAnswer):
        advise(asker, CYCLE, an_evidence_set(), a_candidate(), a_plan())


def test_advice_after_a_repair_is_for_half_at_most():
    asker, *_ = asking("rubbish", an_advice_answer())
    advice = advise(asker, CYCLE, an_evidence_set(), a_candidate(), a_plan())
    assert (advice.stance, advice.size_fraction) == (Stance.REDUCE, Decimal("0.5"))


def test_when_all_agree_the_candidate_is_taken_whole():
    decision, model = decided()
    assert (decision.action, decision.qty, decision.needs_approval, decision.codes) == (Action.TAKE, 40, False, ())
    assert decision.cited == ("atr14@ACME", "halted@ACME", "signal.score@ACME")
    assert decision.evidence_digest == an_evidence_set(STRANGER).digest
    assert len(model.requests) == 1


@pytest.mark.parametrize(
    ("advised", "inspected", "chosen", "qty"),
    [
        pytest.param("1", "1", 0.5, 20, id="decider_smallest"),
        pytest.param("0.25", "1", 1, 10, id="advisor_smallest"),
        pytest.param("1", "0.3", 1, 12, id="inspector_smallest"),
        pytest.param("0.99", "0.99", 0.99, 39, id="rounded_down"),
        pytest.param("1", "0.02", 1, 0, id="less_than_a_lot"),
    ],
)
def test_the_smallest_size_counts_in_whole_lots(advised, inspected, chosen, qty):
    decision, _ = decided(
        a_decision_answer(size_fraction=chosen),
        advice=an_advice(size_fraction=Decimal(advised), stance=Stance.REDUCE),
        inspection=an_inspection(max_fraction=Decimal(inspected), ruling=Ruling.SHRINK),
    )
    assert decision.qty == qty
    assert decision.action is (Action.SHRINK if qty else Action.SKIP)
    assert ("SIZE_ZERO" in decision.codes) is (qty == 0)


BLOCK = an_inspection(
    ruling=Ruling.BLOCK,
    max_fraction=Decimal(0),
    warnings=(Concern("earnings_soon", Severity.CRITICAL, (Ref("event.earnings_in@ACME"),)),),
)


@pytest.mark.parametrize(
    ("given_", "code"),
    [
        pytest.param({"missing": ("advice",)}, "ADVISOR_MISSING", id="no_advisor"),
        pytest.param({"missing": ("inspection",)}, "INSPECTOR_MISSING", id="no_inspector"),
        pytest.param({"advice": an_advice(stance=Stance.SKIP, size_fraction=Decimal(0))}, "ADVISOR_SKIP", id="advisor"),
        pytest.param({"inspection": BLOCK}, "INSPECTOR_BLOCK", id="inspector"),
        pytest.param({"monitor": MonitorReport("alarm", "halt", (), "test")}, "MONITOR_HALT", id="monitor"),
    ],
)
def test_an_entry_that_somebody_ended_costs_no_further_call(given_, code):
    decision, model = decided(**given_)
    assert (decision.action, decision.qty, model.requests) == (Action.SKIP, 0, [])
    assert code in decision.codes
    known = index(an_evidence_set().items.values())
    assert {check(reason, known) for reason in decision.reasons} == {None}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (NoAnswer("timeout", "slow"), "DECIDER_TIMEOUT"),
        ("rubbish", "DECIDER_GARBAGE"),
        (NoAnswer("budget", "x"), "DECIDER_BUDGET"),
    ],
    ids=["timeout", "rubbish", "budget"],
)
def test_a_decider_that_fails_takes_no_entry(answer, code):
    decision, _ = decided(answer)
    assert (decision.action, decision.qty) == (Action.SKIP, 0)
    assert {"DECIDER_MISSING", code} <= set(decision.codes)


@pytest.mark.parametrize("action", ["skip", "delay"])
def test_the_decider_may_leave_it(action):
    decision, _ = decided(a_decision_answer(action=action))
    assert (decision.action, decision.qty, decision.codes) == (Action(action), 0, (f"DECIDER_{action.upper()}",))


@pytest.mark.parametrize(
    ("given_", "answer"),
    [
        ({"inspection": an_inspection(ruling=Ruling.ASK)}, a_decision_answer()),
        ({}, a_decision_answer(ask_approval=True)),
    ],
    ids=["inspector_asks", "decider_asks"],
)
def test_a_person_is_asked_when_either_asks(given_, answer):
    decision, _ = decided(answer, **given_)
    assert (decision.qty, decision.needs_approval) == (40, True)


def test_the_monitor_halves_an_entry():
    decision, _ = decided(monitor=MonitorReport("watch", "tighten", (), "test"))
    assert (decision.qty, decision.codes) == (20, ("MONITOR_TIGHTEN",))


@pytest.mark.parametrize(
    "given_",
    [
        {"missing": ("advice", "inspection")},
        {"advice": an_advice(stance=Stance.SKIP, size_fraction=Decimal(0))},
        {"inspection": BLOCK},
        {"monitor": MonitorReport("alarm", "halt", (), "test")},
    ],
    ids=["roles_missing", "advisor_against", "inspector_blocks", "monitor_halts"],
)
def test_what_takes_risk_off_is_decided_by_rule_and_whole(given_):
    decision, model = decided(NoAnswer("network", "down"), candidate=an_exit(qty=Decimal("40.5")), **given_)
    assert (decision.action, decision.qty, decision.needs_approval) == (Action.TAKE, Decimal("40.5"), False)
    assert (decision.source, model.requests) == ("rule", [])


def test_the_tightest_stop_counts():
    decision, _ = decided(
        a_decision_answer(stop_ref="low20@ACME"), advice=an_advice(stop_loss=Decimal("96.8"), cited=("low20@ACME",))
    )
    assert decision.stop_loss == Decimal(97)


def test_sizes_never_rise_along_the_way():
    left = sizes(
        a_candidate(),
        an_advice(size_fraction=Decimal("0.5")),
        an_inspection(max_fraction=Decimal("0.9"), ruling=Ruling.SHRINK),
        Decimal(1),
    )
    assert list(left) == [Decimal(40), Decimal(20), Decimal(20)]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=10,
)
FRACTIONS = st.floats(-2, 3) | st.sampled_from([0, 1, 2, 1e9, "1", None, True])
WORDS = st.sampled_from(["take", "reduce", "shrink", "skip", "delay", "allow", "ask", "block", "double", ""])


def hostile(good):
    """Near-misses of a good answer, other JSON, and plain text."""
    fields = st.fixed_dictionaries(
        {
            name: FRACTIONS if "fraction" in name or name == "confidence" else WORDS
            for name in good
            if name in ("size_fraction", "max_fraction", "confidence", "stance", "ruling", "action")
        }
    )
    near = fields.map(lambda changed: json.dumps({**good, **changed}))
    other = st.dictionaries(st.sampled_from([*good, "qty"]), JSON).map(lambda changed: json.dumps({**good, **changed}))
    return near | other | JSON.map(json.dumps) | st.text(max_size=60)


@given(
    hostile(an_advice_answer()),
    hostile(an_inspection_answer()),
    hostile(a_decision_answer()),
    st.sampled_from([a_candidate(), a_candidate(qty=Decimal(1)), a_candidate(qty=Decimal("7.5")), an_exit()]),
)
def test_no_answer_whatsoever_enlarges_a_trade(first, second, third, candidate):
    evidence = an_evidence_set()
    advice = inspection = None
    with suppress(BadAnswer):
        advice = advise(asking(first)[0], CYCLE, evidence, candidate, a_plan())
        inspection = inspect(asking(second)[0], CYCLE, evidence, candidate, a_plan(), advice)
    decision = decide(asking(third)[0], CYCLE, evidence, candidate, a_plan(), advice, inspection)
    left = sizes(candidate, advice, inspection, Decimal(1))
    assert 0 <= decision.qty <= candidate.qty
    assert decision.candidate is candidate
    if candidate.stop_loss is None:
        assert (decision.qty, decision.source) == (candidate.qty, "rule")
        return
    assert decision.stop_loss is not None
    assert decision.stop_loss >= candidate.stop_loss
    assert decision.qty == 0 if None in left else all(decision.qty <= size for size in left if size is not None)


@pytest.mark.parametrize("role", [advisor, inspector, decider], ids=["advisor", "inspector", "decider"])
def test_a_hostile_text_leaves_no_byte_in_a_prompt(role):
    clean, marked = an_evidence_set(text__suspicious=0), an_evidence_set(text__suspicious=3)
    symbol = a_candidate().symbol
    assert share(clean, symbol, role.TOOLS) == share(marked, symbol, role.TOOLS)
