"""True explanations by recorded models that are no part of the demo: their answers to the frozen questions of S13.

The question of a case holds the whole decision, so the record is exact and any claim about it can be corrupted. What a
model wrote is not true for having been recorded: only answers that a person's eyes compared with their facts, sentence
by sentence and before the checker saw them, belong here, and only as long as they are the ones that were read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache

from agents.models.recorded_llm import Recorded, read_recordings
from agents.record import facts
from domain.record.canonical import digest
from evals.answers.collect import recordings
from evals.answers.frozen import record_of
from evals.answers.questions import cases, questions, role_of
from evals.case import Case
from evals.corruptions.telling import TrueExplanation

READ = {
    "relay-checked": "ccdc98865619e4990aa432a475c04fa3644d8444776f3e29dda194d7439c05f8",
    "relay-direct": "7b3dac3d4dc0b0aa2f4d7f05064dad54685c98dda782dcf74d796cbd1f0a9a3e",
}
"""The digest of the explanations of each recording that was read; all ten of both were found true."""

_Answer = tuple[Case, Recorded]


@lru_cache(maxsize=1)
def answered() -> tuple[TrueExplanation, ...]:
    """The explanations that were read."""
    found = ((explained(label), read) for label, read in READ.items())
    return tuple(_told(*each) for answers, read in found if read_as(answers) == read for each in answers)


def explained(label: str) -> tuple[_Answer, ...]:
    """The cases of the explainer that a recording answers, with the answers."""
    path = recordings().get(label)
    return () if path is None else tuple(_explained(read_recordings([path])))


def _explained(entries: dict[str, Recorded]) -> Iterator[_Answer]:
    sampling = next(iter(entries.values())).request.sampling
    asked = questions(sampling)
    for case in cases():
        entry = entries.get(asked[case.id].digest)
        if role_of(case) == "explainer" and entry is not None and entry.failure is None:
            yield case, entry


def read_as(found: tuple[_Answer, ...]) -> str:
    """What tells whether answers are still the ones that were read."""
    return digest([[case.id, entry.response] for case, entry in found])


def _told(case: Case, entry: Recorded) -> TrueExplanation:
    record = record_of(case.inputs)
    texts = tuple(each["text"] for each in json.loads(entry.response)["statements"])
    return TrueExplanation(texts, record, {str(ref): item for ref, item in facts(record).items()}, (), "answered")
