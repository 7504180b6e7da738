"""The command line: read the settings, have everything put together, run one command.

    sage COMMAND -> main -> opening.opened(settings) -> Service -> a view -> rendered, or as JSON

The rooms are named here once and run on first use (docs/decisions/0008), so ``--help`` and ``kill`` answer at once.
``kill`` needs neither database nor model nor graph: the latch falls first, everything else follows.
"""

from __future__ import annotations

import gc
import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.clock import SystemClock
from domain.errors import OversightError, UsageError
from interfaces.cli import parser
from interfaces.cli.home import LATCH, home_folder
from interfaces.cli.interrupts import INTERRUPTED, Interrupts
from interfaces.lazy import rooms_on_first_use

with rooms_on_first_use():
    import agents.blind as blind
    import composition.after_kill as after_kill
    import composition.answering as answering
    import composition.backtesting as backtesting
    import composition.closed as closed
    import composition.opening as opening
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
    import interfaces.telling.runs.reproducing as reproducing
    import policies.kill_switch as kill_switches
    import policies.policy as policies
    import prompts.loader as loader
    import settings.reading as configuration
    import trading.store.database as databases

if TYPE_CHECKING:
    from agents.llm import LanguageModel
    from settings.variables import Settings

    Way = Callable[[parser.Arguments, console.Terminal], int]


COLLECTED_AT = (50_000, 10, 10)
"""Objects more than before at which the garbage collector looks, and so many looks to each at what is older.

Python's 700 make it walk over everything a start has loaded, 300,000 objects in 0.2 s of CPU, every few cycles of fifty
candidates, and over what is young fifty times in each; together a tenth of a cycle. What refers to itself waits longer
to be freed: over a hundred cycles a process grows to 295 MB, not 250, and stays there. The process is this module's, so
it is set here and in no room below.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0, 1 for what was refused or failed, 2 for wrong usage, 130 for Ctrl-C."""
    gc.set_threshold(*COLLECTED_AT)
    arguments = parser.parse(sys.argv[1:] if argv is None else argv)
    if arguments.command == "kill":
        # Before a terminal is made, which loads rich: a kill has to answer in a fifth of a second (decision 0008).
        return cancel_entries(arguments) if arguments.cancel_entries else kill(arguments)
    interrupts = Interrupts()
    with interrupts.heard():
        terminal = console.Terminal(json=arguments.json, quiet=arguments.quiet, still_wanted=interrupts.check)
        interrupts.begun = True
        try:
            return way_of(arguments)(arguments, terminal)
        except OversightError as error:
            return terminal.fail(error)
        except Exception as error:  # noqa: BLE001  # the last line of defence: one line, and the log has the rest
            if interrupts.asked:  # the half of a module that was loading has failed in its place
                return stopped(arguments, terminal)
            what = f"unexpected {type(error).__name__}"
            return terminal.fail(OversightError(what, "See sage.log in the home folder."))
        except KeyboardInterrupt:
            return stopped(arguments, terminal)


def stopped(arguments: parser.Arguments, terminal: console.Terminal) -> int:
    """Ctrl-C."""
    rest = "" if arguments.command in ALONE else "; nothing is lost, the next cycle goes on from here"
    terminal.note(f"stopped{rest}")
    return INTERRUPTED


def way_of(arguments: parser.Arguments) -> Way:
    """What runs the command: one that opens neither market nor broker by itself, every other in a whole start."""
    sums_up = arguments.command == "evals report" and not arguments.named  # a view of the service, like any other
    return run if sums_up else ALONE.get(arguments.command, run)


def gate(arguments: parser.Arguments, terminal: console.Terminal) -> int:
    """Judge made-up cases: no home, no settings, no database."""
    # A function of its own: naming that of the room in ALONE would run the room at every start (docs/decisions/0008).
    return gate_command.gate(arguments, terminal)


def run(arguments: parser.Arguments, terminal: console.Terminal) -> int:
    """Open everything and run one command."""
    with opening.opened(settings_for(arguments), arguments, terminal.note) as (service, moment, symbols):
        # Whoever accepts the policy that waits is shown it limit by limit, and asked.
        if service.notice and not arguments.accept:
            terminal.note(service.notice)
        return commands.run(arguments, service, terminal, moment, symbols)


def kill(arguments: parser.Arguments) -> int:
    """Let the latch fall, acknowledge it, and have entries cancelled and positions closed behind it."""
    home, reason, program = home_folder(arguments.home), arguments.reason, Path(__file__)
    return killing.kill(home, reason, LATCH, program, flatten=arguments.flatten, as_json=arguments.json)


def cancel_entries(arguments: parser.Arguments) -> int:
    """What a kill starts behind itself."""
    return killing.reported(home_folder(arguments.home), partial(after_kill.cancel_and_close, arguments))


def reproduce(arguments: parser.Arguments, terminal: console.Terminal) -> int:
    """Run a stored cycle again over the database alone: no broker, no market, and no model that was not asked for."""
    settings = configuration.load_settings(home=arguments.home, model=arguments.model)
    with ExitStack() as stack:
        database = databases.open_database(settings.database)
        stack.callback(database.close)
        stores = opening.stores_of(database, settings, kill_switches.KillSwitch(settings.home / LATCH))
        found = loader.read_prompts(Path(arguments.prompt)) if arguments.prompt else {}
        asks = arguments.model or arguments.blind or found  # else no model is made, so that none needs its key
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
        opening.product_for_evals,
        out=Path(arguments.out),
        baseline=Path(arguments.baseline) if arguments.baseline else None,
        made_at=SystemClock().now(),
        code=releasing.code_digest(),
        told=lambda name, done, of: terminal.note(f"{name}: {done} of {of} cases played"),
        data=Path(arguments.data) if arguments.data else None,
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


def backtest(arguments: parser.Arguments, terminal: console.Terminal) -> int:
    """Run a strategy over the past in a home of its own, and keep the answer in this one."""
    return backtesting.backtest(arguments, terminal)


def settings_for(arguments: parser.Arguments) -> Settings:
    """Settings with what the command line says on top; the demo has a home of its own, new each time."""
    if arguments.command != "demo":
        return configuration.load_settings(
            home=arguments.home, market=arguments.market, news=arguments.news, model=arguments.model
        )
    home = home_folder(arguments.home) / "demo"
    if home.exists() and any(home.iterdir()) and not (home / "sage.db").exists():
        raise UsageError(f"{home} holds something that no demo made", "Name another folder with --home.")
    shutil.rmtree(home, ignore_errors=True)
    return closed.demo_settings(home)


ALONE: Mapping[str, Way] = {
    "backtest": backtest,
    "gate": gate,
    "reproduce": reproduce,
    "evals verify": verify_recordings,
    "evals record": record_answers,
    "evals run": run_suites,
    "evals report": report,
}
"""Commands that need no start in the home: they send nothing from there."""


if __name__ == "__main__":
    sys.exit(main())
