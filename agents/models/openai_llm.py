"""A hosted model, or any OpenAI-compatible server, through langchain-openai.

One question is one chat completion with a JSON schema; the raw text and the token counts are kept whatever the answer
is worth, because reading it is not this module's job. The retries here are the only ones: the SDK's own would also
repeat a call whose quota is spent. Tracing is switched off around every call, whatever the environment says, and the
address is always explicit, so that prompts go to exactly one place.

A question has one deadline, its retries and pauses included. The SDK's timeout bounds each wait for bytes, so a server
that sends one now and then would never end; here the whole exchange runs on an event loop in a thread of its own, and
is cancelled there when its time is up, which closes the connection.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from functools import lru_cache
from threading import Lock, Thread
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

import openai
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from langsmith import tracing_context
from pydantic import SecretStr

from agents.llm import BadAnswer, Finish, ModelReply, ModelRequest, NoAnswer, Origin, Reason, Sampling, WrongSetup
from domain.record.canonical import plain
from domain.record.identity import Itself

T = TypeVar("T")
RETRIES = 2
LONGEST_WAIT_S = 20.0
_FINISHES: dict[str | None, Finish] = {"stop": "stop", "length": "length", "content_filter": "content_filter"}
_MALFORMED = (AttributeError, IndexError, KeyError, TypeError, ValueError)


class _Chat(ChatOpenAI):
    """ChatOpenAI whose messages travel in the body's extras, which the SDK sends as they are.

    In their own argument it holds each message against every kind of message it knows, for a quarter of all that a
    question costs. The bytes on the wire are the same: an extra takes the place of the argument of its name.
    """

    def _get_request_payload(self, input_: Any, *, stop: list[str] | None = None, **kwargs: Any) -> dict[str, Any]:
        payload: dict[str, Any] = super()._get_request_payload(input_, stop=stop, **kwargs)
        extras = {"messages": payload["messages"], **payload.get("extra_body", {})}
        return {**payload, "messages": [], "extra_body": extras}


class OpenAIModel:
    """The twin that talks HTTP. ``base_url`` ends in ``/v1``; ``timeout_s`` bounds the whole question.

    ``retries`` (two) follow only a rate limit, a server error or a broken connection, while there is time for them.
    """

    def __init__(
        self,
        sampling: Sampling,
        *,
        base_url: str,
        api_key: SecretStr,
        timeout_s: float = 60.0,
        retries: int = RETRIES,
        origin: Origin = "hosted",
        provider: str = "openai",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._sampling = sampling
        self._origin: Origin = origin
        self._provider = provider
        self._retries = retries
        self._sleep = sleep
        self._timeout_s = timeout_s
        self._loop = _LoopThread()
        self._http = openai.DefaultAsyncHttpxClient(timeout=timeout_s)
        self._chat = _Chat(
            model_name=sampling.model,
            openai_api_base=base_url,
            openai_api_key=api_key,
            request_timeout=timeout_s,
            max_retries=0,
            # Else some names (gpt-5-pro) go to /responses, which compatible servers do not have.
            use_responses_api=False,
            temperature=None if sampling.temperature is None else float(sampling.temperature),
            max_tokens=sampling.max_tokens,
            seed=sampling.seed,
            # ChatOpenAI's own is shared in the process and tied to the first loop; on another it fails as closed.
            http_async_client=self._http,
            # Else a cache that anything else sets for langchain would answer in the place of the model.
            cache=False,
        )

    @property
    def name(self) -> str:
        """The provider and the model, or the origin for one that is not hosted."""
        return f"{self._provider if self._origin == 'hosted' else self._origin}:{self._sampling.model}"

    @property
    def sampling(self) -> Sampling:
        """How requests are built."""
        return self._sampling

    def complete(self, request: ModelRequest) -> ModelReply:
        """One answer, with at most ``retries`` further attempts before the deadline."""
        deadline = time.perf_counter() + self._timeout_s
        for attempt in range(self._retries + 1):
            try:
                return self._once(request, deadline)
            except openai.OpenAIError as error:
                pause = pause_before_retry(error, attempt)
                if attempt == self._retries or not may_repeat(error) or time.perf_counter() + pause >= deadline:
                    raise translated(error, self.name) from error
                self._sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """Release the connections."""
        self._loop.run(self._http.aclose())
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _once(self, request: ModelRequest, deadline: float) -> ModelReply:
        started = time.perf_counter()
        try:
            message = self._loop.run(self._invoke(request, deadline - started))
        except TimeoutError as error:
            raise NoAnswer("timeout", f"{self.name} did not answer in time", _NEXT) from error
        except _MALFORMED as error:
            raise BadAnswer("garbage", f"{self.name} sent something that is no chat completion") from error
        elapsed_ms = round((time.perf_counter() - started) * 1000)
        return reply_of(message, self._sampling.model, self._origin, elapsed_ms)

    async def _invoke(self, request: ModelRequest, left_s: float) -> AIMessage:
        messages = [SystemMessage(request.system), HumanMessage(request.user)]
        with tracing_context(enabled=False, parent=False):
            async with asyncio.timeout(left_s):
                return await self._chat.ainvoke(messages, extra_body={"response_format": response_format(request)})


class _LoopThread:
    """An event loop in a thread of its own, begun with the first question."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        # A daemon: a question that hangs must not keep the process from ending.
        self._thread = Thread(target=self._loop.run_forever, name="model", daemon=True)
        self._begun = Lock()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it there and wait for what it brings."""
        # Several roles may put the first question at once.
        with self._begun:
            if not self._thread.is_alive():
                self._thread.start()
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """End the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()


