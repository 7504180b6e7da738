"""Events that the operator states: ``SAGE_EVENTS=files:PATH``, a TOML file or a folder of them, beside any market.

The format is that of ``source.toml`` (``files/events.py`` has it), without what describes prices: a claim here always
has an end. ``[instruments.AAPL]`` may state sector, listed_on, market_cap and leverage, which vendors of prices often
do not tell.

The files are looked at before every answer, and read again when they changed, so that a service goes on with what its
operator writes. A file that is wrong stops a start; under a running service it makes everything in it unknown, until it
is mended.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from domain.clock import in_utc
from domain.errors import ConfigurationError, DataQualityError
from domain.market import MarketEvent, Symbol
from trading.data.events.source import NO_FACTS, WEEK, Claim, Facts, Subject
from trading.data.files.source import SourceNotes, read_file, refused

SOURCE = "events"
"""What evidence calls it, wherever the files lie."""
FACTS = frozenset({"sector", "listed_on", "market_cap", "leverage"})
_OF_PRICES = ("calendar", "timeframe", "spread_bp", "event_kinds")

Stamp = tuple[tuple[str, int, int], ...]
"""Name, time of the last change and size of every file."""


class _Read(NamedTuple):
    """What was read, and of which state of the files."""

    stamp: Stamp
    claims: tuple[Claim, ...]
    events: tuple[MarketEvent, ...]
    notes: tuple[SourceNotes, ...]


class StatedEvents:
    """The ``EventSource`` over one file or folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._trouble = ""
        self._latest = _read(path, _stamp(path))

    @property
    def name(self) -> str:
        """The name of the file or folder."""
        return self._path.name

    @property
    def trouble(self) -> str:
        """What is wrong with the files since they were changed."""
        return self._trouble

    @property
    def subjects(self) -> frozenset[Subject]:
        """What the files claim to list, in the past or now."""
        return frozenset(subject for claim in self._latest.claims for subject in claim.subjects)

    def claims(self, *, as_of: datetime) -> tuple[Claim, ...]:
        """The claims that had been stated by then."""
        as_of = in_utc(as_of)
        return tuple(each for each in self._now().claims if each.stated_at <= as_of)

    def events(self, symbol: Symbol, *, as_of: datetime, until: datetime) -> tuple[MarketEvent, ...]:
        """What is listed of the symbol and of the whole market, as far as announced."""
        as_of, until = in_utc(as_of), in_utc(until)
        return tuple(
            event
            for event in self._now().events
            if event.symbol in (symbol, None)
            and event.announced_at <= as_of
            and as_of - WEEK <= event.effective_at <= until
        )

    def halt(self, symbol: Symbol, *, as_of: datetime) -> str | None:
        """The reason of a listed halt."""
        as_of = in_utc(as_of)
        return next((told for notes in self._now().notes if (told := notes.halt(symbol, as_of)) is not None), None)

    def facts(self, symbol: Symbol) -> Facts:
        """What is stated about the instrument; of several files the first that names it."""
        for notes in self._now().notes:
            found = notes.instruments.get(symbol)
            if found is not None:
                return Facts(found.sector, found.listed_on, found.market_cap, found.leverage)
        return NO_FACTS

    def _now(self) -> _Read:
        """The files as they are now; DataQualityError where they are wrong."""
        try:
            stamp = _stamp(self._path)
            if stamp != self._latest.stamp:
                self._latest = _read(self._path, stamp)
        except ConfigurationError as error:
            self._trouble = str(error)
            # What was read before is not true any more, and the others' answers must not wait for a new start.
            raise DataQualityError(error.what, error.remedy) from error
        self._trouble = ""
        return self._latest


def _files(path: Path) -> tuple[Path, ...]:
    # Sorted: the order of a folder is the file system's, and of several files the first tells an instrument.
    found = tuple(sorted(path.glob("*.toml"))) if path.is_dir() else (path,) if path.is_file() else ()
    if not found:
        told = "holds no *.toml" if path.is_dir() else "does not exist"
        raise ConfigurationError(f"SAGE_EVENTS names {path}, which {told}", "Write the file, or name another.")
    return found


def _stamp(path: Path) -> Stamp:
    try:
        stats = [(each, each.stat()) for each in _files(path)]
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}", "Check who may read it.") from error
    return tuple((str(each), stat.st_mtime_ns, stat.st_size) for each, stat in stats)


def _read(path: Path, stamp: Stamp) -> _Read:
    notes = tuple(_checked(each, read_file(each)) for each in _files(path))
    claims = tuple(claim for each in notes for claim in each.claims())
    listed = (event for each in notes for event in each.listed(SOURCE))
    return _Read(stamp, claims, tuple(sorted(listed, key=lambda event: (event.effective_at, event.kind))), notes)


def _checked(path: Path, notes: SourceNotes) -> SourceNotes:
    """The notes, as far as they speak of nothing but events and facts."""
    for name in _OF_PRICES:
        if name in notes.model_fields_set:
            told = "write [[covers]], which has an end" if name == "event_kinds" else "it belongs to a files: market"
            raise refused(path, path.read_text(encoding="utf-8"), (name,), told)
    for symbol, instrument in notes.instruments.items():
        beyond = sorted(instrument.model_fields_set - FACTS)
        if beyond:
            place = ("instruments", symbol, beyond[0])
            raise refused(path, path.read_text(encoding="utf-8"), place, "the market tells that, and it stands")
    return notes
