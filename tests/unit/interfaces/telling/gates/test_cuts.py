"""Every cut and every stop is told with who did it, from what to what, before and after, whoever wrote the rest."""

from decimal import Decimal

import pytest

from agents.explainer import disclosures, template
from agents.record import facts
from domain.decisions import Concern, Phase, Ruling, Severity, Stance
from domain.ids import Ref
from domain.record.rendering import render
from domain.verdicts import Evaluation, Outcome, Verdict
from interfaces.service import Service
from interfaces.telling.explaining import explain
from interfaces.telling.gates.cuts import Course, Judged, Yes, course_before, cuts_of, retold
from policies.codes import ReasonCode
from tests.builders.agents import an_advice, an_inspection
from tests.builders.runtime import NIMBO, OSTRE, TARQU, a_cycle, a_policy, a_runtime
from tests.unit.agents.test_explainer import RECORDS, a_record

D = Decimal
CUT = Verdict("C1", ReasonCode.ORDER_NOTIONAL, Outcome.REDUCE, D(4000), D("8604.30"), D("-4604.30"), D(74))
ALSO = Verdict("C3", ReasonCode.POSITION_SIZE, Outcome.REDUCE, D(10), D("13.2"), D("-3.2"), D(80))
ASKS = Verdict("A2", ReasonCode.NOTIONAL_NEEDS_APPROVAL, Outcome.NEED_APPROVAL, D(7500), D(7709))
WIDE = Verdict("E7", ReasonCode.SPREAD_TOO_WIDE, Outcome.DENY, D("0.5"), D("0.5891"))


def judged(outcome, left, *verdicts, qty=92):
    said = Evaluation(outcome, D(left), tuple(each.code for each in verdicts), verdicts, "")
    return Judged(D(qty), said)


def told(record, course):
    known = facts(record)
    return [render(each, known) for each in cuts_of(record, course)]


REDUCED = judged(Outcome.REDUCE, 74, ALSO, CUT)
WAITING = judged(Outcome.NEED_APPROVAL, 74, CUT, ASKS)
BY_C1 = (
    "The gate order notional (C1) cut it from 92 shares to 74 shares: the order is worth more than an order may be, "
    "8,604.30 USD where the limit is 4,000.00 USD."
)
BY_A2 = (
    "The gate mode (A2) asked for a person: orders of this size need a person's approval, 7,709.00 USD where the "
    "limit is 7,500.00 USD."
)
COURSES = [
    pytest.param(
        Course(REDUCED),
        [
            BY_C1,
            (
                "The gate position share of equity (C3) would have cut it from 92 shares to 80 shares: the position "
                "would become larger than a position may be, 13.2 % where the limit is 10 %."
            ),
        ],
        id="the_gate_that_left_least_comes_first",
    ),
    pytest.param(
        Course(judged(Outcome.DENY, 0, WIDE)),
        ["The gate spread (E7) refused it: bid and ask are too far apart, 0.59 % where the limit is 0.5 %."],
        id="refused",
    ),
    pytest.param(
        Course(WAITING, Yes(D(74))),
        [BY_C1, BY_A2, "It waits for a person, who is asked about 74 shares."],
        id="waits",
    ),
    pytest.param(
        Course(WAITING, Yes(D(74), "approved", "owner", D(37)), judged(Outcome.PASS, 37, qty=37)),
        [BY_C1, BY_A2, "It was approved in part by the owner, which cut it from 74 shares to 37 shares."],
        id="halved_by_a_person",
    ),
    pytest.param(
        Course(WAITING, Yes(D(74), "approved", "telegram 7", D(74)), judged(Outcome.DENY, 0, WIDE, qty=74)),
        [
            BY_C1,
            BY_A2,
            "It was approved by telegram 7: all of 74 shares.",
            (
                "When it was to be sent: the gate spread (E7) refused it: bid and ask are too far apart, 0.59 % where "
                "the limit is 0.5 %."
            ),
        ],
        id="refused_behind_the_yes",
    ),
    pytest.param(
        Course(WAITING, Yes(D(74), "rejected", "owner", D(74))),
        [BY_C1, BY_A2, "It was rejected by the owner: nothing of 74 shares was sent."],
        id="rejected",
    ),
    pytest.param(
        Course(WAITING, Yes(D(74), "expired", "clock", D(74))),
        [BY_C1, BY_A2, "Nobody answered in time about 74 shares, so nothing was sent."],
        id="expired",
    ),
    pytest.param(Course(None), [], id="never_came_before_the_gates"),
]


