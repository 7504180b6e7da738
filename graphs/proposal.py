"""What the roles did on the way to a decision, as the gates of group H judge it.

Everything here is read off the records of the cycle: the decision, the observation, the stored calls and readings. What
they do not tell is None. Nobody has put one question twice, and no role is asked why it goes against a signal, so
``dispersion`` and ``override_reason`` are left as they are by default.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Context, Decimal
from typing import NamedTuple

from agents.decider import Sizes
from domain.case import Proposal, Provenance, TextUsed, Usage
from domain.context.news import NewsReading
from domain.context.observation import Observation
from domain.decisions import Advice, Decision, Inspection, ModelCall
from domain.evidence import Evidence, Known
from domain.market import Symbol
from domain.signals import CandidateKind, CompositeSignal, TradeCandidate
from graphs.deps import CycleDeps
from tools.plan import plan_evidence
from trading.signals.text import known_readings, text_signals

NEWS, TEXT = "news.", "text."
"""Evidence that speaks of texts: one reading each, and what the readings of a symbol add up to."""

_EXACT = Context(prec=100)
"""A model may state a fraction to many digits, and a product that is rounded up would look like a disagreement."""

Readings = Mapping[Symbol, Sequence[NewsReading]]


class CycleCalls(NamedTuple):
    """What the proposals of one cycle share: stored calls by their subject, what models have used, what was seen."""

    calls: Mapping[str, Sequence[ModelCall]]
    usage: Usage
    signals: Mapping[Symbol, CompositeSignal]
    seen: Observation


def proposal_for(decision: Decision, seen: Observation, deps: CycleDeps) -> Proposal | None:
    """What the roles did, for the gates of group H; None for an exit by rule, which no role has touched."""
    return proposal_of(decision, calls_so_far(seen, deps), deps)


def calls_so_far(seen: Observation, deps: CycleDeps) -> CycleCalls:
    """Read once for all decisions of a cycle, whose calls grow with them."""
    calls = deps.stores.calls.of_cycle(seen.evidence.cycle_id)
    by_subject: dict[str, list[ModelCall]] = {}
    for call in calls:
        by_subject.setdefault(call.subject, []).append(call)
    signals = {signal.symbol: signal for signal in reversed(seen.signals)}  # the first of a symbol counts
    return CycleCalls(by_subject, usage_of(calls, deps), signals, seen)


def proposal_of(decision: Decision, cycle: CycleCalls, deps: CycleDeps) -> Proposal | None:
    """The same from what was said in the cycle."""
    candidate, seen = decision.candidate, cycle.seen
    if candidate.kind is not CandidateKind.ENTRY:
        return None
    signal = cycle.signals.get(candidate.symbol)
    left = stated_sizes(candidate, decision.advice, decision.inspection)
    plan = plan_evidence(candidate, as_of=seen.evidence.as_of)
    return Proposal(
        asked_symbol=candidate.symbol,
        schema_valid=decision.advice is not None and decision.inspection is not None,
        cited=tuple(decision.cited),
        known=Known(seen.evidence.items, (item.ref for item in plan)),
        evidence_as_of=seen.evidence.as_of,
        decided_at=decision.decided_at,
        evidence_digest=decision.evidence_digest,
        evidence_digest_now=seen.evidence.digest,
        candidate_qty=candidate.qty,
        advised_qty=left.advised,
        inspected_qty=left.inspected,
        quoted_price=decision.advice.reference_price if decision.advice is not None else None,
        confidence=decision.advice.confidence if decision.advice is not None else None,
        needs_approval=decision.needs_approval,
        provenance=provenance_of(decision, cycle.calls.get(candidate.candidate_id, ())),
        signal_direction=None if signal is None else signal.direction,
        texts=cited_texts(decision, seen, deps),
        calibrated=calibrated_of(decision, seen, deps),
        usage=cycle.usage,
    )


def stated_sizes(candidate: TradeCandidate, advice: Advice | None, inspection: Inspection | None) -> Sizes:
    """Shares left after each role as it said, before they are cut to lots; None where a role is missing.

    Of 3 shares 0.8 and 0.5 are 2.4 and 1.5, which are 0.3 of the candidate apart, as the roles are; in whole lots, 2
    and 1, they would be 0.34 apart, and gate H4 would ask a person about a disagreement that nobody has.
    """
    advised = None if advice is None else _EXACT.multiply(candidate.qty, advice.size_fraction)
    inspected = None if inspection is None else _EXACT.multiply(candidate.qty, inspection.max_fraction)
    if advised is not None and inspected is not None:
        inspected = min(advised, inspected)
    return Sizes(candidate.qty, advised, inspected)


def signal_of(seen: Observation, symbol: Symbol) -> CompositeSignal | None:
    """What code computed about the symbol; None where its bars were missing."""
    return next((signal for signal in seen.signals if signal.symbol == symbol), None)


def provenance_of(decision: Decision, calls: Iterable[ModelCall]) -> Provenance:
    """The models that the three answers name, and the prompts of the stored calls that brought these answers."""
    advice, inspection, candidate = decision.advice, decision.inspection, decision.candidate
    named = {
        "advisor": "" if advice is None else advice.source,
        "inspector": "" if inspection is None else inspection.source,
        "decider": decision.source,
    }
    # a model is named by origin and name; the word "code" stands where the decider was never asked
    models = {role: source for role, source in named.items() if ":" in source}
    prompts = {
        call.role: call.prompt_digest
        for call in calls
        if call.subject == candidate.candidate_id and models.get(call.role) == f"{call.origin}:{call.model}"
    }
    return Provenance(decision.cycle_id, candidate.strategy, models, prompts)


def usage_of(calls: Sequence[ModelCall], deps: CycleDeps) -> Usage:
    """What the models have used by now: in this cycle, and on the exchange's day."""
    tokens, cost = deps.stores.calls.spent_since(deps.stores.equity.day_start(deps.clock.now()))
    # An answer used again is no call; its tokens are nought already.
    made = [call for call in calls if not call.reused]
    return Usage(len(made), sum(call.tokens_in + call.tokens_out for call in calls), tokens, cost)


