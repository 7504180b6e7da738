"""The relay: a question becomes a file, its answer becomes a completion, and both become a recording."""

import json
import threading
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest
from pydantic import SecretStr

from agents.llm import NoAnswer, Sampling
from agents.models.openai_llm import OpenAIModel
from agents.models.recorded_llm import RecordedModel, RecordingModel
from domain.clock import FixedClock
from evals.relay import Relay, serve
from tests.builders.agents import AT, a_request

SAMPLING = Sampling("relay")
REQUEST = a_request(sampling=SAMPLING)


@contextmanager
def relaying(folder, *, timeout_s=20.0):
    relay = Relay(folder, timeout_s, poll_s=0.01)
    with serve(relay, 0) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}/v1"
        try:
            with OpenAIModel(SAMPLING, base_url=address, api_key=SecretStr("none"), retries=0, origin="relay") as model:
                yield model, server.server_port
        finally:
            relay.stopped.set()
            server.shutdown()
            thread.join()


@contextmanager
def answering(folder, text):
    """Somebody who answers every question with the same text."""
    stop = threading.Event()

    def answer():
        while not stop.wait(0.01):
            for path in folder.glob("*.request.json"):
                path.with_name(path.name.replace(".request.", ".answer.")).write_text(text, encoding="utf-8")

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_question_is_laid_out_and_its_answer_returned_word_for_word(tmp_path):
    with relaying(tmp_path) as (model, _), answering(tmp_path, '{"stance": "take"}\n'):
        reply = model.complete(REQUEST)
    assert (reply.text, reply.finish, reply.model, reply.origin) == ('{"stance": "take"}', "stop", "relay", "relay")
    (path,) = tmp_path.glob("*.request.json")
    question = json.loads(path.read_text(encoding="utf-8"))
    assert (question["system"], question["user"]) == (REQUEST.system, REQUEST.user)
    assert question["schema"]["name"] == "AdviceOutput"
    assert path.name.startswith("001-")


def test_the_same_question_finds_its_old_answer(tmp_path):
    with relaying(tmp_path) as (model, _):
        with answering(tmp_path, "{}"):
            first = model.complete(REQUEST)
        assert model.complete(REQUEST).text == first.text
    assert len(list(tmp_path.glob("*.request.json"))) == 1


def test_nobody_answering_is_told_clearly(tmp_path):
    with relaying(tmp_path, timeout_s=0.05) as (model, _), pytest.raises(NoAnswer) as caught:
        model.complete(REQUEST)
    assert caught.value.reason == "server"


def test_what_the_relay_brought_is_recorded_and_replayed(tmp_path):
    folder, recording = tmp_path / "questions", tmp_path / "demo.jsonl"
    with relaying(folder) as (model, _), answering(folder, '{"a": "ä"}'):
        RecordingModel(model, recording, FixedClock(AT), origin="relay").complete(REQUEST)
    replayed = RecordedModel([recording])
    assert (replayed.name, replayed.sampling) == ("recorded:relay", SAMPLING)
    assert replayed.complete(REQUEST).text == '{"a": "ä"}'
    assert replayed.complete(REQUEST).origin == "relay"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/models", "{}", 404),
        ("/v1/chat/completions", "{", 400),
        ("/v1/chat/completions", "[]", 400),
        ("/v1/chat/completions", '{"messages": ["hi"]}', 400),
        ("/v1/chat/completions", '{"messages": [{"role": "system", "content": "x"}]}', 400),
    ],
    ids=["other_path", "half_json", "list", "no_messages", "no_user"],
)
def test_anything_else_is_refused(tmp_path, path, body, status):
    with relaying(tmp_path) as (_, port):
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("POST", path, body)
        response = connection.getresponse()
        assert (response.status, "message" in json.loads(response.read())["error"]) == (status, True)
        connection.close()
    assert list(tmp_path.glob("*.request.json")) == []
