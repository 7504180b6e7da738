"""The journal of kills: a line for every kill and every release, appended, synced, and chained by hash.

    {"number": 3, "what": "kill", "by": "owner", "reason": "odd fills", "flatten": false, "previous": "9f2c…", …}

The hash of a line covers its bytes and the hash before it, which the line names as ``previous``. A kill is open until a
later line releases it by number, so that removing the latch lifts nothing: after kill 3 and ``{"what": "released",
"of": 3}`` nothing is open, and a kill 5 that fell while 3 was being released is. A line that cannot be read, or does
not follow the one before, is open like a kill. Times are for people to read; everything is compared by number and hash,
because a simulated market lives at another time.

A kill with ``flatten`` orders what is held to be closed, with ``only`` these symbols and no others. Lines of before
that field name them with who killed, as ``owner, to close NIMBO alone``, and are read so.

The database remembers how far it has seen (``trading.store.control``), which shows a journal that was cut. Standard
library only.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import time
from collections.abc import Iterable
from functools import reduce
from pathlib import Path
from typing import NamedTuple

KILL, RELEASED, OPENED = "kill", "released", "opened"
GENESIS = "0" * 64
LOCK_TRIES, LOCK_S = 25, 0.002
"""How often, and at which distance in seconds, the lock of another writer is waited for: a kill waits for nobody."""
_ALONE = re.compile(r"owner, to close (.+) alone")


class JournalLine(NamedTuple):
    """One line. ``of``: the last line that a release releases; ``good``: it can be read and follows its neighbour.

    ``only``: the symbols that an order to close is about; empty for all.
    """

    number: int
    hash: str
    good: bool = False
    what: str = ""
    by: str = ""
    reason: str = ""
    at: str = ""
    flatten: bool = False
    of: int = 0
    only: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Name of a kill, in this home and no other."""
        return f"kill-{self.number}-{self.hash[:16]}"


class Journal(NamedTuple):
    """What the file says. ``cut``: it has lost lines that this process has seen."""

    lines: tuple[JournalLine, ...] = ()
    cut: bool = False

    @property
    def head(self) -> str:
        """Hash of the last line."""
        return self.lines[-1].hash if self.lines else GENESIS

    @property
    def open(self) -> tuple[JournalLine, ...]:
        """Kills that nobody has released, and lines that are none of ours since the last release."""
        released = max((line.of for line in self.lines if line.good and line.what == RELEASED), default=0)
        return tuple(line for line in self.lines[released:] if not line.good or line.what == KILL)

    @property
    def engaged(self) -> bool:
        """True while something is open, or has been lost."""
        return self.cut or bool(self.open)

    @property
    def flatten(self) -> str:
        """Id of the newest open kill where its owner ordered to close everything; empty for any other."""
        # In a journal that lost lines nobody can say that the order to close still stands.
        newest = self.open[-1] if self.open and not self.cut else None
        return newest.id if newest is not None and newest.good and newest.flatten else ""

    def holds(self, lines: int, head: str) -> bool:
        """True where it still has those first lines, the last of which hashed to ``head``."""
        if lines == 0:
            return True
        return lines <= len(self.lines) and self.lines[lines - 1].hash == head

    def kills_after(self, lines: int) -> tuple[JournalLine, ...]:
        """Kills, and lines that are none of ours, behind the first so many; released or not."""
        return tuple(line for line in self.lines[lines:] if not line.good or line.what == KILL)


class KillJournal:
    """The file ``kills.jsonl`` in one folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[tuple[int, int, int], Journal] | None = None

    def read(self) -> Journal:
        """Every line; raises OSError where that cannot be told. What has not changed is not read again."""
        try:
            found = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return self._known((0, 0, 0), b"")
        # Size as well as time: two lines may fall within one tick of a coarse file system.
        key = (found.st_ino, found.st_size, found.st_mtime_ns)
        if self._seen is not None and self._seen[0] == key:
            return self._seen[1]
        return self._known(key, self.path.read_bytes())

    def append(
        self,
        what: str,
        *,
        by: str = "",
        reason: str = "",
        at: str = "",
        flatten: bool = False,
        of: int = 0,
        only: Iterable[str] = (),
    ) -> None:
        """One more line, on the disk when this returns; raises OSError where it cannot be written."""
        # Appending: a writer that did not get the lock writes behind the others and over none of them.
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            _lock(descriptor)
            before = self.path.read_bytes()
            told = before.splitlines()
            body = {
                "number": len(told) + 1, "what": what, "by": by, "reason": reason, "at": at, "flatten": flatten,
                "of": of, "only": sorted(only), "previous": reduce(_hash, told, GENESIS),
            }  # fmt: skip
            # A line that a power cut tore must not swallow this one.
            gap = b"\n" if before and not before.endswith(b"\n") else b""
            os.write(descriptor, gap + json.dumps(body).encode() + b"\n")
            os.fsync(descriptor)
        finally:
            # The lock goes with the descriptor, so a process that dies here leaves none behind.
            os.close(descriptor)
        # The name of a new file survives a power cut only once its folder is synced too.
        if not before:
            sync_folder(self.path.parent)

    def _known(self, key: tuple[int, int, int], content: bytes) -> Journal:
        before = self._seen[1] if self._seen is not None else Journal()
        found = parsed(content)
        # Once cut it stays so in this process: lines that are put back prove nothing.
        cut = before.cut or not found.holds(len(before.lines), before.head)
        found = before._replace(cut=True) if cut else found
        self._seen = (key, found)
        return found


def parsed(content: bytes) -> Journal:
    """The lines of a file, each checked against the one before."""
    lines: list[JournalLine] = []
    for number, raw in enumerate(content.splitlines(), 1):
        lines.append(_line(number, raw, lines[-1].hash if lines else GENESIS))
    return Journal(tuple(lines))


def _line(number: int, raw: bytes, previous: str) -> JournalLine:
    hashed = _hash(previous, raw)
    try:
        told = json.loads(raw)
        what, of = told["what"], told["of"]
        fits = (told["number"], told["previous"]) == (number, previous) and what in (KILL, RELEASED, OPENED)
        # A release of what is still to come would release kills before they fall.
        if not fits or type(of) is not int or not 0 <= of < number:
            return JournalLine(number, hashed)
        by, reason, at = str(told["by"]), str(told["reason"]), str(told["at"])
        only = told["only"] if "only" in told else _named(by)
        # Whatever is no list of names must not read as none, which means all.
        if not isinstance(only, list) or not all(isinstance(each, str) and each for each in only):
            return JournalLine(number, hashed)
        return JournalLine(number, hashed, True, what, by, reason, at, told["flatten"] is True, of, tuple(only))
    except (ValueError, KeyError, TypeError):
        return JournalLine(number, hashed)


def _named(by: str) -> list[str]:
    """The symbols in the name of who killed, where a line has no field for them."""
    found = _ALONE.fullmatch(by)
    return [] if found is None else found[1].split()


def _hash(previous: str, raw: bytes) -> str:
    return hashlib.sha256(previous.encode() + raw).hexdigest()


def sync_folder(folder: Path) -> None:
    """Make new names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Wait for another writer, but not for one that hangs: then both lines are there, and the second does not fit."""
    for _ in range(LOCK_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError:
            time.sleep(LOCK_S)
