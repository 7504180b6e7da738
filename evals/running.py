"""``sage evals run`` and ``report``: play suites, compare with the baseline, and leave three files behind.

report.json   everything, for machines        page.html   the same for people        junit.xml   for pipelines
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from domain.errors import ConfigurationError
from evals.answers.collect import recordings as answers
from evals.product import Opener
from evals.report.document import PROMPTS, SCHEMA, Document, baseline_of, document
from evals.report.junit import junit
from evals.report.page import page
from evals.runner import Told, chosen, run
from evals.suite import Suite
from prompts.loader import NAMES, load

REPORT, PAGE, JUNIT = "report.json", "page.html", "junit.xml"


def run_suites(
    names: Sequence[str],
    product: Opener,
    *,
    out: Path,
    baseline: Path | None,
    made_at: datetime,
    code: str,
    told: Told,
    data: Path | None = None,
) -> Document:
    """Run suites and write their report into ``out``; the answer is the document."""
    suites = chosen(names)
    _must_hold_sets(data, suites)
    # Read before the suites are played: a file that is none is told at once and not after minutes.
    before = read_document(baseline) if baseline is not None else committed_baseline()
    made = document(
        run(suites, product, data=data, told=told),
        made_at=made_at,
        code_sha=code,
        recordings={each.name: sha256(each.read_bytes()).hexdigest() for each in recordings()},
        baseline=before,
        prompts={name: load(name).digest for name in NAMES},
    )
    write(made, out)
    return made


def _must_hold_sets(data: Path | None, suites: Sequence[Suite]) -> None:
    """Raises ConfigurationError for a folder of which nothing would be played."""
    if data is not None and not any(suite.labelled(data) for suite in suites if suite.labelled is not None):
        what = f"{data} holds no labelled set that these suites read"
        raise ConfigurationError(what, "S12 reads sentfin.csv, fpb.csv and tfns.csv; see the page about evals.")


def write(made: Document, out: Path) -> None:
    """The three files."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / REPORT).write_text(json.dumps(made, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
        (out / PAGE).write_text(page(made), encoding="utf-8")
        (out / JUNIT).write_text(junit(made), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written: {error.strerror}", "Name a folder with --out.") from error


def read_document(path: Path | Traversable) -> dict[str, Any]:
    """A report or a baseline from a file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} is no report", "Make one with `sage evals run`.") from error
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise ConfigurationError(f"{path} is no report of schema {SCHEMA}", "Make one with `sage evals run`.")
    return found


def committed_baseline() -> Document | None:
    """The baseline that ships with the code, if there is one."""
    path = resources.files("evals").joinpath("baselines", "baseline.json")
    return read_document(path) if path.is_file() else None


def recordings() -> tuple[Traversable, ...]:
    """The recording files that ship with the code: the demo's by name, then the answers by label."""
    folder = resources.files("evals").joinpath("recordings")
    shipped = sorted((each for each in folder.iterdir() if each.name.endswith(".jsonl")), key=lambda each: each.name)
    return (*shipped, *answers().values())


def keep_as_baseline(made: Document, path: Path) -> None:
    """Write what later runs are compared with."""
    try:
        path.write_text(json.dumps(baseline_of(made), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}", "Name a file with --keep.") from error


def told_in_lines(made: Mapping[str, Any]) -> str:
    """A report as plain lines: a suite a line, then broken bars, what nothing was there for, changes for the worse."""
    lines = [
        f"{each['name']:<22} {each['completed']:>5} of {each['total']:<5} {each['passed']:>5} passed  "
        f"{'bars hold' if each['ok'] else 'BROKEN'}{_aside(each)}"
        for each in made["suites"]
    ]
    for suite in made["suites"]:
        if not suite["total"]:
            lines.append(f"{suite['name']}: there is no case to play")
        lines += [
            f"{suite['name']}: {_named(each)}: {each['note']}" for each in suite["measures"] if each.get("missing")
        ]
        broken = (each for each in suite["measures"] if not each["holds"])
        lines += [
            f"{suite['name']}: {each['name']} {each['of']} {each['value']:g}, not {each['bound']} {each['bar']:g}"
            for each in broken
        ]
        unplayed = (each for each in suite["results"] if each["status"] in ("stale", "errored"))
        # One prompt that was changed makes hundreds of these; all of them are in the report.
        lines += [f"{suite['name']}: {each['case_id']} {each['status']}: {each['note']}" for each in unplayed][:20]
    lines += [f"{each['suite']}: {each['what']}" for each in made["changes"] if each["suite"] == PROMPTS]
    lines += [f"{each['suite']}: {each['what']}, worse than the baseline" for each in made["changes"] if each["worse"]]
    return "\n".join(lines)


def _aside(suite: Mapping[str, Any]) -> str:
    missing = sum(bool(each.get("missing")) for each in suite["measures"])
    asides = (f"{missing} not measured" if missing else "", suite.get("caution"))
    return "".join(f"; {each}" for each in asides if each)


def _named(measure: Mapping[str, Any]) -> str:
    return f"{measure['name']} ({measure['of']})" if measure["of"] else str(measure["name"])
