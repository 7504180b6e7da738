"""Screens of our books beside the broker's: what differs, and what was taken over."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from domain.book import Adjustment
from interfaces.cli.rendering.cells import (
    BAD,
    BOLD,
    DIM,
    GOOD,
    WAIT,
    heading,
    lines,
    moment,
    pairs,
    screen,
    section,
    table,
    words,
)
from interfaces.views.checks import AdoptedView, ComparedView, DifferenceView
from interfaces.views.plain import adjustment_words, ago, amount, left_resting, quantity

HOW = "`sage reconcile --adopt {}` takes the broker's quantity over, after you have seen it and said yes."
NOTHING_SENT = "Our books become the broker's: nobody is asked to trade, and no profit or loss is booked."


def compared(view: ComparedView) -> RenderableType:
    """``sage reconcile``: a line for each difference, and what is held differently since when."""
    title = heading("Books", moment(view.as_of).plain)
    if view.ok and not view.differences:
        return screen(title, words("Our books and the broker's agree.", GOOD))
    told = lines(*(words(each, WAIT if view.ok else BAD) for each in view.differences))
    if not view.held:
        return screen(title, told)
    made = table("symbol", "ours>", "broker>", "its price>", "since>", "")
    for each in view.held:
        made.add_row(
            words(each.symbol, BOLD),
            quantity(each.ours),
            quantity(each.theirs),
            amount(each.price) if each.price is not None else Text("-", DIM),
            Text(ago(each.since, view.as_of), DIM),
            lines(words(each.words, DIM), words(each.waits, WAIT) if each.waits else None),
        )
    return screen(title, told, made, words(HOW.format(view.held[0].symbol), DIM))


def difference(view: DifferenceView) -> RenderableType:
    """What ``sage reconcile --adopt`` is about to book."""
    price = "nothing is held there" if view.price is None else f"{amount(view.price)} a share, as the broker says"
    facts = pairs(
        (
            ("ours", Text(quantity(view.ours))),
            ("the broker's", Text(quantity(view.theirs), BOLD)),
            ("its price", words(price)),
            ("differs since", moment(view.since)),
            ("explained", words(view.words, DIM if view.explained is None else "")),
        )
    )
    rest = (words(left_resting(view.resting, view.symbol), WAIT),) if view.resting else ()
    return screen(heading(f"Adopt {view.symbol}"), facts, *rest, words(NOTHING_SENT, DIM))


def adopted(view: AdoptedView) -> RenderableType:
    """What was booked, and whether the comparison after it found both sides alike."""
    free = f"{view.adjustment.symbol} is the same on both sides again: entries are open."
    left = lines(*(words(each, BAD) for each in view.differences))
    told = words(free, GOOD) if view.free else left
    rest = left if view.free and view.differences else None
    booked = words(adjustment_words(view.adjustment))
    return screen(heading("Adopted", moment(view.as_of).plain), booked, told, *filter(None, (rest,)))


def adjusted(adjustments: Sequence[Adjustment]) -> tuple[RenderableType, ...]:
    """What was taken over from the broker, below trades and profits: nothing where nothing was."""
    if not adjustments:
        return ()
    told = lines(*(words(adjustment_words(each)) for each in adjustments))
    return (section("Taken over from the broker, no profit or loss", told),)
