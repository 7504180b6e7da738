"""What was written down: the newest ledger entries and log lines, the settings, how the evals went."""

from __future__ import annotations

from interfaces.telegram_bot.screens.pieces import (
    Piece,
    Screen,
    bold,
    code,
    dim,
    lines,
    page,
    pages,
    row,
    shown,
    table,
    words,
)
from interfaces.views.records import ConfigRow, ConfigView, EntriesView, EvalsView, LogsView

PER_PAGE = 20
LONGEST_VALUE = 80


def entries(view: EntriesView) -> Screen:
    """A line for each entry, newest first."""
    told = (row(dim(str(one.seq)), bold(one.kind), code(one.subject, 40), words(one.told, 80)) for one in view.entries)
    return page("Ledger", lines(*told) if view.entries else words("Nothing is on record."), note=shown(view.as_of))


def logs(view: LogsView) -> Screen:
    """A line for each, newest first."""
    told = (row(dim(one.at[:19]), bold(one.level), words(one.message, 160)) for one in view.lines)
    return page("Log", lines(*told) if view.lines else words("Nothing is in the log."), note=shown(view.as_of))


def config(view: ConfigView, at: int) -> Screen:
    """A page of settings; those that were set stand out."""
    begin = (at - 1) * PER_PAGE
    told = lines(*map(_setting, view.settings[begin : begin + PER_PAGE]))
    buttons = (pages(len(view.settings), at, PER_PAGE, "config"),)
    return page("Settings", told, dim("bold: set; the rest are defaults"), note=shown(view.as_of), buttons=buttons)


def evals(view: EvalsView) -> Screen:
    """A line for each suite."""
    rows = [
        (one.name[:22], f"{one.passed}/{one.total}", "" if one.ok is None else "ok" if one.ok else "BROKEN")
        for one in view.suites
    ]
    told = table(rows, "lrl") if rows else words("No suite was played yet.")
    return page("Evals", dim(view.source), told, note=shown(view.as_of))


def _setting(one: ConfigRow) -> Piece:
    return row(words(one.name) if one.is_default else bold(one.name), code(one.value, LONGEST_VALUE))
