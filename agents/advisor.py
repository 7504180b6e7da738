"""The signal advisor: the case for and against one candidate. It may ask for less, never for more."""

from __future__ import annotations

from collections.abc import Iterable

from agents.ask import Asker
from agents.outputs import AdviceOutput, advice
from agents.slots import encode, evidence_lines, index, share
from domain.decisions import Advice
from domain.evidence import Evidence, EvidenceSet
from domain.ids import CycleId
from domain.signals import TradeCandidate
from tools.indicators import indicators
from tools.memory import memory
from tools.news import news
from tools.quotes import quotes
from tools.signals import signals
from tools.tool import Tool

TOOLS: tuple[Tool, ...] = (
    indicators,
    quotes,
    signals,
    news,
    memory,
)


def advise(
    asker: Asker, cycle_id: CycleId, evidence: EvidenceSet, candidate: TradeCandidate, plan: Iterable[Evidence]
) -> Advice:
    """One call; raises NoAnswer, BadAnswer or WrongSetup when the model brings nothing usable."""
    planned = tuple(plan)
    shown = share(evidence, candidate.symbol, TOOLS)
    known = index((*shown, *planned))
    variables = {
        "symbol": candidate.symbol,
        "candidate": proposal(candidate),
        "plan": evidence_lines(planned, evidence.as_of),
        "evidence": evidence_lines(shown, evidence.as_of),
    }

    def read(output: AdviceOutput, source: str, repaired: bool) -> Advice:
        return advice(output, candidate, known, source=source, repaired=repaired)

    return asker.ask("advisor", candidate.candidate_id, cycle_id, variables, read).value


def proposal(candidate: TradeCandidate) -> str:
    """A candidate as every role is shown it: what code proposes and why, its figures left to the plan."""
    return encode(
        {
            "kind": candidate.kind,
            "side": candidate.side,
            "strategy": candidate.strategy,
            "score": candidate.score,
            "confidence": candidate.confidence,
            "reason": candidate.reason,
            "refs": candidate.refs,
        }
    )
