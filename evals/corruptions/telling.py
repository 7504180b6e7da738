"""True explanations to corrupt: the product's template, plain sentences of other wording, and recorded answers.

Each sentence keeps its slots until it is shown, so that a corruption knows which figure stands where.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from itertools import groupby
from typing import Any

from agents.explainer import disclosures, template
from agents.models.recorded_llm import Recorded, read_recordings
from agents.record import Record, facts
from domain.decisions import Action, Phase, Ruling, Stance, Statement
from domain.evidence import Evidence, Value
from domain.ids import Ref
from domain.market import Symbol
from domain.orders import Side
from domain.record.rendering import refs_in, render
from domain.verdicts import Evaluation, Outcome, Verdict
from evals.corruptions.records import AT, a_record
from evals.corruptions.topics import TOPICS


@dataclass(frozen=True, slots=True)
class TrueExplanation:
    """A true explanation: sentences with slots, the record behind them, all that may be shown, and what is owed."""

    texts: tuple[str, ...]
    record: Record
    known: Mapping[str, Evidence]
    owed: tuple[str, ...]
    source: str

    @property
    def symbol(self) -> Symbol:
        """What it is about."""
        return self.record.decision.candidate.symbol

    def shown(self) -> tuple[str, ...]:
        """The sentences as people read them."""
        return tuple(self.show(text) for text in self.texts)

    def show(self, text: str) -> str:
        """One sentence as people read it."""
        return render(Statement(text), self.known)


FIGURES = (
    "RSI stands at {rsi14}.",
    "The stop is at {plan.stop} and the target at {plan.target}.",
    "The stochastic is {stoch14} and the trend strength {adx14}.",
    "The spread is {quote.spread_pct}.",
    "The ask is {quote.ask} and the bid {quote.bid}.",
    "Volume was {volume_ratio} of normal.",
    "A usual daily range is {atr14}.",
    "The signal score is {signal.score}, the score of the texts {text.score}.",
    "The quote is {quote.age} old.",
    "The next report is due in {event.earnings_in}.",
    "Volatility stands at {vol20}.",
    "The book is {book.drawdown_pct} below its peak and holds {book.cash} in cash.",
    "The plan is worth {plan.notional}.",
    "The last return was {ret1}, that of the week {ret5}.",
)
RISES = ("rose", "was up", "gained", "climbed")
FALLS = ("fell", "was down", "lost", "dropped")
ABOVE = ("above", "higher than", "greater than")
BELOW = ("below", "lower than", "less than")
_PAIRS = (
    ("The close of {close} is %s the short average of {sma20}.", "close", "sma20"),
    ("The ask of {quote.ask} is %s the earlier high of {high20}.", "quote.ask", "high20"),
    ("The bid of {quote.bid} is %s the long average of {sma50}.", "quote.bid", "sma50"),
    ("The short average of {sma20} is %s the long one of {sma50}.", "sma20", "sma50"),
)
SIZES = (
    "The roles left {size.decided} of the proposed {size.proposed}.",
    "The decision cut it from {size.proposed} to {size.decided}.",
    "The advisor left {size.advised}, the inspector {size.inspected}.",
    "After the gates {size.gated} remained.",
)


@lru_cache(maxsize=2_048)
def generated(seed: int, number: int) -> TrueExplanation:
    """The template's explanation of an even record, another wording of an odd one."""
    chance = random.Random(f"{seed}:{number}")
    record = a_record(chance)
    known = {**{str(ref): item for ref, item in record.evidence.items.items()}, **facts(record)}
    owed = tuple(render(each, known) for each in disclosures(record))
    # Before an order exists both phases are possible; with one, only the later.
    phase = Phase.AFTER if record.order is not None else chance.choice(tuple(Phase))
    if number % 2 == 0:
        texts = tuple(each.text for each in template(record, phase).statements)
    else:
        free = tuple(_bound(text, record.decision.candidate.symbol) for text in _free(chance, record, known) if text)
        texts = (*free, *(each.text for each in disclosures(record) if each.text not in free))
    return TrueExplanation(texts, record, known, owed, "template" if number % 2 == 0 else "worded")


def _free(chance: random.Random, record: Record, known: Mapping[str, Evidence]) -> Iterator[str]:
    yield from chance.sample(FIGURES, k=3)
    at = f"@{record.decision.candidate.symbol}"
    move = known[f"ret20{at}"].value
    if isinstance(move, Decimal) and move > 0:
        yield f"Over the month it {chance.choice(RISES)} {{ret20}}."
    text, first, second = chance.choice(_PAIRS)
    left, right = known[first + at].value, known[second + at].value
    if isinstance(left, Decimal) and isinstance(right, Decimal) and left != right:
        yield text % chance.choice(ABOVE if left > right else BELOW)
    for topic in TOPICS:
        true = topic.true(record)
        if true and chance.random() < 0.8:
            yield chance.choice(
                [each for each in topic.said[true[0]] if each.endswith(".") and each[0].isupper()] or [""]
            )
    yield from _counted(chance, record)


