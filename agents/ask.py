"""Asking a model: budget first, journal before that, record before reading, one repair turn at most.

    render -> journal? -> reserve -> call -> save -> read -> (repair turn -> the same once more) -> answer
                                       +-> the next model of the line, where this one brought nothing usable

A finished call is never paid twice: after a crash the journal answers. The record is written before anybody reads the
reply, so that a reply which breaks the reader is on record too. Behind the last model stands no rule: where nobody
answers, that is a state and no decision, and the roles say what code does then (no entry; exits go by rule).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from agents.calls.breaker import Breaker
from agents.calls.budget import Budget, TokenPrice
from agents.calls.reuse import Reuse
from agents.llm import (
    UNANSWERED,
    UNBILLED,
    BadAnswer,
    LanguageModel,
    ModelReply,
    ModelRequest,
    NoAnswer,
    Reason,
    Role,
    reason_of,
)
from agents.outputs import LONGEST_ANSWER, OUTPUTS, parse, schema_of
from agents.slots import encode, inert
from domain.decisions import ModelCall
from domain.errors import OversightError
from domain.ids import CycleId, derive
from domain.money import ONE, ZERO
from domain.ports import Clock
from domain.record.model_use import Handover, SetAside
from prompts.loader import load

T = TypeVar("T")
# On the safe side: to count them takes tiktoken, which fetches its tables from the network.
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
class Answer(Generic[T]):
    """A read answer. ``repaired``: it took the second attempt, so its reader let it do less."""

    value: T
    source: str
    repaired: bool


Reader = Callable[[Any, str, bool], T]
"""From the role's parsed document (``OUTPUTS[role]``), its source and whether it was repaired, to a domain value."""


def _told_to_nobody(_passed: Handover) -> None:
    """Where a question went is nobody's business."""


class _Turn(NamedTuple):
    """A question on its way down the line; the first model of ``line`` is the one that is asked now."""

    line: tuple[LanguageModel, ...]
    role: Role
    subject: str
    cycle_id: CycleId
    variables: Mapping[str, str]

    @property
    def model(self) -> LanguageModel:
        return self.line[0]

    def after(self, count: int) -> _Turn:
        return self._replace(line=self.line[count:])


