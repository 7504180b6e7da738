"""The suites as inspect_ai plays them: its verdicts are ours, what was not played fails, nothing leaves the folder."""

from __future__ import annotations

import ast
import json
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent

import pytest

from composition.opening import product_for_evals
from evals.catalogue import SUITES
from evals.outcome import Status
from evals.runner import run_by_name
from tests.builders.runtime import ROOT, Ran, python
from tests.integration.test_offline import GUARD

TASKS = ROOT / "composition" / "inspect_tasks.py"
PLAYED = ("S3_cycles", "S10_cost", "S13_answers")
pytestmark = pytest.mark.slow
needs_inspect = pytest.mark.skipif(find_spec("inspect_ai") is None, reason="inspect_ai is not here: the extra inspect")

BROKEN = """
    from contextlib import contextmanager
    from dataclasses import replace
    from pathlib import Path

    from inspect_ai import Task, task

    from agents.models.recorded_llm import RecordedModel
    from domain.errors import DataQualityError
    from evals.answers.collect import recordings
    from evals.inspect_adapter.suite_task import task_of
    from evals.product import no_product
    from evals.suites import s10_cost, s13_answers

    @contextmanager
    def without_the_first(_product):
        (label, path), *_ = recordings().items()
        short = Path("short.jsonl")
        short.write_text(path.read_text(encoding="utf-8").split("\\n", 1)[1], encoding="utf-8")
        yield {label: RecordedModel([short])}

    def nonsense(stage, case):
        if case.id == s10_cost.SUITE.cases()[0].id:
            raise DataQualityError("the cost is nonsense", "Look at it.")
        return s10_cost.solve(stage, case)

    @task
    def gap() -> Task:
        label = next(iter(recordings()))
        cases = [case for case in s13_answers.cases() if case.tags["model"] == label][:5]
        return task_of(replace(s13_answers.SUITE, cases=lambda: cases, opened=without_the_first), no_product)

    @task
    def fault() -> Task:
        return task_of(replace(s10_cost.SUITE, solve=nonsense), no_product)
"""


class Inspected:
    """One run of ``inspect eval`` with nobody to reach, what it left behind, and our verdict of its logs."""

    def __init__(self, folder: Path, *words: str) -> None:
        for name in ("guard", "work", "scratch"):
            (folder / name).mkdir()
        (folder / "guard" / "sitecustomize.py").write_text(dedent(GUARD))
        (folder / "work" / "broken.py").write_text(dedent(BROKEN))
        (folder / "work" / "short.jsonl").write_text("")
        self._folder, self.logs = folder, folder / "logs"
        before = self._elsewhere()
        ran = self._run("inspect_ai", "eval", *words, "--log-dir", str(self.logs), "--log-format", "json")
        self.told = ran.stdout + ran.stderr
        self.left_elsewhere = self._elsewhere() - before
        found = (json.loads(path.read_text(encoding="utf-8")) for path in self.logs.glob("*T*.json"))
        self.log = {log["eval"]["task"]: log for log in found}
        self.verdict = self._run("evals.inspect_adapter", str(self.logs))

    def _run(self, module: str, *words: str) -> Ran[str]:
        display = ("--max-tasks", "1", "--display", "plain") if module == "inspect_ai" else ()
        return python(
            *("-m", module, *words, *display),
            cwd=self._folder / "work",
            PYTHONPATH=f"{self._folder / 'guard'}:{ROOT}",
            PYTHONDONTWRITEBYTECODE="1",
            NOTES=str(self._folder / "notes"),
            TMPDIR=str(self._folder / "scratch"),
            XDG_DATA_HOME=str(self.logs / "own"),
            XDG_CACHE_HOME=str(self.logs / "own"),
            COLUMNS="400",
            LANGSMITH_TRACING="true",
            LANGSMITH_API_KEY="x",
        )

    def _elsewhere(self) -> set[Path]:
        # Also beside the tasks: inspect_ai goes into their folder to play them.
        places = [*(self._folder / name for name in ("guard", "work", "scratch")), TASKS.parent]
        return {path for place in places for path in place.rglob("*") if path.suffix != ".py"}

    def asked(self) -> set[str]:
        """Names and addresses beyond this machine."""
        notes = self._folder / "notes"
        lines = notes.read_text().splitlines() if notes.exists() else []
        return {line for line in lines if line.split()[1] not in ("127.0.0.1", "::1", "localhost", "None")}


