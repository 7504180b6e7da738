"""Texts as vectors through the provider's ``/embeddings``, or any compatible server's. Off unless it is named.

What is sent are lessons that Sage wrote itself and the question of the person who asks: no text from outside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import openai
from pydantic import SecretStr

from agents.llm import BadAnswer
from agents.models.openai_llm import translated


class OpenAIEmbeddings:
    """``memory.lesson_texts.TextEmbedder`` over HTTP. ``base_url`` ends in ``/v1``; one attempt, ``timeout_s`` long."""

    def __init__(self, model: str, *, base_url: str, api_key: SecretStr, timeout_s: float = 60.0) -> None:
        self._model = model
        self._client = openai.OpenAI(
            base_url=base_url, api_key=api_key.get_secret_value(), timeout=timeout_s, max_retries=0
        )

    @property
    def name(self) -> str:
        """``openai:`` and the model."""
        return f"openai:{self._model}"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector a text; an answer of another shape is a BadAnswer."""
        try:
            # Left to itself the SDK asks for base64, which not every compatible server speaks.
            answer = self._client.embeddings.create(model=self._model, input=list(texts), encoding_format="float")
            found = {each.index: [float(number) for number in each.embedding] for each in answer.data}
        except openai.OpenAIError as error:
            raise translated(error, self.name) from error
        except (AttributeError, TypeError, ValueError) as error:
            raise BadAnswer("garbage", f"{self.name} sent something that is no list of vectors") from error
        vectors = [found[place] for place in sorted(found)]
        whole = sorted(found) == list(range(len(texts))) and len({len(vector) for vector in vectors}) <= 1
        if not whole or not all(vector and all(map(math.isfinite, vector)) for vector in vectors):
            raise BadAnswer("garbage", f"{self.name} sent vectors that do not fit the texts")
        return vectors

    def close(self) -> None:
        """Release the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
