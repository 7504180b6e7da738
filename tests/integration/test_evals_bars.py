"""The bars of every suite hold on the product, and every recorded answer is one to a question of today.

What ``sage evals run`` and ``sage evals verify`` would tell, suite by suite so that they spread over the cores; a
failure shows the report's own lines. The labelled sets of S12 are read where they lie beside the checkout.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from composition.opening import product_for_evals
from domain.clock import SystemClock
from evals.answers.collect import recordings as answers
from evals.catalogue import SUITES
from evals.report.document import document
from evals.runner import run_by_name
from evals.running import committed_baseline, recordings, told_in_lines
from evals.verify import told, verify
from prompts.loader import NAMES, load

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "sentiment"
MADE = datetime(2026, 3, 17, tzinfo=UTC)


def reported(name: str, data: Path | None = None):
    """The report of one suite against the baseline that ships."""
    prompts = {prompt: load(prompt).digest for prompt in NAMES}
    runs, baseline = [run_by_name(name, product_for_evals, data)], committed_baseline()
    return document(runs, made_at=MADE, code_sha="", recordings={}, baseline=baseline, prompts=prompts)


@pytest.mark.parametrize("name", [suite.name for suite in SUITES])
def test_a_suite_keeps_its_bars_on_the_product(name):
    made = reported(name)
    assert made["ok"], told_in_lines(made)
    assert made["completed"] == made["total"] > 0


def test_the_labelled_sets_that_are_here_keep_their_bars():
    if not DATA.is_dir():
        pytest.skip("the labelled sets are not beside the checkout")
    made = reported("S12_sentiment", DATA)
    assert made["ok"], told_in_lines(made)
    measured = {each["of"]: each["bar"] for each in made["suites"][0]["measures"] if each["name"] == "accuracy"}
    assert measured["set=SEntFiN one name"] == 0.80


def test_no_recorded_answer_is_stale():
    verified = verify(recordings(), now=SystemClock().now(), answers=answers())
    assert verified.ok, told(verified)


def test_every_suite_that_scripts_play_says_so():
    cautioned = {suite.name for suite in SUITES if suite.opponents == "scripted"}
    assert {"S4_quality", "S5_leakage", "S8_calibration"} <= cautioned
    made = reported("S4_quality")
    assert "S4_quality" in told_in_lines(made)
    assert "scripted: says nothing about a model's skill" in told_in_lines(made).splitlines()[0]
    assert not [each for each in made["suites"][0]["measures"] if "roles" in each["name"] and not each["missing"]]
