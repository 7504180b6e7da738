"""Screens of what is on record: profit and loss by period, ledger entries, log lines, settings, evals."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from interfaces.cli.rendering.cells import (
    BAD,
    DIM,
    GOOD,
    WAIT,
    closed,
    heading,
    lines,
    moment,
    pairs,
    screen,
    signed,
    table,
    words,
)
from interfaces.views.charts import DrawnView
from interfaces.views.control import PeopleView
from interfaces.views.plain import clean
from interfaces.views.profits import ProfitsView
from interfaces.views.records import ConfigView, EntriesView, EntryRow, EvalsView, LogsView
from trading.portfolio.periods import Period, Unit


def profits(view: ProfitsView) -> RenderableType:
    """``sage pnl week``: all of it, and a line for each day, week, month or symbol."""
    of_period, currency = view.what in set(Period), clean(view.currency)
    since = "from the beginning" if view.since is None else f"since {view.since}"
    told = heading(f"Profit and loss, {clean(view.what)}", f"{since}, {moment(view.as_of).plain}")
    # What a symbol brought is a share of nothing that is known.
    share = signed(view.pnl_pct, " %")
    facts = pairs(
        (
            (
                "profit and loss",
                Text.assemble(signed(view.pnl, f" {currency}"), *(("  ", share) if of_period else ())),
            ),
            ("realised", signed(view.realized_pnl)),
            ("open positions now", signed(view.unrealized_pnl)),
            ("closed trades", closed(view.trades, view.wins)),
        )
    )
    if not view.rows:
        return screen(told, facts, words("None is on record yet.", DIM))
    return screen(told, facts, by_symbol(view) if view.by is Unit.SYMBOL else by_time(view, of_period=of_period))


def by_time(view: ProfitsView, *, of_period: bool) -> RenderableType:
    """Lines of days, weeks or months, newest first."""
    made = table(
        {Unit.WEEK: "week of"}.get(view.by, view.by.value) if of_period else "", "profit>", "return>", "closed>"
    )
    for each in view.rows:
        made.add_row(words(each.name), signed(each.pnl), signed(each.pnl_pct, " %"), won(each.trades, each.wins))
    return made


def by_symbol(view: ProfitsView) -> RenderableType:
    """Lines of symbols; or of periods, where one symbol is asked for."""
    # Asked for one symbol, its rows are periods; asked for a period by symbol, its rows are symbols.
    one = view.what not in set(Period)
    columns = ("period", "realised>", "closed>") if one else ("symbol", "profit>", "realised>", "open>", "closed>")
    made = table(*columns)
    for each in view.rows:
        ended, realized = won(each.trades, each.wins), signed(each.realized_pnl)
        cells = (realized, ended) if one else (signed(each.pnl), realized, signed(each.unrealized_pnl), ended)
        made.add_row(words(each.name), *cells)
    return made


def won(trades: int, wins: int) -> Text:
    """``3, 2 won``."""
    return Text(f"{trades}, {wins} won" if trades else "-", "" if trades else DIM)


def entries(view: EntriesView) -> RenderableType:
    """``sage audit last``: newest first."""
    if not view.entries:
        return screen(heading("Ledger", moment(view.as_of).plain), words("None is on record yet.", DIM))
    listed = lines(*(_entry(each) for each in view.entries))
    listed.no_wrap, listed.overflow = True, "ellipsis"  # one line each, however narrow the terminal is
    return screen(heading("Ledger", moment(view.as_of).plain), listed)


def _entry(row: EntryRow) -> Text:
    about, told = words(row.subject, limit=24), words(row.told, DIM, limit=160)
    return Text("  ").join((Text(f"{row.seq:>6}", DIM), moment(row.at), words(row.kind), about, told))


def logs(view: LogsView) -> RenderableType:
    """``sage logs``: newest first."""
    if not view.lines:
        return screen(heading("Log", moment(view.as_of).plain), words("None is written yet.", DIM))
    made = table("at", "level", "from", "message")
    for each in view.lines:
        level = words(each.level, {"ERROR": BAD, "WARNING": WAIT}.get(each.level, DIM))
        made.add_row(words(each.at, DIM), level, words(each.logger, DIM, limit=40), words(each.message, limit=160))
    return screen(heading("Log", moment(view.as_of).plain), made)


def people(view: PeopleView) -> RenderableType:
    """``sage people``: who asks, and who may do what from afar."""
    me = words(f"you are {view.me}, the owner at this machine", GOOD)
    if not view.people:
        return screen(heading("People", moment(view.as_of).plain), me, words("None is known to the bot yet.", DIM))
    made = table("number>", "role")
    for each in view.people:
        made.add_row(str(each.id), words(each.role))
    return screen(heading("People", moment(view.as_of).plain), me, made)


def drawn(view: DrawnView) -> RenderableType:
    """``sage chart``."""
    told = words(f"written to {view.file}", GOOD) if view.file else words(view.note, WAIT)
    return screen(heading(f"Chart of {view.what}", moment(view.as_of).plain), told)


def config(view: ConfigView) -> RenderableType:
    """``sage config``: what was set stands out, the rest are defaults."""
    made = table("setting", "value", "")
    for each in view.settings:
        style = DIM if each.is_default else ""
        made.add_row(
            words(each.name, style), words(each.value, style), Text("default" if each.is_default else "set", DIM)
        )
    return screen(heading("Settings", moment(view.as_of).plain), made)


def evals(view: EvalsView) -> RenderableType:
    """``sage evals report``: a line for each suite."""
    told = heading("Evals", clean(view.source))
    if not view.suites:
        return screen(told, words("None was played yet.", DIM))
    made = table("suite", "cases>", "passed>", "bars")
    for each in view.suites:
        bars = Text("-", DIM) if each.ok is None else Text("hold" if each.ok else "BROKEN", GOOD if each.ok else BAD)
        made.add_row(words(each.name), Text(str(each.total)), Text(str(each.passed)), bars)
    return screen(told, made)
