"""The command line as people type it: what is understood, what is refused, and how fast help answers."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from domain.market import Symbol
from interfaces.cli.commands import COMMANDS
from interfaces.cli.parser import Arguments, command_parser, parse

ROOT = Path(__file__).parents[4]
THEN = datetime(2026, 3, 17, 15, tzinfo=UTC)
HEAVY = {"rich", "pydantic", "sqlalchemy", "langgraph", "openai", "pandas", "numpy", "chromadb", "policies", "trading"}


@pytest.mark.parametrize(
    ("line", "understood"),
    [
        ("demo", Arguments("demo")),
        ("demo --json --quiet", Arguments("demo", json=True, quiet=True)),
        ("cycle", Arguments("cycle")),
        (
            "cycle --symbols aapl,BRK.B,AAPL --as-of 2026-03-17T11:00-04:00 --market files:x --news none --model rules",
            Arguments(
                "cycle",
                symbols=("AAPL", "BRK.B"),  # type: ignore[arg-type]  # symbols are strings to a reader
                as_of=datetime(2026, 3, 17, 15, 0, tzinfo=UTC),
                market="files:x",
                news="none",
                model="rules",
            ),
        ),
        ("run", Arguments("run")),
        ("orders --json", Arguments("orders", json=True)),
        ("orders cancel ord-1", Arguments("orders cancel", id="ord-1")),
        (
            "orders replace ord-1 --limit 41.2 --qty 6 --stop 39",
            Arguments(
                "orders replace", id="ord-1", limit_price=Decimal("41.2"), qty=Decimal(6), stop_price=Decimal(39)
            ),
        ),
        (
            "buy aapl 10 --limit 187.2 --stop 180 --target 200 --tif gtc --what-if",
            Arguments(
                "buy",
                symbol=Symbol("AAPL"),
                qty=Decimal(10),
                limit_price=Decimal("187.2"),
                stop_price=Decimal(180),
                target_price=Decimal(200),
                tif="gtc",
                what_if=True,
            ),
        ),
        (
            "sell AAPL --amount 500 --type stop --trigger 180 --yes",
            Arguments(
                "sell",
                symbol=Symbol("AAPL"),
                amount=Decimal(500),
                order_type="stop",
                trigger=Decimal(180),
                yes=True,
            ),
        ),
        ("run --for 8h --only scheduler", Arguments("run", lasting=timedelta(hours=8), only=("scheduler",))),
        ("schedule --count 20", Arguments("schedule", runs=20)),
        ("alerts --ack 18f3b9280d13a362", Arguments("alerts", ack="18f3b9280d13a362")),
        ("watchdog --minutes 15 --follow", Arguments("watchdog", minutes=15, follow=True)),
        ("algo list", Arguments("algo list")),
        ("algo stop algo-1", Arguments("algo stop", algo=("algo-1",))),
        (
            "algo start twap nimbo buy 200 --minutes 60 --stop 41.5 --limit 43",
            Arguments(
                "algo start",
                algo=("twap", "NIMBO", "buy", "200"),
                minutes=60,
                stop_price=Decimal("41.5"),
                limit_price=Decimal(43),
            ),
        ),
        (
            "algo start iceberg KORVA sell 10.5 --tip 2 --rest marketable --reduce-only",
            Arguments(
                "algo start",
                algo=("iceberg", "KORVA", "sell", "10.5"),
                tip=Decimal(2),
                rest="marketable",
                reduce_only=True,
            ),
        ),
        ("chat", Arguments("chat")),
        ("explain last", Arguments("explain", id="last")),
        ("explain ord-1 --before", Arguments("explain", id="ord-1", phase="before")),
        ("explain --after dec-1", Arguments("explain", id="dec-1", phase="after")),
        ("status --json", Arguments("status", json=True)),
        ("positions", Arguments("positions")),
        ("orders", Arguments("orders")),
        ("trades", Arguments("trades")),
        ("pnl", Arguments("pnl")),
        ("pnl week", Arguments("pnl", what="week")),
        ("pnl DAY", Arguments("pnl", what="DAY")),
        ("pnl nimbo", Arguments("pnl", what="NIMBO")),
        ("pnl Ytd --by symbol", Arguments("pnl", what="ytd", by="symbol")),
        ("stats", Arguments("stats")),
        ("agents --json", Arguments("agents", json=True)),
        ("risk", Arguments("risk")),
        ("limits", Arguments("limits")),
        ("limits --profile balanced", Arguments("limits", profile="balanced")),
        ("limits --diff mine.toml --json", Arguments("limits", diff="mine.toml", json=True)),
        ("gate cases.jsonl", Arguments("gate", file="cases.jsonl")),
        ("gate - --policy research --summary", Arguments("gate", file="-", policy="research", summary=True)),
        ("whynot NIMBO", Arguments("whynot", id="NIMBO")),
        ("pending", Arguments("pending")),
        ("approve apr-1", Arguments("approve", id="apr-1")),
        ("approve apr-1 --half", Arguments("approve", id="apr-1", half=True)),
        ("reject apr-1", Arguments("reject", id="apr-1")),
        ("locks", Arguments("locks")),
        ("allow nimbo", Arguments("allow", symbol=Symbol("NIMBO"))),
        ("unlock momentum", Arguments("unlock", name="momentum")),
        ("close trd-k3v5xw2a --yes", Arguments("close", id="trd-k3v5xw2a", yes=True)),
        (
            "restrict nimbo --for 2h --reason rumour",
            Arguments("restrict", symbol=Symbol("NIMBO"), lasting=timedelta(hours=2), reason="rumour"),
        ),
        ("pause", Arguments("pause")),
        ("pause global --for 90s", Arguments("pause", lasting=timedelta(seconds=90))),
        ("pause symbol TSLA --for 2h", Arguments("pause", scope="symbol", name="TSLA", lasting=timedelta(hours=2))),
        ("pause --for 1d strategy news", Arguments("pause", scope="strategy", name="news", lasting=timedelta(days=1))),
        ("resume", Arguments("resume")),
        ("resume strategy news", Arguments("resume", scope="strategy", name="news")),
        ("resume --yes", Arguments("resume", yes=True)),
        ("mode observe --yes", Arguments("mode", mode="observe", yes=True)),
        ("limits --accept", Arguments("limits", accept=True)),
        ("kill", Arguments("kill")),
        ("kill --flatten --reason odd", Arguments("kill", flatten=True, reason="odd")),
        ("reconcile --json", Arguments("reconcile", json=True)),
        ("audit verify", Arguments("audit verify")),
        ("audit last --count 3", Arguments("audit last", count=3)),
        ("evals report", Arguments("evals report")),
        ("evals run S12 --data sets", Arguments("evals run", named=("S12",), data="sets")),
        ("logs --count 5", Arguments("logs", count=5)),
        ("config", Arguments("config")),
        ("doctor", Arguments("doctor")),
        ("memory rebuild --home h", Arguments("memory rebuild", home="h")),
        ("memory stats", Arguments("memory stats")),
        ("memory recall aapl", Arguments("memory recall", symbol=Symbol("AAPL"))),
        (
            "memory recall BRK.B --regime range --limit 5 --as-of 2026-03-17T15:00:00Z",
            Arguments(
                "memory recall",
                symbol=Symbol("BRK.B"),
                regime="range",
                limit=5,
                as_of=datetime(2026, 3, 17, 15, tzinfo=UTC),
            ),
        ),
        ("memory recall AAPL --like stopped", Arguments("memory recall", symbol=Symbol("AAPL"), like="stopped")),
        ("learn --as-of 2026-03-17T15:00:00Z", Arguments("learn", as_of=THEN)),
        ("--home h --json status", Arguments("status", home="h", json=True)),
        ("--home h status --home i", Arguments("status", home="i")),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_what_is_understood(line, understood):
    assert parse(line.split()) == understood


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "name a command"),
        (["staus"], "there is no command 'staus'; did you mean 'status'?"),
        (["POSITION"], "there is no command 'POSITION'; did you mean 'positions'?"),
        (["xyzzy"], "there is no command 'xyzzy'; `sage --help` lists them"),
        (["sta\x1b[2Jtus"], r"there is no command 'sta\x1b[2Jtus'; did you mean 'status'?"),
        (["explain"], "the following arguments are required: ID"),
        (["gate"], "the following arguments are required: CASES"),
        (["whynot", ""], "argument ID: '' is not an id"),
        (["explain", "last", "--before", "--after"], "argument --after: not allowed with argument --before"),
        (["explain", ""], "argument ID: '' is not an id; copy one from `sage orders` or `sage pending`"),
        (["evals", "verify", "--data", "sets"], "only run takes --data"),
        (["approve", "a\x00b"], r"argument ID: 'a\x00b' is not an id; copy one from `sage orders` or `sage pending`"),
        (["cycle", "--symbols", "AAPL,АAPL"], "argument --symbols: 'АAPL' is not a symbol. Write a ticker"),
        (["cycle", "--symbols", ""], "argument --symbols: '' is not a symbol. Write a ticker like AAPL or BRK.B."),
        (["cycle", "--as-of", "noon"], "argument --as-of: time 'noon' is not a time. Write it like"),
        (["cycle", "--as-of", "2026-03-17"], "argument --as-of: time 2026-03-17T00:00:00 names no zone. Add"),
        (["cycle", "--symbol", "AAPL"], "unrecognized arguments: --symbol AAPL"),
        (["cycle", "--market"], "argument --market: expected one argument"),
        (["orders", "extra"], "argument verb: invalid choice: 'extra'"),
        (["orders", "cancel"], "name the order, for example `sage orders cancel ord-k3v5xw2a`"),
        (["orders", "cancel", "ord-1", "--limit", "5"], "replace takes --qty, --limit or --stop, and nothing else"),
        (["orders", "replace", "ord-1"], "replace takes --qty, --limit or --stop, and nothing else does"),
        (["orders", "--qty", "5"], "replace takes --qty, --limit or --stop, and nothing else does"),
        (["buy", "AAPL"], "name how many, or an amount of money: `sage buy NIMBO 10`"),
        (["sell", "AAPL", "5", "--amount", "9"], "name how many, or an amount of money: `sage sell NIMBO 10`"),
        (["buy", "AAPL", "-5"], "argument QTY: '-5' is not a number above zero"),
        (["buy", "AAPL", "0"], "argument QTY: '0' is not a number above zero"),
        (["buy", "AAPL", "1e9"], "argument QTY: '1e9' is not a number above zero"),
        (["buy", "AAPL", "5", "--type", "iceberg"], "argument --type: invalid choice: 'iceberg'"),
        (["buy", "AAPL", "5", "--tif", "gtd"], "argument --tif: invalid choice: 'gtd'"),
        (["buy", "AAPL", "5", "--type", "stop"], "a stop order needs --trigger"),
        (["sell", "AAPL", "5", "--type", "stop_limit"], "a stop_limit order needs --trigger and --limit"),
        (["sell", "AAPL", "5", "--type", "stop_limit", "--trigger", "9"], "a stop_limit order needs --limit"),
        (["sell", "AAPL", "5", "--type", "trailing_stop"], "a trailing_stop order needs --trail or --trail-pct"),
        (
            ["sell", "AAPL", "5", "--type", "trailing_stop", "--trail", "1", "--trail-pct", "2"],
            "name --trail or --trail-pct, not both",
        ),
        (
            ["buy", "AAPL", "5", "--trigger", "9"],
            "a limit order takes no --trigger; it goes with --type stop or --type stop_limit",
        ),
        (["buy", "AAPL", "5", "--type", "market", "--limit", "9"], "a market order takes no --limit; it goes with"),
        (["buy", "AAPL", "5", "--trail-pct", "2"], "a limit order takes no --trail-pct; it goes with --type trail"),
        (["chat", "--json"], "chat returns no data, so it has no --json"),
        (["--json", "chat"], "chat returns no data, so it has no --json"),
        (["pause", "symbol"], "name the symbol, for example `sage pause symbol NIMBO`"),
        (["resume", "strategy"], "name the strategy, for example `sage resume strategy news_event`"),
        (["pause", "global", "TSLA"], "global takes no name"),
        (["pause", "--for", "2"], "argument --for: '2' is not a duration; write 90s, 45m, 2h or 1d"),
        (["pause", "--for", "-2h"], "argument --for: expected one argument"),
        (["pause", "--for", "0s"], "argument --for: '0s' is not between a second and a year"),
        (["pause", "--for", "367d"], "argument --for: '367d' is not between a second and a year"),
        (["pause", "--for", "²h"], "argument --for: '²h' is not a duration; write 90s, 45m, 2h or 1d"),
        (["pause", "--for", "9" * 5000 + "d"], "is not a duration; write 90s, 45m, 2h or 1d"),
        (["memory", "recall"], "name the symbol, for example `sage memory recall AAPL`"),
        (["memory", "rebuild", "AAPL"], "only recall takes a symbol"),
        (["memory", "stats", "--limit", "5"], "only recall takes a limit"),
        (["memory", "recall", "A B"], "argument SYMBOL: 'A B' is not a symbol"),
        (["memory", "recall", "AAPL", "--regime", "sideways"], "argument --regime: invalid choice: 'sideways'"),
        (["memory", "recall", "AAPL", "--limit", "0"], "argument --limit: '0' is not a whole number from 1 to 1000"),
        (["memory", "recall", "AAPL", "--limit", "9" * 5000], "is not a whole number from 1 to 1000"),
        (["mode"], "the following arguments are required: MODE"),
        (["mode", "yolo"], "argument MODE: invalid choice: 'yolo'"),
        (["audit"], "the following arguments are required: verb"),
        (["audit", "verify", "--count", "3"], "only last takes --count"),
        (["audit", "delete"], "argument verb: invalid choice"),
    ],
    ids=lambda case: " ".join(case)[:40] if isinstance(case, list) else "",
)  # fmt: skip
def test_what_is_refused(words, complaint, capsys):
    with pytest.raises(SystemExit) as left:
        parse(words)
    told = capsys.readouterr()
    *usage, line = told.err.rstrip("\n").split("\n")
    assert (left.value.code, told.out) == (2, "")
    assert usage[0].startswith("usage: sage")
    assert line.startswith("sage: ")
    assert complaint in line
    assert "Traceback" not in told.err


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_helps_with_an_example_that_works(command, capsys):
    with pytest.raises(SystemExit) as left:
        parse([command.name, "--help"])
    told = capsys.readouterr().out
    assert left.value.code == 0
    assert "--home" in told
    assert "--quiet" in told
    for example in command.examples:
        assert f"  {example}\n" in told
        assert parse(re.findall(r"'.*?'|\S+", example)[1:]).command.split()[0] == command.name


def test_help_lists_every_command(capsys):
    with pytest.raises(SystemExit) as left:
        parse(["--help"])
    listed = capsys.readouterr().out
    assert left.value.code == 0
    assert all(f"\n  {command.name} " in listed and command.help in listed for command in COMMANDS)
    assert max(map(len, listed.splitlines())) <= 100


def test_version_is_printed(capsys):
    with pytest.raises(SystemExit) as left:
        parse(["--version"])
    assert left.value.code == 0
    assert re.fullmatch(r"sage \d+\.\d+\.\d+\n", capsys.readouterr().out)


def test_every_option_reaches_the_arguments():
    """No command takes an option that ``Arguments`` has no place for."""
    taken = {action.dest for command in COMMANDS for action in command_parser(command)._actions}
    assert taken - {"help", "verb"} <= set(Arguments.__dataclass_fields__)


def test_the_parser_loads_nothing_heavy():
    code = "import sys, interfaces.cli.parser; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not HEAVY & set(loaded.stdout.split())
