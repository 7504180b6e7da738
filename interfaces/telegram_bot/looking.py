"""Commands that only look: words -> a use case -> a screen. None of them changes anything, whatever the words say."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib import metadata
from typing import NamedTuple

from domain.errors import OversightError
from interfaces.acting.ordering import Ticket
from interfaces.service import Service
from interfaces.telegram_bot import arguments
from interfaces.telegram_bot.commands import BY_NAME, nearest
from interfaces.telegram_bot.screens import charts, control, experiments, gates, pieces, records, state, written
from interfaces.telegram_bot.screens.pieces import Screen
from trading.portfolio.periods import Period, Unit
from trading.store.people.roles import PeopleStore, Role


class Inquiry(NamedTuple):
    """One question: by whom, where, and what stands behind the command."""

    service: Service
    people: PeopleStore
    user_id: int
    chat_id: int
    role: Role
    words: tuple[str, ...] = ()
    progress: Callable[[str], None] = lambda _step: None
    """Hears what is looked at while an answer takes its time."""


EXPERIMENT = "exp-"
MOST_TRADES = 999
Look = Callable[[Inquiry], Screen]
_AT_THE_TERMINAL = re.compile(r"`sage ([a-z]+)([^`-]*)(?:--(flatten))?`")


def plainly(look: Callable[[Service], Screen]) -> Look:
    """A look that takes no words."""

    def told(inquiry: Inquiry) -> Screen:
        arguments.nothing(inquiry.words)
        return look(inquiry.service)

    return told


def paged(look: Callable[[Service, int], Screen]) -> Look:
    """A look that takes a page."""
    return lambda inquiry: look(inquiry.service, arguments.page(inquiry.words))


def named(look: Callable[[Service, str], Screen], otherwise: str = "") -> Look:
    """A look that takes an id or a symbol."""
    return lambda inquiry: look(inquiry.service, arguments.one_id(inquiry.words, otherwise))


def pnl(inquiry: Inquiry) -> Screen:
    """Profit and loss of today with the equity behind it, where there are two days of it; or that of a period."""
    if inquiry.words:
        return state.profits(inquiry.service.profits(arguments.profits(inquiry.words)), "pnl", *inquiry.words)
    return state.pnl(inquiry.service.pnl(), charts.equity(inquiry.service.equity()))


def profits(period: Period, by: Unit) -> Look:
    """A period, line by line; its name is told by the table of commands."""
    name = {Unit.DAY: "daily", Unit.WEEK: "weekly"}.get(by, "monthly")
    return plainly(lambda service: state.profits(service.profits(period, by), name))


def performance(inquiry: Inquiry) -> Screen:
    """Profit and loss by symbol."""
    what = arguments.profits(inquiry.words)
    if what not in set(Period):
        raise arguments.WrongWords(f"name one of {', '.join(Period)}; /pnl {what} shows a symbol")
    return state.profits(inquiry.service.profits(what, Unit.SYMBOL), "performance", *inquiry.words)


def cycle(service: Service) -> Screen:
    """The newest cycle."""
    report = service.last_cycle()
    return pieces.notice("No cycle has run yet; /cycle runs one.") if report is None else records.agents(report)


def whatif(inquiry: Inquiry) -> Screen:
    """What the gates would say."""
    wanted = arguments.what_if(inquiry.words)
    view = inquiry.service.order(Ticket(wanted.side, wanted.symbol, wanted.qty, stop=wanted.stop), what_if=True)
    return gates.ticket(view, "What if")


def trades(inquiry: Inquiry) -> Screen:
    """So many of the newest trades; a second number, which buttons bring, is the page of them."""
    if not inquiry.words:
        return state.trades(inquiry.service.trades())
    count = arguments.count(inquiry.words[:1], 1, most=MOST_TRADES)
    return state.trades(inquiry.service.trades(count), arguments.page(inquiry.words[1:]), count)


def chart(inquiry: Inquiry) -> Screen:
    """A picture."""
    name = arguments.one_id(inquiry.words, "EQUITY")
    if name == "EQUITY":
        picture = charts.equity(inquiry.service.equity())
        told = "Equity" if picture else "No equity is on record yet: nothing to draw."
    elif name in ("GATES", "RISK"):
        picture, told = charts.headroom(inquiry.service.risk()), "Room under the limits"
    elif name == "EXPOSURE":
        picture = charts.exposure(inquiry.service.positions())
        told = "Exposure" if picture else "Nothing is held: nothing to draw."
    else:
        view = inquiry.service.prices(name)
        told, when = f"{view.symbol} {charts.closed(view)}", charts.quoted(view)
        return pieces.page(told, pieces.dim(when), picture=charts.prices(view))
    return pieces.page(told, picture=picture)


def memory(inquiry: Inquiry) -> Screen:
    """Trades of a symbol most like its situation now, or of any symbol whose lessons say what the words say."""
    if not inquiry.words:
        raise arguments.WrongWords("name a symbol, or words that a lesson says")
    words = " ".join(inquiry.words)[: arguments.LONGEST_REASON].split()
    return records.recalled(inquiry.service.recall_words(words, 10))


def audit(inquiry: Inquiry) -> Screen:
    """Whether the record holds; with a number the newest entries of it."""
    if inquiry.words:
        return written.entries(inquiry.service.entries(arguments.count(inquiry.words, 10)))
    return records.audit(inquiry.service.verify())


def backtest(inquiry: Inquiry) -> Screen:
    """The newest run of a strategy, or the one of that id; a run takes minutes and is made at the terminal."""
    name = arguments.strategy_or_experiment(inquiry.words)
    view = inquiry.service.experiment(name) if name.startswith(EXPERIMENT) else inquiry.service.backtested(name)
    return experiments.none_stored(name) if view is None else experiments.experiment(view, charts.backtest(view))


def version(service: Service) -> Screen:
    """What runs here."""
    view = service.status()
    told = pieces.facts(
        ("sage", installed()), ("model", view.model), ("policy", view.policy_digest[:16]),
        ("prompts", view.prompt_digest[:16]),
    )  # fmt: skip
    return pieces.page("Version", told)


def installed() -> str:
    """The version of this program."""
    try:
        return metadata.version("sage-oversight")
    except metadata.PackageNotFoundError:
        return "not installed"


def whoami(inquiry: Inquiry) -> Screen:
    """Id and role."""
    return pieces.page("You", pieces.facts(("id", str(inquiry.user_id)), ("role", inquiry.role.value)))


def people(inquiry: Inquiry) -> Screen:
    """Who has which role."""
    arguments.nothing(inquiry.words)
    return control.people(inquiry.people.roles())


def helped(inquiry: Inquiry) -> Screen:
    """The commands, or one of them."""
    arguments.at_most(inquiry.words, 1)
    if not inquiry.words:
        return control.help_all(inquiry.role)
    name = inquiry.words[0].lstrip("/").lower()
    command = BY_NAME.get(name)
    return unknown(name) if command is None else control.help_one(command)


def unknown(name: str) -> Screen:
    """There is no such command."""
    near = nearest(name)
    told = "" if near is None else f" Did you mean {near.usage}?"
    return pieces.notice(f"There is no /{name[:40]}.{told} /help lists what there is.")


LOOKS: Mapping[str, Look] = {
    "status": plainly(lambda service: state.status(service.status())),
    "positions": paged(lambda service, at: state.positions(service.positions(), at)),
    "orders": paged(lambda service, at: state.orders(service.orders(), at)),
    "trades": trades,
    "pnl": pnl,
    "daily": profits(Period.MONTH, Unit.DAY),
    "weekly": profits(Period.YTD, Unit.WEEK),
    "monthly": profits(Period.TOTAL, Unit.MONTH),
    "performance": performance,
    "stats": plainly(lambda service: state.stats(service.pnl())),
    "balance": plainly(lambda service: state.balance(service.balance())),
    "risk": paged(lambda service, at: gates.risk(service.risk(), service.status(), at)),
    "limits": paged(lambda service, at: gates.limits(service.limits(), at)),
    "chart": chart,
    "locks": plainly(lambda service: control.locks(service.locks())),
    "explain": named(lambda service, name: records.explain(service.explain(name, None)), "last"),
    "why": named(lambda service, name: records.explain(service.explain(name, None))),
    "whynot": named(lambda service, name: gates.whynot(service.whynot(name)), "last"),
    "whatif": whatif,
    "agents": plainly(cycle),
    "schedule": plainly(lambda service: records.schedule(service.schedule())),
    "memory": memory,
    "lessons": plainly(lambda service: records.lessons(service.memory_stats())),
    "health": plainly(lambda service: records.health(service.doctor())),
    "audit": audit,
    "logs": lambda inquiry: written.logs(inquiry.service.logs(arguments.count(inquiry.words, 10))),
    "config": paged(lambda service, at: written.config(service.config(), at)),
    "evals": plainly(lambda service: written.evals(service.evals())),
    "backtest": backtest,
    "experiments": lambda inquiry: experiments.experiments(
        inquiry.service.experiments(arguments.count(inquiry.words, 10))
    ),
    "version": plainly(version),
    "whoami": whoami,
    "people": people,
    "help": helped,
    "start": lambda inquiry: control.help_all(inquiry.role),
}


def failed(error: OversightError) -> Screen:
    """What went wrong and what to do, in the error's own words."""
    return pieces.page("⚠ Not done", pieces.words(here(error.what), 600), pieces.dim(here(error.remedy), 300))


def here(text: str) -> str:
    """A sentence that names commands of the terminal, with those of the chat where there are such."""

    def said(found: re.Match[str]) -> str:
        return f"/{found[1]}{found[2]}{found[3] or ''}" if found[1] in BY_NAME else found[0]

    return _AT_THE_TERMINAL.sub(said, text)
