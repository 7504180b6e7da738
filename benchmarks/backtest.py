"""What a backtest costs: CPU for each session of the simulated market, by how much was proposed in it.

    question        the period is looked up, and everything the sources can tell of it is digested
    first session   with the start of an empty home and the loading of everything a cycle needs
    a session       one cycle, then orders meet the market and the books are compared after the close

Sessions without a candidate show what looking costs; what those with one cost beyond it is the price of a candidate
with its roles, gates, orders and explanation. The last quarter beside the first shows how the cost grows.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from time import process_time

from harness.report import Report, Row, arguments

from composition.backtesting import answered, request_of
from composition.closed import demo_settings
from composition.opening import stores_of
from interfaces.cli.home import LATCH
from interfaces.cli.parser import parse
from policies.kill_switch import KillSwitch
from trading.store.database import open_database

FIRST, LAST = "2026-01-02", "2026-03-31"


def mean_ms(costs: Sequence[float]) -> float | None:
    """In milliseconds; None of nothing."""
    return round(1000 * sum(costs) / len(costs), 1) if costs else None


def measured(folder: Path, words: Sequence[str]) -> list[Row]:
    """Play what a command line says, in a home in ``folder``."""
    settings = demo_settings(folder / "home").model_copy(update={"model": "rules"})
    database = open_database(settings.database)
    begun = process_time()
    what = request_of(parse(["backtest", *words]), settings, stores_of(database, settings, KillSwitch(folder / LATCH)))
    known, marks = process_time(), list[tuple[float, int]]()
    answered(what, lambda _done, _of, seen: marks.append((process_time(), seen[-1].candidates)))
    database.close()
    each = [(now - before, count) for (before, _), (now, count) in pairwise(marks)]
    idle, busy = [cost for cost, count in each if not count], [(cost, count) for cost, count in each if count]
    extra = sum(cost for cost, _ in busy) * 1000 - len(busy) * (mean_ms(idle) or 0)
    quarter = max(1, len(each) // 4)
    candidates = sum(count for _, count in busy)
    return [
        {"what": "question", "cpu ms": mean_ms([known - begun]), "times": 1},
        {"what": "first session, with the start", "cpu ms": mean_ms([marks[0][0] - known]), "times": 1},
        {"what": "a session", "cpu ms": mean_ms([cost for cost, _ in each]), "times": len(each)},
        {"what": "a session without a candidate", "cpu ms": mean_ms(idle), "times": len(idle)},
        {
            "what": "a candidate beyond that",
            "cpu ms": round(extra / candidates, 1) if busy else None,
            "times": candidates,
        },
        {
            "what": "a session of the first quarter",
            "cpu ms": mean_ms([cost for cost, _ in each[:quarter]]),
            "times": quarter,
        },
        {
            "what": "a session of the last quarter",
            "cpu ms": mean_ms([cost for cost, _ in each[-quarter:]]),
            "times": quarter,
        },
    ]


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--from", dest="first", default=FIRST, metavar="DAY", help="first day")
    parser.add_argument("--to", dest="last", default=LAST, metavar="DAY", help="last day")
    parser.add_argument("--symbols", default="", metavar="A,B", help="of all twelve companies")
    chosen = parser.parse_args()
    words = ["all", "--from", chosen.first, "--to", chosen.last]
    words += ["--symbols", chosen.symbols] if chosen.symbols else []
    report = Report("backtest")
    with tempfile.TemporaryDirectory() as folder:
        report.add("A backtest by whole cycles, rules for a model", measured(Path(folder), words))
    report.write(chosen.json)


if __name__ == "__main__":
    main()
