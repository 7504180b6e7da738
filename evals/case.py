"""A case: frozen inputs, what has to come out, and where it is from. One JSON object a line in ``evals/cases``.

A case carries its own evidence, so that a later change of signals or strategies leaves it as it is. Files are read
strictly: a broken line, an unknown or missing field and an id that was used before are named by file and line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from domain.errors import ConfigurationError

VERSION = 1


@dataclass(frozen=True, slots=True)
class Case:
    """One question to the product. ``tags`` are what a report is sliced by, e.g. ``{"channel": "news"}``.

    ``origin`` says who made it (``generated``, ``by hand``, a data set's name), ``license`` under what terms.
    """

    id: str
    suite: str
    inputs: Mapping[str, Any]
    expect: Mapping[str, Any]
    tags: Mapping[str, str] = field(default_factory=dict)
    origin: str = "by hand"
    license: str = "Apache-2.0"
    version: int = VERSION


_NAMES = frozenset(each.name for each in fields(Case))
_NEEDED = frozenset({"id", "suite", "inputs", "expect"})


def read_cases(path: Path | Traversable, suite: str) -> tuple[Case, ...]:
    """All cases of a file; raises ConfigurationError naming the line that is not one."""
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the cases in {path} cannot be read", "Restore the file.") from error
    # Not splitlines: texts of attackers hold characters that Python takes for line ends and JSON does not.
    lines = ((number, line) for number, line in enumerate(content.split("\n"), start=1) if line.strip())
    return without_repeats((_case(line, f"{path}, line {number}", suite) for number, line in lines), suite)


def without_repeats(cases: Iterable[Case], suite: str) -> tuple[Case, ...]:
    """The cases in order; raises ConfigurationError for an id that two of them share."""
    found: dict[str, Case] = {}
    for case in cases:
        if case.id in found:
            raise ConfigurationError(f"suite {suite} has two cases called {case.id}", "Give each an id of its own.")
        found[case.id] = case
    return tuple(found.values())


def _case(line: str, place: str, suite: str) -> Case:
    try:
        said = json.loads(line)
    except ValueError as error:
        raise ConfigurationError(f"{place} is no JSON object", "Mend the line or take it out.") from error
    if not isinstance(said, dict) or not _NEEDED <= said.keys() <= _NAMES:
        keys = set(said) if isinstance(said, dict) else set()
        wrong = ", ".join(sorted((_NEEDED - keys) | (keys - _NAMES)))
        raise ConfigurationError(f"{place} is no case: look at {wrong or 'its form'}", "See evals/case.py.")
    case = Case(**said)
    if case.suite != suite or case.version != VERSION:
        raise ConfigurationError(f"{place} is of {case.suite} {case.version}, not {suite} {VERSION}", "Move the line.")
    return case
