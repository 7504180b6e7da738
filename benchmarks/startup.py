"""Whole-process time of the commands people wait for, beside scripts that do nothing but start.

    sage --help, sage kill     asked in a hurry: nothing but the standard library may be loaded
    sage status                a look at a home with one cycle behind it
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
from statistics import median
from time import perf_counter

from harness.report import Report, Row, arguments

ARGPARSE_ONLY = "import argparse; p = argparse.ArgumentParser(); p.add_argument('--home'); p.parse_args([])"
FLOORS = ("python, nothing imported", "python, argparse only")
REACH_S = {"sage --help": 0.3, "sage kill": 0.2}


def commands(home: str) -> Mapping[str, Sequence[str]]:
    """What is started, by its name in the table. ``kill`` has a home of its own: it would stop the others."""
    sage = str(Path(sys.executable).with_name("sage"))
    return {
        FLOORS[0]: (sys.executable, "-c", "pass"),
        FLOORS[1]: (sys.executable, "-c", ARGPARSE_ONLY),
        "sage --help": (sage, "--help"),
        "sage kill": (sage, "--home", f"{home}/killed", "kill"),
        "sage status": (sage, "--home", f"{home}/seen", "status"),
        "sage cycle": (sage, "--home", f"{home}/seen", "--quiet", "cycle"),
    }


def environment() -> dict[str, str]:
    """The caller's, without anything that would set Sage up otherwise."""
    ours = ("SAGE_", "OPENAI_", "APCA_", "NEWSAPI_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {"SAGE_MODEL": "rules"}


def seconds(command: Sequence[str], folder: str) -> float:
    """One run from start to exit, in a folder without settings files; raises where it fails."""
    since = perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=folder, env=environment(), timeout=120)
    return perf_counter() - since


def measured(rounds: int, cycles: int) -> dict[str, list[float]]:
    """Seconds of every run, by command; one run of each goes first and is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        by_name = commands(folder)
        for command in reversed(by_name.values()):
            seconds(command, folder)
        found: dict[str, list[float]] = {name: [] for name in by_name}
        for number in range(rounds):
            for name, command in by_name.items():
                if name != "sage cycle" or number < cycles:
                    found[name].append(seconds(command, folder))
    return found


def rows(found: Mapping[str, Sequence[float]]) -> list[Row]:
    """Medians, and their ratio to the argparse script."""
    floor = median(found[FLOORS[1]])
    return [
        {
            "command": name,
            "median s": round(median(taken), 3),
            "fastest s": round(min(taken), 3),
            "slowest s": round(max(taken), 3),
            "x argparse": round(median(taken) / floor, 1),
            "reach s": REACH_S.get(name),
            "runs": len(taken),
        }
        for name, taken in found.items()
    ]


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="runs of each command")
    parser.add_argument("--cycles", type=int, default=3, help="runs of `sage cycle`")
    chosen = parser.parse_args()
    report = Report("startup")
    report.add("Whole-process time", rows(measured(chosen.rounds, chosen.cycles)))
    report.write(chosen.json)


if __name__ == "__main__":
    main()
