"""The hosted twin against a real HTTP server on this machine: every way a server can let us down has its reason."""

import inspect
import json
import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import openai
import pytest
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from langsmith import Client, tracing_context
from pydantic import SecretStr

from agents.llm import UNANSWERED, BadAnswer, NoAnswer, Sampling, WrongSetup, reason_of
from agents.models.openai_llm import (
    FOREIGN,
    LONGEST_WAIT_S,
    OpenAIModel,
    pause_before_retry,
    response_format,
    translated,
)
from agents.outputs import parse
from domain.errors import ModelOutputError, OversightError
from tests.builders.agents import a_request, an_advice_answer
from tests.servers.openai_server import Scripted, completion, openai_server, refused

GOOD = completion(json.dumps(an_advice_answer()))
PAYLOADS = Path(__file__).parents[4].parent / "shared/data/payloads/openai"


def ask(*script, waits=None, timeout_s=5.0, sampling=None):
    waited = [] if waits is None else waits
    with (
        openai_server(*script) as server,
        OpenAIModel(
            sampling or Sampling("test-model", Decimal(0), 700, 7),
            base_url=server.base_url,
            api_key=SecretStr("sk-secret"),
            timeout_s=timeout_s,
            sleep=waited.append,
        ) as model,
    ):
        return model.complete(a_request()), server.requests


def test_an_answer_keeps_its_text_its_counts_and_the_model_that_gave_it():
    reply, _ = ask(GOOD)
    assert json.loads(reply.text) == an_advice_answer()
    assert (reply.finish, reply.model, reply.origin) == ("stop", "test-model-0317", "hosted")
    assert (reply.tokens_in, reply.tokens_out) == (321, 45)


def test_the_question_travels_whole():
    _, (sent,) = ask(GOOD)
    request = a_request()
    assert sent["path"] == "/v1/chat/completions"
    assert sent["key"] == "Bearer sk-secret"
    assert [message["content"] for message in sent["messages"]] == [request.system, request.user]
    assert (sent["model"], sent["temperature"], sent["max_completion_tokens"], sent["seed"]) == (
        "test-model",
        0,
        700,
        7,
    )
    assert sent["response_format"]["json_schema"] == {
        "name": "AdviceOutput",
        "strict": True,
        "schema": json.loads(json.dumps(dict(request.schema))),
    }


@pytest.mark.parametrize("name", ["test-model", "o3-mini"])
def test_a_question_is_sent_as_chat_openai_sends_it(name):
    """Its messages take another way through the SDK; of an o-model they carry another role."""
    request = a_request()
    _, (sent,) = ask(GOOD, sampling=Sampling(name, None, 700, 7))
    with openai_server(GOOD) as server, openai.DefaultHttpxClient() as http:
        bare = ChatOpenAI(
            model_name=name, openai_api_base=server.base_url, openai_api_key=SecretStr("sk-secret"), http_client=http,
            max_tokens=700, seed=7,
        )  # fmt: skip
        messages = [SystemMessage(request.system), HumanMessage(request.user)]
        bare.invoke(messages, extra_body={"response_format": response_format(request)})
        (expected,) = server.requests
    assert json.dumps(sent) == json.dumps(expected)  # to the order of the keys


def test_what_is_not_set_is_not_sent():
    _, (sent,) = ask(GOOD, sampling=Sampling("gpt-5-pro"))
    assert not {"temperature", "seed", "tools"} & set(sent)
    assert sent["path"] == "/v1/chat/completions"


@pytest.mark.parametrize(
    ("scripted", "finish", "text"),
    [
        pytest.param(completion('{"symbol": "AC', finish="length"), "length", '{"symbol": "AC', id="cut_off"),
        pytest.param(completion(None, refusal="I cannot help."), "refusal", "I cannot help.", id="refusal"),
        pytest.param(completion("", finish="content_filter"), "content_filter", "", id="content_filter"),
        pytest.param(completion("{}", finish="tool_calls"), "other", "{}", id="tool_calls"),
        pytest.param(completion("{}", finish=None), "other", "{}", id="no_finish"),
    ],
)
def test_an_answer_that_did_not_end_by_itself_says_how_and_keeps_its_cost(scripted, finish, text):
    reply, _ = ask(scripted)
    assert (reply.finish, reply.text, reply.tokens_out) == (finish, text, 45)


