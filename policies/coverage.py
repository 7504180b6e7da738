"""Coverage: which gates of a policy ask for inputs that no configured source supplies, told before anything trades.

A gate that misses its input denies new exposure. The one that may pass without, because the policy does not insist, is
listed all the same: nothing is passed in silence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

from domain.market import MarketInput, Symbol
from policies.gate import Gate, Need
from policies.gates.catalogue import GATES
from policies.policy import Policy

OURS: frozenset[Need] = frozenset(get_args(Need)) - frozenset(get_args(MarketInput))
"""What book, broker, calendar, people and agents supply, whatever the market source."""

WORDS: Mapping[Need, str] = {
    "quote": "quotes",
    "instrument": "instruments",
    "sector": "sectors",
    "status": "trading halts",
    "bars": "bars",
    "adv": "daily volumes",
    "earnings": "earnings dates",
}
LENIENT: Mapping[str, str] = {"E3": "require_trading_status"}
"""Gates that pass what they cannot know, unless the policy sets that flag."""

DENIES = "denies every new entry"
_SHOWN = 5


def uncovered(policy: Policy, supplied: frozenset[Need], without_sector: Sequence[Symbol] = ()) -> tuple[str, ...]:
    """One line for each enforced gate that misses an input, e.g. ``E13 earnings blackout: no source of earnings dates;
    denies every new entry``.

    ``without_sector`` are symbols of the universe whose sector a source of sectors does not know.
    """
    running = set(policy.enforced)
    found = (_line(gate, policy, supplied, without_sector) for gate in GATES if gate.id in running)
    return tuple(line for line in found if line is not None)


def _line(gate: Gate, policy: Policy, supplied: frozenset[Need], without_sector: Sequence[Symbol]) -> str | None:
    missing = [WORDS.get(need, need) for need in gate.needs if need not in supplied]
    if missing:
        return f"{gate.id} {gate.name}: no source of {' and '.join(missing)}; {_consequence(gate, policy)}"
    if without_sector and "sector" in gate.needs:
        return f"{gate.id} {gate.name}: no sector of {_listed(without_sector)}; denies new entries into them"
    return None


def _consequence(gate: Gate, policy: Policy) -> str:
    flag = LENIENT.get(gate.id)
    return DENIES if flag is None or policy.limits.get(flag) is True else f"passes unseen, as {flag} is not set"


def _listed(symbols: Sequence[Symbol]) -> str:
    more = len(symbols) - _SHOWN
    return ", ".join(symbols[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
