"""What a clause says somebody did: states by their words, with negation, and which of them can be true.

A clause may say several things ("wanted the trade but smaller"), so its meaning is a set. It contradicts the record
only when nothing it affirms is so. "No gate refused it" affirms nothing, and is false of a refusal alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from agents.claims.scope import denied

States = Mapping[str, re.Pattern[str]]


def words(*patterns: str) -> re.Pattern[str]:
    """Any of these, as whole words."""
    return re.compile(r"\b(?:" + "|".join(patterns) + r")\b", re.IGNORECASE)


class ClauseStates(NamedTuple):
    """The states a clause affirms and those it denies."""

    meant: frozenset[str]
    denied: frozenset[str]


def said(clause: str, states: States) -> ClauseStates:
    """What a clause says of the states; both sets are empty where it speaks of none."""
    meant: set[str] = set()
    not_so: set[str] = set()
    for state, pattern in states.items():
        for found in pattern.finditer(clause):
            place = not_so if denied(clause, found.start(), found.end()) else meant
            place.add(state)
    return ClauseStates(frozenset(meant), frozenset(not_so))


def contradicted(clause: str, states: States, true: Collection[str]) -> bool:
    """Whether nothing a clause affirms is true; where it only denies, whether it denies what is."""
    told = said(clause, states)
    return told.meant.isdisjoint(true) if told.meant else not told.denied.isdisjoint(true)


def claimed(pattern: re.Pattern[str], clause: str) -> bool:
    """Said, and not said not to be."""
    found = pattern.search(clause)
    return found is not None and not denied(clause, found.start(), found.end())
