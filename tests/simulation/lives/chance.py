"""What a seed draws: which trouble meets a step, and what a model answers. Pure: the same generator draws the same."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CRASH, KILL, CLOCK, TWIN, AWAY = "crash", "kill", "clock jump", "twin", "broker away"
LOCKED, FULL, UNHEARD, DROPPED = "locked", "disk full", "commit unheard", "connection dropped"
DRIVER = ("begin", "write", "commit", "committed")
PLACES: Mapping[str, tuple[str, ...]] = {
    LOCKED: ("begin",),
    FULL: ("write", "commit"),
    UNHEARD: ("committed",),
    DROPPED: ("begin", "write", "commit"),
}
"""Where a fault of the database strikes; everything else strikes at any point of the send path."""
TROUBLES = (CRASH, CRASH, CRASH, LOCKED, FULL, UNHEARD, DROPPED, KILL, CLOCK, TWIN, TWIN, AWAY)
SHARE = 0.4
"""How many of the steps are troubled."""


@dataclass
class Due:
    """A trouble that strikes when a point is passed for the ``count``-th time from now on."""

    kind: str
    point: str
    count: int = 1

    def strikes(self, point: str) -> bool:
        """Count one passing; True for the one that it waits for."""
        self.count -= point == self.point
        return point == self.point and self.count == 0


def trouble(rng: random.Random, points: tuple[str, ...]) -> Due | None:
    """At most one for a step."""
    if rng.random() >= SHARE:
        return None
    kind = rng.choice(TROUBLES)
    point = rng.choice(PLACES.get(kind) or rng.choice((points, DRIVER)))
    return Due(kind, point, rng.choice((1, 1, 2, 3, 5)) if point in DRIVER else 1)


def answer(rng: random.Random) -> str:
    """A decision in the words that the role is asked for."""
    document: dict[str, Any] = {
        "symbol": rng.choice(("AAPL", "MSFT")),
        "action": rng.choice(("take", "take", "shrink", "skip")),
        "size_fraction": rng.randint(1, 10) / 10,
        "ask_approval": False,
        "stop_ref": None,
        "reasons": [{"text": "it rises", "weight": "low"}],
        "cited": [],
    }
    return json.dumps(document)


def garbage(rng: random.Random) -> str:
    """The same, spoilt: nothing of it may become an order."""
    text = answer(rng)
    return rng.choice(
        (
            "", "I would buy.", text[:-1], text + text, text.replace('"action"', '"symbol"', 1), f"[{text}]",
            text.replace('"stop_ref": null', '"stop_ref": NaN'), text.replace('"cited": []', '"cited": [], "qty": 900'),
            text.replace('"size_fraction": ', '"size_fraction": 7'), text.replace("false", '"no"'), "\ufeff" + text,
        )
    )  # fmt: skip


WILD: Mapping[str, Mapping[str, Any]] = {
    "far too much": {"qty": 10_000_000},
    "nothing": {"qty": 0},
    "less than nothing": {"qty": -5},
    "no number": {"qty": "NaN"},
    "infinitely much": {"qty": "Infinity"},
    "a symbol nobody has": {"symbol": "ZZZZ"},
    "an impossible price": {"limit_price": "-1"},
    "a price far away": {"limit_price": "180"},
    "a currency without a rate": {"currency": "JPY"},
}
"""Wishes that have come past every schema; the gates are the last to stand before them."""
