"""Every command of ``sage``: its help, its own arguments, an example. Standard library and domain only, for speed."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from domain.clock import parse_time
from domain.errors import DataQualityError
from domain.market import Symbol, parse_symbol

T = TypeVar("T")
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_LONGEST_PAUSE_S = 366 * 86_400
_LONGEST_ID = 80
MODES = ("off", "observe", "paper", "approve", "auto")
"""As ``domain.case.Mode`` has them; that module takes longer to load than all the rest that ``kill`` needs."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command. ``verbs`` are its second words, ``fill`` adds its own arguments, ``json`` says it returns data."""

    name: str
    group: str
    help: str
    examples: tuple[str, ...]
    fill: Callable[[argparse.ArgumentParser], None] | None = None
    verbs: tuple[str, ...] = ()
    json: bool = True


def symbols(text: str) -> tuple[Symbol, ...]:
    """``AAPL,msft`` -> (AAPL, MSFT), each once."""
    return tuple(dict.fromkeys(_told(parse_symbol, part.strip()) for part in text.split(",")))


def moment(text: str) -> datetime:
    """A time that names its zone."""
    return _told(parse_time, text)


def duration(text: str) -> timedelta:
    """``90s``, ``45m``, ``2h`` or ``1d``; more than nothing and at most a year."""
    number, unit = text[:-1], _UNITS.get(text[-1:])
    if unit is None or not (number.isascii() and number.isdecimal()) or len(number) > len(str(_LONGEST_PAUSE_S)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration; write 90s, 45m, 2h or 1d")
    if not 0 < int(number) * unit <= _LONGEST_PAUSE_S:
        raise argparse.ArgumentTypeError(f"{text!r} is not between a second and a year")
    return timedelta(seconds=int(number) * unit)


def identifier(text: str) -> str:
    """The id of something, or ``last``."""
    name = text.strip()
    if not name or not name.isascii() or not name.isprintable() or len(name) > _LONGEST_ID:
        raise argparse.ArgumentTypeError(f"{text!r} is not an id; copy one from `sage orders` or `sage pending`")
    return name


def _told(read: Callable[[str], T], text: str) -> T:
    try:
        return read(text)
    except DataQualityError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _cycle(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--symbols", type=symbols, metavar="A,B", help="look at these symbols only")
    parser.add_argument(
        "--as-of", type=moment, metavar="T", help="pretend it is this moment, e.g. 2026-03-17T15:00:00Z"
    )
    parser.add_argument("--market", metavar="P", help="simulated, yahoo, alpaca or files:DIR")
    parser.add_argument("--news", metavar="P", help="simulated, newsapi, rss, alpaca, files:DIR or none")
    parser.add_argument("--model", metavar="M", help="openai:NAME, recorded or rules (no language model)")


def _explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id", type=identifier, metavar="ID", help="a candidate, decision, order, trade or cycle, or last"
    )
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--before", dest="phase", action="store_const", const="before", help="why it was decided")
    when.add_argument("--after", dest="phase", action="store_const", const="after", help="what became of it")


def _gate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="CASES", help="a file with one JSON case a line, or - for standard input")
    parser.add_argument("--policy", metavar="F", help="profile or file whose limits judge cases that bring none")
    parser.add_argument("--summary", action="store_true", help="count the answers on standard error")


def _limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", metavar="P", help="show this profile or file, not the policy of SAGE_POLICY")
    parser.add_argument("--diff", metavar="P", help="tell which limits of this profile or file are tighter or looser")
    parser.add_argument(
        "--accept", action="store_true", help="put the policy of SAGE_POLICY in force, even where it loosens something"
    )
    _yes(parser)


def _whynot(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", type=identifier, metavar="ID", help="a decision, order, request or symbol, or last")


def _answer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", type=identifier, metavar="ID", help="the request, as `sage pending` shows it")


def _yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="ask nothing; for scripts")


def _mode(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("mode", choices=MODES, metavar="MODE", help=f"one of {', '.join(MODES)}")
    _yes(parser)


def _resume(parser: argparse.ArgumentParser) -> None:
    _scope(parser)
    _yes(parser)


def _scope(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scope", nargs="?", choices=("global", "strategy", "symbol"), metavar="SCOPE", help="strategy or symbol"
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="which strategy or symbol")


def _pause(parser: argparse.ArgumentParser) -> None:
    _scope(parser)
    parser.add_argument("--for", dest="lasting", type=duration, metavar="2h", help="lift it after this long")


def _kill(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--flatten", action="store_true", help="close all positions first")
    parser.add_argument("--reason", metavar="TEXT", help="why, for the record")
    parser.add_argument("--cancel-entries", action="store_true", help=argparse.SUPPRESS)


COMMANDS = (
    Command("demo", "run", "one whole cycle on a simulated market, with no key and no network", ("sage demo",)),
    Command(
        "cycle",
        "run",
        "one oversight cycle now",
        ("sage cycle --symbols AAPL,MSFT", "sage cycle --market files:prices --news none --as-of 2025-04-04T19:00:00Z"),
        _cycle,
    ),
    Command("chat", "run", "ask about what happened, answered from the records", ("sage chat",), json=False),
    Command("status", "look", "mode, trading state, pauses, sources and their age", ("sage status",)),
    Command("positions", "look", "what is held, by our books and by the broker's", ("sage positions",)),
    Command("orders", "look", "orders and where they stand", ("sage orders --json",)),
    Command("trades", "look", "round trips and what they brought", ("sage trades",)),
    Command("pnl", "look", "profit and loss of the day and in all", ("sage pnl",)),
    Command("risk", "look", "how much room every gate leaves", ("sage risk",)),
    Command(
        "limits",
        "look",
        "the policy in force, and how another differs",
        ("sage limits", "sage limits --diff balanced"),
        _limits,
    ),
    Command("pending", "look", "orders that wait for a person", ("sage pending",)),
    Command(
        "explain", "look", "why something was decided and what became of it", ("sage explain last --after",), _explain
    ),
    Command("whynot", "look", "what stood in an order's way, and what would pass", ("sage whynot NIMBO",), _whynot),
    Command(
        "gate",
        "look",
        "what the gates would say to what-if cases; nothing is sent",
        ("sage gate cases.jsonl", "sage gate - --policy conservative --summary"),
        _gate,
    ),
    Command("approve", "decide", "let a waiting order go to the gates", ("sage approve apr-k3v5xw2a",), _answer),
    Command("reject", "decide", "refuse a waiting order", ("sage reject apr-k3v5xw2a",), _answer),
    Command("pause", "decide", "stop new entries", ("sage pause", "sage pause symbol TSLA --for 2h"), _pause),
    Command(
        "resume",
        "decide",
        "lift a pause, a halt or a kill",
        ("sage resume", "sage resume --yes", "sage resume symbol TSLA"),
        _resume,
    ),
    Command("mode", "decide", "how much Sage may do by itself", ("sage mode observe", "sage mode paper"), _mode),
    Command(
        "kill", "decide", "stop everything now, until a person resets it", ("sage kill --reason 'odd fills'",), _kill
    ),
    Command("audit", "care", "prove that no record was changed", ("sage audit verify",), verbs=("verify",)),
    Command("doctor", "care", "check keys, sources, clocks, policy and every gate", ("sage doctor",)),
    Command(
        "evals",
        "care",
        "find recorded model answers that no longer fit the prompts",
        ("sage evals verify",),
        verbs=("verify",),
    ),
    Command(
        "memory", "care", "make the memory of trades anew from the ledger", ("sage memory rebuild",), verbs=("rebuild",)
    ),
)
