"""Evidence: every figure a role may speak about, with where it came from and since when it could be known.

A reference names a figure inside one cycle: ``rsi14@AAPL``, ``quote.ask@AAPL``, ``news.1@AAPL``, ``book.cash``.
Models write references, never numbers; the renderer fills in the value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import TypeVar

from domain.errors import DataQualityError
from domain.ids import CycleId, Ref
from domain.market import Symbol
from domain.record.canonical import digest

T = TypeVar("T")
Value = Decimal | int | str | bool | None
"""What evidence can say. None means: asked for and not available."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One figure. ``unit`` is ``USD``, ``shares``, ``pct``, ``ratio``, ``points``, ``time``, ``text`` or ``count``."""

    ref: Ref
    value: Value
    unit: str
    source: str
    observed_at: datetime
    available_at: datetime
    symbol: Symbol | None = None

    @property
    def digest(self) -> str:
        """Identity of this figure with its provenance."""
        return digest(self)


@dataclass(frozen=True)
class EvidenceSet:
    """All evidence of one cycle, sorted by reference. Nothing in it was unknowable at ``as_of``."""

    cycle_id: CycleId
    as_of: datetime
    items: Mapping[Ref, Evidence] = field(default_factory=dict)

    def __contains__(self, ref: object) -> bool:
        return ref in self.items

    def get(self, ref: str) -> Evidence | None:
        """The evidence of that name, or None."""
        return self.items.get(Ref(ref))

    def about(self, symbol: Symbol) -> tuple[Evidence, ...]:
        """What is known about ``symbol``, and about nothing in particular (book, market)."""
        told = self._about.get(symbol)
        if told is None:
            own = self._by_symbol.get(symbol, ())
            placed = sorted((*own, *self._by_symbol.get(None, ())), key=itemgetter(0))
            told = self._about[symbol] = tuple([item for _, item in placed])
        return told

    @cached_property
    def _about(self) -> dict[Symbol, tuple[Evidence, ...]]:
        """What was asked for already: three roles ask about each candidate."""
        return {}

    @cached_property
    def _by_symbol(self) -> Mapping[Symbol | None, Sequence[tuple[int, Evidence]]]:
        """With its place in the whole: every role asks about one symbol, and must not walk over all the others."""
        found: dict[Symbol | None, list[tuple[int, Evidence]]] = defaultdict(list)
        for place, item in enumerate(self.items.values()):
            found[item.symbol].append((place, item))
        return found

    @cached_property
    def digest(self) -> str:
        """Identity of the whole set, independent of the cycle that gathered it."""
        return digest([self.as_of, list(self.items.values())])


class Known(Set[Ref]):
    """References that one decision was given: those of its cycle, which it shares with all others, and its own.

    A set as any other, but for the copy: 500 candidates know 20,000 references each, a megabyte a set.
    """

    __slots__ = ("_own", "_shared")

    def __init__(self, shared: Mapping[Ref, object], own: Iterable[Ref] = ()) -> None:
        self._shared = shared
        self._own = frozenset(ref for ref in own if ref not in shared)

    def __contains__(self, ref: object) -> bool:
        return ref in self._shared or ref in self._own

    def __iter__(self) -> Iterator[Ref]:
        return chain(self._shared, self._own)

    def __len__(self) -> int:
        return len(self._shared) + len(self._own)

    def __hash__(self) -> int:
        return self._hash()

    @classmethod
    def _from_iterable(cls, refs: Iterable[T]) -> Set[T]:
        return frozenset(refs)


def gather(cycle_id: CycleId, as_of: datetime, items: Iterable[Evidence]) -> EvidenceSet:
    """Build the set; refuses duplicate references and anything available only after ``as_of`` (look-ahead)."""
    found: dict[Ref, Evidence] = {}
    for item in items:
        if item.available_at > as_of:
            raise DataQualityError(
                f"{item.ref} became available at {item.available_at} after {as_of}",
                "This is look-ahead; fix its source.",
            )
        if item.ref in found:
            raise DataQualityError(f"two figures are called {item.ref}", "References name one figure each.")
        found[item.ref] = item
    return EvidenceSet(cycle_id, as_of, dict(sorted(found.items())))
