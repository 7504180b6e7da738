"""Comparing the books with the broker's on demand, as the timetable does it by itself; and taking over what it holds.

To adopt moves the books alone: no order, no cancel, no stop. So it can be done while halted or killed, and a resume,
whose checklist wants no difference, can follow.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from domain.errors import DataQualityError, ManualActionError, RetryableError, UsageError
from domain.market import EventKind, MarketEvent, Symbol
from domain.record.canonical import decimal_text
from interfaces.acting import ordering
from interfaces.runtime import Runtime
from interfaces.views.checks import AdoptedView, ComparedView, DifferenceView
from trading.execution.reconciliation.adopting import Adopter, Offer, Split, changed
from trading.execution.reconciliation.reconcile import Difference, Reconciliation

UNTOLD = "this market does not tell of splits: if it was one of 2 new shares for an old, say --split 2:1"
NO_SPLIT = "no split is known that would explain it"


def compare(runtime: Runtime) -> ComparedView:
    """Sync, compare, and put planned stops back where one is missing."""
    now = runtime.deps.clock.now()
    runtime.advance(now)
    found = runtime.deps.reconciler.reconcile(now)
    ordering.protect(runtime)
    return ComparedView(now, found.ok, tuple(map(in_words, found.differences)), differing(runtime, found))


def differing(runtime: Runtime, found: Reconciliation, ratio: Decimal | None = None) -> tuple[DifferenceView, ...]:
    """What is held differently, symbol by symbol; ``ratio`` is a split that the owner names."""
    asking, now = _adopter(runtime), found.at
    held = [each for each in found.differences if each.kind == "position"]
    if not held:
        return ()
    since = asking.since({each.symbol for each in held}, now)
    splits, words = dict[Symbol, Split | None](), dict[Symbol, str]()
    for each in held:
        named = None if ratio is None else Split(ratio, None)
        splits[each.symbol], words[each.symbol] = (
            (named, NO_SPLIT) if named else _known(runtime, asking, each.symbol, since[each.symbol], now)
        )
    working = Counter(each.symbol for each in runtime.deps.stores.orders.open())
    offers = asking.offers(found.differences, since, splits)
    return tuple(_view(each, words[each.symbol], working[each.symbol]) for each in offers)


def adoptable(runtime: Runtime, symbol: Symbol, ratio: Decimal | None = None) -> DifferenceView:
    """What would be booked of one symbol after a yes; an error says why nothing can be."""
    runtime.advance(runtime.deps.clock.now())
    return _one(runtime, symbol, ratio)


def adopt(runtime: Runtime, shown: DifferenceView, by: str) -> AdoptedView:
    """Book it, where it is still what was shown, and compare again: that comparison frees the symbol, or does not."""
    now, ratio = runtime.deps.clock.now(), shown.ratio if shown.named else None
    fresh = _one(runtime, shown.symbol, ratio)
    if fresh.agreed != shown.agreed:
        raise changed(shown.symbol)
    split = None if fresh.ratio is None else Split(fresh.ratio, fresh.split_at)
    offer = Offer(
        fresh.symbol, fresh.ours, fresh.theirs, fresh.price, fresh.since, split, fresh.explained, fresh.waits
    )  # fmt: skip
    booked = _adopter(runtime).adopt(offer, by=by, now=now)
    left = runtime.deps.reconciler.reconcile(now).differences
    told = tuple(map(in_words, left))
    return AdoptedView(now, booked, shown.symbol not in {each.symbol for each in left}, told)


def in_words(each: Difference) -> str:
    """A line for a difference."""
    settling = ", still settling" if each.settling else ""
    sides = f"ours {decimal_text(each.ours)}, the broker's {decimal_text(each.theirs)}"
    return f"{each.kind} {each.symbol}: {sides}{settling}"


def _one(runtime: Runtime, symbol: Symbol, ratio: Decimal | None) -> DifferenceView:
    found = runtime.deps.reconciler.reconcile(runtime.deps.clock.now())
    view = next((each for each in differing(runtime, found, ratio) if each.symbol == symbol), None)
    if view is None:
        if any(each.symbol == symbol for each in found.differences):
            raise ManualActionError(
                f"{symbol} is held alike, but an order or an execution of it differs",
                "Take a foreign order out at the broker; see `sage reconcile`.",
            )
        raise UsageError(f"{symbol} is held alike on both sides", "See `sage reconcile`.")
    if view.waits:
        raise ManualActionError(f"{symbol} cannot be adopted yet: {view.waits}", "Then ask again.")
    if ratio is not None and view.ratio is None:
        told = f"a split of {split_words(ratio)} does not lead from {decimal_text(view.ours)} to "
        raise UsageError(f"{told}{decimal_text(view.theirs)} of {symbol}", "Name the split that it was, or none.")
    return view


def _known(
    runtime: Runtime, asking: Adopter, symbol: Symbol, since: datetime, now: datetime
) -> tuple[Split | None, str]:
    """The split that the market tells of, and what to say where there is none."""
    market = runtime.deps.market
    if EventKind.SPLIT not in market.event_kinds(symbol, as_of=now):
        return None, UNTOLD
    try:
        # From the day on which the difference was found too: a source looks back a week from when it is asked about.
        told: set[MarketEvent] = {
            each for at in {since, now} for each in market.events(symbol, as_of=at, until=now)
        }  # fmt: skip
    except (RetryableError, DataQualityError):
        return None, UNTOLD
    return asking.split(symbol, told, now), NO_SPLIT


def _view(offer: Offer, otherwise: str, resting: int) -> DifferenceView:
    ratio, at = (None, None) if offer.split is None else offer.split
    words = otherwise
    if ratio is not None and offer.explained is not None:
        when = "" if at is None else f" of {at:%Y-%m-%d}"
        words = f"a split of {split_words(ratio)}{when} makes {decimal_text(offer.explained)} of ours"
    return DifferenceView(
        symbol=offer.symbol,
        ours=offer.ours,
        theirs=offer.theirs,
        price=offer.price,
        since=offer.since,
        ratio=ratio,
        split_at=at,
        named=ratio is not None and at is None,
        explained=offer.explained,
        words=words,
        waits=offer.waits,
        agreed=offer.agreed,
        resting=resting,
    )


def split_words(ratio: Decimal) -> str:
    """``2 for 1``."""
    made = Fraction(ratio).limit_denominator(1000)
    return f"{made.numerator} for {made.denominator}"


def _adopter(runtime: Runtime) -> Adopter:
    stores = runtime.deps.stores
    return Adopter(stores.database, stores.ledger, stores.orders, runtime.deps.broker)
