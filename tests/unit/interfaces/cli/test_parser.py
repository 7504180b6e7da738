"""The command line as people type it: what is understood, what is refused, and how fast help answers."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from interfaces.cli.commands import COMMANDS
from interfaces.cli.parser import Arguments, command_parser, parse

ROOT = Path(__file__).parents[4]
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
        ("chat", Arguments("chat")),
        ("explain last", Arguments("explain", id="last")),
        ("explain ord-1 --before", Arguments("explain", id="ord-1", phase="before")),
        ("explain --after dec-1", Arguments("explain", id="dec-1", phase="after")),
        ("status --json", Arguments("status", json=True)),
        ("positions", Arguments("positions")),
        ("orders", Arguments("orders")),
        ("trades", Arguments("trades")),
        ("pnl", Arguments("pnl")),
        ("risk", Arguments("risk")),
        ("limits", Arguments("limits")),
        ("limits --profile balanced", Arguments("limits", profile="balanced")),
        ("limits --diff mine.toml --json", Arguments("limits", diff="mine.toml", json=True)),
        ("gate cases.jsonl", Arguments("gate", file="cases.jsonl")),
        ("gate - --policy research --summary", Arguments("gate", file="-", policy="research", summary=True)),
        ("whynot NIMBO", Arguments("whynot", id="NIMBO")),
        ("pending", Arguments("pending")),
        ("approve apr-1", Arguments("approve", id="apr-1")),
        ("reject apr-1", Arguments("reject", id="apr-1")),
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
        ("audit verify", Arguments("audit verify")),
        ("doctor", Arguments("doctor")),
        ("memory rebuild --home h", Arguments("memory rebuild", home="h")),
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
        (["statsu"], "there is no command 'statsu'; did you mean 'status'?"),
        (["POSITION"], "there is no command 'POSITION'; did you mean 'positions'?"),
        (["xyzzy"], "there is no command 'xyzzy'; `sage --help` lists them"),
        (["sta\x1b[2Jtus"], r"there is no command 'sta\x1b[2Jtus'; did you mean 'status'?"),
        (["explain"], "the following arguments are required: ID"),
        (["gate"], "the following arguments are required: CASES"),
        (["whynot", ""], "argument ID: '' is not an id"),
        (["explain", "last", "--before", "--after"], "argument --after: not allowed with argument --before"),
        (["explain", ""], "argument ID: '' is not an id; copy one from `sage orders` or `sage pending`"),
        (["approve", "a\x00b"], r"argument ID: 'a\x00b' is not an id; copy one from `sage orders` or `sage pending`"),
        (["cycle", "--symbols", "AAPL,АAPL"], "argument --symbols: 'АAPL' is not a symbol. Write a ticker"),
        (["cycle", "--symbols", ""], "argument --symbols: '' is not a symbol. Write a ticker like AAPL or BRK.B."),
        (["cycle", "--as-of", "noon"], "argument --as-of: time 'noon' is not a time. Write it like"),
        (["cycle", "--as-of", "2026-03-17"], "argument --as-of: time 2026-03-17T00:00:00 names no zone. Add"),
        (["cycle", "--symbol", "AAPL"], "unrecognized arguments: --symbol AAPL"),
        (["cycle", "--market"], "argument --market: expected one argument"),
        (["orders", "extra"], "unrecognized arguments: extra"),
        (["chat", "--json"], "chat returns no data, so it has no --json"),
        (["--json", "chat"], "chat returns no data, so it has no --json"),
        (["pause", "symbol"], "name the symbol, for example `sage pause symbol TSLA`"),
        (["resume", "strategy"], "name the strategy, for example `sage resume strategy news`"),
        (["pause", "global", "TSLA"], "global takes no name"),
        (["pause", "--for", "2"], "argument --for: '2' is not a duration; write 90s, 45m, 2h or 1d"),
        (["pause", "--for", "-2h"], "argument --for: expected one argument"),
        (["pause", "--for", "0s"], "argument --for: '0s' is not between a second and a year"),
        (["pause", "--for", "367d"], "argument --for: '367d' is not between a second and a year"),
        (["pause", "--for", "²h"], "argument --for: '²h' is not a duration; write 90s, 45m, 2h or 1d"),
        (["pause", "--for", "9" * 5000 + "d"], "is not a duration; write 90s, 45m, 2h or 1d"),
        (["mode"], "the following arguments are required: MODE"),
        (["mode", "yolo"], "argument MODE: invalid choice: 'yolo'"),
        (["audit"], "the following arguments are required: verb"),
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
