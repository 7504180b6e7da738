"""The language-model port: one canonical request in, one reply out, and the reasons why there may be none.

A request holds no clock and no random id, so equal questions have equal digests: recordings, the journal of finished
calls and replays are all keyed by it. Twins: ``openai_llm`` (hosted or any compatible server), ``recorded_llm`` (stored
answers), ``rules_llm`` (a deterministic stand-in that is not a language model).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, Protocol

from domain.errors import ConfigurationError, ModelOutputError, ModelUnavailable, OversightError
from domain.record.canonical import canonical_json, json_text, lasting_text

Role = Literal["reader", "monitor", "advisor", "inspector", "decider", "explainer", "learner", "chat"]
Finish = Literal["stop", "length", "content_filter", "refusal", "other"]
Origin = Literal["hosted", "relay", "scripted", "rules"]
Reason = Literal[
    "bad_request",
    "budget",
    "content_filter",
    "context_length",
    "contradiction",
    "garbage",
    "length",
    "network",
    "permission",
    "quota",
    "rate_limit",
    "refusal",
    "schema",
    "server",
    "statement",
    "timeout",
    "unauthorised",
    "unknown_model",
    "unknown_reference",
    "wrong_symbol",
]
"""Why a call brought nothing usable; stored with decisions and shown to people."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a model is asked. None leaves the server's default; some reasoning models refuse a temperature."""

    model: str
    temperature: Decimal | None = None
    max_tokens: int = 1500
    seed: int | None = None


# No slots: the digest is asked for five times a call, and is kept beside the fields.
@dataclass(frozen=True)
class ModelRequest:
    """One question. ``schema`` is the JSON schema of the answer; ``attempt`` is 1, or 2 for the one repair turn."""

    role: Role
    system: str
    user: str
    schema_name: str
    schema: Mapping[str, Any]
    sampling: Sampling
    attempt: int
    prompt_digest: str

    @cached_property
    def digest(self) -> str:
        """The canonical key of this question: that of its fields, with the text of the schema put in its place."""
        # Names in the order of canonical JSON: recordings and journals are keyed by exactly these bytes.
        told = (
            f'{{"attempt":{self.attempt},"prompt_digest":{json_text(self.prompt_digest)},"role":{json_text(self.role)},'
            f'"sampling":{canonical_json(self.sampling)},"schema":{self.schema_text},'
            f'"schema_name":{json_text(self.schema_name)},"system":{json_text(self.system)},'
            f'"user":{json_text(self.user)}}}'
        )
        return hashlib.sha256(told.encode()).hexdigest()

    @property
    def schema_text(self) -> str:
        """The canonical text of the schema, which nobody changes."""
        return lasting_text(self.schema)


@dataclass(frozen=True, slots=True)
class ModelReply:
    """What came back, verbatim. Anything but ``stop`` is no usable answer, yet it was paid for and is stored."""

    text: str
    finish: Finish
    model: str
    origin: Origin
    tokens_in: int
    tokens_out: int
    latency_ms: int


class LanguageModel(Protocol):
    """Something that answers requests."""

    @property
    def name(self) -> str:
        """Shown wherever its words are shown, e.g. ``openai:gpt-5``, ``recorded:relay``, ``rules``."""
        ...

    @property
    def sampling(self) -> Sampling:
        """How its requests are built; part of their digest."""
        ...

    def complete(self, request: ModelRequest) -> ModelReply:
        """Answer, or raise NoAnswer (away, slow, quota), BadAnswer (garbage) or WrongSetup (key, model name)."""
        ...


class NoAnswer(ModelUnavailable):
    """The model did not answer; ``reason`` says why in one word."""

    def __init__(self, reason: Reason, what: str, remedy: str = "") -> None:
        super().__init__(what, remedy)
        self.reason = reason


class BadAnswer(ModelOutputError):
    """The model answered, and nothing may be done with it."""

    def __init__(self, reason: Reason, what: str, remedy: str = "It counts as no answer.") -> None:
        super().__init__(what, remedy)
        self.reason = reason


class WrongSetup(ConfigurationError):
    """The model's address, key, name or parameters are wrong."""

    def __init__(self, reason: Reason, what: str, remedy: str = "") -> None:
        super().__init__(what, remedy)
        self.reason = reason


UNBILLED: frozenset[Reason] = frozenset(
    {"bad_request", "context_length", "permission", "quota", "rate_limit", "unauthorised", "unknown_model"}
)
"""Reasons for which a server refuses a question before any model has seen it, so that it costs nothing."""
UNANSWERED = (NoAnswer, BadAnswer, WrongSetup)
"""What a role may raise where a model let it down; a cycle goes on without that answer."""


def reason_of(error: OversightError) -> str:
    """The reason code of a failed call; other errors answer with their own stable code."""
    return error.reason if isinstance(error, UNANSWERED) else error.code
