"""The report as one JSON document: what machines read, what the page is drawn from, and what baselines are cut from.

Everything but ``made_at``, ``seconds`` and ``ms`` is the same from run to run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from domain.record.canonical import digest, time_text
from evals.outcome import Result, Status
from evals.runner import SuiteRun
from evals.suite import Measure

SCHEMA = 1
PROMPTS = "S11_prompts"
"""Under what name changes of prompts stand: S11 is no suite of its own, but every other one read by its prompts."""
CAUTIONS: Mapping[str, str] = {"scripted": "scripted: says nothing about a model's skill"}
"""What stands beside every figure of a suite, by who played the models in it."""
Document = Mapping[str, Any]


def document(
    runs: Sequence[SuiteRun],
    *,
    made_at: datetime,
    code_sha: str,
    recordings: Mapping[str, str],
    baseline: Document | None,
    prompts: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """All suites with all results. ``recordings`` are the digests of the recordings that were replayed.

    ``prompts`` are the digests of the prompt files: one that differs from the baseline's heads the changes, so that
    what moved along with it is read under its name (S11).
    """
    suites, asked_with = [_suite(run) for run in runs], dict(sorted((prompts or {}).items()))
    changes = [] if baseline is None else [*prompt_changes(baseline, asked_with), *changed(baseline, suites)]
    return {
        "schema": SCHEMA,
        "made_at": time_text(made_at),
        "code_sha": code_sha,
        "recordings": dict(sorted(recordings.items())),
        "prompts": asked_with,
        # Of nothing everything holds, so a run without suites is not ok.
        "ok": bool(runs) and all(run.ok for run in runs) and not any(each["worse"] for each in changes),
        "total": sum(run.total for run in runs),
        "completed": sum(run.completed for run in runs),
        "suites": suites,
        "changes": changes,
        "digest": digest([_lasting(suite) for suite in suites]),
    }


def _suite(run: SuiteRun) -> dict[str, Any]:
    counts = {status.value: sum(each.status is status for each in run.results) for status in Status}
    return {
        "name": run.name,
        "title": run.title,
        "claim": run.claim,
        "opponents": run.opponents,
        "caution": CAUTIONS.get(run.opponents, ""),
        "ok": run.ok,
        "total": run.total,
        "completed": run.completed,
        **counts,
        "seconds": round(run.seconds, 3),
        "measures": [_measure(each) for each in run.measures],
        "results": [_result(each) for each in run.results],
    }


def _measure(measure: Measure) -> dict[str, Any]:
    value, low, high = (round(figure, 6) for figure in measure.interval)
    return {
        "name": measure.name,
        "of": measure.of,
        "value": value,
        "low": low,
        "high": high,
        "n": measure.n,
        "unit": measure.unit,
        "bound": measure.bound,
        "bar": measure.bar,
        "holds": measure.holds,
        "missing": measure.missing,
        "note": measure.note,
    }


def _result(result: Result) -> dict[str, Any]:
    outcome = {} if result.outcome is None else asdict(result.outcome)
    return {
        "case_id": result.case_id,
        "status": result.status.value,
        "tags": dict(result.tags),
        "scores": dict(result.score.values),
        "note": result.score.note,
        "ms": round(result.ms, 3),
        **outcome,
    }


def _lasting(suite: Mapping[str, Any]) -> list[Any]:
    # Floats have no canonical text, so measures enter the digest as the texts a reader sees.
    measures = [[each["name"], each["of"], repr(each["value"]), each["n"]] for each in suite["measures"]]
    return [suite["name"], measures, [[each["case_id"], each["status"]] for each in suite["results"]]]


def baseline_of(document: Document) -> dict[str, Any]:
    """What a later run is compared with: measures, and the cases that did not pass."""
    return {
        "schema": SCHEMA,
        "code_sha": document["code_sha"],
        "prompts": dict(document.get("prompts", {})),
        "suites": {
            suite["name"]: {
                "measures": {_key(each): each["value"] for each in suite["measures"]},
                "not_passed": [each["case_id"] for each in suite["results"] if each["status"] != Status.PASSED],
                "total": suite["total"],
            }
            for suite in document["suites"]
        },
    }


def prompt_changes(baseline: Document, prompts: Mapping[str, str]) -> Iterable[dict[str, Any]]:
    """A line for each prompt that is another one than the baseline was played with; how much follows is told below."""
    for name, then in baseline.get("prompts", {}).items():
        now = prompts.get(name, "")
        if now != then:
            what = f"prompt {name}: {then[:12]} before, {now[:12] or 'none'} now"
            yield {"suite": PROMPTS, "what": what, "worse": False}


def changed(baseline: Document, suites: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    """A line for each case that passes no more or passes now, and for each measure that moved."""
    for suite in suites:
        before = baseline["suites"].get(suite["name"])
        if before is None:
            continue
        failed = {each["case_id"] for each in suite["results"] if each["status"] != Status.PASSED}
        known = {each["case_id"] for each in suite["results"]}
        was = set(before["not_passed"])
        # Only where scripts play is a single case a promise; what models answer is judged by the measures.
        strict = suite["opponents"] != "recorded"
        yield from (_case_change(suite, case, worse=strict) for case in sorted(failed - was))
        yield from (_case_change(suite, case, worse=False) for case in sorted((was & known) - failed))
        for measure in suite["measures"]:
            value = before["measures"].get(_key(measure))
            if value is not None and value != measure["value"]:
                what = f"{_key(measure)}: {value:g} before, {measure['value']:g} now"
                yield {"suite": suite["name"], "what": what, "worse": False}


def _case_change(suite: Mapping[str, Any], case: str, *, worse: bool) -> dict[str, Any]:
    now = next(each["status"] for each in suite["results"] if each["case_id"] == case)
    return {"suite": suite["name"], "what": f"{case}: {now}", "worse": worse}


def _key(measure: Mapping[str, Any]) -> str:
    return f"{measure['name']} [{measure['of']}]" if measure["of"] else str(measure["name"])
