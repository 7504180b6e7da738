"""Reproduce: run a stored cycle again from the record, and tell whether it came out the same or what would be other.

Nothing is opened but the database: no broker, no market, no network, and no model but the one that is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from agents.llm import LanguageModel, Role
from agents.outputs import OUTPUTS
from domain.decisions import Decision
from domain.errors import ConfigurationError, UsageError
from domain.ids import CycleId
from domain.money import ZERO
from domain.verdicts import Evaluation, Outcome
from graphs.deps import Stores
from graphs.reproduction.compare import (
    Document,
    document_digest,
    first_difference,
    recorded_document,
    rerun_document,
)
from graphs.reproduction.replaying import asking, replaying
from graphs.reproduction.rerun import Door, Policies, Rerun, rerun
from graphs.reproduction.stored import StoredCycle, stored_cycle
from graphs.reproduction.whatif import said_now, said_then
from interfaces.views.reproduction import ChangeRow, FateRow, ReproductionView
from policies.policy import Policy
from prompts.loader import Prompt

LAST = "last"
UNJUDGED = "never judged"


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What is to be other than it was; nothing of it replays the cycle as it was."""

    policy: Policy | None = None
    model: LanguageModel | None = None
    prompts: Mapping[Role, Prompt] = field(default_factory=dict)

    @property
    def told(self) -> tuple[str, ...]:
        """In words."""
        found = [] if self.policy is None else [f"policy {self.policy.profile} {self.policy.digest[:12]}"]
        found += [] if self.model is None else [f"model {self.model.name}"]
        return (*found, *(f"prompt {role} {prompt.digest[:12]}" for role, prompt in sorted(self.prompts.items())))


def by_role(found: Mapping[str, Prompt]) -> dict[Role, Prompt]:
    """Prompts by the role that is asked with them; the repair turn belongs to all roles and stays what it is."""
    return {role: found[role] for role in OUTPUTS if role in found}


def cycle_named(stores: Stores, name: str) -> CycleId:
    """The id behind ``last``, or the name itself."""
    if name != LAST:
        return CycleId(name)
    found = stores.cycles.newest()
    if found is None:
        raise UsageError("there is no finished cycle in this home", "Run one with `sage cycle`.")
    return found


def reproduce(stores: Stores, name: str, own: Policy, otherwise: Otherwise) -> ReproductionView:
    """Run the cycle again; ``own`` is the policy of this home, which is not always the one of then."""
    stored = stored_cycle(stores, cycle_named(stores, name))
    then = partial(policy_then, stores, own)
    recorded = recorded_document(stored)
    # Always as it was, first: what would be other is told against this run, and only as far as it is the same.
    same = rerun(stored, partial(replaying, stored), then)
    again = rerun_document(stored, same)
    found = first_difference(recorded, again)
    difference = "" if found is None else f"{found.place}: recorded {found.recorded!r}, again {found.again!r}"
    return ReproductionView(
        cycle_id=stored.cycle_id,
        as_of=stored.as_of,
        ok=found is None,
        asked=otherwise.told,
        digest=document_digest(recorded),
        digest_again=document_digest(again),
        compared=tuple(counted(recorded)),
        difference=difference,
        changes=changes_of(stored, same, then, otherwise) if otherwise.told else (),
        notes=notes_of(otherwise),
    )


def policy_then(stores: Stores, own: Policy, digest: str) -> Policy:
    """The policy of that digest, from this home's settings or from those that were in force."""
    found = own if own.digest == digest else stores.control.policy_of(digest)
    if found is None:
        raise ConfigurationError(
            f"the policy {digest[:12]} of that cycle is not on record", "Set SAGE_POLICY to the file that it was."
        )
    return found


def counted(document: Document) -> list[str]:
    """How much was compared, part by part."""
    names = ("candidates", "decisions", "verdicts", "orders", "explanations", "model_calls")
    return [f"{len(document[name])} {name.replace('_', ' ')}" for name in names]


def changes_of(stored: StoredCycle, same: Rerun, then: Policies, otherwise: Otherwise) -> tuple[ChangeRow, ...]:
    """Each decision as it was and as it would be; the same candidates, the same figures, the same state of the book."""
    door = door_of(stored, otherwise)
    decisions = same.decisions if door is None else rerun(stored, door, then).decisions
    policy_now = otherwise.policy if otherwise.policy is not None else then(stored.policy)
    rows = []
    for before, after in zip(same.decisions, decisions, strict=True):
        was, would_be = fate(before, said_then(stored, before)), fate(after, said_now(stored, after, policy_now))
        rows.append(ChangeRow(before.candidate.symbol, before.decision_id, was != would_be, was, would_be))
    return tuple(sorted(rows, key=lambda row: (not row.changed, row.symbol)))


def door_of(stored: StoredCycle, otherwise: Otherwise) -> Door | None:
    """The door to another model or prompt; None where the roles say what they said."""
    if otherwise.model is None:
        return None
    return partial(asking, stored, otherwise.model, otherwise.prompts)


def fate(decision: Decision, said: Evaluation | None) -> FateRow:
    """What becomes of a decision under these verdicts."""
    codes = (*decision.codes, *(() if said is None else map(str, said.codes)))
    goes = said.final_qty if said is not None and said.outcome in (Outcome.PASS, Outcome.REDUCE) else ZERO
    outcome = UNJUDGED if said is None else said.outcome.value
    return FateRow(decision.action.value, decision.qty, outcome, goes, codes)


def notes_of(otherwise: Otherwise) -> tuple[str, ...]:
    """What a reader of a what-if has to know."""
    if not otherwise.told:
        return ()
    told = ["evidence, book, market and switches are those of then, and every decision is judged on them by itself"]
    if otherwise.policy is not None:
        told.append("figures of room that the roles saw are those of the policy of then")
    if otherwise.prompts and otherwise.model is not None and otherwise.model.name == "rules":
        told.append("the rules read no prompt, so other words change nothing with them")
    return tuple(told)
