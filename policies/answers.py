"""Asking gates and keeping what they say.

An answer is either a ``Verdict`` or the figures of a pass, ``(PASSED, limit, value, margin)``. It is judged and told in
full at once and never again: what is neither has denied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from domain.verdicts import Figure, Outcome, Verdict
from policies.codes import ReasonCode
from policies.gate import DENY, OK, PASS, PASSED, Answer, BoundGate, Group
from policies.measures.worst_case import is_finite, is_positive

REDUCE = Outcome.REDUCE
T = TypeVar("T")
_WORDS = 4
_new: Callable[[type[Verdict], tuple[Any, ...]], Verdict] = tuple.__new__
"""The constructor of Verdict without its defaults, which cost as much again."""

Objection = tuple[Verdict, BoundGate]


class GroupAnswer(NamedTuple):
    """The verdicts of a group of gates, in the order of the group, and those that did not pass."""

    group: Group
    verdicts: Sequence[Verdict]
    objections: tuple[Objection, ...]


def attempt(call: Callable[..., T], *given: Any) -> T | Exception:
    """What a call returns, or the error it raises as a value: whatever fails while gates look has denied."""
    try:
        return call(*given)
    except Exception as error:  # noqa: BLE001 a gate that fails, for whatever reason, has denied
        return error


def ask(group: Group, case: Any, figures: Any, qty: object = None) -> GroupAnswer:
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
    told = _all_pass(group.names, answers)
    if told is not None:
        return GroupAnswer(group, told, ())
    heard = [_heard(gate, answer, qty) for gate, answer in zip(group.gates, answers, strict=True)]
    objections = [(found, gate) for found, gate in zip(heard, group.gates, strict=True) if found.outcome is not PASS]
    return GroupAnswer(group, heard, tuple(objections))


def _look(checks: Sequence[tuple[Any, Any]], case: Any, figures: Any) -> list[Answer]:
    return [check(case, figures, limits) for check, limits in checks]


def _all_pass(names: Sequence[str], answers: Sequence[Any]) -> list[Verdict] | None:
    """The verdicts of gates that all pass; None where one of them says anything else."""
    try:
        told = [
            _new(Verdict, (name, OK, PASS, limit, value, margin, None, ""))
            for name, (word, limit, value, margin) in zip(names, answers, strict=True)
            if word is PASSED
        ]
    except (TypeError, ValueError):  # an answer that has no four words, such as a verdict
        return None
    return told if len(told) == len(names) else None


def _heard(gate: BoundGate, answer: object, qty: object) -> Verdict:
    """The verdict as it counts: the gate's own where it is one, else a denial that says what was answered."""
    # Exact types: a Verdict is a tuple as well, and what merely resembles an answer is none (I-02).
    if type(answer) is tuple and len(answer) == _WORDS and answer[0] is PASSED:
        return _new(Verdict, (gate.id, OK, PASS, *answer[1:], None, ""))
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
    limit, value, note = _figure(verdict.limit), _figure(verdict.value), _text(verdict.note)
    if limit is verdict.limit and value is verdict.value and note is verdict.note:  # as nearly all are
        return verdict
    return verdict._replace(limit=limit, value=value, note=note)


def _figure(value: object) -> Figure:
    if value is None or isinstance(value, int) or is_finite(value):
        return value
    return _text(value)


def _text(value: object) -> str:
    # Notes reach logs and terminals, where a control character could forge a line (I-64).
    text = str(value)[:200]
    return text if text.isprintable() else ascii(text)
