"""What-if: cases from a file go before the gates, one answer a line; nothing is opened that could send an order.

No home, database, settings, broker or model takes part: the case tells everything, and the rest is unknown. A line that
cannot be read is a denial with the code ``CASE_INVALID`` and the reason beside it, and the next line follows.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, BinaryIO, NamedTuple

from domain.errors import OversightError
from domain.money import ZERO
from domain.record.canonical import decimal_text
from domain.verdicts import Evaluation, Figure, Outcome, Verdict
from interfaces.views.gates import TallyView
from policies.evaluate import evaluate
from policies.gates.catalogue import BY_ID
from policies.measures.worst_case import is_finite
from policies.policy import Policy
from policies.whatif.case import UNREADABLE, PolicyShelf, case_id, read_case
from policies.whatif.strict_json import LONGEST_LINE, read_object
from trading.data.calendar import calendar_named

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class GateAnswer(NamedTuple):
    """The answer to one line; ``error`` is set where the line is no case."""

    id: str | int
    verdict: Outcome
    final_qty: Decimal
    codes: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    error: str | None = None


class Tally:
    """Counts answers as they are given."""

    def __init__(self) -> None:
        self._verdicts: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()

    def add(self, answer: GateAnswer) -> None:
        """Count one answer."""
        self._verdicts[answer.verdict.value] += 1
        self._codes.update(map(str, answer.codes))

    def view(self) -> TallyView:
        """What was counted so far."""
        return TallyView(dict(self._verdicts), dict(self._codes))


def answers(stream: BinaryIO, fallback: Policy | None = None) -> Iterator[GateAnswer]:
    """The answers to a stream of cases, in order; ``fallback`` is the policy of cases without limits."""
    shelf = PolicyShelf(fallback)
    for number, line in _lines(stream):
        yield judged(line, number, shelf)


def judged(line: bytes, number: int, shelf: PolicyShelf) -> GateAnswer:
    """One line before the gates."""
    name: str | int = f"line {number}"
    try:
        document = read_object(line)
        name = case_id(document, number)
        asked = read_case(document, calendar_named, shelf)
    # What reading raises on purpose; a gate that fails is a denial of its own (policies/answers.py).
    except (OversightError, UnicodeError) as error:
        return GateAnswer(name, Outcome.DENY, ZERO, (UNREADABLE,), (), str(error))
    said: Evaluation = evaluate(asked.case, asked.policy)
    return GateAnswer(name, said.outcome, said.final_qty, said.codes, said.verdicts)


def text_of(answer: GateAnswer) -> str:
    """The answer as one line of JSON, pure ASCII."""
    document: dict[str, Any] = {
        "id": answer.id,
        "verdict": answer.verdict.value,
        "final_qty": _plain(answer.final_qty),
        "codes": [str(code) for code in answer.codes],
        "verdicts": [_row(verdict) for verdict in answer.verdicts],
    }
    if answer.error is not None:
        document["error"] = answer.error
    return json.dumps(document, ensure_ascii=True, allow_nan=False)


def _row(verdict: Verdict) -> dict[str, Any]:
    row = {
        "gate": verdict.gate,
        "code": str(verdict.code),
        "limit": _plain(verdict.limit),
        "value": _plain(verdict.value),
        "margin": _plain(verdict.margin),
        "outcome": verdict.outcome.value,
        "unit": BY_ID[verdict.gate].unit,
    }
    return {**row, "note": verdict.note} if verdict.note else row


def _plain(figure: Figure) -> str | int | bool | None:
    if figure is None or isinstance(figure, (bool, int)):
        return figure
    return decimal_text(figure) if is_finite(figure) else str(figure)


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers, without the blank ones at the end; of one too long so much that this can be told.

    A blank line between cases is a line that cannot be read: whoever counts lines finds an answer for each.
    """
    number, blank = 0, 0
    # Room for the line end and one byte more, by which a line is known to be too long.
    while line := stream.readline(LONGEST_LINE + 2):
        number += 1
        rest = line
        while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
            rest = stream.readline(LONGEST_LINE + 2)
        line = line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line
        if not line.strip():
            blank += 1
            continue
        yield from ((number - back, b"") for back in range(blank, 0, -1))
        blank = 0
        yield number, line
