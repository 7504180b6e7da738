"""Asking a model: budget first, journal before that, record before reading, one repair turn at most.

    render -> journal? -> reserve -> call -> save -> read -> (repair turn -> the same once more) -> answer

A finished call is never paid twice: after a crash the journal answers. The record is written before anybody reads the
reply, so that a reply which breaks the reader is on record too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar

from agents.llm import BadAnswer, LanguageModel, ModelReply, ModelRequest, NoAnswer, Reason, Role
from agents.outputs import LONGEST_ANSWER, OUTPUTS, parse, schema_of
from agents.slots import encode
from domain.decisions import ModelCall
from domain.errors import OversightError
from domain.ids import CycleId, derive
from domain.money import ZERO
from domain.ports import Clock
from prompts.loader import load

T = TypeVar("T")
_MILLION = Decimal(1_000_000)
_CHARS_PER_TOKEN = 3
LONGEST_NAME = 120
MOST_TOKENS = 10**9


class CallJournal(Protocol):
    """Where finished calls are kept."""

    def finished(self, cycle_id: CycleId, request_digest: str) -> ModelCall | None:
        """The call that already answered this question in this cycle."""
        ...

    def save(self, call: ModelCall) -> ModelCall:
        """Keep a finished call durably and return the one that counts: the first, where two were made."""
        ...

    def unusable(self, call: ModelCall, fault: str) -> None:
        """Note that nothing may be done with a stored answer; a breaker counts these."""
        ...


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, in USD a million tokens."""

    tokens_in: Decimal
    tokens_out: Decimal

    def of(self, reply: ModelReply) -> Decimal:
        """Cost of one reply in USD."""
        return (self.tokens_in * reply.tokens_in + self.tokens_out * reply.tokens_out) / _MILLION


