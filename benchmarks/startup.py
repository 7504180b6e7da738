"""Whole-process time of the commands people wait for, beside scripts that do nothing but start.

    sage --help, sage kill     asked in a hurry: nothing but the standard library may be loaded
    sage status                a look at a home with cycles behind it
    sage cycle                 a whole cycle of the rules over the simulated market, next session each time

The rounds take turns, so that a busy minute of the machine meets all of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter

from harness.report import Report, Row, arguments
from harness.timing import Spent, middle

ARGPARSE_ONLY = "import argparse; p = argparse.ArgumentParser(); p.add_argument('--home'); p.parse_args([])"
FLOORS = ("python, nothing imported", "python, argparse only")
SLOW = ("sage status", "sage cycle")
REACH_S = {"sage --help": 0.3, "sage kill": 0.2}


def commands(home: str, number: int) -> dict[str, Sequence[str]]:
    """What round ``number`` starts, by its name; ``kill`` has a new home each time, or it would find its own latch."""
    sage = str(Path(sys.executable).with_name("sage"))
    return {
        FLOORS[0]: (sys.executable, "-c", "pass"),
        FLOORS[1]: (sys.executable, "-c", ARGPARSE_ONLY),
        "sage --help": (sage, "--help"),
        "sage kill": (sage, "--home", f"{home}/killed-{number}", "kill"),
        "sage status": (sage, "--home", f"{home}/seen", "status"),
        "sage cycle": (sage, "--home", f"{home}/seen", "--quiet", "cycle"),
    }


def environment() -> dict[str, str]:
    """The caller's, without anything that would set Sage up otherwise."""
    ours = ("SAGE_", "OPENAI_", "APCA_", "NEWSAPI_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {"SAGE_MODEL": "rules"}


def run(command: Sequence[str], folder: str) -> Spent:
    """One run from start to exit, in a folder without settings files; raises where it fails."""
    cpu, since = os.times(), perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=folder, env=environment(), timeout=120)
    wall, after = perf_counter() - since, os.times()
    return Spent(wall, after.children_user + after.children_system - cpu.children_user - cpu.children_system)


def measured(rounds: int, slow_rounds: int) -> dict[str, list[Spent]]:
    """Every run by command; one round goes first and is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        found: dict[str, list[Spent]] = {}
        for number in range(rounds + 1):
            for name, command in reversed(commands(folder, number).items()):
                if number <= slow_rounds > 0 or name not in SLOW:
                    found.setdefault(name, []).append(run(command, folder))
    return {name: found[name][1:] for name in commands(folder, 0) if name in found}


def rows(found: Mapping[str, Sequence[Spent]]) -> list[Row]:
    """Medians, and their ratio to the argparse script."""
    floor = middle(found[FLOORS[1]]).wall_s
    return [
        {
            "command": name,
            "median s": round(middle(taken).wall_s, 3),
            "fastest s": round(min(taken).wall_s, 3),
            "slowest s": round(max(taken).wall_s, 3),
            "cpu s": round(middle(taken).cpu_s, 2),
            "x argparse": round(middle(taken).wall_s / floor, 1),
            "reach s": REACH_S.get(name),
            "runs": len(taken),
        }
        for name, taken in found.items()
    ]


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="runs of each command")
    parser.add_argument("--slow-rounds", type=int, default=3, help="runs of `sage status` and `sage cycle`, 0 for none")
    chosen = parser.parse_args()
    report = Report("startup")
    report.add("Whole-process time", rows(measured(chosen.rounds, chosen.slow_rounds)))
    report.write(chosen.json)


if __name__ == "__main__":
    main()
