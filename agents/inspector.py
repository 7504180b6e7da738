"""The risk inspector: what could go wrong with one candidate. It can only tighten; without it there is no entry."""

from __future__ import annotations

from collections.abc import Iterable

from agents.advisor import proposal
from agents.ask import Asker
from agents.outputs import InspectionOutput, inspection
from agents.slots import encode, evidence_lines, index, share
from domain.decisions import Advice, Inspection
from domain.evidence import Evidence, EvidenceSet
from domain.ids import CycleId
from domain.signals import TradeCandidate
from tools.events import events
from tools.indicators import indicators
from tools.memory import memory
from tools.news import news
from tools.portfolio import portfolio, position
from tools.quotes import quotes
from tools.signals import signals
from tools.tool import Tool

TOOLS: tuple[Tool, ...] = (indicators, quotes, signals, news, events, portfolio, position, memory)


def inspect(
    asker: Asker,
    cycle_id: CycleId,
    evidence: EvidenceSet,
    candidate: TradeCandidate,
    plan: Iterable[Evidence],
    advice: Advice | None,
) -> Inspection:
    """One call; raises NoAnswer, BadAnswer or WrongSetup when the model brings nothing usable."""
    planned = tuple(plan)
    shown = share(evidence, candidate.symbol, TOOLS)
    known = index((*shown, *planned))
    variables = {
        "symbol": candidate.symbol,
        "candidate": proposal(candidate),
        "plan": evidence_lines(planned, evidence.as_of),
        "advice": opinion(advice),
        "evidence": evidence_lines(shown, evidence.as_of),
    }

    def read(output: InspectionOutput, source: str, repaired: bool) -> Inspection:
        return inspection(output, candidate, known, source=source, repaired=repaired)

    return asker.ask("inspector", candidate.candidate_id, cycle_id, variables, read).value


def opinion(advice: Advice | None) -> str:
    """Advice as the roles after it are shown it; null when there is none."""
    if advice is None:
        return encode(None)
    return encode(
        {
            "stance": advice.stance,
            "direction": advice.direction,
            "confidence": advice.confidence,
            "size_fraction": advice.size_fraction,
            "horizon": advice.horizon,
            "bull": [statement.text for statement in advice.bull],
            "bear": [statement.text for statement in advice.bear],
        }
    )
