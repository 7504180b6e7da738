"""The gates before the labelled cases: what they let through that the oracle does not, and what they stop for nothing.

    escape       the gates let go of more than the oracle: an order it denies, or one larger than what it leaves
    over-block   the gates let go of less: a denial, or a smaller order, where the oracle has no objection
    wrong word   both stop the order, but one would ask a person and the other not, or none of the agreed codes is told

With n cases and no escape the share of escapes is below 3/n in 95 of 100 such files (rule of three).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import chain
from typing import Any, NamedTuple

from domain.errors import OversightError
from domain.money import ZERO
from domain.verdicts import Outcome
from evals.gates.generate import LabelledCase
from evals.gates.oracle.judge import Expected
from policies.evaluate import evaluate
from policies.whatif.case import UNREADABLE, PolicyShelf, read_case
from policies.whatif.strict_json import read_object
from trading.data.calendar import calendar_named

ALLOWED = (Outcome.PASS, Outcome.REDUCE)


class Answer(NamedTuple):
    """What the gates said: verdict, the quantity that may go without asking anybody, and the codes."""

    verdict: str
    goes: Decimal
    codes: tuple[str, ...]


class Disagreement(NamedTuple):
    """One case on which the gates and the oracle do not agree."""

    kind: str
    case_id: str
    gate: str
    wanted: str
    found: Answer


class Agreement(NamedTuple):
    """How many cases there were, and every difference."""

    cases: int
    differences: tuple[Disagreement, ...]

    def count(self, kind: str) -> int:
        """Differences of one kind."""
        return sum(each.kind == kind for each in self.differences)

    @property
    def over_blocked_pct(self) -> float:
        """Share of all cases that the gates stop for nothing, in percent."""
        return 100 * self.count("over-block") / max(1, self.cases)


def compared(labelled: Iterable[LabelledCase]) -> Agreement:
    """Every case before the gates."""
    shelf, cases = PolicyShelf(None), tuple(labelled)
    found = (_differences(each, answer_of(each, shelf)) for each in cases)
    return Agreement(len(cases), tuple(chain.from_iterable(found)))


def answer_of(labelled: LabelledCase, shelf: PolicyShelf) -> Answer:
    """The gates on one labelled case."""
    return gates_on(labelled.case, shelf)


def gates_on(case: Mapping[str, Any], shelf: PolicyShelf) -> Answer:
    """The gates on one case, read from its JSON as any other would be."""
    try:
        asked = read_case(read_object(json.dumps(case).encode()), calendar_named, shelf)
    except OversightError:
        return Answer(Outcome.DENY.value, ZERO, (str(UNREADABLE),))
    said = evaluate(asked.case, asked.policy)
    goes = said.final_qty if said.outcome in ALLOWED else ZERO
    return Answer(said.outcome.value, goes, tuple(map(str, said.codes)))


def _differences(labelled: LabelledCase, found: Answer) -> Iterator[Disagreement]:
    kind = difference(found, labelled.expected)
    if kind is not None:
        wanted = f"{labelled.expected.verdict} {_may_go(labelled.expected)}"
        yield Disagreement(kind, str(labelled.case["id"]), labelled.row.gate, wanted, found)


def difference(found: Answer, wanted: Expected) -> str | None:
    """``escape``, ``over-block`` or ``wrong word``; None where gates and oracle agree."""
    may_go = _may_go(wanted)
    if found.goes > may_go:
        return "escape"
    if found.goes < may_go or (wanted.verdict == Outcome.NEED_APPROVAL and found.verdict == Outcome.DENY):
        return "over-block"
    told = wanted.codes_any is None or set(wanted.codes_any) & set(found.codes)
    return None if found.verdict == wanted.verdict and told else "wrong word"


def _may_go(wanted: Expected) -> Decimal:
    return Decimal(wanted.final_qty) if wanted.verdict in ALLOWED and wanted.final_qty is not None else ZERO


def report(found: Agreement) -> str:
    """Figures for people, then each difference in a line."""
    blocked = f"{found.count('over-block')} over-blocked ({found.over_blocked_pct:.2f} %)"
    told = f"{found.count('wrong word')} told in other words"
    lines = [f"{found.cases} cases: {found.count('escape')} escapes, {blocked}, {told}"]
    lines += [
        f"{each.kind}: {each.case_id}, {each.wanted} wanted, {each.found.verdict} {each.found.goes} "
        f"({', '.join(each.found.codes[:4]) or 'no code'})"
        for each in found.differences
    ]
    return "\n".join(lines)
