"""What models answer, at the border: strict documents, and pure conversions to the values of ``domain``.

A document is refused when it is not exactly one JSON object of the asked shape: duplicate keys, a second document,
trailing text, NaN, extra or missing fields, numbers out of range. A conversion refuses what fits the shape but not the
question: another symbol, an unknown reference, a free-hand figure. Sizes can only go down from here on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, NoReturn

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from agents.llm import BadAnswer, Role
from domain.decisions import Advice, Concern, Inspection, MonitorReport, Ruling, Severity, Stance, Statement
from domain.evidence import Evidence
from domain.ids import Ref
from domain.market import Symbol
from domain.money import ONE, ZERO
from domain.record.rendering import check, refs_in
from domain.signals import TradeCandidate

LONGEST_ANSWER = 64 * 1024
REPAIRED_FRACTION = Decimal("0.5")
"""Most of a candidate that a repaired answer may still support: strictly less than all of it."""

ConcernKind = Literal[
    "data_stale", "source_missing", "halted", "spread_wide", "earnings_soon", "corporate_action", "loss_limit",
    "drawdown", "concentration", "liquidity", "volatility", "conflicting_signals", "weak_evidence",
    "poor_record", "unreconciled", "other",
]  # fmt: skip
Weight = Literal["low", "medium", "high"]
_PLACES = 18


def _exact(value: object) -> object:
    # Strict mode takes no int for a Decimal, and models write 1 for 1.0.
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    # 1e-999999999 is a short text, and written out it would fill the memory.
    if isinstance(value, Decimal) and not (value.is_finite() and -_PLACES <= int(value.as_tuple().exponent) <= _PLACES):
        raise ValueError("a number with too many places")
    return value


Fraction = Annotated[
    Decimal,
    BeforeValidator(_exact),
    Field(ge=0, le=1),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1}),
]
PositivePrice = Annotated[Decimal, BeforeValidator(_exact), Field(gt=0, lt=10**9), WithJsonSchema({"type": "number"})]
Sign = Annotated[int, Field(ge=-1, le=1)]
ShortText = Annotated[str, Field(max_length=400)]
RefText = Annotated[str, Field(max_length=60)]


class Output(BaseModel):
    """A document from a model: closed, strict, immutable."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class StatementOutput(Output):
    """A sentence with references in braces."""

    text: ShortText
    weight: Weight


class ConcernOutput(Output):
    """A worry of a closed kind, tied to evidence."""

    kind: ConcernKind
    severity: Literal["info", "caution", "critical"]
    refs: Annotated[list[RefText], Field(max_length=8)]
    symbol: RefText | None


class EventOutput(Output):
    """One event of a text, with the passage that shows it."""

    symbol: RefText
    topic: Literal[
        "earnings", "guidance", "rating", "merger", "product", "legal", "management", "capital", "macro", "supply",
        "opinion", "other",
    ]  # fmt: skip
    sign: Sign
    strength: Weight
    quote: ShortText


class ReaderOutput(Output):
    """All that may leave the quarantine of one text."""

    events: Annotated[list[EventOutput], Field(max_length=12)]
    suspicious: bool


class MonitorOutput(Output):
    """State of the whole."""

    state: Literal["normal", "watch", "alarm"]
    request: Literal["none", "tighten", "halt"]
    concerns: Annotated[list[ConcernOutput], Field(max_length=12)]


class AdviceOutput(Output):
    """The signal advisor's view of one candidate."""

    symbol: RefText
    stance: Literal["take", "reduce", "skip"]
    direction: Sign
    confidence: Fraction
    size_fraction: Fraction
    horizon: Literal["intraday", "days", "weeks"]
    reference_price: PositivePrice | None
    stop_ref: RefText | None
    bull: Annotated[list[StatementOutput], Field(max_length=4)]
    bear: Annotated[list[StatementOutput], Field(max_length=4)]
    cited: Annotated[list[RefText], Field(max_length=40)]


class InspectionOutput(Output):
    """The risk inspector's view of one candidate."""

    symbol: RefText
    ruling: Literal["allow", "shrink", "ask", "block"]
    max_fraction: Fraction
    warnings: Annotated[list[ConcernOutput], Field(max_length=8)]
    cited: Annotated[list[RefText], Field(max_length=40)]


class DecisionOutput(Output):
    """What becomes of one candidate."""

    symbol: RefText
    action: Literal["take", "shrink", "skip", "delay"]
    size_fraction: Fraction
    ask_approval: bool
    stop_ref: RefText | None
    reasons: Annotated[list[StatementOutput], Field(min_length=1, max_length=6)]
    cited: Annotated[list[RefText], Field(max_length=40)]


class ExplanationOutput(Output):
    """Sentences for people."""

    statements: Annotated[list[StatementOutput], Field(min_length=1, max_length=8)]


