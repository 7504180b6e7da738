"""Recordings: replayed by the question's digest, precise about what is missing, broken, altered or repeated."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from agents.llm import BadAnswer, NoAnswer, Sampling, WrongSetup
from agents.models.recorded_llm import RecordedModel, RecordingMissing, RecordingModel
from domain.clock import FixedClock
from domain.errors import ConfigurationError
from tests.builders.agents import AT, ScriptedModel, a_reply, a_request

QUESTION = a_request()


def record(path, *exchanges):
    """Record questions with their answers into a file."""
    for question, answer in exchanges:
        recorder = RecordingModel(ScriptedModel(answer), path, FixedClock(AT), origin="scripted")
        try:
            recorder.complete(question)
        except (NoAnswer, BadAnswer, WrongSetup):
            continue
    return path


@pytest.fixture
def recording(tmp_path):
    return record(
        tmp_path / "demo.jsonl", (QUESTION, a_reply("first")), (replace(QUESTION, attempt=2), a_reply("second"))
    )


def test_an_answer_comes_back_as_it_was(recording):
    model = RecordedModel([recording])
    assert model.complete(QUESTION) == a_reply("first")
    assert model.complete(replace(QUESTION, attempt=2)) == a_reply("second")
    assert (model.name, model.sampling) == ("recorded:scripted", Sampling("test-model"))
    assert model.keys == {QUESTION.digest, replace(QUESTION, attempt=2).digest}


def test_a_line_tells_where_it_comes_from(recording):
    line = json.loads(recording.read_text().splitlines()[0])
    assert (line["origin"], line["model"], line["created_at"]) == ("scripted", "test-model", "2026-03-17T15:00:00Z")
    assert line["request"]["prompt_digest"] == "p1"
    assert {"openai", "langchain-openai", "pydantic"} <= set(line["packages"])


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        pytest.param({"user": "Symbol: ACME\nmore"}, "user ('' -> 'more')", id="a_line_more"),
        pytest.param({"user": "Symbol: ACMF"}, "user ('Symbol: ACME' -> 'Symbol: ACMF')", id="another_line"),
        pytest.param({"system": "You advise!", "prompt_digest": "p2"}, "prompt_digest", id="another_prompt"),
        pytest.param({"sampling": Sampling("other")}, "differs in sampling", id="another_model"),
        pytest.param({"schema": {}}, "differs in schema", id="another_schema"),
        pytest.param({"role": "decider"}, "differs in role", id="another_role"),
    ],
)
def test_a_question_never_recorded_names_the_nearest_and_what_differs(recording, changed, says):
    with pytest.raises(RecordingMissing) as caught:
        RecordedModel([recording]).complete(replace(QUESTION, **changed))
    assert says in str(caught.value)
    assert QUESTION.digest[:12] in str(caught.value)
    assert "record again" in str(caught.value)


def test_the_nearest_question_is_the_most_alike(tmp_path):
    far, near = replace(QUESTION, user="nothing alike"), replace(QUESTION, user="Symbol: ACME, at noon")
    recording = record(tmp_path / "r.jsonl", (far, a_reply("a")), (near, a_reply("b")))
    with pytest.raises(RecordingMissing, match=near.digest[:12]):
        RecordedModel([recording]).complete(replace(QUESTION, user="Symbol: ACME, at one"))


def test_a_refusal_is_part_of_the_record(tmp_path):
    refusal = a_reply("I will not.", finish="refusal")
    recording = record(tmp_path / "r.jsonl", (QUESTION, refusal))
    assert RecordedModel([recording]).complete(QUESTION) == refusal


def test_a_broken_answer_is_part_of_the_record(tmp_path):
    recording = record(tmp_path / "r.jsonl", (QUESTION, BadAnswer("garbage", "html")))
    with pytest.raises(NoAnswer) as caught:
        RecordedModel([recording]).complete(QUESTION)
    assert caught.value.reason == "garbage"


@pytest.mark.parametrize(
    "passing", [NoAnswer("network", "down"), NoAnswer("quota", "spent"), WrongSetup("unauthorised", "key")], ids=str
)
def test_what_passes_is_not_recorded(tmp_path, passing):
    path = record(tmp_path / "r.jsonl", (QUESTION, passing))
    assert not path.exists()


def test_what_is_recorded_is_not_asked_again(recording):
    model = ScriptedModel(a_reply("new"))
    recorder = RecordingModel(model, recording, FixedClock(AT), origin="scripted")
    assert recorder.complete(QUESTION).text == "first"
    assert model.requests == []
    assert len(recording.read_text().splitlines()) == 2


def test_answers_are_recorded_under_their_true_origin_only(tmp_path):
    recorder = RecordingModel(ScriptedModel(a_reply()), tmp_path / "r.jsonl", FixedClock(AT), origin="hosted")
    with pytest.raises(ConfigurationError, match="are scripted and cannot be recorded as hosted"):
        recorder.complete(QUESTION)
    assert not (tmp_path / "r.jsonl").exists()


def test_several_files_are_one_recording(tmp_path, recording):
    other = record(tmp_path / "more.jsonl", (replace(QUESTION, user="x"), a_reply("third")))
    assert RecordedModel([recording, other]).complete(replace(QUESTION, user="x")).text == "third"


def lines_of(path):
    return path.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        pytest.param(lambda lines: [lines[0], lines[1][:-40]], "line 2 is broken", id="cut_off"),
        pytest.param(lambda lines: [*lines, "not json"], "line 3 is broken", id="no_json"),
        pytest.param(lambda lines: ["{}", *lines], "line 1 is broken", id="empty_object"),
        pytest.param(lambda lines: [*lines, lines[0]], "line 3 repeats the question of", id="repeated"),
        pytest.param(lambda lines: [lines[0].replace("ACME", "ACMF"), lines[1]], "line 1 was altered", id="altered"),
        pytest.param(lambda lines: [], "hold 0 ways of sampling", id="empty_file"),
    ],
)
def test_a_spoiled_recording_is_named_by_file_and_line(recording, spoil, says):
    recording.write_text("\n".join(spoil(lines_of(recording))) + "\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=says) as caught:
        RecordedModel([recording])
    assert "demo.jsonl" in str(caught.value)


def test_a_recording_that_is_not_there(tmp_path):
    with pytest.raises(ConfigurationError, match=r"nowhere\.jsonl cannot be read"):
        RecordedModel([tmp_path / "nowhere.jsonl"])


def test_two_models_in_one_replay_are_refused(tmp_path):
    other = replace(QUESTION, sampling=Sampling("other", Decimal("0.5")))
    recording = record(tmp_path / "r.jsonl", (QUESTION, a_reply("a")), (other, a_reply("b")))
    with pytest.raises(ConfigurationError, match="2 ways of sampling"):
        RecordedModel([recording])