@pytest.mark.parametrize(("course", "sentences"), COURSES)
def test_what_gates_and_persons_did_is_told_by_name(course, sentences):
    assert told(RECORDS["taken"], course) == sentences


WARNED = an_inspection(
    ruling=Ruling.SHRINK,
    max_fraction=D("0.25"),
    warnings=(Concern("spread_wide", Severity.CAUTION, (Ref("quote.spread_pct@ACME"),)),),
    cited=("quote.spread_pct@ACME",),
)


def test_each_role_that_made_it_smaller_is_named():
    record = a_record(advice=an_advice(stance=Stance.REDUCE, size_fraction=D("0.5")), inspection=WARNED)
    assert told(record, Course(None))[:2] == [
        "The advisor cut it from 40 shares to 20 shares.",
        "The risk inspector cut it from 20 shares to 10 shares, warning of spread wide.",
    ]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "blocked",
            (
                "The trade was not taken: the risk inspector blocked it (INSPECTOR_BLOCK), warning of spread wide; "
                "nothing was sent."
            ),
        ),
        ("delayed", "The trade was delayed: the decider wants to wait (DECIDER_DELAY); nothing was sent."),
        ("asked", "A role asked for the approval of a person."),
    ],
)  # fmt: skip
def test_what_the_roles_stopped_says_so_in_words(name, sentence):
    assert sentence in told(RECORDS[name], Course(None))


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_no_disclosure_in_codes_is_left_and_nothing_else_is_lost(record):
    before = template(record, Phase.AFTER)
    after = retold(before, record, course_before(record))
    cuts = set(cuts_of(record, course_before(record)))
    assert not set(after.statements) & (set(disclosures(record)) - cuts)
    assert cuts <= set(after.statements)
    # Sizes and counts may be told in other words, warnings with the names of their figures.
    lost = {each.text.split()[0] for each in set(before.statements) - set(disclosures(record)) - set(after.statements)}
    assert lost <= {"Size:", "Of", "Warning:"}


def test_warnings_name_their_figures():
    record = a_record(inspection=WARNED)
    after = retold(template(record, Phase.AFTER), record, course_before(record))
    texts = [render(each, facts(record)) for each in after.statements]
    assert any(each.startswith("The risk inspector warns of spread wide: spread 0.0") for each in texts)


def test_a_cut_by_a_gate_and_by_a_person_are_told_of_a_real_order(tmp_path):
    with a_runtime(tmp_path, policy=a_policy(tmp_path, max_order_notional=4000)) as runtime:
        a_cycle(runtime)
        for phase in Phase:
            (view,) = explain(runtime, NIMBO, phase).explanations
            cut = next(each for each in view.statements if "order notional (C1)" in each)
            assert cut.startswith("The gate order notional (C1) cut it from 46 shares to 29 shares: ")
            assert cut.endswith("6,134.10 USD where the limit is 4,000.00 USD.")
            assert {"gate.C1.limit@NIMBO", "gate.C1.value@NIMBO"} <= {each.ref for each in view.sources}
        (blocked,) = explain(runtime, TARQU, Phase.AFTER).explanations
        assert any("the risk inspector blocked it (INSPECTOR_BLOCK)" in each for each in blocked.statements)


def test_half_a_yes_is_told_as_the_cut_of_whoever_gave_it(tmp_path):
    with a_runtime(tmp_path) as runtime:
        a_cycle(runtime)
        service = Service(runtime)
        (waits,) = service.pending().pending
        assert waits.order.symbol == OSTRE
        whole, half = waits.order.qty, waits.order.qty // 2
        service.approve(waits.id, "owner", half=True)
        (view,) = explain(runtime, OSTRE, Phase.AFTER).explanations
        cut = f"It was approved in part by the owner, which cut it from {whole} shares to {half} shares."
        assert cut in view.statements
        (then,) = explain(runtime, OSTRE, Phase.BEFORE).explanations
        assert cut not in then.statements
        assert any("The gate mode (A2) asked for a person" in each for each in then.statements)
