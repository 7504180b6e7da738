"""Answers into a recording: asked of a model, or taken from the files that a relay's sessions wrote.

Whatever came back is kept as it came, broken answers and refusals too, and the first answer to a question is the one
that stays: a file is appended to and never edited, so a run that was cut off goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from agents.llm import BadAnswer, LanguageModel, ModelReply, ModelRequest, NoAnswer, Origin, Sampling, reason_of
from agents.models.recorded_llm import Recorded, RecordingModel, read_recordings
from agents.outputs import parse
from domain.errors import ConfigurationError
from domain.ports import Clock
from evals.answers.questions import blind_id, questions

_CHARS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Collected:
    """What a recording holds now. ``unfit`` answers do not fit their schema, and stay; ``missing`` have no answer."""

    file: str
    model: str
    origin: Origin
    total: int
    recorded: int
    added: int
    unfit: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every question has its answer."""
        return self.recorded == self.total


class AnsweredByFiles:
    """Answers from ``<folder>/<role>/<id>.json``, byte for byte. Tokens are estimated from characters."""

    def __init__(self, folder: Path, label: str) -> None:
        self._folder = folder
        self.name, self.sampling = f"relay:{label}", Sampling(label)

    def complete(self, request: ModelRequest) -> ModelReply:
        """The file of that question; NoAnswer where there is none yet."""
        path = self._folder / request.role / f"{blind_id(request)}.json"
        try:
            text = path.read_bytes().decode("utf-8", "replace").strip()
        except OSError:
            raise NoAnswer("timeout", f"nobody has written {path}", "Have it answered and collect again.") from None
        sent, came = len(request.system) + len(request.user), len(text)
        return ModelReply(
            text, "stop", self.sampling.model, "relay", sent // _CHARS_PER_TOKEN, came // _CHARS_PER_TOKEN, 0
        )


def collect(model: LanguageModel, out: Path, clock: Clock, *, origin: Origin) -> Collected:
    """Have every question answered that ``out`` does not hold yet."""
    _make_room(out)
    before = _held(out, model.sampling)
    recording = RecordingModel(model, out, clock, origin=origin)
    asked, missing = questions(model.sampling), []
    for request in asked.values():
        try:
            recording.complete(request)
        except (NoAnswer, BadAnswer) as error:
            missing.append(f"{request.role} {blind_id(request)}: {reason_of(error)}")
    # Told is what stands in the file, read back, and not what was meant to be written.
    entries = read_recordings([out]) if out.exists() else {}
    keys = {request.digest for request in asked.values()}
    return Collected(
        file=str(out),
        model=model.sampling.model,
        origin=origin,
        total=len(asked),
        recorded=len(keys & entries.keys()),
        added=len(entries) - before,
        unfit=tuple(line for key in sorted(keys & entries.keys()) if (line := _unfit(entries[key]))),
        missing=tuple(missing),
    )


def told(collected: Collected) -> Iterator[str]:
    """The result in plain lines."""
    yield (
        f"{collected.file}: {collected.recorded} of {collected.total} answers of {collected.origin}:{collected.model}, "
        f"{collected.added} of them new"
    )
    yield from (f"missing: {line}" for line in collected.missing)
    yield from (f"kept as it came: {line}" for line in collected.unfit)


def _make_room(out: Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{out.parent} cannot be made: {error.strerror}", "Name another file.") from error


def _held(out: Path, sampling: Sampling) -> int:
    """How many answers a recording has; it may only hold those of one model, asked one way."""
    entries = read_recordings([out]) if out.exists() else {}
    if any(entry.request.sampling != sampling for entry in entries.values()):
        raise ConfigurationError(f"{out} holds answers of another model or sampling", "Name another file with --out.")
    return len(entries)


def _unfit(entry: Recorded) -> str:
    try:
        parse(entry.request.role, entry.response)
    except BadAnswer as error:
        return f"{entry.request.role} {blind_id(entry.request)}: {error.what}"
    return ""


def recordings() -> dict[str, Traversable]:
    """The recordings that ship, by the label of their model."""
    folder = resources.files("evals").joinpath("recordings", "answers")
    if not folder.is_dir():
        return {}
    found = sorted((each for each in folder.iterdir() if each.name.endswith(".jsonl")), key=lambda each: each.name)
    return {each.name.removesuffix(".jsonl"): each for each in found}
