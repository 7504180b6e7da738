"""The runner and its reports: nothing that was not played passes, and what attackers wrote is inert on every page."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from agents.models.recorded_llm import RecordingMissing
from domain.errors import ConfigurationError, DataQualityError, UsageError
from evals.case import Case, read_cases
from evals.outcome import Outcome, Score, Status
from evals.product import no_product
from evals.report.document import baseline_of, document
from evals.report.junit import junit
from evals.report.page import page
from evals.runner import chosen, run_suite, self_check
from evals.running import read_document, run_suites, told_in_lines, write
from evals.statistics import wilson
from evals.suite import Measure, Suite

ATTACK = '</td><script>alert("x")</script>\x00\u202e'
MADE = datetime(2026, 3, 17, tzinfo=UTC)


def a_case(case_id: str, **expect) -> Case:
    return Case(case_id, "S0_doubling", {"number": 2}, {"answer": 4, **expect}, {"kind": "even"})


def a_suite(*cases: Case, solve=lambda _stage, case: doubled(case, 2)) -> Suite:
    """Doubles a number; passed where the answer is what the case expects."""
    return Suite(
        name="S0_doubling",
        title="Doubling",
        claim="Twice two is four.",
        cases=lambda: cases,
        solve=solve,
        score=lambda case, outcome: Score(outcome.facts["answer"] == case.expect["answer"], note=ATTACK),
        measure=lambda results: [share_of(results)],
        good=lambda _stage, case: doubled(case, 2),
        bad=lambda _stage, case: doubled(case, 3),
    )


def doubled(case: Case, factor: int) -> Outcome:
    return Outcome("PASS", facts={"answer": case.inputs["number"] * factor})


def share_of(results) -> Measure:
    n = len(results)
    passed = sum(each.status is Status.PASSED for each in results)
    return Measure("passed", wilson(passed, n), n, bound="at least", bar=1.0)


def a_report(*suites: Suite, baseline=None):
    runs = [run_suite(suite) for suite in suites]
    return document(runs, made_at=MADE, code_sha="c0de", recordings={}, baseline=baseline)


def parsed(made) -> ElementTree.Element:
    return ElementTree.fromstring(junit(made))  # noqa: S314  we wrote it a moment ago


def test_a_suite_whose_cases_all_pass_is_ok():
    made = a_report(a_suite(a_case("one"), a_case("two")))
    assert made["ok"]
    assert (made["completed"], made["total"]) == (2, 2)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        pytest.param(RecordingMissing("no recording", "Record again."), "stale", id="stale_recording"),
        pytest.param(DataQualityError("nonsense", ""), "errored", id="error_of_the_product"),
    ],
)
def test_a_case_that_was_not_played_is_no_pass(error, status):
    def solve(_stage, case):
        if case.id == "two":
            raise error
        return doubled(case, 2)

    made = a_report(a_suite(a_case("one"), a_case("two"), solve=solve))
    assert not made["ok"]
    assert (made["completed"], made["total"]) == (1, 2)
    assert [each["status"] for each in made["suites"][0]["results"]] == ["passed", status]
    assert f"two {status}" in told_in_lines(made)


def test_a_suite_without_cases_is_not_ok():
    empty = a_report(a_suite())
    assert not empty["ok"]
    assert "S0_doubling: there is no case to play" in told_in_lines(empty)
    assert not a_report()["ok"]


def test_what_there_was_nothing_to_measure_on_is_told_and_not_counted_as_held():
    nothing = Measure("accuracy, not measured", wilson(0, 0), 0, bar=0.85, of="set=FPB", note="no data; bring some")
    suite = a_suite(a_case("one"))
    made = a_report(replace(suite, measure=lambda results: [*suite.measure(results), nothing]))
    assert made["ok"]
    assert "S0_doubling: accuracy, not measured (set=FPB): no data; bring some" in told_in_lines(made)
    assert "bars hold; 1 not measured" in told_in_lines(made)
    assert "at least 85.00 % wanted, no data; bring some" in page(made)
    assert [each.get("message") for each in parsed(made).iter("skipped")] == ["no data; bring some"]


def test_every_line_of_a_scripted_suite_says_that_it_shows_no_skill():
    scripted, recorded = a_suite(a_case("one")), replace(a_suite(a_case("one")), opponents="recorded")
    caution = "scripted: says nothing about a model's skill"
    assert caution in told_in_lines(a_report(scripted))
    assert caution.replace("'", "&#x27;") in page(a_report(scripted))
    assert caution not in told_in_lines(a_report(recorded))


def test_labelled_sets_that_are_brought_are_played_besides(tmp_path):
    (tmp_path / "tfns.csv").write_text("text,label\nNimbo soars,Bullish\nNimbo halts,bearish\n", encoding="utf-8")
    (suite,) = chosen(["S12"])
    alone, more = run_suite(suite), run_suite(suite, data=tmp_path)
    assert alone.total > 400
    assert more.completed == more.total == alone.total + 2
    missing = {each.of for run in (alone, more) for each in run.measures if each.missing}
    assert missing >= {"set=FPB AllAgree", "set=SEntFiN one name", "set=tfns"}
    assert "set=tfns" in {each.of for each in more.measures if each.name == "accuracy"}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        pytest.param({}, "holds no labelled set", id="nothing"),
        pytest.param({"fpb.csv": "sentence,label\nNimbo soars,positive\n"}, "no row that can be read", id="columns"),
        pytest.param({"sentfin.csv": 'title,decisions\nNimbo,"[1]"\n'}, "no row that can be read", id="rows"),
        pytest.param({"tfns.csv": b"text,label\n\xff\xfe,positive\n"}, "cannot be read", id="bytes"),
    ],
)
def test_a_folder_without_a_set_that_can_be_read_is_refused_before_anything_is_played(tmp_path, files, told):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigurationError, match=told):
        run_suites(
            ["S12"], no_product, out=tmp_path / "out", baseline=None, made_at=MADE, code="", data=tmp_path,
            told=lambda *_: pytest.fail("a suite was played"),
        )  # fmt: skip


def test_a_broken_bar_is_told_everywhere():
    made = a_report(a_suite(a_case("one", answer=5)))
    assert not made["ok"]
    assert "passed  0, not at least 1" in told_in_lines(made)
    assert [each.get("failures") for each in parsed(made).iter("testsuite")] == ["1"]
    assert "broken" in page(made)


def test_what_attackers_wrote_is_inert():
    made = a_report(a_suite(a_case("one", answer=5)))
    assert "<script" not in page(made)
    assert "\x00" not in page(made)
    assert "\u202e" not in page(made)
    shown = ATTACK.replace("\x00", "\\u0000").replace("\u202e", "\\u202e")
    assert [each.text for each in parsed(made).iter("system-out")] == [shown]


def test_two_runs_differ_in_times_only():
    def lasting(made):
        suites = [{**suite, "seconds": 0, "results": [each | {"ms": 0} for each in suite["results"]]} for suite in made]
        return json.dumps(suites)

    first, second = a_report(a_suite(a_case("one"))), a_report(a_suite(a_case("one")))
    assert lasting(first["suites"]) == lasting(second["suites"])
    assert first["digest"] == second["digest"]


def test_a_scripted_case_that_passed_before_may_not_fail_now():
    before = baseline_of(a_report(a_suite(a_case("one"), a_case("two"))))
    now = a_suite(a_case("one"), a_case("two", answer=5))
    strict, reported = a_report(now, baseline=before), a_report(replace(now, opponents="recorded"), baseline=before)
    assert [each["worse"] for each in strict["changes"]] == [True, False]
    assert [each["worse"] for each in reported["changes"]] == [False, False]
    assert "two: failed, worse than the baseline" in told_in_lines(strict)


def test_the_self_check_names_cases_that_cannot_be_failed_or_passed():
    suite = a_suite(a_case("fine"), a_case("nobody_passes", answer=5))
    unfailing = replace(suite, bad=suite.good)
    assert self_check(suite, suite.cases()) == ["nobody_passes: the good one failed: " + ATTACK]
    assert "fine: the bad one passed: " + ATTACK in self_check(unfailing, suite.cases())


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        pytest.param(["{"], "line 1 is no JSON object", id="broken"),
        pytest.param(["[]"], "line 1 is no case: look at expect, id, inputs, suite", id="no_object"),
        pytest.param(
            ['{"id":"a","suite":"S0_doubling","inputs":{},"expect":{},"colour":1}'],
            "look at colour",
            id="unknown_field",
        ),
        pytest.param(
            ['{"id":"a","suite":"S1","inputs":{},"expect":{}}'], "is of S1 1, not S0_doubling 1", id="other_suite"
        ),
        pytest.param(
            ['{"id":"a","suite":"S0_doubling","inputs":{},"expect":{}}'] * 2, "two cases called a", id="repeated"
        ),
    ],
)
def test_a_case_file_is_read_strictly(tmp_path, lines, told):
    path = tmp_path / "cases.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=told):
        read_cases(path, "S0_doubling")


def test_an_unknown_suite_is_named_with_those_there_are():
    with pytest.raises(UsageError, match=r"there is no suite S99.*S2_gates"):
        chosen(["S99"])
    assert [suite.name for suite in chosen(["s2"])] == ["S2_gates"]


def test_the_files_of_a_report_can_be_read_again(tmp_path):
    made = a_report(a_suite(a_case("one")))
    write(made, tmp_path / "out")
    assert read_document(tmp_path / "out" / "report.json") == json.loads(json.dumps(made))
    assert (tmp_path / "out" / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    (tmp_path / "old.json").write_text('{"schema": 0}', encoding="utf-8")
    with pytest.raises(ConfigurationError, match="no report of schema 1"):
        read_document(tmp_path / "old.json")


@pytest.mark.parametrize(("hits", "n", "low", "high"), [(0, 412, 0.0, 0.00924), (5, 10, 0.2366, 0.7634), (0, 0, 0, 1)])
def test_wilson_against_published_values(hits, n, low, high):
    found = wilson(hits, n)
    assert found.low == pytest.approx(low, abs=1e-4)
    assert found.high == pytest.approx(high, abs=1e-4)


def test_a_prompt_that_changed_heads_the_changes():
    runs = [run_suite(a_suite(a_case("one")))]
    then = document(runs, made_at=MADE, code_sha="c", recordings={}, baseline=None, prompts={"advisor": "a" * 64})
    now = document(
        runs, made_at=MADE, code_sha="c", recordings={}, baseline=baseline_of(then), prompts={"advisor": "b" * 64}
    )
    assert [each["what"] for each in now["changes"]] == ["prompt advisor: aaaaaaaaaaaa before, bbbbbbbbbbbb now"]
    assert now["ok"]
    assert "S11_prompts: prompt advisor" in told_in_lines(now)
    same = document(runs, made_at=MADE, code_sha="c", recordings={}, baseline=baseline_of(now), prompts=now["prompts"])
    assert same["changes"] == []
