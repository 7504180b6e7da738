"""State of the graphs: few channels, each a domain value or a list of them; the big things are stored and named by id.

The observation, bars, texts and model answers live in the database under the cycle id, so a checkpoint stays small.
A checkpoint turns tuples inside a value into lists; nothing here or downstream tells the two apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Protocol, TypedDict

from domain.case import Approval
from domain.conversation import Exchange, Look, Reply
from domain.decisions import Decision, MonitorReport
from domain.ids import CycleId
from domain.market import Symbol
from domain.signals import TradeCandidate
from domain.verdicts import Outcome

MOST_EXCHANGES = 12


@dataclass(frozen=True, slots=True)
class Ruled:
    """What the gates said of one decision before sending: enough to route it; the verdicts are in the ledger."""

    decision_id: str
    outcome: Outcome
    qty: Decimal
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one decision at the desk; ``client_order_id`` is empty where nothing was sent."""

    decision_id: str
    client_order_id: str
    codes: tuple[str, ...]


def joined(left: list[object], right: list[object]) -> list[object]:
    """Reducer of parallel branches: append, in the order of the candidates."""
    return [*left, *right]


class CycleInput(TypedDict):
    """What starts a cycle. ``as_of`` is the runtime's and nobody else's."""

    cycle_id: CycleId
    as_of: datetime
    symbols: list[Symbol]


class CycleState(CycleInput):
    """Channels of the oversight cycle, in the order in which its nodes fill them."""

    # langgraph drops a key that is not named here without a word.
    candidates: list[TradeCandidate]
    monitor: MonitorReport
    # Several branches write it in one step, which langgraph refuses without a reducer.
    decisions: Annotated[list[Decision], joined]
    ruled: list[Ruled]
    sent: list[Sent]
    degraded: Annotated[list[str], joined]


class CandidateInput(TypedDict):
    """What one review branch is given."""

    cycle_id: CycleId
    as_of: datetime
    candidate: TradeCandidate
    monitor: MonitorReport


class ApprovalInput(TypedDict):
    """What opens the thread of a decision that waits for a person."""

    cycle_id: CycleId
    pending_id: str
    decision: Decision


class ApprovalState(ApprovalInput):
    """Channels of an approval thread; times come from the person's answer, never from a checkpoint."""

    approval: Approval | None
    sent: list[Sent]


def newest(left: list[Exchange], right: list[Exchange]) -> list[Exchange]:
    """Reducer of a conversation: append, and forget what lies far back."""
    return [*left, *right][-MOST_EXCHANGES:]


class ChatInput(TypedDict):
    """One question; its channels begin empty, so that nothing found for the last one answers this one."""

    turn_id: CycleId
    question: str
    looks: list[Look]
    wanted: list[str]
    reply: Reply | None


class ChatState(ChatInput):
    """Channels of a chat's thread; ``earlier`` alone outlives the question."""

    earlier: Annotated[list[Exchange], newest]


class CycleNode(Protocol):
    """A node of the oversight cycle: it returns the channels it owns."""

    def __call__(self, state: CycleState) -> dict[str, Any]:
        """Run on the state as it is."""
        ...


class CandidateNode(Protocol):
    """The node of a review branch."""

    def __call__(self, state: CandidateInput) -> dict[str, Any]:
        """Run on the branch's state."""
        ...


class ApprovalNode(Protocol):
    """A node of an approval thread."""

    def __call__(self, state: ApprovalState) -> dict[str, Any]:
        """Run on the thread's state."""
        ...
