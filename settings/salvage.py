"""What of the settings can be read although not all of them are in order: for what a kill starts, and nothing else.

    the environment    every variable by itself
    .env               every line by itself; one that is no text has no value
    sage.toml          what stands above the first fault; below it a setting that is not mentioned is not set

A wrong value is left at its default. Where nobody can know what somebody has set, because a file was cut off or cannot
be opened, a setting is unread unless a nearer place tells it: its default would be a guess. Which of them matter is for
the caller to say. Reasons are told without values, which may be keys.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any, NamedTuple

from dotenv import dotenv_values
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from settings.names import meant_by
from settings.reading import PREFIX, TABLES, VARIABLES, complaint, is_json, path_of, told_alone, with_tables
from settings.variables import Settings

SPOILT = re.compile("[\ufffd\0]")
"""What bytes that are no text become, and what text of two bytes a letter is full of."""
AT_LINE = re.compile(r"at line (\d+)")
"""How the parser says where it stopped; at the end of the document it says that instead."""


class Place(NamedTuple):
    """Where settings stand: what it says, by the names of variables, and what in it cannot be read."""

    told: Mapping[str, Any]
    fault: str = ""
    """Which file, and what is wrong with it; empty where all of it can be read."""
    lost: str | None = ""
    """The text that cannot be understood; None where nobody knows what else stood there."""

    def hides(self, variable: str) -> bool:
        """Whether it may set the variable to something else than it seems to."""
        names = (variable, *(table for table, meant in TABLES.items() if meant == variable))
        if self.lost is None:
            # Of a table that is told a part may be lost.
            return variable not in self.told or variable in TABLES.values()
        return any(re.search(rf"\b{name}\b", self.lost) for name in names)


@dataclass(frozen=True, slots=True)
class Salvaged:
    """``values`` are right, by the names of variables; ``wrong`` and ``unread`` settings have a reason each.

    A wrong one is named with its path in a table: ``SAGE_BROKERS.a.slippage_bp``. ``faults`` are the files with one.
    """

    values: Mapping[str, Any]
    wrong: Mapping[str, str]
    unread: Mapping[str, str]
    faults: tuple[str, ...] = ()

    @property
    def settings(self) -> Settings:
        """What can be read, and defaults."""
        return told_alone(self.values)

    def without(self, variable: str) -> Salvaged:
        """The same with one setting left at its default."""
        return replace(self, values={name: value for name, value in self.values.items() if name != variable})

    @property
    def told(self) -> tuple[str, ...]:
        """What is left at its default, a line each."""
        return (*(f"{name}: {why}" for name, why in sorted(self.wrong.items())), *self.faults)


def salvaged(home: str) -> Salvaged:
    """Everything that can be read, for the home of that name."""
    places = (environment(), env_file(Path(".env")), sage_toml(Path("sage.toml")))
    wrong = dict[str, str]()
    told = merged([unfolded(place.told, wrong) for place in places])
    wrong |= misspelt(told)
    hidden = {name: hidden_by(name, places) for name in VARIABLES}
    values = {name: value for name, value in told.items() if name in hidden and not hidden[name]} | {"SAGE_HOME": home}
    faults = tuple(place.fault for place in places if place.fault)
    while True:
        try:
            told_alone(values)
        except ValidationError as error:
            # One at a time: what holds one that is missing is taken out as a whole, and others with it.
            first = error.errors(include_url=False, include_input=False)[0]
            wrong |= {path_of(first): reason(first)} | misplaced(first, values)
            take_out(values, first["loc"])
        else:
            return Salvaged(values, wrong, {name: fault for name, fault in hidden.items() if fault}, faults)


def environment() -> Place:
    """The variables of this process; an empty one is not set."""
    return Place({name: value for name, value in os.environ.items() if value and name.startswith((PREFIX, *VARIABLES))})


def env_file(path: Path) -> Place:
    """``.env`` as the settings read it, but for lines with bytes that are no text."""
    try:
        read = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return Place({})
    except OSError as error:
        return unopened(path, error)
    text = read.decode("utf-8-sig", "replace")
    told = {name: value for name, value in dotenv_values(stream=StringIO(text)).items() if value}
    if is_text(read):
        return Place(told)
    clear = {name: value for name, value in told.items() if not SPOILT.search(f"{name}{value}")}
    # A line whose very name is spoilt may have set anything.
    names = (line.partition("=")[0] for line in text.splitlines() if not line.lstrip().startswith("#"))
    lost = None if any(map(SPOILT.search, names)) else " ".join(told.keys() - clear.keys())
    return Place(clear, f"{path} has bytes that are no text", lost)


def sage_toml(path: Path) -> Place:
    """``sage.toml`` down to its first fault."""
    try:
        read = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return Place({})
    except OSError as error:
        return unopened(path, error)
    lines = read.decode("utf-8", "replace").splitlines(keepends=True)
    clear = lines if is_text(read) else list(takewhile(lambda line: not SPOILT.search(line), lines))
    fault = toml_fault("".join(clear)) or (
        "" if clear == lines else f"bytes that are no text (at line {len(clear) + 1})"
    )
    if not fault:
        return Place(toml_in(clear))
    sound = next(count for count in range(len(clear), -1, -1) if not toml_fault("".join(clear[:count])))
    stopped = AT_LINE.search(fault)
    # Nothing behind the fault: the file may have been cut off there, and what stood in the rest nobody knows.
    cut = stopped is None or not "".join(lines[int(stopped[1]) :]).strip()
    # What follows a fault may belong to a table that was opened above it.
    opened = next((count for count, line in enumerate(lines[:sound]) if line.lstrip().startswith("[")), sound)
    below = "".join(lines[opened:])
    return Place(
        toml_in(lines[:sound]),
        f"{path} cannot be read from line {sound + 1} on: {fault}",
        None if cut or "\0" in below else below,
    )


def unopened(path: Path, error: OSError) -> Place:
    """A file of which nothing is known."""
    return Place({}, f"{path} cannot be read: {(error.strerror or type(error).__name__).lower()}", None)


def is_text(read: bytes) -> bool:
    """Whether these bytes are UTF-8."""
    try:
        read.decode()
    except UnicodeDecodeError:
        return False
    return True


def toml_fault(text: str) -> str:
    """What is wrong with it and where; empty where it is TOML."""
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        return str(error)
    return ""


def toml_in(lines: Sequence[str]) -> dict[str, Any]:
    """What they say, by the names of variables."""
    return with_tables(tomllib.loads("".join(lines)))


def unfolded(told: Mapping[str, Any], wrong: dict[str, str]) -> dict[str, Any]:
    """The same, with tables that a variable tells as JSON; one that is no JSON goes to the wrong ones."""
    found = dict(told)
    for name in TABLES.values():
        text = found.get(name)
        if isinstance(text, str):
            del found[name]
            if is_json(text):
                found[name] = json.loads(text)
            else:
                wrong[name] = "it is no JSON"
    return found


def merged(told: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """All of them, the first before the others; of tables, key by key."""
    found = dict[str, Any]()
    for each in reversed(told):
        for name, value in each.items():
            both = isinstance(value, Mapping) and isinstance(found.get(name), Mapping)
            # A copy at every depth: what is wrong is taken out of it.
            found[name] = merged([value, found[name]] if both else [value]) if isinstance(value, Mapping) else value
    return found


def hidden_by(variable: str, places: Sequence[Place]) -> str:
    """The fault of the nearest place that may set it unseen; empty where none may, or a nearer one tells it."""
    for place in places:
        if place.fault and place.hides(variable):
            return place.fault
        if variable in place.told:
            break
    return ""


def misspelt(told: Mapping[str, Any]) -> dict[str, str]:
    """Settings that nobody tells, but for a name that is nearly theirs."""
    tables = {
        name: TABLES.get(meant_by(name, TABLES, "") or "") for name, value in told.items() if isinstance(value, dict)
    }
    meant = {name: meant_by(name, VARIABLES, PREFIX) or tables.get(name) for name in told}
    return {near: f"{name} is set, which is no setting" for name, near in meant.items() if near and near not in told}


def misplaced(error: ErrorDetails, values: Mapping[str, Any]) -> dict[str, str]:
    """A setting that nobody tells, but for a line of its name which stands in a table."""
    name = str(error["loc"][-1])
    return {name: "it stands within a table of sage.toml"} if name in VARIABLES and name not in values else {}


def reason(error: ErrorDetails) -> str:
    """Why a value is wrong, without it."""
    # Words of our own validators repeat what they were given.
    return "its value is not allowed" if error["type"] == "value_error" else complaint(error)


def take_out(values: dict[str, Any], path: Sequence[int | str]) -> None:
    """Take the value at the path out; where there is none, what should have held it."""
    place: Any = values
    for name, following in pairwise(path):
        inner = place.get(name)
        if not (isinstance(inner, dict) and following in inner):
            break
        place = inner
    else:
        name = path[-1]
    del place[name]
