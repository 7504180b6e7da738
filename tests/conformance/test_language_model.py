"""What every twin of the language-model port keeps, whatever stands behind it."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from agents.advisor import advise
from agents.ask import Asker
from agents.calls.budget import Budget
from agents.llm import LanguageModel, ModelRequest, Sampling
from agents.models.openai_llm import OpenAIModel
from agents.models.recorded_llm import RecordedModel, RecordingModel
from agents.models.rules_llm import RulesModel
from agents.outputs import parse
from domain.clock import FixedClock
from domain.decisions import Stance
from tests.builders.agents import (
    AT,
    CYCLE,
    MemoryJournal,
    a_candidate,
    a_plan,
    an_advice_answer,
    an_asker,
    an_evidence_set,
)
from tests.servers.openai_server import completion, openai_server

Twin = Callable[[Path], AbstractContextManager[LanguageModel]]


def question(model: LanguageModel) -> ModelRequest:
    """The standard question, as this model is asked it."""
    journal = MemoryJournal()
    asker = an_asker(Noting(model), journal=journal)
    advise(asker, CYCLE, an_evidence_set(), a_candidate(), a_plan())
    assert isinstance(asker.model, Noting)
    return asker.model.requests[0]


class Noting:
    """Passes questions on and keeps them."""

    def __init__(self, inner: LanguageModel) -> None:
        self._inner = inner
        self.name, self.sampling = inner.name, inner.sampling
        self.requests: list[ModelRequest] = []

    def complete(self, request: ModelRequest):
        self.requests.append(request)
        return self._inner.complete(request)


@contextmanager
def rules(folder: Path) -> Iterator[LanguageModel]:
    yield RulesModel()


@contextmanager
def hosted(folder: Path) -> Iterator[LanguageModel]:
    with (
        openai_server(completion(json.dumps(an_advice_answer()))) as server,
        OpenAIModel(Sampling("test-model"), base_url=server.base_url, api_key=SecretStr("k")) as model,
    ):
        yield model


@contextmanager
def recorded(folder: Path) -> Iterator[LanguageModel]:
    path = folder / "recording.jsonl"
    with hosted(folder) as model:
        question(RecordingModel(model, path, FixedClock(AT), origin="hosted"))
    yield RecordedModel([path])


TWINS = [rules, hosted, recorded]


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.__name__)
def test_a_twin_answers_with_the_document_of_the_role(twin: Twin, tmp_path: Path) -> None:
    with twin(tmp_path) as model:
        advice = advise(an_asker(model), CYCLE, an_evidence_set(), a_candidate(), a_plan())
    assert (advice.stance, advice.symbol) == (Stance.TAKE, "ACME")


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.__name__)
def test_a_twin_says_who_it_is_and_where_its_words_come_from(twin: Twin, tmp_path: Path) -> None:
    with twin(tmp_path) as model:
        reply = model.complete(question(model))
        assert model.name
        assert reply.origin in ("hosted", "relay", "scripted", "rules")
        assert (reply.origin == "rules") is (model.name == "rules")
    assert parse("advisor", reply.text) is not None
    assert min(reply.tokens_in, reply.tokens_out, reply.latency_ms) >= 0


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.__name__)
def test_a_twin_is_asked_with_its_own_sampling(twin: Twin, tmp_path: Path) -> None:
    with twin(tmp_path) as model:
        request = question(model)
        assert request.sampling == model.sampling
        assert model.complete(request).text == model.complete(request).text


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.__name__)
def test_a_cycle_that_resumes_pays_a_twin_nothing(twin: Twin, tmp_path: Path) -> None:
    journal = MemoryJournal()
    with twin(tmp_path) as model:
        first, resumed = Noting(model), Noting(model)
        for noting in (first, resumed):
            asker = Asker(noting, journal, FixedClock(AT), Budget(9, 99_999))
            advise(asker, CYCLE, an_evidence_set(), a_candidate(), a_plan())
    assert (len(first.requests), len(resumed.requests), len(journal.calls)) == (1, 0, 1)
