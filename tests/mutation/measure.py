"""How much of the policies the tests hold: ``python -m tests.mutation.measure [--sample N] [FILES]``.

Changes the code by mutmut's operators, one change at a time, and runs the tests that run the changed statement. With
``--write`` the table of ``docs/mutation.md`` is written; ``--out`` keeps a line of JSON for every mutant.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

import pytest

from tests.mutation.mutants import ROOT, Mutant, Site, sites_of
from tests.mutation.report import area, equivalents, excused, interval, judged, listed, page, table
from tests.mutation.warm import KILLED, LATE, Result, Warm

PAGE = ROOT / "docs" / "mutation.md"
TESTS = "tests/unit/policies"
LEFT_OUT = (
    # Take seconds each, and what they find the tables find sooner.
    "test_metamorphic.py", "test_kill_speed.py", "test_properties.py", "gates/test_portfolio_properties.py",
)  # fmt: skip
PLAIN = (
    "-q", "-p", "no:cacheprovider", "-p", "no:unraisableexception", "--assert=plain", "--hypothesis-profile=mutation",
    "-W", "ignore::pytest.PytestAssertRewriteWarning",
)  # fmt: skip
"""Nobody reads why a test fails here, and telling it takes longer than most tests."""
EVERY = 200
"""Progress is told after so many mutants."""


def measured(mutants: Sequence[Mutant], tests: Sequence[str], longest: float, told: Callable[[Result], None]) -> None:
    """Try each mutant by the tests that take no longer than ``longest`` seconds."""
    with tempfile.TemporaryDirectory(prefix="mutation-") as scratch:
        asked = [*tests, *(f"--ignore={TESTS}/{name}" for name in LEFT_OUT), *PLAIN, f"--basetemp={scratch}/tmp"]
        pytest.main(asked, plugins=[Warm(mutants, Path(scratch), told, longest)])


def _written(sites: Sequence[Site], results: Sequence[Result]) -> list[str]:
    known = equivalents()
    found = judged(results, known)
    counted = sum(each.outcome in (KILLED, LATE) for each in found)
    low, high = interval(counted, len(found))
    sample = "" if len(found) == len(sites) else f" A sample; 95 % interval {low} to {high} %."
    return [
        f"{len(found)} of {len(sites)} mutants were tried.{sample}",
        "",
        *table(found, Counter(area(site.module) for site in sites)),
        "",
        "Not found:",
        "",
        *(listed(found) or ["nothing"]),
        "",
        "Equivalent, so that no test can find them:",
        "",
        *(excused(known, found) or ["none"]),
    ]


def _left(earlier: Path) -> set[tuple[str, str, str]]:
    """What an earlier run has not found, by what each changes."""
    told = [json.loads(line) for line in earlier.read_text(encoding="utf-8").splitlines()]
    return {(each["place"], each["before"], each["after"]) for each in told if each["outcome"] not in (KILLED, LATE)}


def _noted(result: Result, results: list[Result], out: TextIO | None, total: int) -> None:
    results.append(result)
    if out is not None:
        kept = {**result.mutant._asdict(), "place": result.mutant.place, "outcome": result.outcome, "by": result.by}
        kept.pop("source")
        out.write(json.dumps(kept) + "\n")
        out.flush()
    if len(results) % EVERY == 0:
        counts = Counter(each.outcome for each in results)
        sys.__stderr__.write(f"{len(results)} of {total}: {dict(counts)}\n")  # type: ignore[union-attr]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, tell, and write the page where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, default=[ROOT / "policies"])
    parser.add_argument("--tests", nargs="+", default=[TESTS], help="the tests to find them with")
    parser.add_argument("--sample", type=int, help="so many mutants, drawn at random")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--longest", type=float, default=10.0, help="leave out tests that take longer, in seconds")
    parser.add_argument("--out", type=Path, help="a line of JSON for every mutant")
    parser.add_argument("--again", type=Path, help="only what an earlier run, kept by --out, has not found")
    parser.add_argument("--write", action="store_true", help="write docs/mutation.md")
    asked = parser.parse_args(argv)
    files = [each for path in asked.paths for each in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]
    sites = [site for file in files for site in sites_of(file)]
    numbers = range(len(sites))
    # Sorted: mutants of one function stand together, and share what finds them.
    picked = numbers if asked.sample is None else sorted(random.Random(asked.seed).sample(numbers, asked.sample))
    drawn = [sites[number].make() for number in picked]
    if asked.again is not None:
        left = _left(asked.again)
        drawn = [mutant for mutant in drawn if (mutant.place, mutant.before, mutant.after) in left]
    results: list[Result] = []
    out = None if asked.out is None else asked.out.open("w", encoding="utf-8")
    measured(drawn, asked.tests, asked.longest, lambda result: _noted(result, results, out, len(drawn)))
    if out is not None:
        out.close()
    # The session ended before its time: a page of what was tried until then would look like all of it.
    if len(results) < len(drawn):
        return 1
    lines = _written(sites, results)
    sys.stdout.write("\n".join(lines) + "\n")
    if asked.write:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