def response_format(request: ModelRequest) -> dict[str, Any]:
    """The schema as the server wants it. It travels in the body's extras: in its own argument the SDK would read the
    answer, and raise away the text and the token counts of one that was cut off."""
    schema = {"name": request.schema_name, "strict": True, "schema": _sent(Itself(request.schema))}
    return {"type": "json_schema", "json_schema": schema}


@lru_cache(maxsize=64)
def _sent(schema: Itself[Mapping[str, Any]]) -> Any:
    """Made once for each: a role has one schema, which nobody changes."""
    return plain(schema.value)


def reply_of(message: AIMessage, asked_model: str, origin: Origin, latency_ms: int) -> ModelReply:
    """The reply as a value; a refusal's words stand in for the text."""
    refusal = message.additional_kwargs.get("refusal")
    finish = _FINISHES.get(message.response_metadata.get("finish_reason"), "other")
    usage = message.usage_metadata
    return ModelReply(
        # `text` and not `content`, which some answers hold as a list of blocks.
        text=str(refusal) if refusal else str(message.text),
        finish="refusal" if refusal else finish,
        model=str(message.response_metadata.get("model_name") or asked_model),
        origin=origin,
        tokens_in=usage["input_tokens"] if usage else 0,
        tokens_out=usage["output_tokens"] if usage else 0,
        latency_ms=latency_ms,
    )


def may_repeat(error: openai.OpenAIError) -> bool:
    """True for what may pass by itself; a spent quota never does."""
    if isinstance(error, openai.RateLimitError):
        return not _quota_spent(error)
    return isinstance(error, (openai.InternalServerError, openai.ConflictError, openai.APIConnectionError))


def pause_before_retry(error: openai.OpenAIError, attempt: int) -> float:
    """Seconds to wait: what the server asked for, else one, two, four ..., never more than ``LONGEST_WAIT_S``."""
    asked = error.response.headers if isinstance(error, openai.APIStatusError) else {}
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = asked.get(name, "")
        # A date in its place is not waited for; `isdigit` alone takes the digits of any script.
        if text.isascii() and text.replace(".", "", 1).isdigit():
            return min(float(text) * scale, LONGEST_WAIT_S)
    return min(2.0**attempt, LONGEST_WAIT_S)


