"""Asking gates and keeping what they say.

An answer is either a ``Verdict`` or the figures of a pass, ``(PASSED, limit, value, margin)``. It is judged at once and
never again: what is neither has denied. What a group of gates said of a snapshot is told in full once, however many
orders it stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any, TypeVar

from domain.verdicts import Figure, Outcome, Verdict
from policies.codes import ReasonCode
from policies.gate import DENY, PASS, PASSED, Answer, BoundGate, Group, in_full
from policies.measures.worst_case import is_finite, is_positive

REDUCE = Outcome.REDUCE
_first = itemgetter(0)
T = TypeVar("T")

Objection = tuple[Verdict, BoundGate]


class Said:
    """The answers of a group of gates, each in its gate's place, and those that did not pass."""

    __slots__ = ("_told", "answers", "group", "objections")

    def __init__(self, group: Group, answers: Sequence[Answer], objections: tuple[Objection, ...]) -> None:
        self.group = group
        self.answers = answers
        self.objections = objections
        self._told: list[Verdict] | None = None

    def told(self) -> list[Verdict]:
        """The verdicts of these answers; answers that stand for many orders are told once."""
        if self._told is None:
            self._told = [in_full(gate.id, answer) for gate, answer in zip(self.group.gates, self.answers, strict=True)]
        return self._told


def in_order(aside: tuple[tuple[int, Verdict], ...], saids: Iterable[Said]) -> tuple[Verdict, ...]:
    """One verdict a gate, in the order of the policy: what each group said, and the gates that stood ``aside``."""
    found: dict[int, Verdict] = dict(aside)
    for said in saids:
        found.update(zip(said.group.places, said.told(), strict=True))
    return tuple([found[place] for place in range(len(found))])


def attempt(call: Callable[..., T], *given: Any) -> T | Exception:
    """What a call returns, or the error it raises as a value: whatever fails while gates look has denied."""
    try:
        return call(*given)
    except Exception as error:  # noqa: BLE001 a gate that fails, for whatever reason, has denied
        return error


def ask(group: Group, case: Any, figures: Any, qty: object = None) -> Said:
    """Every gate of the group looks. This loop runs at every order.

    ``case`` and ``figures`` are as much of a case and its worst case as these gates read. Only a gate that is shown a
    quantity can cut it.
    """
    answers = attempt(_look, group.checks, case, figures)
    if isinstance(answers, Exception):
        # One of them fails: each is asked by itself, so that the others are heard.
        alone = [attempt(_look, (check,), case, figures) for check in group.checks]
        answers = [
            failed(gate, found) if isinstance(found, Exception) else found[0]
            for gate, found in zip(group.gates, alone, strict=True)
        ]
    if _all_pass(answers):
        return Said(group, answers, ())
    heard = [_heard(gate, answer, qty) for gate, answer in zip(group.gates, answers, strict=True)]
    objections = [(found, gate) for found, gate in zip(heard, group.gates, strict=True) if isinstance(found, Verdict)]
    return Said(group, heard, tuple(each for each in objections if each[0].outcome is not PASS))


def _look(checks: Sequence[tuple[Any, Any]], case: Any, figures: Any) -> list[Answer]:
    return [check(case, figures, limits) for check, limits in checks]


def _all_pass(answers: Sequence[object]) -> bool:
    """True where every answer begins with PASSED."""
    try:
        return [*map(_first, answers)].count(PASSED) == len(answers)  # type: ignore[arg-type]
    except (TypeError, LookupError):  # an answer that has no first word
        return False


def _heard(gate: BoundGate, answer: object, qty: object) -> Answer:
    """The answer as it counts: as it is where it is one, else a denial that says what was answered."""
    if type(answer) is tuple and answer[:1] == (PASSED,):
        return answer
    if type(answer) is not Verdict or not _is_an_answer(answer, gate, qty):
        return legible(Verdict(gate.id, ReasonCode.GATE_ERROR, DENY, note=f"answered {answer!r}"))
    return answer if answer.outcome is PASS else legible(answer)


def failed(gate: BoundGate, error: Exception) -> Verdict:
    """The verdict of a gate that could not look."""
    return legible(Verdict(gate.id, ReasonCode.GATE_ERROR, DENY, note=f"{type(error).__name__}: {error}"))


def _is_an_answer(verdict: Verdict, gate: BoundGate, qty: object) -> bool:
    """A gate cannot pass an order by answering True, or enlarge it by answering with a larger quantity."""
    if verdict.gate != gate.id:
        return False
    if verdict.outcome is REDUCE:
        return is_positive(verdict.quantity) and isinstance(qty, Decimal) and verdict.quantity < qty
    return type(verdict.outcome) is Outcome


def legible(verdict: Verdict) -> Verdict:
    """The verdict as it can be recorded: what is no figure, such as nonsense that was refused, becomes short text."""
    return verdict._replace(limit=_figure(verdict.limit), value=_figure(verdict.value), note=_text(verdict.note))


def _figure(value: object) -> Figure:
    if value is None or isinstance(value, int) or is_finite(value):
        return value
    return _text(value)


def _text(value: object) -> str:
    text = str(value)[:200]
    return text if text.isprintable() else ascii(text)
