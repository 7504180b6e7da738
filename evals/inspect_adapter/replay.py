"""Recorded models as a model provider of inspect_ai, so that its log shows every question and the recorded answer.

    product -> Replayed -> model of inspect_ai -> RecordedAnswers -> the recording

Nobody is asked. A question that was never recorded raises RecordingMissing, which names the nearest one and what
differs; it comes out as it does without inspect_ai.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from anyio import from_thread
from inspect_ai.model import (
    ChatMessage,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    StopReason,
    get_model,
    modelapi,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from agents.llm import Finish, ModelReply, ModelRequest, Sampling
from agents.models.recorded_llm import RecordedModel
from domain.record.canonical import plain, restore
from evals.suite import Stage

_TEXTS = ("system", "user")
_STOPS: Mapping[Finish, StopReason] = MappingProxyType(
    {"stop": "stop", "length": "max_tokens", "content_filter": "content_filter", "refusal": "content_filter"}
)


@modelapi(name="recorded")
class RecordedAnswers(ModelAPI):
    """Answers from a recording. The two messages are the question, what else belongs to it stands in their metadata."""

    def __init__(self, model_name: str, *, recorded: RecordedModel, **given: Any) -> None:
        super().__init__(model_name, **given)
        self._recorded = recorded

    async def generate(
        self, input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> ModelOutput:
        """The recorded answer; raises what the recording raises."""
        reply = self._recorded.complete(_request_of(input))
        output = ModelOutput.from_content(reply.model, reply.text, _STOPS.get(reply.finish, "unknown"))
        output.usage = ModelUsage(
            input_tokens=reply.tokens_in,
            output_tokens=reply.tokens_out,
            total_tokens=reply.tokens_in + reply.tokens_out,
        )
        output.metadata = plain(reply)
        return output


def _messages_of(request: ModelRequest) -> list[ChatMessage]:
    rest = {name: value for name, value in plain(request).items() if name not in _TEXTS}
    return [ChatMessageSystem(content=request.system), ChatMessageUser(content=request.user, metadata=rest)]


def _request_of(messages: list[ChatMessage]) -> ModelRequest:
    # Read from the messages that arrive, and not kept aside: a question that was changed on the way is not recorded.
    texts = {"system": "\n".join(each.text for each in messages[:-1]), "user": messages[-1].text}
    return restore(ModelRequest, {**(messages[-1].metadata or {}), **texts})


class Replayed:
    """A recorded model that answers by way of inspect_ai; for threads that inspect_ai's own loop has started."""

    def __init__(self, label: str, recorded: RecordedModel) -> None:
        self._recorded = recorded
        self._model = get_model(f"recorded/{label}", memoize=False, recorded=recorded)

    @property
    def name(self) -> str:
        """That of the recording."""
        return self._recorded.name

    @property
    def sampling(self) -> Sampling:
        """That of the recording."""
        return self._recorded.sampling

    def complete(self, request: ModelRequest) -> ModelReply:
        """The recorded reply, exactly; raises RecordingMissing, or the failure on record."""
        output = from_thread.run(self._model.generate, _messages_of(request))
        return restore(ModelReply, output.metadata)


def replayed(stage: Stage) -> Stage:
    """The stage, with its recorded models behind inspect_ai where it is one of recorded models by label."""
    if not isinstance(stage, Mapping):
        return stage
    return {label: Replayed(label, each) if isinstance(each, RecordedModel) else each for label, each in stage.items()}