@dataclass
class Budget:
    """Calls and tokens one cycle may spend; reserved before each call, so that parallel calls cannot overspend.

    A call whose outcome is unknown keeps its reservation: it may have been billed.
    """

    calls: int
    tokens: int
    _spent: dict[CycleId, dict[str, int]] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def reserve(self, cycle_id: CycleId, key: str, tokens: int) -> None:
        """Set tokens aside for the call ``key``; raises NoAnswer when the cycle has too little left."""
        with self._lock:
            spent = self._spent.setdefault(cycle_id, {})
            others = sum(used for name, used in spent.items() if name != key)
            if len(spent.keys() | {key}) > self.calls or others + tokens > self.tokens:
                raise NoAnswer(
                    "budget", f"the model budget of cycle {cycle_id} is spent", "Rules decide until it ends."
                )
            spent[key] = tokens

    def settle(self, cycle_id: CycleId, key: str, tokens: int) -> None:
        """Replace a reservation by what the call really used."""
        with self._lock:
            self._spent.setdefault(cycle_id, {})[key] = tokens


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A read answer. ``repaired``: it took the second attempt, so its reader let it do less."""

    value: T
    source: str
    repaired: bool


Reader = Callable[[Any, str, bool], T]
"""From the role's parsed document (``OUTPUTS[role]``), its source and whether it was repaired, to a domain value."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Everything a role needs to ask. ``prices`` are by model name; a model without one is recorded at no cost."""

    model: LanguageModel
    journal: CallJournal
    clock: Clock
    budget: Budget
    prices: Mapping[str, Price] = field(default_factory=dict)

    def ask(
        self, role: Role, subject: str, cycle_id: CycleId, variables: Mapping[str, str], read: Reader[T]
    ) -> Answer[T]:
        """Put one question; raises NoAnswer, BadAnswer or WrongSetup when it brings nothing usable."""
        request = self.request(role, variables)
        try:
            return self._answer(request, subject, cycle_id, read)
        except BadAnswer as first:
            return self._answer(repair(request, str(first)), subject, cycle_id, read)

    def request(self, role: Role, variables: Mapping[str, str]) -> ModelRequest:
        """The canonical first question of a role."""
        prompt = load(role)
        text = prompt.render(**variables)
        schema = schema_of(OUTPUTS[role])
        return ModelRequest(role, text.system, text.user, prompt.output, schema, self.model.sampling, 1, prompt.digest)

    def _answer(self, request: ModelRequest, subject: str, cycle_id: CycleId, read: Reader[T]) -> Answer[T]:
        call = self._call(request, subject, cycle_id)
        source, repaired = f"{call.origin}:{call.model}", request.attempt > 1
        try:
            return Answer(read(parse(request.role, finished_text(call)), source, repaired), source, repaired)
        except BadAnswer as bad:
            self.journal.unusable(call, bad.reason)
            raise

    def _call(self, request: ModelRequest, subject: str, cycle_id: CycleId) -> ModelCall:
        key = request.digest
        call = self.journal.finished(cycle_id, key)
        if call is None:
            self.budget.reserve(cycle_id, key, estimate(request))
            call = self.journal.save(self._record(request, self._complete(request), subject, cycle_id))
        self.budget.settle(cycle_id, key, call.tokens_in + call.tokens_out)
        return call

    def _complete(self, request: ModelRequest) -> ModelReply:
        try:
            return self.model.complete(request)
        except OversightError:
            raise
        except Exception as error:  # whatever a server sends, no model may end a cycle
            what = f"{self.model.name} broke the {request.role}'s call ({type(error).__name__})"
            raise NoAnswer("garbage", what, "It counts as no answer.") from error

    def _record(self, request: ModelRequest, reply: ModelReply, subject: str, cycle_id: CycleId) -> ModelCall:
        price = self.prices.get(reply.model) or self.prices.get(request.sampling.model)
        return ModelCall(
            call_id=derive("call", cycle_id, request.digest),
            cycle_id=cycle_id,
            role=request.role,
            subject=subject,
            model=storable(reply.model)[:LONGEST_NAME],
            origin=reply.origin,
            request_digest=request.digest,
            prompt_digest=request.prompt_digest,
            response=storable(reply.text),
            finish=reply.finish,
            tokens_in=counted(reply.tokens_in),
            tokens_out=counted(reply.tokens_out),
            cost_usd=price.of(reply) if price is not None else ZERO,
            latency_ms=reply.latency_ms,
            at=self.clock.now(),
        )


def finished_text(call: ModelCall) -> str:
    """The text of a call that ended by itself; anything else is no usable answer, for the reason it ended."""
    if call.finish == "stop":
        return call.response
    who = f"{call.origin}:{call.model}"
    if call.finish in ("refusal", "content_filter"):
        reason: Reason = "refusal" if call.finish == "refusal" else "content_filter"
        raise NoAnswer(reason, f"{who} declined to answer the {call.role} ({reason})", "It counts as no answer.")
    if call.finish == "length":
        raise BadAnswer("length", f"{who} ran out of room while answering the {call.role}", "Raise max_tokens.")
    raise BadAnswer("garbage", f"{who} ended its answer to the {call.role} in an unknown way")


def storable(text: str) -> str:
    """A reply as every database can keep it: no NUL, no lone surrogate, cut just past the longest readable answer."""
    return text[: LONGEST_ANSWER + 1].encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


def counted(tokens: int) -> int:
    """A token count as a budget may believe it."""
    return min(max(tokens, 0), MOST_TOKENS)


def repair(request: ModelRequest, reason: str) -> ModelRequest:
    """The second and last question: the first one with the reason why its answer was refused."""
    text = load("repair").render(reason=encode(reason))
    return replace(
        request, system=f"{request.system}\n\n{text.system}", user=f"{request.user}\n\n{text.user}", attempt=2
    )


def estimate(request: ModelRequest) -> int:
    """Tokens to reserve: a third of the characters sent, plus all that may come back."""
    sent = len(request.system) + len(request.user) + len(encode(request.schema))
    return sent // _CHARS_PER_TOKEN + request.sampling.max_tokens
