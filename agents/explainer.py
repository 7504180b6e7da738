"""Explanations: sentences with references about one decision, written by a model or, word for word, by a template.

Whoever writes them, the figures come from the record, and code adds what must not be left out: that a trade was
refused, made smaller or sent to a person. A model that fails, cites what it was not given, writes a figure by hand or
says what the record contradicts (``agents/claims``) is replaced by the template as a whole, which names the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from agents.ask import Asker
from agents.claims.check import faults
from agents.decider import warnings_said
from agents.llm import UNANSWERED, BadAnswer, reason_of
from agents.outputs import ExplanationOutput, statements_of
from agents.record import Record, facts
from agents.slots import encode, evidence_lines, index
from domain.decisions import Action, Explanation, Phase, Stance, Statement
from domain.evidence import Evidence
from domain.ids import CycleId, Ref
from domain.market import Symbol
from domain.money import ZERO
from domain.money import known as known_number
from domain.orders import Side
from domain.record.rendering import check, render
from domain.verdicts import Figure, Outcome, Verdict

_SHOWN_REFS = 4
_COUNTS = "gates."
"""How many gates passed is for the template; a model is shown the ones that did not, by name."""

_LABELS = {
    "adx14": "trend strength",
    "atr14": "average range",
    "bb_pct": "place in its band",
    "close": "last close",
    "ema12": "fast average",
    "event.action": "corporate action",
    "event.earnings_in": "time to earnings",
    "macd_hist": "momentum histogram",
    "quote.ask": "ask",
    "quote.bid": "bid",
    "quote.spread_pct": "spread",
    "ret1": "last return",
    "ret20": "longer return",
    "ret5": "recent return",
    "rsi14": "relative strength",
    "signal.confidence": "signal confidence",
    "signal.score": "signal score",
    "sma20": "short average",
    "sma50": "long average",
    "stoch14": "stochastic",
    "text.score": "score of texts",
    "text.suspicious": "suspicious texts",
    "vol20": "volatility",
    "volume_ratio": "volume against its average",
}


def explain(asker: Asker, cycle_id: CycleId, record: Record, phase: Phase) -> Explanation:
    """Explain with at most two calls; whatever goes wrong, the template answers."""
    decision, known = record.decision, facts(record)
    given = {ref: item for ref, item in known.items() if item.value is not None and not ref.startswith(_COUNTS)}
    variables = {
        "symbol": decision.candidate.symbol,
        "phase": phase.value,
        "record": encode(_summary(record)),
        "facts": evidence_lines(given.values(), record.evidence.as_of),
    }

    def read(output: ExplanationOutput, source: str, repaired: bool) -> Explanation:
        said = statements_of(output.statements, given, "explainer")
        wrong = faults([render(statement, known) for statement in said], record, known)
        if wrong:
            raise BadAnswer("contradiction", f"the explainer contradicts the record: {wrong[0].kind}, {wrong[0].what}")
        every = (*said, *(item for item in disclosures(record) if item not in said))
        return Explanation(decision.decision_id, decision.candidate.symbol, phase, every, source)

    try:
        return asker.ask("explainer", f"{decision.decision_id}.{phase.value}", cycle_id, variables, read).value
    except UNANSWERED as error:
        return replace(template(record, phase), source=f"template:{reason_of(error)}")


def template(record: Record, phase: Phase) -> Explanation:
    """The explanation that needs no model: thesis, evidence, roles, sizes, gates and what happened."""
    known = facts(record)
    told = (*_thesis(record), *_roles(record), *_arithmetic(record), *disclosures(record), *_happened(record, phase))
    # Sentences of the roles are held to the record as well: the template must not repeat a false one.
    fit = (each for each in told if check(each, known) is None and not faults([render(each, known)], record, known))
    kept = tuple({statement.text: statement for statement in fit}.values())
    return Explanation(record.decision.decision_id, record.decision.candidate.symbol, phase, kept, "template")


def disclosures(record: Record) -> tuple[Statement, ...]:
    """What every explanation says, whoever wrote it: refusals, reductions and the need for a person."""
    return tuple(_disclosed(record))


def _disclosed(record: Record) -> Iterator[Statement]:
    decision, symbol = record.decision, record.decision.candidate.symbol
    if decision.action in (Action.SKIP, Action.DELAY):
        left = "was delayed" if decision.action is Action.DELAY else "was not taken"
        yield Statement(f"The trade {left} ({{decision.codes@{symbol}}}); nothing was sent.", "high")
    elif decision.qty < decision.candidate.qty:
        yield Statement(
            f"It was made smaller: {{size.decided@{symbol}}} of the proposed {{size.proposed@{symbol}}}.", "high"
        )
    if decision.needs_approval:
        yield Statement("It needs the approval of a person.", "high")
    if record.evaluation is None or decision.qty == ZERO:
        return
    for verdict in record.evaluation.verdicts:
        if verdict.outcome is not Outcome.PASS:
            yield Statement(f"{_GATE_WORDS[verdict.outcome]} {_objection(verdict, symbol)}.", "high")


def _objection(verdict: Verdict, symbol: Symbol) -> str:
    # Letters only: a digit of a code would count as a figure written by hand.
    reason = re.sub(r"[^a-z ]", "", verdict.code.lower().replace("_", " "))
    if not _is_known(verdict.value):
        return reason
    names = [name for name in ("limit", "value", "margin") if _is_known(getattr(verdict, name))]
    return f"{reason}, " + ", ".join(f"{name} {{gate.{verdict.gate}.{name}@{symbol}}}" for name in names)


def _is_known(value: Figure) -> bool:
    """Whether there is a figure to show; what is no number is none."""
    return value is not None and (not isinstance(value, Decimal) or known_number(value) is not None)


_GATE_WORDS: Mapping[Outcome, str] = {
    Outcome.REDUCE: "A gate allows less:",
    Outcome.NEED_APPROVAL: "A gate asks for a person:",
    Outcome.DENY: "A gate refuses it:",
}


def _thesis(record: Record) -> Iterator[Statement]:
    candidate, planned = record.decision.candidate, index(record.plan)
    strategy = candidate.strategy.replace("_", " ")
    verb = "buying" if candidate.side is Side.BUY else "selling"
    names = ("plan.qty", "plan.entry", "plan.stop", "plan.target")
    slots = {name: f"{{{name}@{candidate.symbol}}}" for name in names if _given(planned, f"{name}@{candidate.symbol}")}
    text = f"The {strategy} strategy proposed {verb} {slots.get('plan.qty', 'it')}"
    for name, words in (("plan.entry", " at about "), ("plan.stop", ", stop at "), ("plan.target", ", target at ")):
        text += words + slots[name] if name in slots else ""
    yield Statement(f"{text}.", "high")
    cited = (*candidate.refs, *record.decision.cited)
    known = [ref for ref in dict.fromkeys(cited) if _given(record.evidence.items, ref)][:_SHOWN_REFS]
    if known:
        yield Statement("It rests on " + ", ".join(f"{label(ref)} {{{ref}}}" for ref in known) + ".")


def _roles(record: Record) -> Iterator[Statement]:
    decision, symbol = record.decision, record.decision.candidate.symbol
    if decision.advice is not None:
        words = {Stance.TAKE: "supported it", Stance.REDUCE: "asked for less of it", Stance.SKIP: "spoke against it"}
        yield Statement(f"The advisor {words[decision.advice.stance]}, confidence {{advice.confidence@{symbol}}}.")
        yield from (*decision.advice.bull[:1], *decision.advice.bear[:1])
    if decision.inspection is not None:
        yield Statement(f"The risk inspector's ruling: {{inspection.ruling@{symbol}}}.")
        yield from warnings_said(decision.inspection)[:2]
    yield from decision.reasons[:2]


def _arithmetic(record: Record) -> Iterator[Statement]:
    symbol = record.decision.candidate.symbol
    steps = [("proposed", "proposed"), ("advised", "after the advisor"), ("inspected", "after the inspector")]
    steps += [("decided", "decided"), ("gated", "after the gates")]
    known = facts(record)
    told = [f"{{size.{n}@{symbol}}} {words}" for n, words in steps if _given(known, f"size.{n}@{symbol}")]
    yield Statement(f"Size: {', '.join(told)}.")


def _happened(record: Record, phase: Phase) -> Iterator[Statement]:
    symbol, evaluation = record.decision.candidate.symbol, record.evaluation
    if evaluation is not None and record.decision.qty > ZERO:
        yield Statement(f"Of {{gates.total@{symbol}}} gates {{gates.passed@{symbol}}} passed.")
    if record.order is not None:
        limit = f" at a limit of {{order.limit@{symbol}}}" if record.order.limit_price is not None else ""
        yield Statement(f"An order for {{order.qty@{symbol}}}{limit} stands as {{order.status@{symbol}}}.", "high")
    elif phase is Phase.AFTER and record.decision.qty > ZERO:
        yield Statement("No order was sent.", "high")
    if record.fills:
        cost = f"commission {{fill.commission@{symbol}}}"
        yield Statement(f"So far {{fill.qty@{symbol}}} were filled at {{fill.price@{symbol}}}, {cost}.", "high")


def _summary(record: Record) -> dict[str, object]:
    decision = record.decision
    return {
        "side": decision.candidate.side,
        "kind": decision.candidate.kind,
        "strategy": decision.candidate.strategy,
        "advice": decision.advice.stance if decision.advice else None,
        "ruling": decision.inspection.ruling if decision.inspection else None,
        "action": decision.action,
        "needs_approval": decision.needs_approval,
        "reasons": [statement.text for statement in decision.reasons],
        "gates": record.evaluation.outcome if record.evaluation else None,
        "order": record.order.status if record.order else None,
        "filled": bool(record.fills),
    }


def _given(known: Mapping[str, Evidence] | Mapping[Ref, Evidence], ref: str) -> bool:
    item = known.get(Ref(ref))
    return item is not None and item.value is not None


def label(ref: str) -> str:
    """What a figure is called within a sentence: ``trend strength`` for ``adx14@NIMBO``."""
    name = ref.partition("@")[0]
    return _LABELS.get(name) or re.sub(r"[^a-z ]", "", name.replace(".", " ").replace("_", " ")).strip()
