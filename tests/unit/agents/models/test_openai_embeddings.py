"""Text embeddings against a real HTTP server on this machine; whatever is no list of vectors is refused."""

import json

import pytest
from pydantic import SecretStr

from agents.llm import UNANSWERED, BadAnswer, NoAnswer, WrongSetup
from agents.models.openai_embeddings import OpenAIEmbeddings
from tests.servers.openai_server import Scripted, openai_server, refused


def vectors(*rows, order=None):
    data = [{"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(rows)]
    data = data if order is None else [data[index] for index in order]
    usage = {"prompt_tokens": 3, "total_tokens": 3}
    return Scripted(json.dumps({"object": "list", "model": "m", "data": data, "usage": usage}))


def embed(scripted, *texts, timeout_s=5.0):
    with (
        openai_server(scripted) as server,
        OpenAIEmbeddings("m", base_url=server.base_url, api_key=SecretStr("sk-x"), timeout_s=timeout_s) as model,
    ):
        return model.embed(texts), server.requests


def test_texts_become_vectors_in_their_order():
    found, (sent,) = embed(vectors([1.0, 0.0], [0.0, 2.0], order=[1, 0]), "a", "b")
    assert found == [[1.0, 0.0], [0.0, 2.0]]
    assert (sent["path"], sent["key"], sent["model"], sent["input"]) == (
        "/v1/embeddings",
        "Bearer sk-x",
        "m",
        ["a", "b"],
    )
    assert sent["encoding_format"] == "float"


@pytest.mark.parametrize(
    "scripted",
    [
        pytest.param(vectors([1.0]), id="one_too_few"),
        pytest.param(vectors([1.0], [2.0], [3.0]), id="one_too_many"),
        pytest.param(vectors([1.0], [2.0, 3.0]), id="of_two_widths"),
        pytest.param(vectors([], []), id="of_no_width"),
        pytest.param(vectors([1.0], [float("nan")]), id="nan"),
        pytest.param(vectors([1.0], ["x"]), id="no_numbers"),
        pytest.param(Scripted('{"data": null}'), id="no_data"),
        pytest.param(Scripted("[]"), id="no_object"),
        pytest.param(Scripted("<html>"), id="no_json"),
    ],
)
def test_what_does_not_fit_is_refused(scripted):
    with pytest.raises(BadAnswer):
        embed(scripted, "a", "b")


@pytest.mark.parametrize(
    ("scripted", "kind"),
    [
        pytest.param(refused(401), WrongSetup, id="key"),
        pytest.param(refused(404), WrongSetup, id="model"),
        pytest.param(refused(429), NoAnswer, id="limit"),
        pytest.param(refused(500), NoAnswer, id="server"),
        pytest.param(Scripted("", held=True), NoAnswer, id="silent"),
    ],
)
def test_a_server_that_refuses_is_named_by_what_to_do(scripted, kind):
    with pytest.raises(UNANSWERED) as error:
        embed(scripted, "a", timeout_s=0.3)
    assert type(error.value) is kind
    assert "openai:m" in str(error.value)
    assert "stranger" not in str(error.value)