def calibrated_of(decision: Decision, seen: Observation, deps: CycleDeps) -> Decimal | None:
    """What the advisor's confidence had proven to be worth by then; None while it has proven nothing."""
    advice = decision.advice
    if advice is None or deps.calibration is None:
        return None
    tally = deps.calibration.at(seen.evidence.as_of).of("advisor", advice.source)
    return tally.calibrated(advice.confidence)


def cited_texts(decision: Decision, seen: Observation, deps: CycleDeps) -> tuple[TextUsed, ...] | None:
    """The stored texts behind everything that was cited; None where one of them cannot be told."""
    cited = [item for ref in decision.cited if (item := seen.evidence.get(ref)) is not None and speaks_of_texts(item)]
    symbols = tuple(sorted({item.symbol for item in cited if item.symbol is not None}))
    as_of = seen.evidence.as_of
    since = as_of - deps.rules.news_window
    readings = deps.stores.news.readings_by_symbol(symbols, since=since, as_of=as_of) if symbols else {}
    found: list[TextUsed] = []
    for item in cited:
        behind = readings_behind(item, seen, readings)
        if behind is None:
            return None
        found += (
            TextUsed(item.ref, text.published_at, text.available_at, stored=True, suspicious=text.suspicious)
            for text in behind
        )
    return tuple(found)


def speaks_of_texts(item: Evidence) -> bool:
    """True for a figure of a symbol that was taken from texts and is there."""
    return item.symbol is not None and item.value is not None and item.ref.startswith((NEWS, TEXT))


def readings_behind(item: Evidence, seen: Observation, readings: Readings) -> tuple[NewsReading, ...] | None:
    """The readings a figure was made of; None where those stored now are not those of the observation.

    A figure does not name its readings. Those of ``text.*`` are told by adding up to the same again, that of ``news.*``
    by its times: of several with the same times any may be meant, and all count.
    """
    if item.symbol is None:
        return None
    as_of, stored = seen.evidence.as_of, readings.get(item.symbol, ())
    known = known_readings(stored, as_of=as_of)
    if item.ref.startswith(NEWS):
        return tuple(reading for reading in known if _is_told_by(item, reading)) or None
    signal = signal_of(seen, item.symbol)
    if signal is None or text_signals(item.symbol, stored, as_of=signal.text.at) != signal.text:
        return None
    suspicious = item.ref.startswith(f"{TEXT}suspicious")
    return tuple(reading for reading in known if reading.suspicious is suspicious)


def _is_told_by(item: Evidence, reading: NewsReading) -> bool:
    published = min(reading.published_at, reading.available_at)
    kind = "post" if reading.social else "article"
    return not reading.suspicious and (item.available_at, item.observed_at, item.source) == (
        reading.available_at,
        published,
        kind,
    )
