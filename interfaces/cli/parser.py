"""What was asked on the command line, as one frozen value.

``--help`` must answer at once, so nothing heavier than argparse is imported here, and only the parser of the command
that was named is built. Wrong usage prints the usage and one line to standard error and leaves with code 2.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Literal, NoReturn

from domain.market import Symbol
from interfaces.cli.commands import COMMANDS, Command
from interfaces.words import algo_words

_GROUPS = {"run": "Run", "look": "Look", "decide": "Decide and control", "care": "Look after it"}
_BY_NAME = {command.name: command for command in COMMANDS}


@dataclass(frozen=True, slots=True)
class Arguments:
    """A checked command line. ``command`` has two words for those with verbs: ``audit verify``, ``memory rebuild``.

    ``scope`` is ``global``, ``strategy`` or ``symbol`` with its ``name``; ``phase`` None means both.
    """

    command: str
    home: str | None = None
    json: bool = False
    quiet: bool = False
    symbols: tuple[Symbol, ...] = ()
    as_of: datetime | None = None
    market: str | None = None
    news: str | None = None
    model: str | None = None
    id: str = ""
    phase: Literal["before", "after"] | None = None
    scope: str = "global"
    name: str = ""
    lasting: timedelta | None = None
    flatten: bool = False
    reason: str = ""
    file: str = ""
    policy: str | None = None
    summary: bool = False
    profile: str | None = None
    diff: str | None = None
    accept: bool = False
    accept_loss: bool = False
    yes: bool = False
    mode: str = ""
    cancel_entries: bool = False
    symbol: Symbol | None = None
    regime: str = ""
    limit: int = 20
    like: str = ""
    only: tuple[str, ...] = ()
    count: int = 10
    runs: int | None = None
    minutes: int = 30
    slices: int = 4
    follow: bool = False
    algo: tuple[str, ...] = ()
    """What stands behind ``algo start`` or ``algo stop``."""
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    tip: Decimal | None = None
    rest: str = "cancel"
    reduce_only: bool = False
    half: bool = False
    what: str = ""
    by: str = ""
    who: int = 0
    role: str = ""
    many: int = 0
    """How many trades are asked for; 0 leaves it to the view."""
    qty: Decimal | None = None
    amount: Decimal | None = None
    target_price: Decimal | None = None
    trigger: Decimal | None = None
    trail: Decimal | None = None
    trail_pct: Decimal | None = None
    order_type: str = "limit"
    tif: str = "day"
    what_if: bool = False
    verbose: bool = False
    named: tuple[str, ...] = ()
    """Suites of ``evals run``, or the folder of ``evals report``."""
    out: str = "report"
    baseline: str = ""
    keep: str = ""
    data: str = ""
    origin: str = ""
    model_label: str = ""
    questions: str = ""
    answers: str = ""
    prompt: str = ""
    blind: bool = False
    ack: str = ""
    to: str = ""
    switch: tuple[str, ...] = ()
    quiet_hours: str = ""
    mute: str = ""
    first_day: date | None = None
    last_day: date | None = None
    cash: Decimal | None = None
    seed: int | None = None
    approve_all: bool = False
    adopt: Symbol | None = None
    split: Decimal | None = None
    again: bool = False


def parse(argv: Sequence[str]) -> Arguments:
    """Read the words after ``sage``; raises SystemExit 0 for help and version, 2 for wrong usage."""
    top = _top_parser()
    before = top.parse_args(argv)
    if not before.words:
        top.exit(2, f"{top.format_help()}\nsage: name a command\n")
    name, *rest = before.words
    command = _BY_NAME.get(name)
    if command is None:
        top.error(f"there is no command {name!r}{_nearest(name)}")
    own = command_parser(command)
    # Shared options may stand before the command or behind it: what stands behind counts.
    told = vars(before) | vars(own.parse_args(rest))
    # Here and not by the command's own parser, because --json may stand before the command.
    if told["json"] and not command.json:
        own.error(f"{name} returns no data, so it has no --json")
    _check_scope(own, told)
    _check_recall(own, told)
    _check_algo(own, told)
    _check_orders(own, told)
    _check_evals(own, told)
    _check_people(own, told)
    if name == "reconcile" and told.get("adopt") is None and (told.get("split") or told.get("yes")):
        own.error("name what is adopted, for example `sage reconcile --adopt NIMBO`")
    if name == "audit" and told["verb"] != "last" and told.get("count") is not None:
        own.error("only last takes --count")
    verb = told.get("verb")
    known = {field.name for field in fields(Arguments)}
    given = {key: value for key, value in told.items() if key in known and value is not None}  # None: not given
    return Arguments(command=f"{name} {verb}" if verb else name, **given)


class _Parser(argparse.ArgumentParser):
    """Argparse whose complaint is the usage and one line."""

    def error(self, message: str) -> NoReturn:
        """Leave with code 2."""
        self.exit(2, f"{self.format_usage()}sage: {message}\n")


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print it and leave."""
        from importlib import metadata  # a tenth of all that ``--help`` takes, and only asked for here

        try:
            print(f"sage {metadata.version('sage-oversight')}")
        except metadata.PackageNotFoundError:
            print("sage, not installed")
        parser.exit()


