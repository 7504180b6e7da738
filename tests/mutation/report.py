"""What a measurement says: a table by area, what survived, and what no test could find because nothing changed."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from pathlib import Path
from typing import NamedTuple

from tests.mutation.mutants import Mutant
from tests.mutation.warm import KILLED, LATE, SURVIVED, UNREACHED, Result

EQUIVALENTS = Path(__file__).with_name("equivalent.toml")
EQUIVALENT = "equivalent"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
SURE = 1.96
"""Standard deviations to either side that hold 95 % of a normal distribution."""


class Equal(NamedTuple):
    """Changes that change nothing: which, and why not."""

    place: str
    before: str
    after: str
    reason: str


def equivalents(path: Path = EQUIVALENTS) -> tuple[Equal, ...]:
    """The list, which is written by hand."""
    return tuple(Equal(**each) for each in tomllib.loads(path.read_text(encoding="utf-8")).get("equivalent", ()))


def judged(results: Iterable[Result], known: Sequence[Equal]) -> list[Result]:
    """Results with the survivors that are on the list told apart."""
    listed = {(each.place, each.before, each.after) for each in known}
    return [
        each._replace(outcome=EQUIVALENT) if each.outcome == SURVIVED and _key(each.mutant) in listed else each
        for each in results
    ]


def area(module: str) -> str:
    """Where a module stands in the table: a group of gates, a folder, or what stands in ``policies`` itself."""
    names = module.split(".")
    if names[1] == "gates":
        return f"`gates/{names[2]}/`" if len(names) > 3 else "`gates/`, what groups share"
    return f"`{names[1]}/`" if len(names) > 2 or names[1] in ("breaches", "whatif") else f"`{names[1]}`"


def table(results: Sequence[Result], there_are: Mapping[str, int]) -> list[str]:
    """One line an area and one for all; ``there_are`` says how many mutants each area has."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in sorted(there_are)}
    for each in results:
        counts[area(each.mutant.module)][each.outcome] += 1
    return [
        "| area | mutants | tried | found by a test | timed out | equivalent | not found | score |",
        "|---|---|---|---|---|---|---|---|",
        *(_line(name, there_are[name], counts[name]) for name in counts),
        _line("**all**", sum(there_are.values()), sum(counts.values(), Counter())),
    ]


def page(text: str, measured: Sequence[str]) -> str:
    """The page with the measured part between its marks replaced."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return "\n".join((before + BEGIN, "", *measured, "", END + after))


def listed(results: Sequence[Result]) -> list[str]:
    """What survived, one line each."""
    left = [each for each in results if each.outcome in (SURVIVED, UNREACHED)]
    return [f"- `{each.mutant.place}`, line {each.mutant.line}: {_shown(*_key(each.mutant)[1:])}" for each in left]


def excused(known: Sequence[Equal], results: Sequence[Result]) -> list[str]:
    """The listed equivalents that were met, one line each with its reason."""
    met = {_key(each.mutant) for each in results if each.outcome == EQUIVALENT}
    return [
        f"- `{each.place}`: {_shown(each.before, each.after)}. {each.reason}"
        for each in known
        if (each.place, each.before, each.after) in met
    ]


def interval(found: int, tried: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share, in percent: 115 of 120 is 90.6 to 98.2."""
    share, square = found / tried, SURE * SURE
    middle = share + square / (2 * tried)
    spread = SURE * sqrt(share * (1 - share) / tried + square / (4 * tried * tried))
    return tuple(round(100 * (middle + way * spread) / (1 + square / tried), 1) for way in (-1, 1))  # type: ignore[return-value]


def _line(name: str, there_are: int, counts: Counter[str]) -> str:
    tried, equal = sum(counts.values()), counts[EQUIVALENT]
    found = counts[KILLED] + counts[LATE]
    score = f"{100 * found / (tried - equal):.1f} %" if tried > equal else ""
    missed = counts[SURVIVED] + counts[UNREACHED]
    return f"| {name} | {there_are} | {tried} | {counts[KILLED]} | {counts[LATE]} | {equal} | {missed} | {score} |"


def _shown(before: str, after: str) -> str:
    """The two from where they part."""
    start = next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), 0)
    start = max(0, start - 20)
    return f"`{before[start : start + 60]}` to `{after[start : start + 60]}`".replace("|", "\\|")


def _key(mutant: Mutant) -> tuple[str, str, str]:
    return mutant.place, mutant.before, mutant.after
