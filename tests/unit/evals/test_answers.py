"""Recorded cases: what goes out to be answered, what is taken back, and what of it has to be answered again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.llm import ModelReply, ModelRequest, NoAnswer, Sampling
from agents.models.recorded_llm import read_recordings
from domain.clock import FixedClock
from domain.errors import ConfigurationError
from domain.record.canonical import digest
from evals.answers.collect import AnsweredByFiles, Collected, collect, recordings, told
from evals.answers.play import ROLES, play
from evals.answers.questions import blind_id, cases, questions, role_of, write_pages
from evals.answers.scripted import ScriptedAnswer, good_document
from evals.verify import LONGEST_LIFE, verify

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def answered(tmp_path_factory) -> Path:
    """A folder in which every question has a good answer."""
    folder = tmp_path_factory.mktemp("answers")
    for case, request in zip(cases(), questions(Sampling("relay")).values(), strict=True):
        path = folder / request.role / f"{blind_id(request)}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(good_document(case, request)), encoding="utf-8")
    return folder


def collected(folder: Path, out: Path, label: str = "model-a") -> Collected:
    return collect(AnsweredByFiles(folder, label), out, FixedClock(NOW), origin="relay")


def test_there_are_cases_of_every_role_and_each_asks_something_else():
    asked = questions(Sampling("relay"))
    assert len(asked) >= 80
    assert {request.role for request in asked.values()} == set(ROLES)
    assert len({request.digest for request in asked.values()}) == len(asked)


def test_a_page_holds_every_question_of_its_role_and_nothing_that_gives_the_answer_away(tmp_path):
    pages = {path.stem: path.read_text(encoding="utf-8") for path in write_pages(tmp_path)}
    assert set(pages) == set(ROLES)
    for case, request in zip(cases(), questions(Sampling("relay")).values(), strict=True):
        page = pages[request.role]
        assert page.count(f"## {blind_id(request)}\n") == 1
        assert request.user in page
        assert request.system in page
        assert case.id not in page
        assert f"-{case.tags['family']}" not in page.replace(request.user, "")


def test_all_answers_are_taken_as_they_came(answered, tmp_path):
    out = tmp_path / "new" / "model-a.jsonl"
    made = collected(answered, out)
    assert (made.recorded, made.added, made.missing, made.unfit) == (made.total, made.total, (), ())
    assert made.complete
    entries = read_recordings([out])
    assert {entry.origin for entry in entries.values()} == {"relay"}
    assert {entry.model for entry in entries.values()} == {"model-a"}


def test_a_recording_is_appended_to_and_never_changed(answered, tmp_path):
    out, folder = tmp_path / "a.jsonl", tmp_path / "answers"
    first = next(iter(questions(Sampling("relay")).values()))
    path = folder / first.role / f"{blind_id(first)}.json"
    path.parent.mkdir(parents=True)
    path.write_text("no JSON {", encoding="utf-8")
    assert collected(folder, out).added == 1
    before = out.read_bytes()
    made = collected(answered, out)
    assert out.read_bytes().startswith(before)
    assert (made.complete, made.added) == (True, made.total - 1)
    assert [line.partition(":")[0] for line in made.unfit] == [f"{first.role} {blind_id(first)}"]
    assert "kept as it came" in "\n".join(told(made))


def test_what_nobody_answered_is_named(tmp_path):
    made = collected(tmp_path, tmp_path / "a.jsonl")
    assert (made.recorded, made.complete) == (0, False)
    assert len(made.missing) == made.total
    assert not (tmp_path / "a.jsonl").exists()


def test_one_file_holds_one_model(answered, tmp_path):
    collected(answered, tmp_path / "a.jsonl")
    with pytest.raises(ConfigurationError, match="another model"):
        collected(answered, tmp_path / "a.jsonl", "model-b")


class Hosted:
    """A model of a provider that declines one role."""

    name, sampling = "openai:some", Sampling("some")

    def complete(self, request: ModelRequest) -> ModelReply:
        if request.role == "reader":
            raise NoAnswer("content_filter", "it was filtered")
        if request.role == "monitor":
            raise NoAnswer("network", "nobody there")
        return ModelReply("{}", "stop", "some-2026", "hosted", 10, 1, 5)


def test_a_refusal_belongs_to_the_record_and_a_network_does_not(tmp_path):
    made = collect(Hosted(), tmp_path / "h.jsonl", FixedClock(NOW), origin="hosted")
    failures = [entry.failure for entry in read_recordings([tmp_path / "h.jsonl"]).values()]
    roles = [role_of(case) for case in cases()]
    assert failures.count("content_filter") == roles.count("reader")
    assert made.recorded == made.total - roles.count("monitor")


def test_verify_names_what_is_missing_orphaned_stale_and_expired(answered, tmp_path):
    out = tmp_path / "a.jsonl"
    collected(answered, out)
    assert verify([], now=NOW, answers={"a": out}).ok
    late = verify([], now=NOW + LONGEST_LIFE + timedelta(days=1), answers={"a": out})
    assert len(late.problems) == len(cases())
    lines = out.read_text(encoding="utf-8").splitlines()
    out.write_text("\n".join([*lines[1:], changed(lines[0], "user", "Who are you?")]) + "\n", encoding="utf-8")
    found = verify([], now=NOW, answers={"a": out}).problems
    assert [line.rpartition(": ")[2] for line in found] == ["no case asks this any more", "nobody has answered it"]
    out.write_text("\n".join([*lines[1:], changed(lines[0], "prompt_digest", "0" * 64)]) + "\n", encoding="utf-8")
    assert any("the prompt has changed" in line for line in verify([], now=NOW, answers={"a": out}).problems)


def changed(line: str, name: str, value: str) -> str:
    """A recording whose question is another one, with the key that belongs to it."""
    entry = json.loads(line)
    entry["request"][name] = value
    entry["key"] = digest(entry["request"])
    return json.dumps(entry)


@pytest.mark.parametrize("label", recordings())
def test_the_recordings_that_ship_are_those_of_the_cases(label):
    assert verify([], now=FixedClock(NOW).now(), answers={label: recordings()[label]}).problems == ()


def test_a_repaired_answer_is_no_sample():
    case = next(case for case in cases() if role_of(case) == "advisor")
    facts = play("advisor", case.inputs, Fickle(case))
    assert (facts["usable"], facts["reasons"]) == (False, ["garbage"])


class Fickle(ScriptedAnswer):
    """Writes nonsense first, and then a good answer."""

    def __init__(self, case) -> None:
        super().__init__(case, good=True)

    def complete(self, request: ModelRequest) -> ModelReply:
        reply = super().complete(request)
        return reply if request.attempt > 1 else ModelReply("?", "stop", "fickle", "scripted", 0, 0, 0)
