"""The command line: read the settings, have everything put together, run one command.

    sage COMMAND -> main -> composition.opened(settings) -> Service -> a view -> rendered, or as JSON

The rooms are named here once and run on first use (docs/decisions/0008), so ``--help`` and ``kill`` answer at once.
``kill`` needs neither database nor model nor graph: the latch falls first, everything else follows.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.clock import FixedClock, SystemClock
from domain.errors import OversightError, UsageError
from interfaces.cli import parser
from interfaces.cli.home import LATCH, home_folder
from interfaces.lazy import rooms_on_first_use

with rooms_on_first_use():
    import agents.blind as blind
    import answering
    import composition
    import evals.answers.collect as collecting
    import evals.answers.questions as asked
    import evals.running as running
    import evals.verify as evals
    import interfaces.acting.releasing as releasing
    import interfaces.cli.console as console
    import interfaces.cli.gate as gate_command
    import interfaces.cli.killing as killing
    import interfaces.cli.rendering.cells as cells
    import interfaces.cli.rendering.reproduction as reproduced
    import interfaces.cli.run as commands
    import interfaces.telling.reproducing as reproducing
    import policies.kill_switch as kill_switches
    import policies.policy as policies
    import prompts.loader as loader
    import settings as configuration
    import sources
    import trading.data.calendar as calendars
    import trading.execution.cancel_entries as cancelling
    import trading.execution.flatten as flattening
    import trading.store.database as databases

if TYPE_CHECKING:
    from agents.llm import LanguageModel
    from domain.ports import Clock
    from policies.permit import PermitOffice
    from trading.store.control import ControlStore
    from trading.store.database import Database


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0, 1 for what was refused or failed, 2 for wrong usage, 130 for Ctrl-C."""
    arguments = parser.parse(sys.argv[1:] if argv is None else argv)
    if arguments.command == "kill" and arguments.cancel_entries:
        return cancel_entries(arguments)
    if arguments.command == "kill":
        return kill(arguments)
    terminal = console.Terminal(json=arguments.json, quiet=arguments.quiet)
    try:
        alone = ALONE.get(arguments.command)
        if alone is not None and not (arguments.command == "evals report" and not arguments.named):
            return alone(arguments, terminal)
        return run(arguments, terminal)
    except OversightError as error:
        return terminal.fail(error)
    except Exception as error:  # noqa: BLE001  # the last line of defence: one line, and the log has the rest
        return terminal.fail(OversightError(f"unexpected {type(error).__name__}", "See sage.log in the home folder."))
    except KeyboardInterrupt:
        rest = "" if arguments.command == "gate" else "; nothing is lost, the next cycle goes on from here"
        terminal.note(f"stopped{rest}")
        return 130


def gate(arguments: parser.Arguments, terminal: console.Terminal) -> int:
    """Judge made-up cases: no home, no settings, no database."""
    return gate_command.gate(arguments, terminal)


def run(arguments: parser.Arguments, terminal: console.Terminal) -> int:
    """Open everything and run one command."""
    with composition.opened(settings_for(arguments), arguments) as (service, moment, symbols):
        if service.notice and not arguments.accept:
            terminal.note(service.notice)
        return commands.run(arguments, service, terminal, moment, symbols)


def kill(arguments: parser.Arguments) -> int:
    """Let the latch fall, acknowledge it, and have entries cancelled and positions closed behind it."""
    home, reason, program = home_folder(arguments.home), arguments.reason, Path(__file__)
    return killing.kill(home, reason, LATCH, program, flatten=arguments.flatten, as_json=arguments.json)


def cancel_entries(arguments: parser.Arguments) -> int:
    """What a kill starts behind itself."""

    def settle(folder: Path) -> dict[str, object]:
        settings = configuration.load_settings(home=str(folder))
        latch = kill_switches.KillSwitch(settings.home / LATCH)

        def broker_of(
            database: Database, clock: Clock, office: PermitOffice, control: ControlStore
        ) -> cancelling.Canceller:
            calendar = calendars.ExchangeCalendar()
            return composition.exchange_of(
                settings, lambda: sources.market_of(settings, calendar), calendar, database, clock, office, control
            )

        return cancelling.after_kill(
            settings.database, settings.home, latch, broker_of, partial(close_all, settings, arguments)
        )

    return killing.reported(home_folder(arguments.home), settle)


def close_all(
    settings: configuration.Settings, arguments: parser.Arguments, parts: cancelling.Parts, kill_id: str
) -> dict[str, object]:
    """Close what is held, at the moment at which the market of this home stands."""
    composition.check_prices(settings)
    calendar = calendars.ExchangeCalendar()
    market = sources.market_of(settings, calendar)
    moment = sources.moment_of(settings, arguments, parts, market, calendar)
    clock: Clock = FixedClock(moment) if sources.has_own_time(settings.market) else SystemClock()
    broker = composition.exchange_of(
        settings, lambda: market, calendar, parts.database, clock, parts.office, parts.control
    )
    fallback = partial(policies.load_policy, settings.policy)
    hands = flattening.hands_after_kill(parts, broker, market, calendar, clock, fallback)
    return flattening.flatten(hands, kill_id).report