def command_parser(command: Command) -> argparse.ArgumentParser:
    """The parser of one command, with the options that all of them share."""
    parser = _Parser(
        prog=f"sage {command.name}",
        description=f"{command.help[0].upper()}{command.help[1:]}.",
        epilog="\n".join(("example:", *(f"  {example}" for example in command.examples), *_noted(command))),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    if command.verbs:
        parser.add_argument("verb", choices=command.verbs, help="what to do")
    if command.fill is not None:
        command.fill(parser)
    _add_shared(parser)
    return parser


def _noted(command: Command) -> tuple[str, ...]:
    return tuple(f"\n{note}" for note in command.notes)


def _top_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="sage",
        usage="sage [--home DIR] [--json] [--quiet] COMMAND ...",
        description=f"Models watch, advise, inspect and explain; gates they cannot override decide.\n{_listing()}",
        epilog="`sage COMMAND --help` shows the options of a command and an example. New here? Try `sage demo`.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    _add_shared(parser)
    parser.set_defaults(home=None, json=False, quiet=False)
    return parser


def _add_shared(parser: argparse.ArgumentParser) -> None:
    # Without a default, or one that was told before the command would be wiped out by the command's own parser.
    absent = argparse.SUPPRESS
    parser.add_argument("--home", metavar="DIR", default=absent, help="folder of everything Sage keeps (or SAGE_HOME)")
    parser.add_argument("--json", action="store_true", default=absent, help="print one JSON document")
    parser.add_argument("--quiet", action="store_true", default=absent, help="no progress on standard error")


def _listing() -> str:
    names = {command: " ".join((command.name, "|".join(command.verbs))).strip() for command in COMMANDS}
    wide = max(map(len, names.values()))
    lines = []
    for group, title in _GROUPS.items():
        lines.append(f"\n{title}:")
        lines += [f"  {name:<{wide}}  {command.help}" for command, name in names.items() if command.group == group]
    return "\n".join(lines)


def _nearest(name: str) -> str:
    near = get_close_matches(name.lower(), _BY_NAME, n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else "; `sage --help` lists them"


def _check_scope(parser: argparse.ArgumentParser, told: dict[str, object]) -> None:
    scope, name = told.get("scope"), told.get("name")
    if scope in ("strategy", "symbol") and not name:
        example = "NIMBO" if scope == "symbol" else "news_event"
        parser.error(f"name the {scope}, for example `{parser.prog} {scope} {example}`")
    if scope == "global" and name:
        parser.error("global takes no name")


def _check_recall(parser: argparse.ArgumentParser, told: dict[str, object]) -> None:
    if parser.prog != "sage memory":
        return
    asked = [name for name in ("symbol", "regime", "limit", "like") if told.get(name) is not None]
    if told.get("verb") == "recall" and "symbol" not in asked and "like" not in asked:
        parser.error("name the symbol, for example `sage memory recall AAPL`, or words with --like")
    if told.get("verb") != "recall" and asked:
        parser.error(f"only recall takes a {asked[0]}")


def _check_people(parser: argparse.ArgumentParser, told: dict[str, object]) -> None:
    if parser.prog == "sage people" and told.get("verb") is not None and told.get("role") is None:
        parser.error("name the number and the role, for example `sage people role 4711 viewer`")


def _check_evals(parser: argparse.ArgumentParser, told: dict[str, object]) -> None:
    if parser.prog != "sage evals":
        return
    listed = told["named"]
    named = tuple(listed) if isinstance(listed, list) else ()
    told["named"] = named
    verb = told.get("verb")
    for owner, options in (
        ("run", ("baseline", "keep", "data")),
        ("record", ("origin", "model_label", "questions", "answers")),
    ):
        given = [name.replace("_", "-") for name in options if told.get(name) is not None]
        if verb != owner and given:
            parser.error(f"only {owner} takes --{given[0]}")
    if told.get("out") is not None and verb not in ("run", "record"):
        parser.error("only run and record take --out")
    if verb == "record":
        _check_record(parser, told, named)
    if verb == "report" and len(named) > 1:
        parser.error("name the folder of one report, for example `sage evals report report`")
    if verb == "verify" and named:
        parser.error("verify takes no names")


def _check_record(parser: argparse.ArgumentParser, told: dict[str, object], named: tuple[str, ...]) -> None:
    """Pages for a relay stand alone; answers name where they come from, and a relay's also where they lie."""
    if named and named not in (("S13",), ("S13_answers",)):
        parser.error("only the cases of S13 are recorded")
    if told.get("questions") is not None:
        return
    label, relay = told.get("model_label"), told.get("origin") == "relay"
    if told.get("origin") is None or label is None:
        parser.error("name --origin and --model-label, or --questions DIR to have the questions written")
    if relay is not (told.get("answers") is not None):
        parser.error("a relay's answers are read from --answers DIR, and a hosted model is asked itself")
    told["out"] = told.get("out") or f"{label}.jsonl"


def _check_algo(parser: argparse.ArgumentParser, told: dict[str, object]) -> None:
    if parser.prog != "sage algo":
        return
    try:
        told["algo"] = algo_words(str(told["verb"]), told["algo"])
    except argparse.ArgumentTypeError as error:
        parser.error(str(error))


def _check_orders(parser: argparse.ArgumentParser, told: dict[str, object]) -> None:
    if parser.prog in ("sage buy", "sage sell") and (told.get("qty") is None) is (told.get("amount") is None):
        parser.error(f"name how many, or an amount of money: `{parser.prog} NIMBO 10`")
    if parser.prog in ("sage buy", "sage sell"):
        _check_prices(parser, told)
    if parser.prog != "sage orders":
        return
    given = [name for name in ("qty", "limit_price", "stop_price") if told.get(name) is not None]
    if told.get("verb") is not None and told.get("id") is None:
        parser.error(f"name the order, for example `sage orders {told['verb']} ord-k3v5xw2a`")
    if (told.get("verb") == "replace") is not bool(given):
        parser.error("replace takes --qty, --limit or --stop, and nothing else does")


_NEEDS = {"stop": ("trigger",), "stop_limit": ("trigger", "limit"), "trailing_stop": ("trail",)}
"""Prices that an order of a type cannot do without; a limit order without one takes the present price."""
_TAKES = {"limit": ("limit", "stop_limit"), "trigger": ("stop", "stop_limit"), "trail": ("trailing_stop",)}
"""The types that each price is a part of."""
_OPTIONS = {
    "limit": {"--limit": "limit_price"},
    "trigger": {"--trigger": "trigger"},
    "trail": {"--trail": "trail", "--trail-pct": "trail_pct"},
}
"""By which options it is named."""


def _check_prices(parser: argparse.ArgumentParser, told: dict[str, object]) -> None:
    """The prices that go with the type of the order are there, and no other."""
    kind = str(told.get("order_type") or "limit")
    given = {
        price: [option for option, field in options.items() if told.get(field) is not None]
        for price, options in _OPTIONS.items()
    }
    missing = [" or ".join(_OPTIONS[price]) for price in _NEEDS.get(kind, ()) if not given[price]]
    if missing:
        parser.error(f"a {kind} order needs {' and '.join(missing)}")
    for price, found in given.items():
        if len(found) > 1:
            parser.error(f"name {' or '.join(found)}, not both")
        if found and kind not in _TAKES[price]:
            meant = " or ".join(f"--type {each}" for each in _TAKES[price])
            parser.error(f"a {kind} order takes no {found[0]}; it goes with {meant}")
