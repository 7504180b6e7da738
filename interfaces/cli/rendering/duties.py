"""Screens of what goes on by itself: sliced orders, the timetable, the watchdog."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

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
    table,
    words,
)
from interfaces.cli.rendering.state import stands
from interfaces.views.duties import AlertsView, AlgoRow, AlgosView, AlgoView, ScheduleView, WatchView, WishesView
from interfaces.views.plain import amount, quantity

_COLOURS = {"done": GOOD, "failed": BAD, "skipped": WAIT, "working": GOOD, "stopping": WAIT}


def algos(view: AlgosView) -> RenderableType:
    """``sage algo list``."""
    if not view.algos:
        return screen(heading("Sliced orders", moment(view.as_of).plain), Text("none", DIM))
    made = table("order", "filled>", "working>", "limit>", "state", "ends")
    for each in view.algos:
        state = lines(words(each.state, _COLOURS.get(each.state, "")), words(each.reason, DIM) if each.reason else None)
        made.add_row(
            lines(_order(each), words(each.id, DIM)),
            quantity(each.filled_qty),
            quantity(each.working_qty),
            amount(each.limit_price),
            state,
            moment(each.ends_at, DIM),
        )
    return screen(heading("Sliced orders", moment(view.as_of).plain), made)


def algo(view: AlgoView) -> RenderableType:
    """``sage algo start`` and ``stop``."""
    each = view.algo
    facts = pairs(
        (
            ("order", _order(each)),
            ("filled", Text(f"{quantity(each.filled_qty)} in {each.children} slices")),
            ("limit", Text(amount(each.limit_price))),
            ("state", words(each.state, _COLOURS.get(each.state, ""))),
            ("ends", moment(each.ends_at)),
            ("because", words(each.reason or "-", DIM)),
        )
    )
    note = (words(view.note, WAIT),) if view.note else ()
    return screen(heading(each.id, moment(view.as_of).plain), *note, facts, *stands(view.standstill))


def schedule(view: ScheduleView) -> RenderableType:
    """``sage schedule``."""
    coming = table("next", "job", "rule")
    for each in view.next:
        coming.add_row(moment(each.at), words(each.job, BOLD), words(each.rule, DIM))
    parts: list[RenderableType] = [coming]
    if view.runs:
        past = table("was due", "job", "state", "note")
        for run in view.runs:
            name = f"{run.job} ({run.trigger})" if run.trigger else run.job
            past.add_row(
                moment(run.due_at), words(name, BOLD), words(run.state, _COLOURS.get(run.state, "")), words(run.note)
            )
        parts.append(past)
    for service in view.services:
        alive = Text("alive", GOOD) if service.alive else Text("gone", BAD)
        parts.append(Text.assemble(alive, "  ", words(f"{service.process}: {service.doing}")))
    if not view.services:
        parts.append(Text("no service is running: `sage run` starts one", DIM))
    return screen(heading("Schedule", moment(view.as_of).plain), *parts)


def alerts(view: AlertsView) -> RenderableType:
    """``sage alerts``."""
    rows = table("mark", "at", "what", "told", "seen")
    for each in view.alerts:
        seen = words(each.acknowledged_by, GOOD) if each.acknowledged_at is not None else Text("by nobody", BAD)
        rows.add_row(words(each.mark, DIM), moment(each.at), words(each.words, BOLD), words(", ".join(each.told)), seen)
    nobody = "nobody is told: set SAGE_SMTP_URL or SAGE_SLACK_WEBHOOK"
    told = f"told are {', '.join(view.ways)}" if view.ways else nobody
    note = Text("nothing critical was told", GOOD) if not view.alerts else rows
    ways = words(f"{told}; {view.waiting} on their way", DIM)
    return screen(heading("Alerts", moment(view.as_of).plain), note, ways)


def wishes(view: WishesView) -> RenderableType:
    """``sage alerts --to ADDRESS``."""
    return screen(heading("Told", view.address), lines(*(words(line) for line in view.lines)))


def watch(view: WatchView) -> RenderableType:
    """``sage watchdog``."""
    told = lines(*(words(each, BAD) for each in view.alerts)) if view.alerts else Text("all is well", GOOD)
    return lines(Text.assemble((f"{view.as_of:%Y-%m-%d %H:%M:%S}Z ", DIM), told, ("; ", DIM), words(view.note, DIM)))


def _order(each: AlgoRow) -> Text:
    return words(f"{each.kind} {each.side} {quantity(each.qty)} {each.symbol}")
