"""The kill switch: a latched file, a mark beside it and a line in a journal. While any stands, nothing leaves.

    latch     ``killed``: what everybody looks at, and what anybody may make by hand
    mark      ``killed.mark``: stays where somebody deletes the latch
    journal   ``kills.jsonl``: keeps the kill where somebody deletes both, until a resume is written behind it

It needs neither database nor model nor network, nothing but the standard library and the error tree, so that the
smallest possible process can pull it. It survives a crash and a power cut: the files and their folder are synced before
``engage`` returns. Whatever cannot be read counts as engaged: an unreadable file, a file that is not ours, a folder
that is missing or closed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ManualActionError
from policies.kill_journal import KILL, OPENED, RELEASED, Journal, KillJournal, sync_folder

UNREADABLE = "the kill switch cannot be read, which counts as engaged"
CUT = "the journal of kills has lost lines, which counts as engaged"
JOURNAL = "kills.jsonl"
NOT_KILLED = (0, 0, 0, 0, 0)
"""The stamp of a switch that nobody had pulled."""


@dataclass(frozen=True, slots=True)
class KillDetails:
    """Who engaged it, why and when, as far as the file says."""

    by: str
    reason: str
    at: str


class KillSwitch:
    """The latch at ``path``, its mark and the journal of its folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mark = path.with_name(f"{path.name}.mark")
        self.journal = KillJournal(path.with_name(JOURNAL))

    def engage(self, by: str, reason: str, at_text: str, *, flatten: bool = False, only: Iterable[str] = ()) -> str:
        """Set latch, mark and journal durably; engaging again leaves a new record, so a resume under way notices it.

        Where the record cannot be written, whatever stands there has to do, and the answer says what that is; it is
        empty where all is well. Where nothing stands, ManualActionError. ``flatten`` is the owner's order to close
        everything, or with ``only`` these symbols and no others, which counts only where the journal holds it.
        """
        # `replace`: half a surrogate pair in a reason must not stop a kill (I-33).
        record = json.dumps({"by": by, "reason": reason, "at": at_text}, ensure_ascii=False).encode(errors="replace")
        trouble = ""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # The mark first: a release takes it last, so no order of the two lifts a finished kill (I-30).
            self._write(self.mark, record)
            self._write(self.path, record)
        except OSError:
            trouble = self._touch()
        try:
            # Behind the latch, which stops everything by itself: a journal that fails must not keep a kill back.
            self.journal.append(KILL, by=by, reason=reason, at=at_text, flatten=flatten, only=only)
        except OSError as error:
            unwritten = f"its journal {self.journal.path.name} cannot be written ({error.strerror})"
            trouble = trouble or f"{unwritten}: deleting the latch and its mark would leave no trace of it"
        return trouble

    def engaged(self) -> bool:
        """True while one of the three stands, and whenever that cannot be told."""
        try:
            # In a folder that is missing the files merely seem not to be there; hence the second question.
            return self.stamp() is not None or not os.access(self.path.parent, os.R_OK | os.X_OK)
        except OSError:
            return True

    def flatten(self) -> str:
        """Id of the kill that is engaged, where its owner ordered to close everything; else empty."""
        try:
            return self.journal.read().flatten
        except OSError:
            return ""

    def stamp(self) -> tuple[int, ...] | None:
        """Identity of the last engagement, None while there is none; raises OSError where that cannot be told."""
        journal = self._journal()
        # At least 1: a journal that lost every line would else look like one without a kill.
        number = max(1, len(journal.lines)) if journal.engaged else 0
        found = (*_identity(self.path), *_identity(self.mark), number)
        return found if any(found) else None

    def removed_by_hand(self) -> bool:
        """True where mark or journal stand without the latch: somebody deleted the file, which lifts nothing."""
        return not os.path.lexists(self.path) and (os.path.lexists(self.mark) or self._journal().engaged)

    def begin_journal(self, at_text: str) -> None:
        """Start the journal of a new home, so that its loss shows; ManualActionError where it cannot be written."""
        try:
            self.journal.append(OPENED, at=at_text)
        except OSError as error:
            raise ManualActionError(f"{self.journal.path} cannot be written: {error}", "Look at its folder.") from error

    def details(self) -> KillDetails | None:
        """Who pulled it; None while it is not engaged."""
        if not self.engaged():
            return None
        # Anybody may make a latch by hand, and it may hold anything.
        for kept in (self.path, self.mark):
            with suppress(OSError, ValueError, KeyError, TypeError):
                record = json.loads(kept.read_bytes())
                return KillDetails(by=str(record["by"]), reason=str(record["reason"]), at=str(record["at"]))
        journal = self._journal()
        newest = journal.open[-1] if journal.open else None
        if newest is not None and newest.good:
            return KillDetails(newest.by, newest.reason, newest.at)
        return KillDetails(by="unknown", reason=CUT if journal.cut else UNREADABLE, at="unknown")

    def release(self, seen: tuple[int, ...] | None = None, *, by: str = "", at_text: str = "") -> bool:
        """Remove the latch; who may is for the caller to check. ManualActionError where it cannot be removed.

        With ``seen``, the stamp of what was decided on, False and still engaged where somebody has killed since. The
        mark is taken last, and a kill writes it first: whatever the order of the two, a finished kill stays engaged.
        The journal's line names the last kill that it releases, and one that fell meanwhile is not among them.
        """
        wanted = (None, None) if seen is None else (seen[:2], seen[2:4])
        try:
            lines = len(self.journal.read().lines)
            # No further than was seen: a kill that fell since stays open.
            last = lines if seen is None else min(lines, max(seen[4:], default=0))
            taken = self._take(self.path, wanted[0]) and self._take(self.mark, wanted[1])
            sync_folder(self.path.parent)
            if taken and last and self.journal.read().open:
                self.journal.append(RELEASED, by=by, at=at_text, of=last)
            # Read once more: a kill may have fallen between the files and this line.
            return taken and not self.journal.read().engaged
        except OSError as error:
            remedy = f"Look at {self.path} and its folder, and remove the file by hand."
            raise ManualActionError(f"the kill switch cannot be released: {error}", remedy) from error

    def _journal(self) -> Journal:
        """The journal; one that cannot be read has lost everything."""
        try:
            return self.journal.read()
        except OSError:
            return Journal(cut=True)

    def _take(self, path: Path, wanted: tuple[int, ...] | None) -> bool:
        """Remove one of the two by way of a rename, so that what is removed is what was looked at."""
        aside = path.with_name(f".{path.name}.{os.getpid()}.taken")
        try:
            path.rename(aside)
        except FileNotFoundError:
            return wanted is None or not any(wanted)
        if wanted is not None and _identity(aside) != wanted:
            if os.path.lexists(path):
                aside.unlink()  # an even newer kill has put its own there
            else:
                aside.rename(path)
            return False
        try:
            aside.unlink()
        except OSError:
            aside.rename(path)  # a folder, for example: what cannot be removed must stand where it stood
            raise
        return True

    def _write(self, path: Path, record: bytes) -> None:
        """Write beside the file and rename, so that it is never seen half-written."""
        # A draft a process: two kills at once must not write into the same one.
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            os.write(descriptor, record)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        draft.replace(path)
        sync_folder(path.parent)

    def _touch(self) -> str:
        """Have an empty file, or whatever stands there, be the latch; the answer says what."""
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o644)
            try:
                os.utime(descriptor)  # where a latch is there already, a resume under way must still notice this kill
            finally:
                os.close(descriptor)
        except OSError as error:
            with suppress(OSError):
                os.utime(self.path)
            if not (os.path.lexists(self.path) or os.path.lexists(self.mark)):
                remedy = f"Create the file {self.path} by hand, stop Sage, and cancel open orders at the broker."
                raise ManualActionError(f"the kill switch cannot be engaged: {error}", remedy) from error
            what = "a folder" if self.path.is_dir() else "a file that cannot be written"
            return f"it was engaged already, by {what} named {self.path.name}, which has to be removed before a resume"
        return ""


def _identity(path: Path) -> tuple[int, int]:
    """Which file stands there: a new one at every kill; zeros where there is none."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return 0, 0
    # Both: a file system gives the number of a deleted file to the next one.
    return found.st_ino, found.st_mtime_ns
