"""What the long proofs have tried: counts by proof, told at the end of a run and written down by ``make proofs``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hypothesis import settings

COUNTS: dict[str, Counter[str]] = {}


def count(proof: str, what: str, number: int = 1) -> None:
    """So many more of ``what`` were seen by ``proof``."""
    COUNTS.setdefault(proof, Counter())[what] += number


def examples(usual: int, *, proofs: int) -> int:
    """How many examples to try: ``usual`` ones in every run, ten times as many in a search, ``proofs`` in a proof."""
    found = {"proofs": proofs, "search": 10 * usual}
    return found.get(settings.get_current_profile_name(), usual)


def page() -> Iterator[str]:
    """The counts as a page."""
    yield "# What the proofs have tried"
    yield ""
    yield "Written by `make proofs`. An escape is an order that a limit forbids, larger than its candidate, in another"
    yield "symbol or side, sent twice, or sent after a kill; one escape fails the run."
    for proof, seen in sorted(COUNTS.items()):
        yield from ("", f"## {proof}", "", "| what | count |", "|---|---:|")
        yield from (f"| {what} | {number:,} |" for what, number in sorted(seen.items()))
        if "escapes" not in seen:
            yield "| escapes | 0 |"
