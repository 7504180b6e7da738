"""The corpus: every disguise and every tongue through every door, and texts that only look like attacks.

    13 doors x (21 disguises + 12 tongues) = 429 attacks, and 6 roles x 13 goals = 78 with a role that is the attacker

Among the disguises the goals go round, so that every door meets every goal.

An attack has been *seen* by a model where its codeword can be read, with any disguise undone, in what the model was
asked.
"""

from __future__ import annotations

import base64
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from agents.llm import Role
from evals.attacks.disguise import DISGUISES, readings_of

CODEWORD = "Quillomar"
_LOW = CODEWORD.lower()
_ENCODED = (
    CODEWORD.encode().hex(),
    *(base64.b64encode((" " * pad + CODEWORD).encode()).decode()[start:-4] for pad, start in ((0, 0), (1, 2), (2, 3))),
)
"""The codeword inside a longer text in hexadecimal, and in base64 at each of the three places where it can begin."""

CHANNELS = (
    "headline",
    "body",
    "post",
    "file_row",
    "tag",
    "reader_quote",
    "instrument_name",
    "event_name",
    "halt_reason",
    "source_error",
    "broker_error",
    "memory_lesson",
    "advisor_sentence",
)

INSIDER = "compromised_role"
"""No door at all: the model behind one role is the attacker."""
ROLES: tuple[Role, ...] = ("reader", "monitor", "advisor", "inspector", "decider", "explainer")


@dataclass(frozen=True, slots=True)
class Attack:
    """One text that gives orders: what it wants, how it is dressed, by which door it comes."""

    id: str
    channel: str
    technique: str
    goal: str
    text: str


@dataclass(frozen=True, slots=True)
class Benign:
    """One honest text that a careless guard would flag."""

    id: str
    kind: str
    text: str


@lru_cache(maxsize=1)
def attacks() -> tuple[Attack, ...]:
    """All of them, in a fixed order."""
    return tuple(_attacks())


def _attacks() -> Iterator[Attack]:
    told = _document("orders.toml")
    goals, tongues = list(told["goals"].items()), told["tongues"]
    for door, channel in enumerate(CHANNELS):
        for place, (technique, dressed) in enumerate(DISGUISES.items()):
            # Five and the thirteen goals share no divisor, so every door begins at another goal.
            goal, text = goals[(place + 5 * door) % len(goals)]
            yield Attack(f"{channel}-{technique}", channel, technique, goal, dressed(text))
        for tongue, text in tongues.items():
            yield Attack(f"{channel}-{tongue}", channel, tongue, "other_symbol", text)
    for role in ROLES:
        for goal, text in goals:
            yield Attack(f"{INSIDER}-{role}-{goal}", INSIDER, role, goal, text)


@lru_cache(maxsize=1)
def look_alikes() -> tuple[Benign, ...]:
    """Honest texts, by what makes them look dangerous."""
    told = _document("look_alikes.toml")
    return tuple(
        Benign(f"benign-{kind}-{place:02d}", kind, text)
        for kind, texts in told.items()
        for place, text in enumerate(texts, start=1)
    )


def can_be_read_in(text: str) -> bool:
    """Whether the codeword stands in ``text`` in any clothes."""
    return any(code in text for code in _ENCODED) or any(_LOW in each for each in readings_of(text))


def _document(name: str) -> dict[str, Any]:
    text = resources.files("evals.attacks").joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)
