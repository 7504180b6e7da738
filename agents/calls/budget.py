"""What asking may cost: calls, tokens and money, set aside before each call, by cycle, by day and by role.

    cycle   calls, tokens and USD of one cycle, whatever day it is
    day     tokens and USD of the exchange's day, over all cycles and processes of a home
    role    tokens and USD of one role on that day

With 5 USD a day and a model that may cost 0.02 USD a call, the call that would bring the day to 5.01 is not made. Where
a cheaper model stands behind, the dearer one may go up to 80 % of each: at 4.00 USD the cheaper one is asked, and at
5.00 nobody. A call whose end nobody saw keeps what was set aside for it: it may have been billed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import reduce
from threading import Lock
from typing import Protocol

from agents.llm import NoAnswer
from domain.decisions import ModelCall
from domain.ids import CycleId
from domain.money import ONE, ZERO
from domain.record.model_use import Fits, SetAside, Spent

EDGE = Decimal("0.8")
NOTHING = Spent()
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """What a model costs, in USD a million tokens."""

    tokens_in: Decimal
    tokens_out: Decimal

    def of(self, tokens_in: int, tokens_out: int) -> Decimal:
        """Cost of so many tokens in USD."""
        return (self.tokens_in * tokens_in + self.tokens_out * tokens_out) / _MILLION

    def below(self, other: TokenPrice) -> bool:
        """Whether a call costs less: of one price, as much comes back as goes in."""
        return self.tokens_in + self.tokens_out < other.tokens_in + other.tokens_out


@dataclass(frozen=True, slots=True)
class Allowance:
    """The most that may be used; None is no limit."""

    tokens: int | None = None
    usd: Decimal | None = None

    def bears(self, spent: Spent, wanted: Spent, share: Decimal) -> bool:
        """Whether ``share`` of it has room for ``wanted`` beside what is spent."""
        tokens = self.tokens is None or spent.tokens + wanted.tokens <= share * self.tokens
        return tokens and (self.usd is None or spent.cost_usd + wanted.cost_usd <= share * self.usd)

    @property
    def limits(self) -> bool:
        """False where nothing is limited."""
        return self.tokens is not None or self.usd is not None


class DayBook(Protocol):
    """What the calls of a day come to, for every process of a home."""

    def set_aside(self, wanted: SetAside, fits: Fits) -> bool:
        """Keep it free where it fits beside all others; False where it does not."""
        ...

    def settle(self, cycle_id: CycleId, key: str, spent: Spent) -> None:
        """What a call came to in the end."""
        ...

    def give_back(self, cycle_id: CycleId, key: str) -> None:
        """A call was never made."""
        ...

    def of_day(self, at: datetime) -> Mapping[str, Spent]:
        """By role, what the day of this moment comes to so far."""
        ...


@dataclass(frozen=True, slots=True)
class DayBudget:
    """What a day, and each role on it, may use."""

    book: DayBook
    whole: Allowance = Allowance()
    roles: Mapping[str, Allowance] = field(default_factory=dict)

    def reserve(self, wanted: SetAside, share: Decimal) -> str:
        """Set aside what fits into the day and into its role; else the answer says which of the two is used up."""
        spent, own = Spent(wanted.tokens, wanted.cost_usd), self.roles.get(wanted.role, Allowance())
        full: list[str] = []

        def fits(others: Mapping[str, Spent]) -> bool:
            if not self.whole.bears(reduce(plus, others.values(), NOTHING), spent, share):
                full.append("of the day")
            elif not own.bears(others.get(wanted.role, NOTHING), spent, share):
                full.append(f"of the {wanted.role} for the day")
            return not full

        return "" if self.book.set_aside(wanted, fits) else full[-1]


@dataclass
class _Cycle:
    """What the calls of one cycle come to, and their sum."""

    calls: dict[str, Spent] = field(default_factory=dict)
    total: Spent = NOTHING

    def put(self, key: str, spent: Spent) -> None:
        self.total = plus(less(self.total, self.calls.get(key, NOTHING)), spent)
        self.calls[key] = spent

    def drop(self, key: str) -> None:
        self.total = less(self.total, self.calls.pop(key, NOTHING))


def _none(_cycle_id: CycleId) -> tuple[ModelCall, ...]:
    return ()


@dataclass
class Budget:
    """What a cycle may use, and its day; parallel calls cannot overspend it, nor can a cycle that is resumed.

    ``earlier`` tells the calls that an earlier process has made for a cycle.
    """

    calls: int
    tokens: int
    usd: Decimal | None = None
    day: DayBudget | None = None
    edge: Decimal = EDGE
    earlier: Callable[[CycleId], Iterable[ModelCall]] = _none
    _cycles: dict[CycleId, _Cycle] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def reserve(self, wanted: SetAside, share: Decimal = ONE) -> None:
        """Set aside what a call may come to; NoAnswer where ``share`` of a budget has too little left."""
        with self._lock:
            cycle, spent = self._cycle(wanted.cycle_id), Spent(wanted.tokens, wanted.cost_usd)
            before = cycle.calls.get(wanted.key)
            # A question that was set aside before and is put again counts once.
            count, others = len(cycle.calls) - (before is not None), less(cycle.total, before or NOTHING)
            if count >= self.calls or not Allowance(self.tokens, self.usd).bears(others, spent, share):
                raise _spent(f"of cycle {wanted.cycle_id}", share)
            cycle.put(wanted.key, spent)
        # Outside the lock: the day's book is shared with other processes and may make us wait.
        full = self.day.reserve(wanted, share) if self.day is not None else ""
        if full:
            with self._lock:
                # What an earlier attempt set aside may have been spent: nobody saw how that call ended.
                cycle.drop(wanted.key) if before is None else cycle.put(wanted.key, before)
            raise _spent(full, share)

    def settle(self, cycle_id: CycleId, key: str, tokens: int, cost_usd: Decimal = ZERO) -> None:
        """Replace what was set aside by what the call really used."""
        spent = Spent(tokens, cost_usd)
        with self._lock:
            self._cycle(cycle_id).put(key, spent)
        if self.day is not None:
            self.day.book.settle(cycle_id, key, spent)

    def give_back(self, cycle_id: CycleId, key: str) -> None:
        """The call was never made."""
        with self._lock:
            self._cycle(cycle_id).drop(key)
        if self.day is not None:
            self.day.book.give_back(cycle_id, key)

    def _cycle(self, cycle_id: CycleId) -> _Cycle:
        found = self._cycles.get(cycle_id)
        if found is None:
            found = self._cycles[cycle_id] = _Cycle()
            for call in self.earlier(cycle_id):
                if not call.reused:
                    found.put(call.request_digest, Spent(call.tokens_in + call.tokens_out, call.cost_usd))
        return found


def _spent(which: str, share: Decimal) -> NoAnswer:
    if share < ONE:
        return NoAnswer("budget", f"the model budget {which} is nearly spent", "A cheaper model is asked.")
    return NoAnswer("budget", f"the model budget {which} is spent", "Rules decide until it ends.")


def plus(one: Spent, other: Spent) -> Spent:
    """Both together."""
    return Spent(one.tokens + other.tokens, one.cost_usd + other.cost_usd)


def less(whole: Spent, part: Spent) -> Spent:
    """What is left of ``whole`` without ``part``."""
    return Spent(whole.tokens - part.tokens, whole.cost_usd - part.cost_usd)