@dataclass(frozen=True, slots=True)
class Asker:
    """Everything a role needs to ask. ``prices`` are by model name; a model without one is recorded at no cost.

    ``roles`` have models of their own instead of ``model``; ``fallback`` is asked in its order where they fail.
    ``handed_over`` hears of every question that went on to the next. Without ``reuse`` every cycle asks anew. Whoever
    puts a question holds ``at_once`` until its reply is there, so that only so many are under way.
    """

    model: LanguageModel
    journal: CallJournal
    clock: Clock
    budget: Budget
    prices: Mapping[str, TokenPrice] = field(default_factory=dict)
    roles: Mapping[Role, LanguageModel] = field(default_factory=dict)
    fallback: tuple[LanguageModel, ...] = ()
    breaker: Breaker | None = None
    reuse: Reuse | None = None
    handed_over: Callable[[Handover], None] = _told_to_nobody
    at_once: AbstractContextManager[object] = field(default_factory=nullcontext)

    def ask(
        self, role: Role, subject: str, cycle_id: CycleId, variables: Mapping[str, str], read: Reader[T]
    ) -> Answer[T]:
        """Put one question; raises NoAnswer, BadAnswer or WrongSetup when nobody brings anything usable."""
        turn = _Turn(self.line(role), role, subject, cycle_id, variables)
        turn = turn.after(self._reached(turn))
        while len(turn.line) > 1:
            try:
                return self._ask(turn, read)
            except UNANSWERED as error:
                failed, following = turn.line[:2]
                self.handed_over(Handover(cycle_id, role, failed.name, following.name, reason_of(error)))
                turn = turn.after(1)
        # The failure of the last is for the role to hear: behind it stands no rule.
        return self._ask(turn, read)

    def line(self, role: Role) -> tuple[LanguageModel, ...]:
        """The models of a role in the order in which they are asked."""
        first = self.roles.get(role, self.model)
        return (first, *(each for each in self.fallback if each.name != first.name))

    def request(self, role: Role, variables: Mapping[str, str], model: LanguageModel | None = None) -> ModelRequest:
        """The canonical first question of a role, put to its first model or to another one."""
        prompt = load(role)
        text = prompt.render(**variables)
        schema = schema_of(OUTPUTS[role])
        sampling = (model or self.line(role)[0]).sampling
        return ModelRequest(role, text.system, text.user, prompt.output, schema, sampling, 1, prompt.digest)

    def _reached(self, turn: _Turn) -> int:
        """How far down the line a cycle that was cut off had come: whoever stands before that had failed it."""
        for place in range(len(turn.line) - 1, 0, -1):
            request = self.request(turn.role, turn.variables, turn.line[place])
            if self.journal.finished(turn.cycle_id, request.digest) is not None:
                return place
        return 0

    def _ask(self, turn: _Turn, read: Reader[T]) -> Answer[T]:
        request = self.request(turn.role, turn.variables, turn.model)
        try:
            return self._answer(turn, request, read)
        except BadAnswer as first:
            return self._answer(turn, repair(request, str(first)), read)

    def _answer(self, turn: _Turn, request: ModelRequest, read: Reader[T]) -> Answer[T]:
        call = self._call(turn, request)
        source, repaired = f"{call.origin}:{call.model}", request.attempt > 1
        try:
            answer = Answer(read(parse(request.role, finished_text(call)), source, repaired), source, repaired)
        except BadAnswer as bad:
            self.journal.unusable(call, bad.reason)
            raise
        if self.reuse is not None:
            self.reuse.offer(call)
        return answer

    def _call(self, turn: _Turn, request: ModelRequest) -> ModelCall:
        cycle_id, key = turn.cycle_id, request.digest
        call = self.journal.finished(cycle_id, key) or self._reused(turn, request)
        if call is None:
            with self.at_once:
                self._set_aside(turn, request)
                reply = self._complete(turn, request)
            call = self.journal.save(self._record(request, reply, turn.subject, cycle_id))
        if not call.reused:
            # By key, so that a call which the journal answered is counted once however often it is asked for.
            self.budget.settle(cycle_id, key, call.tokens_in + call.tokens_out, call.cost_usd)
        return call

    def _reused(self, turn: _Turn, request: ModelRequest) -> ModelCall | None:
        """An earlier answer to exactly this question, kept once more for this cycle; or None."""
        if self.reuse is None:
            return None
        found = self.reuse.find(request.digest, turn.cycle_id, turn.subject, self.clock.now())
        return None if found is None else self.journal.save(found)

    def _set_aside(self, turn: _Turn, request: ModelRequest) -> None:
        """What the call may come to is set aside first; then its model must not be resting."""
        model, price = turn.model, self._price(turn.model)
        cost = ZERO if price is None else price.of(sent_tokens(request), request.sampling.max_tokens)
        wanted = SetAside(
            turn.cycle_id, request.digest, request.role, model.name, estimate(request), cost, self.clock.now()
        )
        # The breaker comes last: a trial it admits, which a budget then refused, would stay open for ever.
        self.budget.reserve(wanted, self.budget.edge if self._cheaper(turn.line) else ONE)
        if self.breaker is None:
            return
        try:
            self.breaker.admit(model.name)
        except NoAnswer:
            self.budget.give_back(turn.cycle_id, request.digest)
            raise

    def _cheaper(self, line: tuple[LanguageModel, ...]) -> bool:
        """Whether a cheaper model stands behind the first."""
        first, *behind = (self._price(model) for model in line)
        return first is not None and any(price is not None and price.below(first) for price in behind)

    def _price(self, model: LanguageModel) -> TokenPrice | None:
        return self.prices.get(model.sampling.model)

    def _complete(self, turn: _Turn, request: ModelRequest) -> ModelReply:
        model = turn.model
        try:
            reply = model.complete(request)
        except UNANSWERED as error:
            self._failed(model, error.reason)
            if error.reason in UNBILLED:
                self.budget.give_back(turn.cycle_id, request.digest)
            raise
        except OversightError:  # a recording that is missing says nothing about the model
            if self.breaker is not None:
                self.breaker.untried(model.name)
            raise
        except Exception as error:  # whatever a server sends, no model may end a cycle
            self._failed(model, "garbage")
            what = f"{model.name} broke the {request.role}'s call ({type(error).__name__})"
            raise NoAnswer("garbage", what, "It counts as no answer.") from error
        if self.breaker is not None:
            self.breaker.answered(model.name)
        return reply

    def _failed(self, model: LanguageModel, reason: Reason) -> None:
        if self.breaker is not None:
            self.breaker.failed(model.name, reason)

    def _record(self, request: ModelRequest, reply: ModelReply, subject: str, cycle_id: CycleId) -> ModelCall:
        # A server may answer with a dated name of the model that was asked.
        price = self.prices.get(reply.model) or self.prices.get(request.sampling.model)
        tokens_in, tokens_out = counted(reply.tokens_in), counted(reply.tokens_out)
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
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            cost_usd=price.of(tokens_in, tokens_out) if price is not None else ZERO,
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
    """Tokens to set aside: all that is sent, plus all that may come back."""
    return sent_tokens(request) + request.sampling.max_tokens


def sent_tokens(request: ModelRequest) -> int:
    """At most so many tokens are sent: a third of the characters."""
    return (len(request.system) + len(request.user) + len(inert(request.schema_text))) // _CHARS_PER_TOKEN
