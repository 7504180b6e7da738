"""Stored answers of real models, replayed by the canonical digest of the question; nothing here touches a network.

A recording is JSON lines, appended and never edited: the whole question under its key, the answer or the reason why
there was none, token counts, latency, the model that answered, when, with which packages, and its ``origin``. A
question that was never recorded is an error that names the nearest one and the fields that differ: prompts or data have
changed since, and guessing would be worse than stopping.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from importlib.metadata import PackageNotFoundError, version
from importlib.resources.abc import Traversable
from itertools import zip_longest
from pathlib import Path
from threading import Lock
from typing import NoReturn

from agents.llm import (
    BadAnswer,
    Finish,
    LanguageModel,
    ModelReply,
    ModelRequest,
    NoAnswer,
    Origin,
    Reason,
    Sampling,
)
from domain.errors import ConfigurationError, DataQualityError
from domain.ports import Clock
from domain.record.canonical import canonical_json, plain, restore

_PACKAGES = ("langchain-openai", "openai", "pydantic", "sage-oversight")
_LASTING = frozenset({"content_filter", "context_length", "garbage", "refusal"})


class RecordingMissing(ConfigurationError):
    """The question was never recorded, or prompts and data have changed since."""

    code = "E_RECORDING_MISSING"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One line of a recording: an answer as it came, or in ``failure`` why the model gave none."""

    key: str
    request: ModelRequest
    response: str
    finish: Finish
    failure: Reason | None
    tokens_in: int
    tokens_out: int
    latency_ms: int
    model: str
    origin: Origin
    created_at: datetime
    packages: Mapping[str, str]

    def replay(self) -> ModelReply:
        """The reply again, or the failure again."""
        if self.failure is not None:
            what = f"the recorded {self.model} failed the {self.request.role} ({self.failure})"
            raise NoAnswer(self.failure, what, "It counts as no answer.")
        return ModelReply(
            self.response, self.finish, self.model, self.origin, self.tokens_in, self.tokens_out, self.latency_ms
        )


class RecordedModel:
    """Replays recordings. They must all have been made with the same sampling, which becomes its own."""

    def __init__(self, paths: Sequence[Path | Traversable]) -> None:
        self._entries = read_recordings(paths)
        samplings = {entry.request.sampling for entry in self._entries.values()}
        if len(samplings) != 1:
            names = ", ".join(str(path) for path in paths) or "no file"
            raise ConfigurationError(
                f"recordings in {names} hold {len(samplings)} ways of sampling", "Replay one recorded model at a time."
            )
        self._sampling = samplings.pop()

    @property
    def name(self) -> str:
        """``recorded:`` and where the answers came from."""
        return f"recorded:{'+'.join(sorted({entry.origin for entry in self._entries.values()}))}"

    @property
    def sampling(self) -> Sampling:
        """The sampling of the recorded questions."""
        return self._sampling

    @property
    def keys(self) -> frozenset[str]:
        """The questions it can answer."""
        return frozenset(self._entries)

    def complete(self, request: ModelRequest) -> ModelReply:
        """The stored answer, or the stored failure; RecordingMissing for a question that was never asked."""
        entry = self._entries.get(request.digest)
        if entry is None:
            raise _missing(request, self._entries.values())
        return entry.replay()


