"""Labelled sets of headlines, read where they lie; none of them ships with the code.

    sentfin.csv    SEntFiN 1.0, MIT: title, decisions = {entity: label}; four fifths are trained on, one is held out
    fpb.csv        Financial PhraseBank, sentences on which all annotators agree, non-commercial: never trained on
    tfns.csv       tweets about finance, MIT: never trained on

The last two are columns ``text,label`` with the label in words. Whoever has a set lays it into a folder of its own and
names that with ``sage evals run --data FOLDER``. A file that cannot be read, or of which no row can, is refused.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from domain.errors import ConfigurationError
from trading.signals.headlines import LABELS, Label, words_of

_BULLS: dict[str, Label] = {"bullish": "positive", "bearish": "negative"}


class Labelled(NamedTuple):
    """A headline, whom it is judged for ("" for nobody in particular), and how it reads; ``single``: nobody else."""

    headline: str
    entity: str
    label: Label
    single: bool


def sentfin(path: Path) -> list[Labelled]:
    """SEntFiN, one row an entity; rows that are none are left out."""
    return _some([row for line in _lines(path) for row in _entities(line)], path, "title,decisions")


def plain(path: Path) -> list[Labelled]:
    """A set with one label a text."""
    found = ((line.get("text") or "", _label(line.get("label") or "")) for line in _lines(path))
    rows = [Labelled(text, "", label, True) for text, label in found if text and label is not None]
    return _some(rows, path, "text,label")


def held_out(row: Labelled) -> bool:
    """Whether the scorer never saw this headline; by its words, so that repeats stay on one side."""
    return crc32(" ".join(words_of(row.headline)).encode()) % 5 == 0


def _some(rows: list[Labelled], path: Path, columns: str) -> list[Labelled]:
    if not rows:
        raise ConfigurationError(f"{path} holds no row that can be read", f"It needs the columns {columns}.")
    return rows


def _lines(path: Path) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            # Where a set comes from, and its licence, stands in lines of comment before its header.
            yield from csv.DictReader(line for line in file if not line.startswith("# "))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}", "It must be a CSV file in UTF-8.") from error


def _entities(line: dict[str, str]) -> Iterator[Labelled]:
    try:
        title, said = line["title"], dict(json.loads(line["decisions"]))
    except (KeyError, TypeError, ValueError):
        return
    for entity, word in said.items():
        label = _label(str(word))
        if label is not None:
            yield Labelled(title, entity, label, len(said) == 1)


def _label(word: str) -> Label | None:
    low = word.strip().lower()
    return next((label for label in LABELS if label == low), _BULLS.get(low))
