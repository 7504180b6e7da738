"""Stale recordings, found without calling anything: every stored question against today's prompts and schemas.

A recording answers the question that was asked then. When a prompt file or an output schema has changed since, a replay
would answer another question, so the entry is stale; one older than ``LONGEST_LIFE`` has expired, because models change
behind their names. Recordings of the cases of S13 are held to those cases besides: a case without an answer is missing,
an answer to no case is an orphan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources.abc import Traversable
from pathlib import Path

from agents.models.recorded_llm import Recorded, read_recordings
from agents.outputs import OUTPUTS, schema_of
from domain.record.canonical import digest
from evals.answers.questions import blind_id, questions
from prompts.loader import load

LONGEST_LIFE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class RecordingState:
    """How many entries there are by origin, and a line for each that must be recorded again."""

    as_of: datetime
    ok: bool
    total: int
    origins: tuple[str, ...]
    problems: tuple[str, ...]


def verify(
    paths: Sequence[Path | Traversable], *, now: datetime, answers: Mapping[str, Path | Traversable] | None = None
) -> RecordingState:
    """Check all entries, and ``answers`` by their label; raises ConfigurationError for a file that cannot be read."""
    entries = tuple(read_recordings(paths).values())
    problems = [f"{each.request.role} {each.key[:12]}: {why}" for each in entries if (why := fault(each, now))]
    for label, path in (answers or {}).items():
        answered = read_recordings([path])
        entries = (*entries, *answered.values())
        problems += [f"{label}: {line}" for line in answer_faults(answered, now)]
    origins = Counter(f"{each.origin}:{each.model}" for each in entries)
    return RecordingState(
        as_of=now,
        ok=bool(entries) and not problems,
        total=len(entries),
        origins=tuple(f"{name} {count}" for name, count in sorted(origins.items())),
        problems=tuple(problems) if entries else ("there is no recording",),
    )


def answer_faults(answered: Mapping[str, Recorded], now: datetime) -> Iterator[str]:
    """What is stale, expired, an orphan or missing in one model's answers to the cases of S13."""
    samplings = {entry.request.sampling for entry in answered.values()}
    if len(samplings) != 1:
        yield f"it holds {len(samplings)} ways of sampling, not one"
        return
    asked = {request.digest: request for request in questions(samplings.pop()).values()}
    for key, entry in answered.items():
        why = fault(entry, now) or ("" if key in asked else "no case asks this any more")
        if why:
            yield f"{entry.request.role} {blind_id(entry.request)}: {why}"
    for key, request in asked.items():
        if key not in answered:
            yield f"{request.role} {blind_id(request)}: nobody has answered it"


def fault(entry: Recorded, now: datetime) -> str | None:
    """Why an entry must be recorded again, or None."""
    role = entry.request.role
    if entry.request.prompt_digest != load(role).digest:
        return "the prompt has changed"
    # By content and not by version: a schema is made from types, and changes with them unannounced.
    if digest(entry.request.schema) != digest(schema_of(OUTPUTS[role])):
        return "the output schema has changed"
    return "it has expired" if now - entry.created_at > LONGEST_LIFE else None


def told(verified: RecordingState) -> str:
    """The result in plain lines."""
    head = f"{verified.total} recorded answers ({', '.join(verified.origins) or 'none'})"
    if verified.ok:
        return f"{head}: every question is one that would still be asked."
    return "\n".join((f"{head}, of which {len(verified.problems)} must be recorded again:", *verified.problems))
