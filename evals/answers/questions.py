"""The recorded cases, and the questions that go out for them.

    evals/cases/recorded/<role>.jsonl  ->  one canonical question a case  ->  its key under a model's sampling

A relay is handed one page a role: the system text once, the schema once, and every question under an id that tells
nothing of what is expected, in the order of those ids.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path

from agents.llm import ModelRequest, Role, Sampling
from domain.errors import ConfigurationError
from domain.record.canonical import digest
from evals.answers.play import ROLES, question_of
from evals.case import Case, read_cases, without_repeats

SUITE = "S13_answers"
ID_LENGTH = 10


@lru_cache(maxsize=1)
def cases() -> tuple[Case, ...]:
    """Every case, role by role."""
    folder = resources.files("evals").joinpath("cases", "recorded")
    return without_repeats(
        (each for role in ROLES for each in read_cases(folder.joinpath(f"{role}.jsonl"), SUITE)), SUITE
    )


def role_of(case: Case) -> Role:
    """The role that a case asks."""
    role: Role = case.inputs["role"]
    return role


@lru_cache(maxsize=4)
def questions(sampling: Sampling) -> dict[str, ModelRequest]:
    """The question of every case under one way of sampling, by the id of its case."""
    return {each.id: question_of(role_of(each), each.inputs, sampling) for each in cases()}


def blind_id(request: ModelRequest) -> str:
    """A question's name for those who answer: it says nothing, and is the same whoever answers."""
    # Not the request's own digest: that holds the sampling, and two models would get two names for one question.
    return f"q-{digest([request.role, request.system, request.user])[:ID_LENGTH]}"


def write_pages(folder: Path) -> tuple[Path, ...]:
    """One page a role in ``folder``."""
    asked = questions(Sampling("relay"))
    pages = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for role in ROLES:
            path = folder / f"{role}.md"
            path.write_text(page(role, [each for each in asked.values() if each.role == role]), encoding="utf-8")
            pages.append(path)
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be written: {error.strerror}", "Name another folder.") from error
    return tuple(pages)


def page(role: Role, asked: Sequence[ModelRequest]) -> str:
    """All questions of one role, to be answered each from its own text alone."""
    ordered = sorted(asked, key=blind_id)
    told = (
        f"# {role}: {len(ordered)} questions\n\nAnswer every question from the system text and its own text alone, in "
        f"the order of this page, once.\nWrite each answer, one JSON document and nothing else, to a file of its own: "
        f"`{role}/<id>.json`."
    )
    parts = [
        told,
        f"## System text of every question\n\n{fenced(ordered[0].system)}",
        f"## JSON schema of every answer\n\n{fenced(json.dumps(ordered[0].schema, sort_keys=True))}",
        *(f"## {blind_id(each)}\n\n{fenced(each.user)}" for each in ordered),
    ]
    return "\n\n".join(parts) + "\n"


def fenced(text: str) -> str:
    """Text between fences that it cannot close."""
    fence = "~" * 12
    return f"{fence}\n{text}\n{fence}"
