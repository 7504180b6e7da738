"""Corruptions of words: another state of a topic, another symbol, gate or status, a false time, a turned comparison."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping

from domain.orders import OrderStatus
from domain.record.rendering import refs_in
from evals.corruptions.figures import figures_of, time_unit, with_figure
from evals.corruptions.records import SYMBOLS
from evals.corruptions.telling import FALLS, RISES, TrueExplanation
from evals.corruptions.topics import TOPICS, Topic, contradicts

Shown = tuple[str, ...]
Corrupted = Callable[[random.Random, TrueExplanation], Shown | None]

_TURNED = (
    ("above", "below"), ("higher than", "lower than"), ("greater than", "less than"), ("rose", "fell"),
    ("was up", "was down"), ("gained", "lost"), ("climbed", "dropped"),
)  # fmt: skip
_WHEN = (
    "yesterday", "on Friday", "in March", "at noon", "last week", "at 15:45", "on 3 April", "two days ago", "in 2024",
    "this morning", "an hour ago", "tomorrow",
)  # fmt: skip
_GATES = ("kill switch", "sector exposure", "leverage", "wash sale", "earnings blackout", "market order", "day loss")
_STATUSES = (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.ACCEPTED, OrderStatus.EXPIRED)


def said_otherwise(kind: str) -> Corrupted:
    """Another state of that topic: put in place of what was said where that is known, otherwise added."""
    (topic,) = (each for each in TOPICS if each.kind == kind)

    def corrupt(chance: random.Random, told: TrueExplanation) -> Shown | None:
        false = [state for state in topic.said if contradicts(topic, state, told.record)]
        # The record behind a recorded answer is rebuilt from its question, which does not hold every topic.
        if not false or told.source == "recorded":
            return None
        state = chance.choice(false)
        for row, text in enumerate(told.texts):
            for phrase in _true_phrases(topic, told, text):
                return _with(told, row, text.replace(phrase, _filled(_like(chance, topic, state, phrase), told), 1))
        whole = [each for each in topic.said[state] if each.endswith(".")]
        return (*told.shown(), told.show(_filled(chance.choice(whole), told)))

    return corrupt


def _true_phrases(topic: Topic, told: TrueExplanation, text: str) -> Iterator[str]:
    for state in topic.true(told.record):
        for said in topic.said.get(state, ()):
            phrase = _filled(said, told).removesuffix(".")
            if phrase in text:
                yield phrase


def _like(chance: random.Random, topic: Topic, state: str, phrase: str) -> str:
    # The middle of a sentence takes only the middle of a sentence.
    inner = phrase[0].islower()
    fits = [each for each in topic.said[state] if each[0].islower() == inner]
    return chance.choice(fits or [topic.said[state][0]]).removesuffix(".")


def _filled(text: str, told: TrueExplanation) -> str:
    text = text.replace("{symbol}", told.symbol)
    for ref in refs_in(text):
        text = text.replace(f"{{{ref}}}", f"{{{ref}@{told.symbol}}}")
    return text


def order_turned(chance: random.Random, told: TrueExplanation) -> Shown | None:
    """Above for below between two figures."""
    return _turned(chance, told, _TURNED[:3], figures=2)


def direction_turned(chance: random.Random, told: TrueExplanation) -> Shown | None:
    """A rise for a fall, of a figure or of the market as a whole."""
    turned = _turned(chance, told, _TURNED[3:], figures=1)
    if turned is not None:
        return turned
    moves = [(row, ref) for row, ref in figures_of(told) if ref.startswith("ret")]
    if moves and chance.random() < 0.5:
        _, ref = chance.choice(moves)
        shown = told.show(f"{{{ref}}}")
        words = RISES if shown.startswith("-") else FALLS
        return (*told.shown(), f"The price {chance.choice(words)} {shown.removeprefix('-')}.")
    return said_otherwise("direction")(chance, told)


def symbol_changed(chance: random.Random, told: TrueExplanation) -> Shown | None:
    """What was said of one symbol is said of another."""
    other = chance.choice([each for each in SYMBOLS if each != told.symbol])
    rows = [row for row, text in enumerate(told.texts) if re.search(rf"(?<![@\w]){re.escape(told.symbol)}\b", text)]
    if rows:
        row = chance.choice(rows)
        return _with(told, row, re.sub(rf"(?<![@\w]){re.escape(told.symbol)}\b", other, told.texts[row]))
    said = chance.choice((f"The trade is in {other}.", f"It is about {other}.", f"{other} looked best."))
    return (*told.shown(), said)


def time_changed(chance: random.Random, told: TrueExplanation) -> Shown | None:
    """A time nobody recorded, or another unit of time."""
    spans = [(row, ref) for row, ref in figures_of(told) if told.known[ref].unit in ("hours", "seconds")]
    if spans and chance.random() < 0.5:
        row, ref = chance.choice(spans)
        text = time_unit(chance, told, ref)
        return None if text is None else _replaced(told, row, with_figure(told, row, ref, text))
    row = chance.randrange(len(told.texts))
    return _replaced(told, row, f"{told.show(told.texts[row]).removesuffix('.')} {chance.choice(_WHEN)}.")


def gate_named(chance: random.Random, told: TrueExplanation) -> Shown | None:
    """Another gate than the one that objected."""
    names = {ref for ref in told.known if ref.startswith("gate.") and ".name" in ref}
    if not names:
        return None
    true = {str(told.known[ref].value) for ref in names}
    wrong = chance.choice([each for each in _GATES if each not in true])
    for row, text in enumerate(told.texts):
        for ref in names:
            if f"{{{ref}}}" in text:
                return _replaced(told, row, with_figure(told, row, ref, wrong))
    return (*told.shown(), f"The gate named {wrong} {chance.choice(('objected', 'refused it', 'stood in the way'))}.")


def status_changed(chance: random.Random, told: TrueExplanation) -> Shown | None:
    """Another status of the order, or an order that is not as the record has it."""
    ref = f"order.status@{told.symbol}"
    for row, text in enumerate(told.texts):
        if f"{{{ref}}}" in text and chance.random() < 0.6:
            others = [each.value for each in _STATUSES if each.value != told.known[ref].value]
            return _replaced(told, row, with_figure(told, row, ref, chance.choice(others)))
    return said_otherwise("order")(chance, told)


def disclosure_removed(chance: random.Random, told: TrueExplanation) -> Shown | None:
    """What had to be told is not."""
    if not told.owed:
        return None
    gone = chance.choice(told.owed)
    return tuple(each for each in told.shown() if each != gone)


def _turned(
    chance: random.Random, told: TrueExplanation, pairs: tuple[tuple[str, str], ...], figures: int
) -> Shown | None:
    found = []
    for row, text in enumerate(told.texts):
        for one, other in (*pairs, *((b, a) for a, b in pairs)):
            turned = re.sub(rf"\b{one}\b", other, text, count=1)
            if turned != text and len(refs_in(text)) >= figures and _between(text, one, figures):
                found.append((row, turned))
    return _with(told, *chance.choice(found)) if found else None


def _between(text: str, word: str, figures: int) -> bool:
    # Only a comparison of two figures in one clause is certain to be false when it is turned.
    before, _, after = text.partition(word)
    near = after[:60]
    if figures == 1:
        return near.lstrip().startswith("{ret")
    return (
        "{" in near
        and re.search(r"\}(?: (?:is|lies|stands|holds|that|far|still|well|already))* ?$", before) is not None
    )


def _with(told: TrueExplanation, row: int, text: str) -> Shown:
    return _replaced(told, row, told.show(text))


def _replaced(told: TrueExplanation, row: int, shown: str) -> Shown:
    return tuple(shown if number == row else each for number, each in enumerate(told.shown()))


WORD_KINDS: Mapping[str, Corrupted] = {
    "order": order_turned,
    "direction": direction_turned,
    "side": said_otherwise("side"),
    "symbol": symbol_changed,
    "time": time_changed,
    "gate outcome": said_otherwise("gate outcome"),
    "gate name": gate_named,
    "advisor": said_otherwise("advisor"),
    "inspector": said_otherwise("inspector"),
    "approval": said_otherwise("approval"),
    "fill": said_otherwise("fill"),
    "order sent": status_changed,
    "decision": said_otherwise("decision"),
    "disclosure removed": disclosure_removed,
}
