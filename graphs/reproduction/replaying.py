"""Models that only say what is on record, and a door to them that can be given other prompts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from agents.ask import Asker
from agents.calls.budget import Budget
from agents.llm import LanguageModel, ModelReply, ModelRequest, NoAnswer, Reason, Role, Sampling
from agents.outputs import OUTPUTS, schema_of
from domain.clock import FixedClock
from domain.decisions import Decision, ModelCall
from domain.ids import CycleId
from graphs.reproduction.stored import StoredCycle
from prompts.loader import Prompt, load

# More than any cycle has: what was spent then must not be refused now.
CALLS, TOKENS = 10_000, 10**9


class ReplayJournal:
    """Calls on record, by cycle and digest, and those of a second run beside them; nothing is written anywhere."""

    def __init__(self, calls: tuple[ModelCall, ...] = ()) -> None:
        self._calls = {call.request_digest: call for call in calls}

    def finished(self, _cycle_id: CycleId, request_digest: str) -> ModelCall | None:
        """The call that answered exactly this question."""
        return self._calls.get(request_digest)

    def save(self, call: ModelCall) -> ModelCall:
        """Keep a new call for as long as this run lasts."""
        return self._calls.setdefault(call.request_digest, call)

    def unusable(self, call: ModelCall, fault: str) -> None:
        """It is on record already."""


class Silent:
    """A model of the record, which speaks through the journal alone; a question that is not there brought nothing."""

    def __init__(self, name: str, sampling: Sampling, reasons: Mapping[Role, Reason]) -> None:
        self.name, self.sampling = name, sampling
        self._reasons = reasons

    def complete(self, request: ModelRequest) -> ModelReply:
        """No answer, for the reason that the record gives."""
        reason = self._reasons.get(request.role, "network")
        raise NoAnswer(reason, f"no answer of {self.name} to the {request.role} is on record")


@dataclass(frozen=True, slots=True)
class Reprompted(Asker):
    """A door that asks with other prompts where some are given."""

    prompts: Mapping[Role, Prompt] = field(default_factory=dict)

    def request(self, role: Role, variables: Mapping[str, str], model: LanguageModel | None = None) -> ModelRequest:
        """The question as the other prompt puts it."""
        prompt = self.prompts.get(role) or load(role)
        text = prompt.render(**variables)
        sampling = (model or self.line(role)[0]).sampling
        schema = schema_of(OUTPUTS[role])
        return ModelRequest(role, text.system, text.user, prompt.output, schema, sampling, 1, prompt.digest)


@dataclass(frozen=True, slots=True)
class Replayed(Asker):
    """A door behind which every role has the models that it had then."""

    lines: Mapping[Role, tuple[LanguageModel, ...]] = field(default_factory=dict)

    def line(self, role: Role) -> tuple[LanguageModel, ...]:
        """The models of a role in the order in which they were asked."""
        return self.lines[role]


def replaying(stored: StoredCycle, decision: Decision | None = None) -> Asker:
    """The door through which everything was asked then; for a decision, at the moment at which it was made."""
    reasons = _reasons_of(stored, decision)
    lines: dict[Role, tuple[LanguageModel, ...]] = {
        role: tuple(Silent(each.name, each.sampling, reasons) for each in told)
        for role, told in stored.conditions.line.items()
    }
    clock = FixedClock(stored.as_of if decision is None else decision.decided_at)
    return Replayed(lines["advisor"][0], ReplayJournal(stored.calls), clock, Budget(CALLS, TOKENS), lines=lines)


def asking(
    stored: StoredCycle, model: LanguageModel, prompts: Mapping[Role, Prompt], decision: Decision | None = None
) -> Asker:
    """A door to another model or with other prompts; nothing it is told is kept."""
    clock = FixedClock(stored.as_of if decision is None else decision.decided_at)
    return Reprompted(model, ReplayJournal(), clock, Budget(CALLS, TOKENS), prompts=prompts)


def _reasons_of(stored: StoredCycle, decision: Decision | None) -> dict[Role, Reason]:
    """Why a role had no answer, in the words that the record has for it; where it has none, nothing depends on it."""
    known: dict[str, Reason] = {reason: reason for reason in get_args(Reason)}
    words: list[tuple[Role, str]] = [("monitor", stored.monitor.source.partition(":")[2])]
    if decision is not None:
        told = (each.explanation for each in stored.explanations)
        sources = [each.source for each in told if each.decision_id == decision.decision_id]
        words += [("explainer", source.partition(":")[2]) for source in sources]
        words += [(role, _after(code, role)) for role in get_args(Role) for code in decision.codes]
    return {role: known[word] for role, word in words if word in known}


def _after(code: str, role: Role) -> str:
    """``DECIDER_TIMEOUT`` of the decider -> ``timeout``; empty for a code that is not about the role."""
    return code.removeprefix(f"{role.upper()}_").lower() if code.startswith(f"{role.upper()}_") else ""