class SuggestionOutput(Output):
    """A change that people might make; the target is one of those the role was given."""

    subject: Literal["prompt", "policy", "strategy"]
    target: RefText
    change: Literal["review", "clarify", "tighten", "loosen"]
    reasons: Annotated[list[StatementOutput], Field(min_length=1, max_length=3)]


class LearnerOutput(Output):
    """What one closed trade taught."""

    symbol: RefText
    finding: Literal["as_expected", "by_luck", "thesis_wrong", "timing_wrong", "noise", "unclear"]
    lesson: Annotated[list[StatementOutput], Field(min_length=1, max_length=4)]
    cited: Annotated[list[RefText], Field(min_length=1, max_length=20)]
    suggestions: Annotated[list[SuggestionOutput], Field(max_length=2)]


class CardOutput(Output):
    """Something the person may want done; they decide, and nothing happens by itself."""

    effect: Literal["pause", "resume", "cancel", "flatten", "kill", "cycle"]
    words: Annotated[list[RefText], Field(max_length=4)]
    why: ShortText


class ChatOutput(Output):
    """One turn of a conversation: a look with a tool, or the answer."""

    move: Literal["look", "answer"]
    tool: RefText | None
    words: Annotated[list[RefText], Field(max_length=6)]
    statements: Annotated[list[StatementOutput], Field(max_length=8)]
    cards: Annotated[list[CardOutput], Field(max_length=2)]


OUTPUTS: Mapping[Role, type[Output]] = MappingProxyType(
    {
        "reader": ReaderOutput,
        "monitor": MonitorOutput,
        "advisor": AdviceOutput,
        "inspector": InspectionOutput,
        "decider": DecisionOutput,
        "explainer": ExplanationOutput,
        "learner": LearnerOutput,
        "chat": ChatOutput,
    }
)


@lru_cache(maxsize=len(OUTPUTS))
def schema_of(output: type[Output]) -> Mapping[str, Any]:
    """JSON schema for strict mode: every field required, nothing extra, no prose, no keyword servers trip over."""
    schema: Mapping[str, Any] = _bare(output.model_json_schema())
    return schema


_PROSE = frozenset({"title", "description", "maxLength", "minLength", "maxItems", "minItems"})


def _bare(node: Any) -> Any:
    if isinstance(node, dict):
        properties = node.get("properties")
        # Names of fields are no keywords: one may be called `title`.
        kept = {key: _bare(item) for key, item in node.items() if key not in _PROSE and key != "properties"}
        return kept if properties is None else {**kept, "properties": {k: _bare(v) for k, v in properties.items()}}
    return [_bare(item) for item in node] if isinstance(node, list) else node


def parse(role: Role, text: str) -> Output:
    """Exactly one document of the role's shape; anything else is a BadAnswer that names the place."""
    document = _document(role, text)
    try:
        return OUTPUTS[role].model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])[:80] or "the document"
        # Without its cause, which quotes the answer.
        raise BadAnswer("schema", f"the {role}'s answer does not fit at {place} ({first['type']})") from None


def _document(role: Role, text: str) -> Any:
    if len(text) > LONGEST_ANSWER:
        raise BadAnswer("garbage", f"the {role}'s answer is longer than {LONGEST_ANSWER} characters")
    try:
        return _DOCUMENT.decode(text)
    except (ValueError, ArithmeticError, RecursionError):
        raise BadAnswer("garbage", f"the {role}'s answer is not one JSON document with unique keys") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # json keeps the last of doubled keys without a word (I-27).
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


_DOCUMENT = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=Decimal)


Known = Mapping[str, Evidence]
"""The evidence a role was given, by reference."""


def statements_of(items: Sequence[StatementOutput], known: Known, role: Role) -> tuple[Statement, ...]:
    """Sentences that may be shown; one that may not refuses the whole answer."""
    made = tuple(Statement(item.text, item.weight) for item in items)
    for place, statement in enumerate(made, start=1):
        fault = check(statement, known)
        if fault is not None:
            shown = fault if fault.isascii() else "unknown reference"
            raise BadAnswer("statement", f"sentence {place} of the {role} may not be shown: {shown}")
    return made


def refs_of(refs: Iterable[str], known: Known, role: Role) -> tuple[Ref, ...]:
    """References in order, each once; one that was not given to the role refuses the answer."""
    found = tuple(dict.fromkeys(Ref(ref) for ref in refs))
    for ref in found:
        if ref not in known:
            raise BadAnswer("unknown_reference", f"the {role} cites {ref!a}, which it was not given")
    return found


def cited_of(refs: Iterable[str], said: Iterable[Statement], known: Known, role: Role) -> tuple[Ref, ...]:
    """What an answer rests on: its list and every reference inside its sentences, sorted."""
    return tuple(sorted({*refs_of(refs, known, role), *(Ref(ref) for item in said for ref in refs_in(item.text))}))


