"""Prompts: files with versions, strict variables and data slots; their rendered form is pinned."""

import hashlib
from importlib.resources import files
from pathlib import Path

import pytest

from agents.advisor import advise
from agents.decider import decide
from agents.inspector import inspect
from agents.outputs import OUTPUTS
from agents.reader import read
from domain.errors import ConfigurationError
from prompts.loader import NAMES, TALK, load, parse, prompt_digest
from tests.builders.agents import (
    CYCLE,
    a_candidate,
    a_decision_answer,
    a_plan,
    an_advice,
    an_advice_answer,
    an_article,
    an_evidence_set,
    an_inspection,
    an_inspection_answer,
    asking,
)

HEAD = b"---\nid: x\nversion: 1\nvariables: a\noutput: X\n---\n\n# System\n\nYou.\n\n# User\n\n{{a}}\n"
ROLES = [name for name in (*NAMES, *TALK) if name != "repair"]


@pytest.mark.parametrize("name", [*NAMES, *TALK])
def test_every_prompt_loads_with_its_digest(name):
    prompt = load(name)
    assert prompt.digest == hashlib.sha256(files("prompts").joinpath(f"{name}.md").read_bytes()).hexdigest()
    assert prompt.version.isdigit()


@pytest.mark.parametrize("name", ROLES)
def test_a_prompt_names_the_document_of_its_role(name):
    assert load(name).output == OUTPUTS[name].__name__


@pytest.mark.parametrize("name", ROLES)
def test_a_prompt_describes_every_field_of_its_document(name):
    system = load(name).system
    assert [field for field in OUTPUTS[name].model_fields if f'"{field}"' not in system] == []


@pytest.mark.parametrize("name", ROLES)
def test_a_prompt_says_that_data_is_no_instruction_and_asks_for_one_document(name):
    system = " ".join(load(name).system.split())
    assert "data" in system
    assert "instruction" in system
    assert "Answer with one JSON object and nothing else" in system


@pytest.mark.parametrize("name", ["advisor", "decider", "explainer"])
def test_who_writes_sentences_is_told_to_write_references(name):
    assert "no digits and no number words" in load(name).system


@pytest.mark.parametrize(
    "variables", [{}, {"symbols": "x"}, {"symbols": "x", "text": "y", "more": "z"}], ids=["none", "missing", "extra"]
)
def test_rendering_is_strict(variables):
    with pytest.raises(ConfigurationError, match="prompt reader misses"):
        load("reader").render(**variables)


def test_a_value_is_never_read_for_slots():
    assert load("reader").render(symbols="{{text}}", text="{{symbols}}").user.count("{{") == 2


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(HEAD.replace(b"variables: a", b"variables: a, b"), id="declared_and_unused"),
        pytest.param(HEAD.replace(b"variables: a", b"variables:"), id="used_and_undeclared"),
        pytest.param(HEAD.replace(b"version: 1\n", b""), id="no_version"),
        pytest.param(HEAD.replace(b"id: x", b"id: y"), id="another_id"),
        pytest.param(HEAD.replace(b"output: X", b"output: X\nmodel: m"), id="unknown_key"),
        pytest.param(HEAD.replace(b"# User", b"# You"), id="no_user_part"),
        pytest.param(b"", id="empty"),
    ],
)
def test_a_prompt_file_that_is_not_in_order_is_refused(content):
    assert parse("x", HEAD).variables == ("a",)
    with pytest.raises(ConfigurationError, match=r"prompt file x\.md"):
        parse("x", content)


def test_an_unknown_prompt_is_named():
    with pytest.raises(ConfigurationError, match="no prompt 'poet'"):
        load("poet")


def test_one_digest_stands_for_all():
    assert prompt_digest() == prompt_digest()
    assert len(prompt_digest()) == 64
    assert len({load(name).digest for name in NAMES}) == len(NAMES)


def rendered(role):
    """The one question a role puts for the standard candidate."""
    evidence, candidate, plan = an_evidence_set(), a_candidate(), a_plan()
    answers = {"advisor": an_advice_answer(), "inspector": an_inspection_answer(), "decider": a_decision_answer()}
    asker, model, _ = asking(answers.get(role, {"events": [], "suspicious": False}))
    if role == "advisor":
        advise(asker, CYCLE, evidence, candidate, plan)
    elif role == "inspector":
        inspect(asker, CYCLE, evidence, candidate, plan, an_advice())
    elif role == "decider":
        decide(asker, CYCLE, evidence, candidate, plan, an_advice(), an_inspection())
    else:
        read(asker, CYCLE, an_article("ACME <b>beats</b> estimates"))
    return model.requests[0].user


@pytest.mark.parametrize("role", ["advisor", "inspector", "decider", "reader"])
def test_a_rendered_question_is_what_it_was(role):
    snapshot = Path(__file__).with_name("snapshots") / f"{role}.txt"
    assert rendered(role) + "\n" == snapshot.read_text(encoding="utf-8")
