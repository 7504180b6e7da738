"""Every command of ``sage``: its help, its own arguments, an example. Standard library and domain only, for speed."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from interfaces.cli.words import (
    FACES,
    duration,
    faces,
    identifier,
    moment,
    positive,
    some,
    symbol,
    symbols,
)

MODES = ("off", "observe", "paper", "approve", "auto")
"""As ``domain.case.Mode`` has them; that module takes longer to load than all the rest that ``kill`` needs."""

TYPES = ("market", "limit", "stop", "stop_limit", "trailing_stop")
TIFS = ("day", "gtc", "ioc", "fok", "opg", "cls")
REGIMES = ("trend_up", "trend_down", "range", "volatile", "unknown")
"""As ``domain.signals.Regime`` has them; left out here for the same reason."""


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


def _reproduce(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id", nargs="?", default="last", type=identifier, metavar="CYCLE", help="a cycle (the last one)"
    )
    parser.add_argument("--policy", metavar="F", help="what this profile or file would have let through")
    parser.add_argument("--model", metavar="M", help="what this model would have said, e.g. rules or openai:NAME")
    parser.add_argument(
        "--prompt", metavar="F", help="what would have been said to this prompt file, or a folder of them"
    )
    parser.add_argument("--blind", action="store_true", help="ask the model with names, years and prices masked")


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


def _flatten(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("symbols", nargs="?", type=symbols, metavar="A,B", help="only these symbols (all)")
    _yes(parser)


def _kill(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--flatten", action="store_true", help="then close all positions")
    parser.add_argument("--reason", metavar="TEXT", help="why, for the record")
    parser.add_argument("--cancel-entries", action="store_true", help=argparse.SUPPRESS)


def _memory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("symbol", nargs="?", type=symbol, metavar="SYMBOL", help="which symbol to recall trades of")
    parser.add_argument("--regime", choices=REGIMES, metavar="R", help=f"only trades of a regime: {', '.join(REGIMES)}")
    parser.add_argument("--limit", type=some, metavar="N", help="at most as many trades (20)")
    parser.add_argument("--like", metavar="TEXT", help="by what their lessons say, where SAGE_EMBEDDINGS names a model")
    _as_of(parser)


def _evals(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("named", nargs="*", metavar="NAME", help="suites to run (all), or the folder of a report")
    parser.add_argument("--out", metavar="DIR", help="folder of report.json, page.html and junit.xml, or a recording")
    parser.add_argument("--baseline", metavar="F", help="compare with this baseline, not with the one that ships")
    parser.add_argument("--origin", choices=("relay", "hosted"), help="where recorded answers come from")
    parser.add_argument("--model-label", metavar="NAME", help="what a relay's answers were written by")
    parser.add_argument("--questions", metavar="DIR", help="write the questions of every role there, for a relay")
    parser.add_argument("--answers", metavar="DIR", help="where a relay has left its answers")


def _as_of(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--as-of", type=moment, metavar="T", help="what was known then, e.g. 2026-03-17T15:00:00Z")


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", type=faces, metavar="A,B", help=f"run only these of {', '.join(FACES)}")
    parser.add_argument(
        "--for", dest="lasting", type=duration, metavar="8h", help="stop after so long, in the market's time"
    )
    parser.add_argument("--symbols", type=symbols, metavar="A,B", help="look at these symbols only")


def _schedule(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", type=some, metavar="N", help="how many of the next runs (10)")


def _usage(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", type=some, metavar="N", help="how many of the newest days (10)")


def _watchdog(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=some, metavar="N", help="how long it may be silent or late (30)")
    parser.add_argument("--follow", action="store_true", help="look every minute and tell what changes")


def _alerts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ack", type=identifier, metavar="MARK", help="somebody has seen it: repeat it no more")
    parser.add_argument("--to", metavar="ADDRESS", help="how this address is told, e.g. mail:me@example.com")
    change = parser.add_mutually_exclusive_group()
    change.add_argument("--switch", nargs=2, metavar=("KIND", "HOW"), help="one kind on, silent, off or digest")
    change.add_argument("--quiet-hours", metavar="H", help="22:00-07:00 of New York, or off")
    change.add_argument("--mute", metavar="2h", help="hold back everything that is not critical; or off")


def _algo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("algo", nargs="*", metavar="WORD", help="KIND SYMBOL SIDE QTY to start, an ID to stop")
    parser.add_argument("--minutes", type=some, metavar="N", help="how long it may take (30), within the session")
    parser.add_argument("--slices", type=some, metavar="N", help="of a twap (4); each counts in the orders of a day")
    parser.add_argument("--limit", dest="limit_price", type=positive, metavar="P", help="worst price of every slice")
    parser.add_argument(
        "--stop", dest="stop_price", type=positive, metavar="P", help="protective stop behind each slice"
    )
    parser.add_argument("--tip", type=positive, metavar="N", help="what an iceberg shows (a tenth)")
    parser.add_argument("--rest", choices=("cancel", "marketable"), help="what becomes of the rest at the end (cancel)")
    parser.add_argument("--reduce-only", action="store_true", default=None, help="close what is held, open nothing")
    _yes(parser)


def _orders(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("verb", nargs="?", choices=("cancel", "replace"), help="what to do with one of them")
    parser.add_argument("id", nargs="?", type=identifier, metavar="ID", help="the order, or how its id begins")
    parser.add_argument("--qty", type=positive, metavar="N", help="replace: how many are still to be filled")
    parser.add_argument("--limit", dest="limit_price", type=positive, metavar="P", help="replace: its limit")
    parser.add_argument("--stop", dest="stop_price", type=positive, metavar="P", help="replace: where a stop triggers")


def _ticket(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("symbol", type=symbol, metavar="SYMBOL", help="what")
    parser.add_argument("qty", nargs="?", type=positive, metavar="QTY", help="how many shares")
    parser.add_argument("--amount", type=positive, metavar="MONEY", help="as many as this buys, instead of QTY")
    parser.add_argument("--limit", dest="limit_price", type=positive, metavar="P", help="worst price (the present one)")
    parser.add_argument("--stop", dest="stop_price", type=positive, metavar="P", help="protective stop behind it")
    parser.add_argument("--target", dest="target_price", type=positive, metavar="P", help="target behind it")
    parser.add_argument("--type", dest="order_type", choices=TYPES, metavar="T", help=f"{', '.join(TYPES)} (limit)")
    parser.add_argument("--tif", choices=TIFS, metavar="F", help=f"{', '.join(TIFS)} (day)")
    parser.add_argument("--trigger", type=positive, metavar="P", help="where a stop or stop_limit order triggers")
    parser.add_argument("--trail", type=positive, metavar="P", help="how far a trailing_stop stays behind, in money")
    parser.add_argument("--trail-pct", type=positive, metavar="N", help="the same in percent of the price")
    parser.add_argument("--what-if", action="store_true", default=None, help="what the gates would say; sends nothing")
    _yes(parser)


COMMANDS = (
    Command("demo", "run", "one whole cycle on a simulated market, with no key and no network", ("sage demo",)),
    Command(
        "cycle",
        "run",
        "one oversight cycle now",
        ("sage cycle --symbols AAPL,MSFT", "sage cycle --market files:prices --news none --as-of 2025-04-04T19:00:00Z"),
        _cycle,
    ),
    Command(
        "run",
        "run",
        "live by the schedule, with the broker's stream, until stopped",
        ("sage run", "sage run --for 8h", "sage run --only scheduler --quiet"),
        _run,
        json=False,
    ),
    Command(
        "telegram",
        "run",
        "answer by Telegram alone; shows its first owner the code",
        ("sage telegram",),
        json=False,
    ),
    Command("chat", "run", "ask about what happened, answered from the records", ("sage chat",), json=False),
    Command("status", "look", "mode, trading state, pauses, sources and their age", ("sage status",)),
    Command("positions", "look", "what is held, by our books and by the broker's", ("sage positions",)),
    Command(
        "orders",
        "look",
        "orders and where they stand; cancel or replace one",
        ("sage orders --json", "sage orders cancel ord-k3v5xw2a", "sage orders replace ord-k3v5xw2a --limit 41.20"),
        _orders,
    ),
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
    Command("usage", "look", "what asking models has cost, by day, role and model", ("sage usage --count 3",), _usage),
    Command("whynot", "look", "what stood in an order's way, and what would pass", ("sage whynot NIMBO",), _whynot),
    Command(
        "reproduce",
        "look",
        "run a stored cycle again: is it the same, and what if",
        ("sage reproduce last", "sage reproduce cyc-k3v5xw2a --policy research", "sage reproduce last --model rules"),
        _reproduce,
    ),
    Command(
        "gate",
        "look",
        "what the gates would say to what-if cases; nothing is sent",
        ("sage gate cases.jsonl", "sage gate - --policy conservative --summary"),
        _gate,
    ),
    Command(
        "schedule", "look", "the next scheduled runs, and who is at work", ("sage schedule --count 20",), _schedule
    ),
    Command(
        "algo",
        "decide",
        "work a large order of your own in slices",
        (
            "sage algo start twap NIMBO buy 60 --minutes 60 --stop 128",
            "sage algo start iceberg NIMBO sell 60 --tip 10 --reduce-only",
            "sage algo list",
            "sage algo stop algo-k3v5xw2a",
        ),
        _algo,
        verbs=("start", "list", "stop"),
    ),
    Command("approve", "decide", "let a waiting order go to the gates", ("sage approve apr-k3v5xw2a",), _answer),
    Command("reject", "decide", "refuse a waiting order", ("sage reject apr-k3v5xw2a",), _answer),
    Command(
        "buy",
        "decide",
        "an order of your own, through the same gates",
        (
            "sage buy NIMBO 10 --stop 39.50 --target 46",
            "sage buy NIMBO --amount 500 --limit 41.20 --stop 39.50 --what-if",
        ),
        _ticket,
    ),
    Command(
        "sell",
        "decide",
        "sell what is held, or rest a stop and a target behind it",
        ("sage sell NIMBO 10", "sage sell NIMBO 10 --target 46 --stop 39.50 --tif gtc"),
        _ticket,
    ),
    Command("pause", "decide", "stop new entries", ("sage pause", "sage pause symbol TSLA --for 2h"), _pause),
    Command(
        "resume",
        "decide",
        "lift a pause, a halt or a kill",
        ("sage resume", "sage resume --yes", "sage resume symbol TSLA"),
        _resume,
    ),
    Command("mode", "decide", "how much Sage may do by itself", ("sage mode observe", "sage mode paper"), _mode),
    Command("flatten", "decide", "close what is held", ("sage flatten", "sage flatten NIMBO,KORVA --yes"), _flatten),
    Command(
        "kill", "decide", "stop everything now, until a person resets it", ("sage kill --reason 'odd fills'",), _kill
    ),
    Command("audit", "care", "prove that no record was changed", ("sage audit verify",), verbs=("verify",)),
    Command(
        "watchdog",
        "care",
        "from outside: is the service alive, and was a cycle missed",
        ("sage watchdog", "sage watchdog --minutes 20 --follow"),
        _watchdog,
    ),
    Command(
        "alerts",
        "care",
        "what was critical, who was told, and who has seen it",
        (
            "sage alerts",
            "sage alerts --ack 18f3b9280d13a362",
            "sage alerts --to mail:me@example.com --switch trade silent",
        ),
        _alerts,
    ),
    Command("doctor", "care", "check keys, sources, clocks, policy and every gate", ("sage doctor",)),
    Command(
        "evals",
        "care",
        "play suites, show a report, record answers, find stale ones",
        (
            "sage evals run S2 S3 --out report",
            "sage evals report report",
            "sage evals verify",
            "sage evals record --origin hosted --model-label gpt-5 --out gpt-5.jsonl",
        ),
        _evals,
        verbs=("run", "verify", "report", "record"),
    ),
    Command(
        "memory",
        "care",
        "recall similar trades, count what is remembered, or make it anew",
        ("sage memory recall AAPL", "sage memory stats", "sage memory rebuild"),
        _memory,
        verbs=("rebuild", "stats", "recall"),
    ),
    Command("learn", "care", "draw lessons from closed trades and score forecasts", ("sage learn",), _as_of),
)