@pytest.mark.parametrize(
    ("scripted", "kind", "reason", "attempts"),
    [
        pytest.param(refused(401), WrongSetup, "unauthorised", 1, id="401"),
        pytest.param(refused(403), WrongSetup, "permission", 1, id="403"),
        pytest.param(refused(404, "model_not_found"), WrongSetup, "unknown_model", 1, id="404"),
        pytest.param(refused(400), WrongSetup, "bad_request", 1, id="400"),
        pytest.param(refused(422), WrongSetup, "bad_request", 1, id="422"),
        pytest.param(refused(400, "content_filter"), NoAnswer, "content_filter", 1, id="400_content_filter"),
        pytest.param(refused(400, "context_length_exceeded"), NoAnswer, "context_length", 1, id="400_too_long"),
        pytest.param(refused(429, "insufficient_quota"), NoAnswer, "quota", 1, id="429_quota"),
        pytest.param(refused(429, "rate_limit_exceeded"), NoAnswer, "rate_limit", 3, id="429_for_ever"),
        pytest.param(refused(409), NoAnswer, "server", 3, id="409"),
        pytest.param(refused(500), NoAnswer, "server", 3, id="500"),
        pytest.param(Scripted("<html>busy</html>", 503), NoAnswer, "server", 3, id="503_html"),
        pytest.param(Scripted("<html>hello</html>"), BadAnswer, "garbage", 1, id="html"),
        pytest.param(Scripted("{"), BadAnswer, "garbage", 1, id="half_json"),
        pytest.param(Scripted(""), BadAnswer, "garbage", 1, id="empty"),
        pytest.param(Scripted("[]"), BadAnswer, "garbage", 1, id="list"),
        pytest.param(Scripted("{}"), BadAnswer, "garbage", 1, id="no_choices"),
        pytest.param(Scripted('{"choices": null}'), BadAnswer, "garbage", 1, id="null_choices"),
        pytest.param(Scripted('{"choices": []}'), BadAnswer, "garbage", 1, id="empty_choices"),
        pytest.param(Scripted('{"choices": [{}]}'), BadAnswer, "garbage", 1, id="no_message"),
        pytest.param(Scripted('{"error": {"message": "no"}}'), BadAnswer, "garbage", 1, id="200_with_error"),
    ],
)
def test_a_failure_has_a_reason_and_only_what_may_pass_is_repeated(scripted, kind, reason, attempts):
    waits: list[float] = []
    with (
        openai_server(scripted) as server,
        OpenAIModel(
            Sampling("test-model"), base_url=server.base_url, api_key=SecretStr("sk-secret"), sleep=waits.append
        ) as model,
    ):
        with pytest.raises(kind) as caught:
            model.complete(a_request())
        assert len(server.requests) == attempts
    assert caught.value.reason == reason
    assert "stranger" not in str(caught.value)
    assert "sk-secret" not in str(caught.value)
    assert len(waits) == attempts - 1


def test_a_rate_limit_that_passes_is_waited_for_as_asked():
    waits: list[float] = []
    reply, requests = ask(refused(429, headers={"retry-after": "3"}), GOOD, waits=waits)
    assert (reply.finish, len(requests), waits) == ("stop", 2, [3.0])


def test_a_server_error_that_passes_is_repeated_after_growing_pauses():
    waits: list[float] = []
    reply, requests = ask(refused(500), refused(502), GOOD, waits=waits)
    assert (reply.finish, len(requests), waits) == ("stop", 3, [1.0, 2.0])


@pytest.mark.parametrize(
    "scripted",
    [
        pytest.param(Scripted("", held=True), id="hangs"),
        pytest.param(replace(GOOD, dripped="head"), id="drips_its_header"),
        pytest.param(replace(GOOD, dripped="body"), id="drips_its_answer"),
    ],
)
def test_one_deadline_holds_for_a_whole_question(scripted):
    """A byte now and then resets every timeout that waits for bytes: only a deadline ends that."""
    waits: list[float] = []
    with pytest.raises(NoAnswer) as caught:
        ask(scripted, waits=waits, timeout_s=0.3)
    assert (caught.value.reason, waits) == ("timeout", []), "there is no time left to ask again"


def test_a_pause_that_would_outlast_the_deadline_is_not_begun():
    waits: list[float] = []
    with pytest.raises(NoAnswer) as caught:
        ask(refused(429, headers={"retry-after": "9"}), waits=waits, timeout_s=5)
    assert (caught.value.reason, waits) == ("rate_limit", [])


def test_a_question_that_ran_out_of_time_leaves_the_next_one_alone():
    with (
        openai_server(replace(GOOD, dripped="body"), GOOD) as server,
        OpenAIModel(
            Sampling("test-model"), base_url=server.base_url, api_key=SecretStr("k"), timeout_s=0.3
        ) as impatient,
        OpenAIModel(Sampling("test-model"), base_url=server.base_url, api_key=SecretStr("k")) as patient,
    ):
        with pytest.raises(NoAnswer):
            impatient.complete(a_request())
        assert patient.complete(a_request()).finish == "stop"


def test_a_closed_port_is_a_network_failure():
    with openai_server(GOOD) as server:
        address = server.base_url
    with (
        OpenAIModel(Sampling("m"), base_url=address, api_key=SecretStr("k"), retries=0) as model,
        pytest.raises(NoAnswer) as caught,
    ):
        model.complete(a_request())
    assert caught.value.reason == "network"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "3600"}, LONGEST_WAIT_S),
        ({"retry-after": "soon"}, 4.0),
        ({"retry-after": "-1"}, 4.0),
        ({}, 4.0),
    ],
)
def test_the_pause_is_what_the_server_asks_within_reason(headers, seconds):
    assert pause_before_retry(an_error(openai.RateLimitError, headers=headers), attempt=2) == seconds