def _counted(chance: random.Random, record: Record) -> Iterator[str]:
    sizes = [text for text in SIZES if record.evaluation is not None or "gated" not in text]
    if record.decision.qty == record.decision.candidate.qty:
        sizes = [text for text in sizes if "cut" not in text]
    yield chance.choice(sizes)
    if record.evaluation is not None:
        yield chance.choice(
            ("{gates.passed} of {gates.total} gates passed.", "Of {gates.total} gates {gates.passed} passed.")
        )
        for verdict in record.evaluation.verdicts:
            if verdict.outcome is not Outcome.PASS:
                yield f"The gate named {{gate.{verdict.gate}.name}} objected."
    if record.order is not None:
        yield "The order for {order.qty} stands as {order.status}."
    if record.fills:
        yield "So far {fill.qty} were filled at {fill.price}."


def _bound(text: str, symbol: Symbol) -> str:
    """Slots name the symbol, those of the book do not."""
    text = text.replace("{symbol}", symbol)
    for name in dict.fromkeys(refs_in(text)):
        text = text if name.startswith("book.") else text.replace(f"{{{name}}}", f"{{{name}@{symbol}}}")
    return text


@lru_cache(maxsize=1)
def recorded() -> tuple[TrueExplanation, ...]:
    """What recorded models explained, each with the record rebuilt from the question it was asked."""
    folder = resources.files("evals").joinpath("recordings")
    files = sorted((each for each in folder.iterdir() if each.name.endswith(".jsonl")), key=lambda each: each.name)
    entries = sorted(read_recordings(files).values(), key=lambda each: each.key)
    return tuple(_rebuilt(each) for each in entries if each.request.role == "explainer" and each.failure is None)


def _rebuilt(entry: Recorded) -> TrueExplanation:
    user = entry.request.user
    symbol = Symbol(user.split("Symbol: ", 1)[1].split("\n", 1)[0])
    said = json.loads(user.split("<record>\n", 1)[1].split("\n</record>", 1)[0])
    lines = user.split("<facts>\n", 1)[1].split("\n</facts>", 1)[0].splitlines()
    known = {item.ref: item for item in (_read(json.loads(line), symbol) for line in lines)}
    # A record that is whole, over which everything is put that the question tells.
    record = _as_said(a_record(random.Random(0)), symbol, said, known)
    texts = tuple(each["text"] for each in json.loads(entry.response)["statements"])
    return TrueExplanation(texts, record, {str(ref): item for ref, item in known.items()}, (), "recorded")


def _read(line: Mapping[str, object], symbol: Symbol) -> Evidence:
    unit, value = str(line["unit"]), line["value"]
    # A recorded question holds figures as texts.
    numeric = isinstance(value, str) and unit != "text" and value.replace("-", "").replace(".", "").isdigit()
    kept: Value = Decimal(str(value)) if numeric else value  # type: ignore[assignment]
    at = AT - timedelta(minutes=1)
    return Evidence(Ref(str(line["ref"])), kept, unit, "recording", at, at, symbol)


def _as_said(blank: Record, symbol: Symbol, said: Mapping[str, Any], known: Mapping[Ref, Evidence]) -> Record:
    decision = blank.decision
    size = {name: known[Ref(f"size.{name}@{symbol}")].value for name in ("proposed", "decided")}
    proposed, decided = (each if isinstance(each, Decimal) else Decimal(0) for each in size.values())
    candidate = replace(decision.candidate, symbol=symbol, side=Side(said["side"]), qty=proposed)
    made = replace(
        decision,
        candidate=replace(candidate, strategy=said["strategy"], refs=()),
        action=Action(said["action"]),
        qty=decided,
        needs_approval=bool(said["needs_approval"]),
        cited=(),
        codes=(),
        advice=replace(decision.advice, symbol=symbol, stance=Stance(said["advice"])) if decision.advice else None,
        inspection=replace(decision.inspection, ruling=Ruling(said["ruling"])) if decision.inspection else None,
    )
    evidence = replace(blank.evidence, items=dict(known))
    evaluation = None if said["gates"] is None else _judged(Outcome(said["gates"]), decided, known)
    return Record(made, evidence, (), evaluation)


def _judged(outcome: Outcome, qty: Decimal, known: Mapping[Ref, Evidence]) -> Evaluation:
    gates = [gate for gate, _ in groupby(ref.split(".")[1] for ref in known if ref.startswith("gate."))]
    verdicts = tuple(Verdict(gate, "OBJECTED", outcome) for gate in gates)
    return Evaluation(outcome, Decimal(0) if outcome is Outcome.DENY else qty, (), verdicts, "recorded")
