"""Names of things. Every id is a function of what it names, so that a re-run of the same step finds the same row.

cycle      cyc-…   account, as_of, sequence number
candidate  cand-…  cycle, strategy, symbol, kind
decision   dec-…   cycle, candidate
order      ord-…   decision, leg            the client order id at the broker: nothing else goes into it

A broker is named by a person, in SAGE_BROKER.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from typing import NamedTuple, NewType

from domain.record.canonical import canonical_json

CycleId = NewType("CycleId", str)
CandidateId = NewType("CandidateId", str)
DecisionId = NewType("DecisionId", str)
ClientOrderId = NewType("ClientOrderId", str)
Ref = NewType("Ref", str)
"""Name of one piece of evidence inside a cycle, e.g. ``rsi14@AAPL`` or ``book.cash``."""

# 80 bits are 16 letters of base32; with its prefix an id stays far under the 48 characters that are safe at brokers.
_BYTES = 10
_REPLACES = ".r"


def derive(prefix: str, *parts: object) -> str:
    """A readable id from the canonical text of its parts: 80 bits of SHA-256 in base32, e.g. ``dec-k3v5…``."""
    hashed = hashlib.sha256(canonical_json(list(parts)).encode()).digest()
    return f"{prefix}-{base64.b32encode(hashed[:_BYTES]).decode().lower()}"


def cycle_id(account: str, as_of: object, sequence: int) -> CycleId:
    """The id of the ``sequence``-th cycle of an account."""
    return CycleId(derive("cyc", account, as_of, sequence))


def candidate_id(cycle: CycleId, strategy: str, symbol: str, kind: str) -> CandidateId:
    """The id of a trade candidate inside its cycle."""
    return CandidateId(derive("cand", cycle, strategy, symbol, kind))


def decision_id(cycle: str, candidate: str) -> DecisionId:
    """The id of the decision on a candidate; a manual order passes its own request as ``candidate``."""
    return DecisionId(derive("dec", cycle, candidate))


# Asked for by whoever sends, records, explains and reports a decision.
@lru_cache(maxsize=4096)
def client_order_id(decision: DecisionId, leg: str = "entry") -> ClientOrderId:
    """The broker-side id of one leg of a decision; it does not depend on time or attempt."""
    return ClientOrderId(derive("ord", decision, leg))


def next_leg(leg: str) -> str:
    """The leg that takes the place of ``leg``: entry, entry.r1, entry.r2. Its order has an id of its own."""
    base, _, number = leg.partition(_REPLACES)
    return f"{base}{_REPLACES}{int(number or 0) + 1}"


def replaced_leg(leg: str) -> str | None:
    """The leg in whose place ``leg`` came; None for one that replaces nothing."""
    base, _, number = leg.partition(_REPLACES)
    if not number:
        return None
    return base if number == "1" else f"{base}{_REPLACES}{int(number) - 1}"


def base_leg(leg: str) -> str:
    """What a leg is for, however often it was replaced: entry, exit, stop, target."""
    return leg.partition(_REPLACES)[0]


def leg_behind(parent: str, kind: str) -> str:
    """A protective leg behind another: ``stop`` behind an entry, ``stop-algo-1`` behind any other leg."""
    # A dash, because the dot before r1 is what ``replaced_leg`` looks for.
    return kind if parent == "entry" else f"{kind}-{parent.replace('.', '-')}"


def leg_kind(leg: str) -> str:
    """What a leg is for, whichever order it stands behind: ``stop-algo-1.r2`` is a stop."""
    return base_leg(leg).partition("-")[0]


class BrokerName(NamedTuple):
    """One broker of a home: its kind, and the label that tells it from others; empty for one without."""

    kind: str
    label: str

    @property
    def name(self) -> str:
        """As it is written in SAGE_BROKER."""
        return f"{self.kind}:{self.label}" if self.label else self.kind

    @property
    def key(self) -> str:
        """Under which name its own settings and keys are looked for."""
        return self.label or self.kind


def brokers_in(text: str) -> tuple[BrokerName, ...]:
    """``alpaca, alpaca:second``; ValueError for what is unknown, doubled or empty."""
    found: list[BrokerName] = []
    for part in text.split(","):
        told = re.fullmatch(r"(paper|alpaca)(?::([a-z][a-z0-9]{0,15}))?", part.strip())
        if told is None:
            raise ValueError(
                f"{part.strip()!r} is no broker: it is paper or alpaca, with a label of small letters and digits where "
                "a home has several (paper:a,paper:b)"
            )
        found.append(BrokerName(told[1], told[2] or ""))
    keys = [each.key for each in found]
    doubled = [key for key in keys if keys.count(key) > 1]
    if doubled:
        raise ValueError(f"{doubled[0]} names two brokers; every one has a label of its own")
    return tuple(found)
