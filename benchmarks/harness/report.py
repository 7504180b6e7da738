"""The rim of every benchmark: its arguments, its tables on standard output, and the same figures as JSON.

A report is not a test: it states figures and compares, and nothing fails because a machine was slow.
"""

from __future__ import annotations

import json
import os
import platform
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Cell = str | int | float | None
Row = Mapping[str, Cell]


@dataclass
class Report:
    """Tables by title and remarks, in the order in which they were measured."""

    axis: str
    tables: dict[str, list[Row]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, title: str, rows: Sequence[Row]) -> None:
        """Keep a table and print it; all rows have the columns of the first."""
        self.tables[title] = list(rows)
        print(f"\n{title}\n{as_text(rows)}", flush=True)

    def note(self, text: str) -> None:
        """Keep a remark and print it."""
        self.notes.append(text)
        print(f"\n{text}", flush=True)

    def write(self, path: Path | None) -> None:
        """Write everything with what it was measured on, where a path was given."""
        if path is not None:
            document = {"axis": self.axis, "machine": machine(), "tables": self.tables, "notes": self.notes}
            path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def arguments(text: str) -> ArgumentParser:
    """The parser of a benchmark, with what all of them take."""
    parser = ArgumentParser(description=text, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the figures to this file too")
    return parser


def machine() -> dict[str, Cell]:
    """What the figures depend on most."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load": None if load is None else round(load, 2),
    }


def as_text(rows: Sequence[Row]) -> str:
    """Rows under their column names; numbers to the right, texts to the left."""
    names = list(rows[0])
    cells = [[told(row[name]) for name in names] for row in rows]
    widths = [max(len(name), *(len(line[at]) for line in cells)) for at, name in enumerate(names)]
    right = [all(isinstance(row[name], int | float | None) for row in rows) for name in names]
    lines = (names, ["-" * width for width in widths], *cells)
    return "\n".join(
        "  ".join(
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def told(cell: Cell) -> str:
    """A figure with about three significant digits, a dash where there is none."""
    if cell is None:
        return "-"
    if isinstance(cell, float):
        decimals = 0 if abs(cell) >= 100 else 1 if abs(cell) >= 10 else 2 if abs(cell) >= 1 else 3
        return f"{cell:,.{decimals}f}"
    return f"{cell:,}" if isinstance(cell, int) else cell