def concerns_of(items: Sequence[ConcernOutput], known: Known, role: Role) -> tuple[Concern, ...]:
    """Worries as values; a symbol is kept only where one of the references is about it."""
    return tuple(_concern(item, refs_of(item.refs, known, role), known) for item in items)


def _concern(item: ConcernOutput, refs: tuple[Ref, ...], known: Known) -> Concern:
    about = {known[ref].symbol for ref in refs}
    symbol = Symbol(item.symbol) if item.symbol is not None and item.symbol in about else None
    return Concern(item.kind, Severity(item.severity), refs, symbol)


def same_symbol(answered: str, asked: Symbol, role: Role) -> None:
    """The answer must be about the symbol in question, letter by letter."""
    if answered != asked:
        raise BadAnswer("wrong_symbol", f"the {role} was asked about {asked} and answered about {answered!a}")


def capped(fraction: Decimal, repaired: bool) -> Decimal:
    """A fraction of the candidate, at most half of it after a repair."""
    return min(fraction, REPAIRED_FRACTION) if repaired else fraction


def tighter_stop(candidate: TradeCandidate, ref: str | None, known: Known, role: Role) -> Decimal | None:
    """The candidate's stop, or the price named by ``ref`` where that is nearer to the entry and on its safe side.

    A looser stop, a figure that is no price and a candidate without a stop leave things as they were.
    """
    if ref is None or candidate.stop_loss is None:
        return candidate.stop_loss
    price = known[refs_of([ref], known, role)[0]]
    if price.unit != "USD" or price.symbol != candidate.symbol or not isinstance(price.value, Decimal):
        return candidate.stop_loss
    sign = candidate.side.sign
    # Strictly between: a stop at the entry price would be hit at once.
    nearer = sign * price.value > sign * candidate.stop_loss and sign * price.value < sign * candidate.entry_price
    return price.value if nearer else candidate.stop_loss


def monitor_report(output: MonitorOutput, known: Known, source: str) -> MonitorReport:
    """The monitor's document as a value."""
    return MonitorReport(output.state, output.request, concerns_of(output.concerns, known, "monitor"), source)


def advice(
    output: AdviceOutput, candidate: TradeCandidate, known: Known, *, source: str, repaired: bool = False
) -> Advice:
    """The advisor's document as advice; supporting an entry against one's own direction is refused."""
    same_symbol(output.symbol, candidate.symbol, "advisor")
    if output.stance != "skip" and output.direction == -candidate.side.sign:
        raise BadAnswer("contradiction", "the advisor supports an entry against its own direction")
    bull = statements_of(output.bull, known, "advisor")
    bear = statements_of(output.bear, known, "advisor")
    fraction = ZERO if output.stance == "skip" else capped(output.size_fraction, repaired)
    return Advice(
        candidate_id=candidate.candidate_id,
        symbol=candidate.symbol,
        stance=_stance(output.stance, fraction),
        direction=output.direction,
        confidence=output.confidence,
        size_fraction=fraction,
        horizon=output.horizon,
        reference_price=output.reference_price,
        stop_loss=tighter_stop(candidate, output.stop_ref, known, "advisor"),
        bull=bull,
        bear=bear,
        cited=cited_of(output.cited, (*bull, *bear), known, "advisor"),
        source=source,
    )


def _stance(word: str, fraction: Decimal) -> Stance:
    if word == "skip" or fraction == ZERO:
        return Stance.SKIP
    return Stance.TAKE if fraction == ONE else Stance.REDUCE


def inspection(
    output: InspectionOutput, candidate: TradeCandidate, known: Known, *, source: str, repaired: bool = False
) -> Inspection:
    """The inspector's document as a ruling; of ruling and fraction the stricter one counts."""
    same_symbol(output.symbol, candidate.symbol, "inspector")
    blocked = output.ruling == "block" or output.max_fraction == ZERO
    fraction = ZERO if blocked else capped(output.max_fraction, repaired)
    warnings = concerns_of(output.warnings, known, "inspector")
    return Inspection(
        candidate_id=candidate.candidate_id,
        symbol=candidate.symbol,
        ruling=_ruling(output.ruling, fraction),
        max_fraction=fraction,
        warnings=warnings,
        cited=tuple(sorted({*refs_of(output.cited, known, "inspector"), *(r for w in warnings for r in w.refs)})),
        source=source,
    )


def _ruling(word: str, fraction: Decimal) -> Ruling:
    if fraction == ZERO:
        return Ruling.BLOCK
    if word == "ask":
        return Ruling.ASK
    return Ruling.ALLOW if fraction == ONE else Ruling.SHRINK