def agrees(run: Inspected, name: str) -> None:
    """Every case of the suite ends as in our own runner, with the same words, and the figures are the same."""
    own, log = run_by_name(name, product_for_evals), run.log[name.lower()]
    judged = {sample["id"]: sample["scores"]["judged"] for sample in log["samples"]}
    assert {case: (each["value"], each["explanation"]) for case, each in judged.items()} == {
        each.case_id: ("C" if each.status is Status.PASSED else "I", each.score.note) for each in own.results
    }
    assert (log["status"], log["results"]["completed_samples"]) == ("success", own.total)
    metrics = {key: each["value"] for score in log["results"]["scores"] for key, each in score["metrics"].items()}
    assert (metrics["played"], metrics["bars held"]) == (1, own.ok)
    assert metrics["accuracy"] == pytest.approx(sum(each.score.passed for each in own.results) / own.total)


# One test and not one a suite: a worker that gets only some of them would play all suites for those.
@needs_inspect
def test_inspect_ai_finds_what_our_own_runner_finds_offline_and_in_its_folder(tmp_path):
    run = Inspected(tmp_path, *(f"{TASKS}@{name.lower()}" for name in PLAYED))
    assert run.log.keys() == {name.lower() for name in PLAYED}, run.told
    for name in PLAYED:
        agrees(run, name)
    sample = run.log["s13_answers"]["samples"][0]
    (call,) = (each for each in sample["events"] if each["event"] == "model")
    assert call["model"].startswith("recorded/relay-")
    assert call["output"]["usage"]["input_tokens"] == sample["scores"]["judged"]["metadata"]["spent"]["tokens_in"]
    assert [line.split() for line in run.verdict.stdout.splitlines()] == [
        ["S10_cost", "6", "of", "6", "success", "bars", "hold"],
        ["S13_answers", "180", "of", "180", "success", "bars", "hold"],
        ["S3_cycles", "3", "of", "3", "success", "bars", "hold"],
    ]
    assert run.verdict.returncode == 0
    assert run.asked() == set()
    assert run.left_elsewhere == set()


@needs_inspect
def test_what_was_not_played_fails_the_run_and_is_named(tmp_path):
    run = Inspected(tmp_path, "broken.py@gap", "broken.py@fault")
    assert run.verdict.returncode == 1
    assert [line.split() for line in run.verdict.stdout.splitlines()] == [
        ["S10_cost", "5", "of", "6", "error", "NOT", "ALL", "PLAYED"],
        ["S13_answers", "4", "of", "180", "error", "NOT", "ALL", "PLAYED"],
    ]
    assert [(run.log[name]["status"], bool(run.log[name]["results"])) for name in ("gap", "fault")] == [
        ("error", True)
    ] * 2
    (missing,) = (each for each in run.log["gap"]["samples"] if each.get("error"))
    assert "was not played, stale: no recording for the" in missing["error"]["message"]
    assert "the nearest is" in missing["error"]["message"]
    assert not missing["scores"]
    (fault,) = (each for each in run.log["fault"]["samples"] if each.get("error"))
    assert f"{fault['id']} was not played, errored: E_DATA_QUALITY: the cost is nonsense" in fault["error"]["message"]
    for sample in (missing, fault):
        assert f"{sample['id']} was not played" in run.told


@needs_inspect
def test_a_failure_that_inspect_was_told_to_overlook_fails_all_the_same(tmp_path):
    run = Inspected(tmp_path, "broken.py@fault", "--no-fail-on-error")
    assert run.log["fault"]["status"] == "success"
    assert run.verdict.returncode == 1
    assert run.verdict.stdout.split() == ["S10_cost", "5", "of", "6", "success", "NOT", "ALL", "PLAYED"]


@needs_inspect
def test_a_folder_without_logs_is_no_success(tmp_path):
    ran = python("-m", "evals.inspect_adapter", str(tmp_path / "none"), XDG_DATA_HOME=str(tmp_path))
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == f"there is no log of inspect_ai in {tmp_path / 'none'}\n"


def test_every_suite_is_a_task():
    functions = [node for node in ast.parse(TASKS.read_text()).body if isinstance(node, ast.FunctionDef)]
    tasks = {node.name: ast.unparse(node.body[-1]) for node in functions if node.decorator_list}
    assert tasks == {suite.name.lower(): f"return _of('{suite.name}')" for suite in SUITES}


def test_nothing_else_needs_inspect_ai():
    adapter = ROOT / "evals" / "inspect_adapter"
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "evals").rglob("*.py")
        if adapter not in path.parents and path.stem not in ("__init__", "__main__")
    ]
    code = f"""
        import importlib, sys
        sys.modules["inspect_ai"] = None
        for name in {["app", *modules]}:
            importlib.import_module(name)
        import app
        sys.exit(app.main(["--help"]))
    """
    ran = python("-c", dedent(code))
    assert (ran.returncode, ran.stderr) == (0, "")
