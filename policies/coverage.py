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
    "macro": "macro events",
    "corporate_actions": "corporate actions",
    "returns": "daily returns",
    "index": "the index",
    "second_price": "second prices",
    "listing": "listing dates",
    "market_cap": "market values",
    "leverage": "the leverage of funds",
    "borrow": "stock loans",
}
LENIENT: Mapping[str, str] = {"E3": "require_trading_status"}
"""Gates that pass what they cannot know, unless the policy sets that flag."""

ASKED_WHERE: Mapping[tuple[str, Need], tuple[str, bool]] = {
    ("D3", "borrow"): ("allow_short", True),
    ("B10_leverage", "leverage"): ("allow_leveraged_funds", False),
}
"""Inputs that a gate asks for only where that flag has that value; a flag that is not set is false."""
NARROW: Mapping[tuple[str, Need], str] = {
    ("D3", "borrow"): "denies every short sale",
    ("B10_leverage", "leverage"): "denies new entries into funds",
}
"""What a gate denies for want of that input alone, where it is less than everything."""

NOBODY_TELLS: Mapping[str, str] = {
    "C8": "industries and themes, instruments carry a sector alone (what moves together counts in C9)",
    "E3": "limit-up and limit-down bands (LULD), halts alone",
    "H4": "how far repeated answers of one model scatter, as each question is put once",
    "H5": "a role's reason to enter against the signal, which therefore denies",
}
"""What belongs to a gate and no source of any kind supplies today; it is judged where a what-if case states it."""

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


def unfed(policy: Policy, supplied: frozenset[Need]) -> tuple[str, ...]:
    """Gates that the policy leaves off and no configured source could feed, a line each; none of them denies."""
    running = set(policy.enforced)
    missing = {gate: [need for need in gate.needs if need not in supplied] for gate in GATES if gate.id not in running}
    return tuple(f"{gate.id} {gate.name}: no source of {_words(needs)}" for gate, needs in missing.items() if needs)


def untold(policy: Policy) -> tuple[str, ...]:
    """What nobody tells the gates that run, a line each: ``E3 trading halt: nobody tells limit-up ...``."""
    running = set(policy.enforced)
    found = (gate for gate in GATES if gate.id in running and gate.id in NOBODY_TELLS)
    return tuple(f"{gate.id} {gate.name}: no source tells {NOBODY_TELLS[gate.id]}" for gate in found)


def _line(gate: Gate, policy: Policy, supplied: frozenset[Need], without_sector: Sequence[Symbol]) -> str | None:
    missing = [need for need in gate.needs if need not in supplied and _asked(gate, need, policy)]
    if missing:
        return f"{gate.id} {gate.name}: no source of {_words(missing)}; {_consequence(gate, missing, policy)}"
    if without_sector and "sector" in gate.needs:
        return f"{gate.id} {gate.name}: no sector of {_listed(without_sector)}; denies new entries into them"
    return None


def _words(needs: Sequence[Need]) -> str:
    return " and ".join(WORDS.get(need, need) for need in needs)


def _asked(gate: Gate, need: Need, policy: Policy) -> bool:
    flag = ASKED_WHERE.get((gate.id, need))
    return flag is None or policy.limits.get(flag[0], False) is flag[1]


def _consequence(gate: Gate, missing: Sequence[Need], policy: Policy) -> str:
    if len(missing) == 1 and (gate.id, missing[0]) in NARROW:
        return NARROW[gate.id, missing[0]]
    flag = LENIENT.get(gate.id)
    # A flag that is not set is true here: the gate insists unless it is told not to.
    return DENIES if flag is None or policy.limits.get(flag, True) is True else f"passes unseen, as {flag} is false"


def _listed(symbols: Sequence[Symbol]) -> str:
    more = len(symbols) - _SHOWN
    return ", ".join(symbols[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
