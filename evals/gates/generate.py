"""All cases with what must come out of them, and what they leave uncovered.

Cases by hand carry a person's verdict, which the oracle must share; seeded ones carry the oracle's alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from evals.gates.oracle.judge import Expected, judge
from evals.gates.oracle.schema import LIMITS
from evals.gates.tables import control, exits, form, market, models, pace, size
from evals.gates.tables.base import Row, case
from evals.gates.tables.mixed import mixed

BY_HAND: tuple[Row, ...] = (
    *control.ROWS, *form.ROWS, *size.ROWS, *market.ROWS, *pace.ROWS, *models.ROWS, *exits.ROWS,
)  # fmt: skip
GATES: tuple[str, ...] = tuple(
    f"{group}{number}"
    for group, count in (("A", 10), ("B", 10), ("C", 18), ("D", 8), ("E", 15), ("F", 9), ("G", 6), ("H", 10))
    for number in range(1, count + 1)
)
FIGURES = frozenset({
    "oversize", "mode", "market_slippage_pct", "close_window_s", "cluster_correlation", "approval_ttl_s",
    "approval_price_band_pct", "auction_buffer_s", "wash_sale_days", "give_back_from_pct",
})  # fmt: skip
"""Limits that another limit reckons with; they deny nothing by themselves."""
LEAST_MIXED = 300


class LabelledCase(NamedTuple):
    """A case, its expectation, and the row it was made from."""

    row: Row
    case: dict[str, Any]
    expected: Expected

    @property
    def line(self) -> dict[str, Any]:
        """The case as it is written to a file."""
        codes = self.expected.codes_any
        expect = {"verdict": self.expected.verdict, "final_qty": self.expected.final_qty,
                  "codes_any": None if codes is None else list(codes)}  # fmt: skip
        return {"case": self.case, "expect": expect, "gate": self.row.gate, "kind": self.row.kind,
                "because": list(self.expected.gates)}  # fmt: skip


def generate(seed: int, count: int) -> Iterator[LabelledCase]:
    """Every case by hand, then seeded ones up to ``count``, and never fewer than ``LEAST_MIXED`` of them."""
    rows = (*BY_HAND, *mixed(seed, max(count - len(BY_HAND), LEAST_MIXED)))
    for number, row in enumerate(rows, start=1):
        made = case(row.edits)
        made["id"] = f"{number:04d}-{row.gate}-{row.kind}"
        yield LabelledCase(row, made, judge(made))


def label(expected: Expected) -> str:
    """The verdict as the tables by hand write it."""
    short = {"PASS": "P", "DENY": "D", "NEED_APPROVAL": "A"}
    return short.get(expected.verdict, f"R:{expected.final_qty}")


def faults(labelled: Sequence[LabelledCase]) -> list[str]:
    """Where a person and the oracle differ, and each gate and limit without a case on both sides."""
    found = [
        f"{each.row.gate} {each.row.kind}: by hand {each.row.label}, oracle {label(each.expected)}"
        for each in labelled
        if each.row.label not in {"?", label(each.expected)}
    ]
    sides: dict[str, set[bool]] = defaultdict(set)
    for each in labelled:
        passed = each.expected.verdict == "PASS"
        sides[each.row.gate].add(passed)
        limits = each.case.get("limits") or {}
        broken = {name.partition(":")[2] for name in each.expected.gates}
        for name in limits:
            # A case that is stopped for another reason says nothing about this limit.
            if passed or name in broken:
                sides[name].add(passed)
    wanted = [*GATES, *(name for name in LIMITS if name not in FIGURES)]
    return found + [f"{name}: no case on both sides" for name in wanted if len(sides[name]) < 2]


def summary(labelled: Sequence[LabelledCase]) -> str:
    """How many cases there are, by verdict and by group."""
    verdicts = Counter(each.expected.verdict for each in labelled)
    groups = Counter(each.row.gate[0] if each.row.gate in GATES else "exits and policies" for each in labelled)
    told = ", ".join(f"{name} {count}" for name, count in sorted(verdicts.items()))
    by_group = ", ".join(f"{name} {count}" for name, count in sorted(groups.items()))
    return f"{len(labelled)} cases: {told}\nby group: {by_group}\n{len(GATES)} gates, {len(LIMITS)} limits"