def an_error(kind, code=None, headers=None):
    """One instance of a vendor's error class, whatever its constructor wants."""
    error = kind.__new__(kind)
    error.code, error.type, error.message = code, code, "said by a stranger"
    if issubclass(kind, openai.APIStatusError):
        error.response = type("Response", (), {"headers": headers or {}})()
    return error


def vendor_errors():
    public = (kind for name, kind in inspect.getmembers(openai, inspect.isclass) if not name.startswith("_"))
    found = {kind for kind in public if issubclass(kind, openai.OpenAIError)}
    return sorted(found - {openai.OpenAIError, *FOREIGN}, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", vendor_errors())
def test_every_error_of_the_vendor_is_known(kind):
    ours = translated(an_error(kind), "openai:test")
    assert isinstance(ours, OversightError)
    assert f"cannot be asked: {kind.__name__}" not in str(ours)
    assert "stranger" not in str(ours)


def test_tracing_stays_off_however_it_was_switched_on():
    """A tracer would get every prompt: here one listens, gets nothing from us, and everything from a bare client."""
    with (
        openai_server(GOOD) as tracer,
        openai_server(GOOD) as server,
        openai.DefaultHttpxClient() as http,
        OpenAIModel(Sampling("m"), base_url=server.base_url, api_key=SecretStr("k")) as model,
    ):
        client = Client(api_url=tracer.base_url, api_key="x", auto_batch_tracing=False)
        bare = ChatOpenAI(
            model_name="m", openai_api_base=server.base_url, openai_api_key=SecretStr("k"), http_client=http
        )
        with tracing_context(enabled=True, client=client):
            assert model.complete(a_request()).finish == "stop"
            assert tracer.requests == []
            bare.invoke("hello")
            assert tracer.requests != []
        client.cleanup()


def test_another_address_in_the_environment_is_not_followed():
    with openai_server(refused(500)) as elsewhere:
        try:
            os.environ["OPENAI_BASE_URL"] = elsewhere.base_url
            os.environ["LANGSMITH_GATEWAY"] = "true"
            reply, _ = ask(GOOD)
        finally:
            os.environ.pop("OPENAI_BASE_URL")
            os.environ.pop("LANGSMITH_GATEWAY")
        assert elsewhere.requests == []
    assert reply.finish == "stop"


def recorded_exchanges():
    """Real answers of the chat-completions endpoint, where they are at hand."""
    for name in ("chat_plain", "chat_tool", "chat_error"):
        path = PAYLOADS / f"{name}.jsonl"
        for number, line in enumerate(path.read_text().splitlines() if path.exists() else [], start=1):
            yield pytest.param(json.loads(line), id=f"{name}:{number}")


@pytest.mark.skipif(not PAYLOADS.exists(), reason="no recorded payloads beside the repository")
@pytest.mark.parametrize("exchange", list(recorded_exchanges()))
def test_a_real_answer_is_read_or_has_a_reason(exchange):
    scripted = Scripted(exchange["response"], exchange["status"] or 200)
    if scripted.status != 200:
        with pytest.raises(UNANSWERED) as caught:
            ask(scripted)
        assert reason_of(caught.value) in ("bad_request", "unknown_model", "unauthorised", "content_filter")
    elif not has_message(exchange["response"]):
        with pytest.raises(BadAnswer, match="no chat completion"):  # Azure filters an answer by leaving it out
            ask(scripted)
    else:
        reply, _ = ask(scripted)
        assert reply.tokens_in > 0 or "usage" not in json.loads(exchange["response"])
        with pytest.raises(ModelOutputError):
            parse("advisor", reply.text)


def has_message(response):
    choices = json.loads(response).get("choices") or [{}]
    return all("message" in choice for choice in choices)


@pytest.mark.skipif(not PAYLOADS.exists(), reason="no recorded payloads beside the repository")
def test_real_stops_are_told_apart():
    lines = [json.loads(line) for line in (PAYLOADS / "chat_plain.jsonl").read_text().splitlines()]
    real = [line["response"] for line in lines if line["finish"] and has_message(line["response"])]
    assert {ask(Scripted(body))[0].finish for body in real} == {"length", "refusal", "stop"}


@pytest.mark.parametrize(
    ("kind", "code", "reason"),
    [
        (openai.RateLimitError, "rate_limit_exceeded", "rate_limit"),
        (openai.RateLimitError, "insufficient_quota", "quota"),
        (openai.BadRequestError, "context_length_exceeded", "context_length"),
    ],
)
def test_errors_quoted_by_users_are_known(kind, code, reason):
    assert translated(an_error(kind, code), "m").reason == reason
