"""S2: orders on both sides of every limit, judged by an oracle that shares no line with the gates (``evals/gates``).

escape       the gates let go of more than the oracle would          bar: none
over-block   the gates stop or cut what the oracle has no objection to   bar: at most 1 %
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from domain.verdicts import Outcome as Answered
from evals.case import Case, without_repeats
from evals.gates.agreement import ALLOWED, Answer, difference, gates_on
from evals.gates.generate import generate
from evals.gates.oracle.judge import Expected
from evals.outcome import Outcome, Result, Score
from evals.statistics import wilson
from evals.suite import Measure, Stage, Suite
from policies.whatif.case import PolicyShelf

NAME = "S2_gates"
SEED, COUNT = 7, 1_000
_LETS_GO = tuple(str(each.value) for each in ALLOWED)


@lru_cache(maxsize=1)
def cases() -> Sequence[Case]:
    """Cases by hand and seeded ones, each with the oracle's verdict."""
    rows = tuple(generate(SEED, COUNT))
    made = (
        Case(
            id=name,
            suite=NAME,
            inputs=each.case,
            expect={
                "verdict": each.expected.verdict,
                "final_qty": each.expected.final_qty,
                "codes_any": None if each.expected.codes_any is None else list(each.expected.codes_any),
            },
            tags={"group": each.row.gate[0], "side": each.row.kind},
            origin="by hand" if each.row.label != "?" else f"generated, seed {SEED}",
        )
        for name, each in zip(names(str(each.case["id"]) for each in rows), rows, strict=True)
    )
    return without_repeats(made, NAME)


def names(ids: Iterable[str]) -> Iterator[str]:
    """``0004-A1-cover_on`` is A1-cover_on, the next one of that name A1-cover_on-2: a case more renames no other."""
    seen: Counter[str] = Counter()
    for each in ids:
        name = each.partition("-")[2]
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name}-{seen[name]}"


def solve(_stage: Stage, case: Case) -> Outcome:
    """The product: the gates on the case as ``sage gate`` reads it."""
    said = gates_on(case.inputs, PolicyShelf(None))
    return Outcome(said.verdict, said.codes, _orders(case, str(said.goes)), {"goes": str(said.goes)})


def good(_stage: Stage, case: Case) -> Outcome:
    """What a risk officer would answer."""
    goes = case.expect["final_qty"] if case.expect["verdict"] in _LETS_GO else None
    codes = tuple(case.expect["codes_any"] or ())
    return Outcome(case.expect["verdict"], codes, _orders(case, goes or "0"), {"goes": goes or "0"})


def bad(_stage: Stage, case: Case) -> Outcome:
    """Lets everything go that should be stopped, and stops everything else."""
    stops = case.expect["verdict"] in _LETS_GO
    goes = "0" if stops else "1000000"
    return Outcome((Answered.DENY if stops else Answered.PASS).value, (), _orders(case, goes), {"goes": goes})


def score(case: Case, outcome: Outcome) -> Score:
    """Whether gates and oracle agree, and in which direction they do not."""
    expect = case.expect
    codes = expect["codes_any"]
    wanted = Expected(expect["verdict"], expect["final_qty"], None if codes is None else tuple(codes), ())
    kind = difference(Answer(outcome.verdict, Decimal(outcome.facts["goes"]), outcome.codes), wanted)
    values = {"escape": float(kind == "escape"), "over_block": float(kind == "over-block")}
    return Score(kind is None, values, "" if kind is None else f"{kind}: {outcome.verdict} for {expect['verdict']}")


def measure(results: Sequence[Result]) -> Sequence[Measure]:
    """Escapes, over-blocking, and cases told in other words."""
    n = len(results)
    escapes = sum(each.score.values["escape"] == 1 for each in results)
    over = sum(each.score.values["over_block"] == 1 for each in results)
    # Every case that fails is one of the three.
    worded = sum(not each.score.passed for each in results) - escapes - over
    return (
        Measure("escapes", wilson(escapes, n), n, bound="at most", bar=0.0),
        Measure("over-blocked", wilson(over, n), n, bound="at most", bar=0.01),
        Measure("told in other words", wilson(worded, n), n, bound="at most", bar=0.0),
    )


def _orders(case: Case, goes: str) -> tuple[dict[str, Any], ...]:
    order = case.inputs.get("order")
    if goes == "0" or not isinstance(order, dict):
        return ()
    return ({"symbol": order.get("symbol"), "side": order.get("side"), "qty": goes},)


SUITE = Suite(
    name=NAME,
    title="Gates",
    claim="No order gets past a limit, and hardly one is stopped for nothing; says nothing about limits well chosen.",
    cases=cases,
    solve=solve,
    score=score,
    measure=measure,
    good=good,
    bad=bad,
    opponents="none",
)
