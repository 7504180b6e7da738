"""The review of one entry: three roles, each of which can only tighten what the one before left.

    advise -> inspect -> decide

One branch runs for every entry, in parallel, and its three steps are functions in one node: the journal of model calls
already makes sure that a finished call is never paid twice when a branch runs again, so that steps of their own would
keep nothing that is not kept (docs/decisions/0019). A role that fails leaves None, and code decides what that means: no
entry.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from agents import advisor, decider, inspector
from agents.ask import Asker
from agents.llm import UNANSWERED, reason_of
from domain.context.observation import Observation
from domain.decisions import Advice, Decision, Inspection, MonitorReport, Stance
from domain.evidence import Evidence
from domain.ids import CycleId
from domain.signals import TradeCandidate
from graphs.deps import CycleDeps
from graphs.nodes.screen import observation_of
from graphs.state import CandidateInput, CandidateNode
from tools.plan import plan_evidence
from trading.portfolio.sizing import step_behind


class Entry(NamedTuple):
    """What all roles look at: one candidate, its own figures, and what its cycle saw."""

    asker: Asker
    cycle_id: CycleId
    seen: Observation
    candidate: TradeCandidate
    plan: tuple[Evidence, ...]


def review(deps: CycleDeps) -> CandidateNode:
    """The three roles on one entry; what is left is one decision, and who did not answer."""

    def node(state: CandidateInput) -> dict[str, Any]:
        seen, candidate = observation_of(deps, state["cycle_id"]), state["candidate"]
        plan = plan_evidence(candidate, as_of=state["as_of"])
        entry, silent = Entry(deps.asker, state["cycle_id"], seen, candidate, plan), list[str]()
        advice = advise(entry, silent)
        inspection = inspect(entry, advice, silent)
        return {"decisions": [decide(entry, advice, inspection, state["monitor"])], "degraded": silent}

    return node


def advise(entry: Entry, silent: list[str]) -> Advice | None:
    """The signal advisor: the case for and against."""
    asker, cycle_id, seen, candidate, plan = entry
    try:
        return advisor.advise(asker, cycle_id, seen.evidence, candidate, plan)
    except UNANSWERED as error:
        silent.append(f"advisor: {reason_of(error)}")
        return None


def inspect(entry: Entry, advice: Advice | None, silent: list[str]) -> Inspection | None:
    """The risk inspector; nobody is asked about a trade that the advisor has already left."""
    if advice is None or advice.stance is Stance.SKIP:
        return None
    asker, cycle_id, seen, candidate, plan = entry
    try:
        return inspector.inspect(asker, cycle_id, seen.evidence, candidate, plan, advice)
    except UNANSWERED as error:
        silent.append(f"inspector: {reason_of(error)}")
        return None


def decide(entry: Entry, advice: Advice | None, inspection: Inspection | None, monitor: MonitorReport) -> Decision:
    """The decision agent: what is left of the candidate."""
    asker, cycle_id, seen, candidate, plan = entry
    lot = step_behind(candidate.qty, seen.market.symbols[candidate.symbol].instrument)
    return decider.decide(asker, cycle_id, seen.evidence, candidate, plan, advice, inspection, lot=lot, monitor=monitor)
