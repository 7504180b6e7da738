"""Stale recordings, found without calling anything: every stored question against today's prompts and schemas.

A recording answers the question that was asked then. When a prompt file or an output schema has changed since, a replay
would answer another question, so the entry is stale; one older than ``LONGEST_LIFE`` has expired, because models change
behind their names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources.abc import Traversable
from pathlib import Path

from agents.models.recorded_llm import Recorded, read_recordings
from agents.outputs import OUTPUTS, schema_of
from domain.canonical import digest
from prompts.loader import load

LONGEST_LIFE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Verified:
    """How many entries there are by origin, and a line for each that must be recorded again."""

    as_of: datetime
    ok: bool
    total: int
    origins: tuple[str, ...]
    problems: tuple[str, ...]


def verify(paths: Sequence[Path | Traversable], *, now: datetime) -> Verified:
    """Check all entries; raises DataQualityError for a file that cannot be read."""
    entries = tuple(read_recordings(paths).values())
    problems = tuple(f"{each.request.role} {each.key[:12]}: {why}" for each in entries if (why := fault(each, now)))
    origins = Counter(f"{each.origin}:{each.model}" for each in entries)
    return Verified(
        as_of=now,
        ok=bool(entries) and not problems,
        total=len(entries),
        origins=tuple(f"{name} {count}" for name, count in sorted(origins.items())),
        problems=problems if entries else ("there is no recording",),
    )


def fault(entry: Recorded, now: datetime) -> str | None:
    """Why an entry must be recorded again, or None."""
    role = entry.request.role
    if entry.request.prompt_digest != load(role).digest:
        return "the prompt has changed"
    if digest(entry.request.schema) != digest(schema_of(OUTPUTS[role])):
        return "the output schema has changed"
    return "it has expired" if now - entry.created_at > LONGEST_LIFE else None


def told(verified: Verified) -> str:
    """The result in plain lines."""
    head = f"{verified.total} recorded answers ({', '.join(verified.origins) or 'none'})"
    if verified.ok:
        return f"{head}: every question is one that would still be asked."
    return "\n".join((f"{head}, of which {len(verified.problems)} must be recorded again:", *verified.problems))