def reproduce(arguments: parser.Arguments, terminal: console.Terminal) -> int:
    """Run a stored cycle again over the database alone: no broker, no market, and no model that was not asked for."""
    settings = configuration.load_settings(home=arguments.home, model=arguments.model)
    with ExitStack() as stack:
        database = databases.open_database(settings.database)
        stack.callback(database.close)
        stores = composition.stores_of(database, settings, kill_switches.KillSwitch(settings.home / LATCH))
        found = loader.read_prompts(Path(arguments.prompt)) if arguments.prompt else {}
        asks = arguments.model or arguments.blind or found
        model = answering.answering_model(settings, stack) if asks else None
        otherwise = reproducing.Otherwise(
            policy=policies.load_policy(arguments.policy) if arguments.policy else None,
            model=model if model is None or not arguments.blind else blind.Blinded(model, blind.Mask(settings.seed)),
            prompts=reproducing.by_role(found),
        )
        view = reproducing.reproduce(stores, arguments.id, policies.load_policy(settings.policy), otherwise)
    terminal.show(view, reproduced.screen_of)
    return 0 if view.ok else 1


def verify_recordings(arguments: parser.Arguments, terminal: console.Terminal) -> int:
    """Check the recordings in use against today's prompts and schemas."""
    paths = answering.recordings_of(configuration.load_settings(home=arguments.home))
    verified = evals.verify(paths, now=SystemClock().now(), answers=collecting.recordings())
    terminal.show(verified, lambda found: cells.lines(*map(cells.words, evals.told(found).split("\n"))))
    return 0 if verified.ok else 1


def record_answers(arguments: parser.Arguments, terminal: console.Terminal) -> int:
    """Write the questions of the recorded cases down for a relay, take its answers back, or ask the model in use."""
    if arguments.questions:
        pages = asked.write_pages(Path(arguments.questions))
        terminal.show(pages, lambda found: cells.lines(*(cells.words(str(page)) for page in found)))
        return 0
    with ExitStack() as stack:
        if arguments.answers:
            model: LanguageModel = collecting.AnsweredByFiles(Path(arguments.answers), arguments.model_label)
        else:
            model = answering.answering_model(configuration.load_settings(home=arguments.home), stack)
        collected = collecting.collect(
            model, Path(arguments.out), SystemClock(), origin="relay" if arguments.answers else "hosted"
        )
    terminal.show(collected, lambda found: cells.lines(*map(cells.words, collecting.told(found))))
    return 0 if collected.complete else 1


def run_suites(arguments: parser.Arguments, terminal: console.Terminal) -> int:
    """Play suites against this code, compare with the baseline, and leave a report."""
    made = running.run_suites(
        arguments.named,
        composition.product_for_evals,
        out=Path(arguments.out),
        baseline=Path(arguments.baseline) if arguments.baseline else None,
        made_at=SystemClock().now(),
        code=releasing.code_digest(),
        told=lambda name, done, of: terminal.note(f"{name}: {done} of {of} cases played"),
    )
    terminal.note(f"the report is in {arguments.out}")
    if arguments.keep:
        running.keep_as_baseline(made, Path(arguments.keep))
        terminal.note(f"kept as a baseline in {arguments.keep}")
    return tell_report(made, arguments, terminal)


def report(arguments: parser.Arguments, terminal: console.Terminal) -> int:
    """A report that is there already."""
    return tell_report(running.read_document(Path(arguments.named[0]) / running.REPORT), arguments, terminal)


def tell_report(made: Mapping[str, Any], arguments: parser.Arguments, terminal: console.Terminal) -> int:
    """A report as lines or as its own JSON; 1 where a bar is broken, a case was not played, or something got worse."""
    if arguments.json:
        sys.stdout.write(json.dumps(made, sort_keys=True) + "\n")  # statistics are floats, which views do without
    else:
        terminal.show(made, lambda found: cells.lines(*map(cells.words, running.told_in_lines(found).split("\n"))))
    return 0 if made["ok"] else 1


def settings_for(arguments: parser.Arguments) -> configuration.Settings:
    """Settings with what the command line says on top; the demo has a home of its own, new each time."""
    if arguments.command != "demo":
        return configuration.load_settings(
            home=arguments.home, market=arguments.market, news=arguments.news, model=arguments.model
        )
    home = home_folder(arguments.home) / "demo"
    if home.exists() and any(home.iterdir()) and not (home / "sage.db").exists():
        raise UsageError(f"{home} holds something that no demo made", "Name another folder with --home.")
    shutil.rmtree(home, ignore_errors=True)
    return configuration.demo_settings(home)


ALONE: Mapping[str, Callable[[parser.Arguments, console.Terminal], int]] = {
    "gate": gate,
    "reproduce": reproduce,
    "evals verify": verify_recordings,
    "evals record": record_answers,
    "evals run": run_suites,
    "evals report": report,
}
"""Commands that open no market and no broker."""


if __name__ == "__main__":
    sys.exit(main())
