"""A policy: a profile's limits, read once, checked whole, bound to their gates, and named by a digest.

    profile = "conservative"
    [limits]
    max_order_notional = 10000

``load_policy`` takes the name of a shipped profile or a path. A file that is missing, broken, incomplete in form, or
absurd in any value is refused with a ConfigurationError that names it; there is no partial policy.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from importlib import resources
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from domain.errors import ConfigurationError
from domain.money import HUNDRED, ZERO
from domain.record.canonical import digest
from domain.verdicts import Verdict
from policies.gate import BoundGate, Group, Groups, Reads, bind
from policies.gates.catalogue import GATES
from policies.limits import LIMITS, compare, parse_limits

PROFILES = ("conservative", "balanced", "research")
REQUIRED = (
    "mode", "max_order_notional", "max_position_pct_equity", "max_gross_exposure_pct", "max_open_positions",
    "max_loss_per_trade_pct", "require_stop_loss", "allow_short", "daily_loss_limit_pct", "max_drawdown_pct",
    "max_quote_age_s", "max_spread_pct", "price_collar_pct", "duplicate_window_s", "max_orders_per_day",
)  # fmt: skip
"""What every policy file must set: a file that was cut off must not load as a looser one."""


# Without slots: a cached_property keeps its value in the instance's __dict__.
@dataclass(frozen=True)
class Policy:
    """What is allowed. ``limits`` by contract name, ``gates`` in catalogue order, ``slippage`` a fraction of the price.

    The digest covers profile and limits, and through them everything the gates are bound to.
    """

    profile: str
    limits: Mapping[str, Any]
    gates: tuple[BoundGate, ...] = field(repr=False)
    digest: str
    slippage: Decimal = ZERO
    allow_fractional: bool = False

    @cached_property
    def entering(self) -> Groups:
        """The gates that look at an order which may add risk: all of them."""
        return self._grouped(leaving=False)

    @cached_property
    def leaving(self) -> Groups:
        """The gates that look at an order which provably reduces risk; the others step aside."""
        return self._grouped(leaving=True)

    def _grouped(self, *, leaving: bool) -> Groups:
        placed = list(enumerate(self.gates))
        looking = [(place, gate) for place, gate in placed if not (leaving and gate.exempts_exits)]
        grouped = [[each for each in looking if each[1].reads is reads] for reads in Reads]
        nothing, subject, order = (
            Group(
                tuple((gate.check, gate.limits) for _, gate in found),
                tuple(gate for _, gate in found),
                tuple(gate.id for _, gate in found),
            )
            for found in grouped
        )
        aside = [(place, gate) for place, gate in placed if leaving and gate.exempts_exits]
        places = [place for found in (*grouped, aside) for place, _ in found]
        exemptions = tuple(gate.exemption for _, gate in aside)
        return Groups(nothing, subject, order, exemptions, _sorting(places))

    @property
    def enforced(self) -> tuple[str, ...]:
        """Ids of the gates this policy runs."""
        return tuple(gate.id for gate in self.gates)


class Change(NamedTuple):
    """How one limit differs between two policies: ``direction`` 1 tighter, -1 looser."""

    name: str
    old: Any
    new: Any
    direction: int


def load_policy(source: str | Path) -> Policy:
    """The shipped profile of that name, or the policy file at that path."""
    if isinstance(source, str) and source in PROFILES:
        text = resources.files("policies").joinpath(f"{source}.toml").read_text(encoding="utf-8")
        return _read(text, f"the shipped profile {source}")
    path = Path(source)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        remedy = f"Name a policy file or one of {', '.join(PROFILES)}, as SAGE_POLICY or --policy."
        missing = isinstance(error, FileNotFoundError)
        told = str(error.strerror).lower() if isinstance(error, OSError) else "it is not UTF-8 text"
        reason = "there is no such profile or file" if missing else told
        raise ConfigurationError(f"the policy {path} cannot be read: {reason}", remedy) from error
    return _read(text, str(path))


def policy_from_limits(limits: Mapping[str, Any], profile: str = "case") -> Policy:
    """The policy of a what-if case: its limits and nothing else."""
    return _build(profile, parse_limits(limits, where=f"the limits of {profile}"))


def compare_policies(old: Policy, new: Policy) -> tuple[Change, ...]:
    """Every limit that differs, with its direction."""
    pairs = ((limit, old.limits.get(limit.name), new.limits.get(limit.name)) for limit in LIMITS)
    changes = (Change(limit.name, was, now, compare(limit, was, now)) for limit, was, now in pairs)
    return tuple(change for change in changes if change.direction != 0)


def tightens(old: Policy, new: Policy) -> bool:
    """True when no limit of ``new`` is looser than in ``old``: such a policy may be put in force without the owner."""
    return all(change.direction > 0 for change in compare_policies(old, new))


def set_but_not_enforced(policy: Policy) -> tuple[str, ...]:
    """Limits the policy sets although no gate that it runs reads them; breakers read theirs whatever runs."""
    running, told = set(policy.enforced), (limit for limit in LIMITS if limit.name in policy.limits)
    return tuple(limit.name for limit in told if limit.gates and not running & set(limit.gates))


def _read(text: str, where: str) -> Policy:
    try:
        # As a float a limit would come with a binary error of its own (I-16).
        document = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:  # what the parser makes of absurd figures and depths
        raise ConfigurationError(f"{where} is not valid TOML: {error}", "Correct the file at that place.") from error
    profile, limits = document.get("profile"), document.get("limits")
    if set(document) != {"profile", "limits"} or not isinstance(profile, str) or not isinstance(limits, dict):
        raise ConfigurationError(
            f"{where} does not have the form of a policy", 'It has profile = "name" and a table [limits], nothing else.'
        )
    values = parse_limits(limits, where=where)
    # After parsing: a misspelt name is told before the limit that is missing because of it.
    missing = [name for name in REQUIRED if name not in limits]
    if missing:
        remedy = "A limit that is missing is no limit; start from a shipped profile."
        raise ConfigurationError(f"{where} does not set {', '.join(missing)}", remedy)
    return _build(profile, values)


def _sorting(places: Sequence[int]) -> Callable[[Sequence[Verdict]], tuple[Verdict, ...]]:
    """What brings verdicts into order: the first of them belongs in ``places[0]``."""
    # An itemgetter of one place answers with what is there, and not with a tuple of it.
    return itemgetter(*sorted(range(len(places)), key=places.__getitem__)) if len(places) > 1 else tuple


def _build(profile: str, limits: Mapping[str, Any]) -> Policy:
    identity = digest({"profile": profile, "limits": limits})
    # Bound like a limit: A5 and A10 see by it that a release or an approval is of another policy.
    values = {**limits, "policy_digest": identity}
    gates = tuple(bound for gate in GATES if (bound := bind(gate, values)) is not None)
    return Policy(
        profile=profile,
        limits=MappingProxyType(dict(limits)),
        gates=gates,
        digest=identity,
        slippage=limits.get("market_slippage_pct", ZERO) / HUNDRED,
        allow_fractional=limits.get("allow_fractional", False),
    )
