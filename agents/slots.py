"""Data slots: how evidence and other values are written into a prompt, and how a role's share of evidence is chosen.

Everything in a slot is canonical JSON with ``<``, ``>`` and ``&`` escaped, so no value can close a slot, open another
or look like one. Lines are sorted; the same values give the same bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any

from domain.evidence import Evidence, EvidenceSet
from domain.market import Symbol
from domain.record.canonical import canonical_json
from tools.tool import Tool

_SAID_BY = {
    "quote": "quotes",
    "halted": "quotes",
    "signal": "signals",
    "text": "signals",
    "news": "news",
    "event": "events",
    "book": "portfolio",
    "position": "position",
    "room": "room",
    "memory": "memory",
}
"""Which tool says the references of a family; indicators have no prefix of their own."""
_ESCAPES = (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"))
_HOUR = 3600


def encode(value: object) -> str:
    """One value as inert JSON."""
    return inert(canonical_json(value))


def inert(text: str) -> str:
    """Canonical text without any sign that a slot could begin or end with."""
    for sign, escaped in _ESCAPES:
        text = text.replace(sign, escaped)
    return text


def evidence_lines(items: Iterable[Evidence], as_of: datetime) -> str:
    """One line a figure, ``{"age":"2h","ref":"rsi14@AAPL","unit":"points","value":"54.2"}``, sorted by reference."""
    return inert("\n".join([_LINES.of(item, as_of) for item in sorted(items, key=attrgetter("ref"))]))


class _Lines:
    """The line of each figure, written once: three roles are shown most figures of a symbol, and all those of the book.

    By being the very same figure and moment. Beyond ``most`` all are forgotten, which costs time and nothing else.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[int, tuple[Evidence, datetime, str]] = {}

    def of(self, item: Evidence, as_of: datetime) -> str:
        """The same bytes as the canonical text of a mapping."""
        known = self._known.get(id(item))
        if known is not None and known[0] is item and known[1] is as_of:
            return known[2]
        age, ref, unit = age_text(as_of - item.observed_at), canonical_json(item.ref), canonical_json(item.unit)
        line = f'{{"age":"{age}","ref":{ref},"unit":{unit},"value":{canonical_json(item.value)}}}'
        if len(self._known) >= self._most:
            self._known.clear()
        self._known[id(item)] = (item, as_of, line)
        return line


_LINES = _Lines(most=16384)


@lru_cache(maxsize=1024)
def age_text(age: timedelta) -> str:
    """``45s``, ``90m``, ``30h`` or ``12d``: the largest unit that still tells two ages apart."""
    seconds = max(int(age.total_seconds()), 0)
    if seconds < 2 * 60:
        return f"{seconds}s"
    if seconds < 2 * _HOUR:
        return f"{seconds // 60}m"
    return f"{seconds // _HOUR}h" if seconds < 48 * _HOUR else f"{seconds // (24 * _HOUR)}d"


def said_by(ref: str) -> str:
    """The name of the tool behind a reference: ``quote.ask@AAPL`` -> ``quotes``, ``rsi14@AAPL`` -> ``indicators``."""
    return _SAID_BY.get(ref.partition("@")[0].partition(".")[0], "indicators")


def share(evidence: EvidenceSet, symbol: Symbol, tools: Iterable[Tool]) -> tuple[Evidence, ...]:
    """What a role with these tools may see: about one symbol, and about the book."""
    shown = _shown_to(frozenset(tool.name for tool in tools))
    return tuple([item for item in evidence.about(symbol) if shown[item.ref.partition("@")[0]]])


class _Shown(dict[str, bool]):
    """Whether a role with these tools is shown a figure, by the name that all symbols have in common."""

    def __init__(self, tools: frozenset[str]) -> None:
        super().__init__()
        self._tools = tools

    def __missing__(self, name: str) -> bool:
        shown = self[name] = said_by(name) in self._tools and not unshown(f"{name}@")
        return shown


_shown_to = lru_cache(maxsize=64)(_Shown)


def unshown(ref: str) -> bool:
    """Counts of suspicious texts are for people: a role's prompt is the same, byte for byte, with or without them."""
    return ref.startswith("text.suspicious@")


def index(items: Iterable[Evidence]) -> dict[str, Evidence]:
    """Evidence by reference."""
    return {item.ref: item for item in items}


def read_slot(text: str, name: str) -> list[Any]:
    """The values inside ``<name>…</name>`` of a rendered prompt, one a line; empty when there is no such slot."""
    found = re.search(rf"^<{name}>\n(.*?)\n?</{name}>$", text, re.DOTALL | re.MULTILINE)
    return [json.loads(line) for line in found.group(1).split("\n") if line] if found else []


def figures(lines: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Evidence lines of a prompt as values by reference."""
    return {line["ref"]: line["value"] for line in lines}