class RecordingModel:
    """Asks another model and appends what came back; what the file already holds is replayed, never asked again.

    Refusals and filtered, cut or broken answers belong to the record; a network, key or quota that failed does not.
    """

    def __init__(self, inner: LanguageModel, path: Path, clock: Clock, *, origin: Origin) -> None:
        self._inner = inner
        self._path = path
        self._clock = clock
        self._origin: Origin = origin
        self._lock = Lock()
        self._entries = read_recordings([path]) if path.exists() else {}

    @property
    def name(self) -> str:
        """The name of the model behind it."""
        return self._inner.name

    @property
    def sampling(self) -> Sampling:
        """The sampling of the model behind it."""
        return self._inner.sampling

    def complete(self, request: ModelRequest) -> ModelReply:
        """Answer, from the file or from the model behind it."""
        entry = self._entries.get(request.digest)
        return entry.replay() if entry is not None else self._ask(request)

    def _ask(self, request: ModelRequest) -> ModelReply:
        try:
            reply = self._inner.complete(request)
        except (NoAnswer, BadAnswer) as error:
            if error.reason in _LASTING:
                nothing = ModelReply("", "other", request.sampling.model, self._origin, 0, 0, 0)
                self._append(request, nothing, error.reason)
            raise
        if reply.origin != self._origin:
            raise ConfigurationError(
                f"answers of {self.name} are {reply.origin} and cannot be recorded as {self._origin}",
                "State where the answers really come from.",
            )
        self._append(request, reply, None)
        return reply

    def _append(self, request: ModelRequest, reply: ModelReply, failure: Reason | None) -> None:
        entry = Recorded(
            key=request.digest,
            request=request,
            response=reply.text,
            finish=reply.finish,
            failure=failure,
            tokens_in=reply.tokens_in,
            tokens_out=reply.tokens_out,
            latency_ms=reply.latency_ms,
            model=reply.model,
            origin=self._origin,
            created_at=self._clock.now(),
            packages=package_versions(),
        )
        with self._lock:
            # Another thread may have asked the same meanwhile, and a key stands once in a file.
            if entry.key not in self._entries:
                self._entries[entry.key] = entry
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(canonical_json(entry) + "\n")


def package_versions() -> dict[str, str]:
    """Versions of what shapes a request on the wire."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def read_recordings(paths: Iterable[Path | Traversable]) -> dict[str, Recorded]:
    """All entries by key; a broken, altered or repeated line is named by file and number."""
    entries: dict[str, Recorded] = {}
    seen: dict[str, str] = {}
    for path in paths:
        try:
            content = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"recording {path} cannot be read", "Check the path, or record again.") from error
        # Not `splitlines`, which also breaks at U+2028 within a recorded text.
        for number, line in enumerate(content.split("\n"), start=1):
            if not line.strip():
                continue
            place = f"{path}, line {number}"
            entry = _entry(line, place)
            if entry.key in seen:
                _refuse(f"recording {place} repeats the question of {seen[entry.key]}")
            seen[entry.key] = place
            entries[entry.key] = entry
    return entries


def _entry(line: str, place: str) -> Recorded:
    try:
        entry = restore(Recorded, json.loads(line))
    except (ValueError, DataQualityError) as error:
        raise ConfigurationError(f"recording {place} is broken", "Restore the file, or record again.") from error
    if entry.request.digest != entry.key:
        _refuse(f"recording {place} was altered: its key is not the digest of its question")
    return entry


def _refuse(what: str) -> NoReturn:
    raise ConfigurationError(what, "Recordings are append-only: restore the file, or record again.")


def _missing(request: ModelRequest, entries: Iterable[Recorded]) -> RecordingMissing:
    nearest = max(entries, key=lambda entry: _likeness(entry.request, request))
    fields = ", ".join(differing(nearest.request, request))
    return RecordingMissing(
        f"no recording for the {request.role}'s question {request.digest[:12]}; the nearest is {nearest.key[:12]} and "
        f"differs in {fields}",
        "Prompts, data or the model changed since the recording: use --model rules, or record again.",
    )


def _likeness(recorded: ModelRequest, asked: ModelRequest) -> tuple[bool, int, float]:
    same = len(_FIELDS) - len([name for name in _FIELDS if getattr(recorded, name) != getattr(asked, name)])
    if recorded.role != asked.role:
        return False, same, 0.0
    return True, same, SequenceMatcher(None, recorded.user[-4000:], asked.user[-4000:]).quick_ratio()


_FIELDS = ("role", "system", "user", "schema_name", "schema", "sampling", "attempt", "prompt_digest")


def differing(recorded: ModelRequest, asked: ModelRequest) -> list[str]:
    """The fields in which two questions differ; for messages with the first line that does."""
    found = []
    for name in _FIELDS:
        old, new = plain(getattr(recorded, name)), plain(getattr(asked, name))
        if old != new:
            found.append(f"{name} ({_first_difference(old, new)})" if isinstance(old, str) else name)
    return found


def _first_difference(old: str, new: str) -> str:
    pairs = zip_longest(old.split("\n"), new.split("\n"), fillvalue="")
    was, now = next((was, now) for was, now in pairs if was != now)
    return f"{was[:70]!r} -> {now[:70]!r}"