def _quota_spent(error: openai.APIError) -> bool:
    return "insufficient_quota" in (error.code, error.type)


class _Meaning(NamedTuple):
    """What one of the vendor's errors means to us; the first row that fits counts."""

    kind: type[openai.OpenAIError]
    ours: type[NoAnswer | BadAnswer | WrongSetup]
    reason: Reason
    what: str
    remedy: str


_NEXT = "The next cycle tries again."
_SCHEMA = "Choose a model with JSON schema output."
_MEANINGS = (
    _Meaning(openai.AuthenticationError, WrongSetup, "unauthorised", "refuses the key", "Check OPENAI_API_KEY."),
    _Meaning(
        openai.PermissionDeniedError, WrongSetup, "permission", "is not open to this account", "Check SAGE_MODEL."
    ),
    _Meaning(
        openai.NotFoundError, WrongSetup, "unknown_model", "is unknown there", "Check SAGE_MODEL, OPENAI_BASE_URL."
    ),
    _Meaning(openai.UnprocessableEntityError, WrongSetup, "bad_request", "cannot read the request", _SCHEMA),
    _Meaning(openai.BadRequestError, WrongSetup, "bad_request", "refuses the request", _SCHEMA),
    _Meaning(openai.RateLimitError, NoAnswer, "rate_limit", "is limiting us", _NEXT),
    # Before APIConnectionError, of which it is one.
    _Meaning(openai.APITimeoutError, NoAnswer, "timeout", "did not answer in time", _NEXT),
    _Meaning(
        openai.APIConnectionError, NoAnswer, "network", "cannot be reached", "Check OPENAI_BASE_URL and the network."
    ),
    _Meaning(openai.ConflictError, NoAnswer, "server", "has a conflict", _NEXT),
    _Meaning(openai.InternalServerError, NoAnswer, "server", "has an error of its own", _NEXT),
    _Meaning(openai.ContentFilterFinishReasonError, NoAnswer, "content_filter", "filtered its answer", "No answer."),
    _Meaning(openai.LengthFinishReasonError, BadAnswer, "length", "ran out of room", "Raise max_tokens."),
    _Meaning(openai.APIResponseValidationError, BadAnswer, "garbage", "sent no chat completion", _NEXT),
    _Meaning(openai.APIStatusError, NoAnswer, "server", "answered with an unexpected status", "Check OPENAI_BASE_URL."),
    _Meaning(openai.APIError, BadAnswer, "garbage", "broke off its answer", _NEXT),
)
FOREIGN = (openai.WebSocketConnectionClosedError, openai.WebSocketQueueFullError)
"""Errors of the SDK's realtime client, which is not used here."""


def translated(error: openai.OpenAIError, name: str) -> NoAnswer | BadAnswer | WrongSetup:
    """The vendor's error in our words; its own message is untrusted text and stays in the chained exception."""
    if isinstance(error, openai.BadRequestError | openai.RateLimitError):
        special = _by_code(error, name)
        if special is not None:
            return special
    for meaning in _MEANINGS:
        if isinstance(error, meaning.kind):
            return meaning.ours(meaning.reason, f"{name} {meaning.what}", meaning.remedy)
    return WrongSetup("bad_request", f"{name} cannot be asked: {type(error).__name__}", "Check the model's settings.")


def _by_code(error: openai.BadRequestError | openai.RateLimitError, name: str) -> NoAnswer | None:
    if _quota_spent(error):
        return NoAnswer("quota", f"the quota for {name} is spent", "Add credit or choose SAGE_MODEL=rules.")
    if error.code == "content_filter":
        return NoAnswer("content_filter", f"{name} filtered the question", "It counts as no answer.")
    if error.code == "context_length_exceeded":
        return NoAnswer("context_length", f"the question is too long for {name}", "Choose a model with more room.")
    return None
