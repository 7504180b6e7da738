"""The kill switch: a latched file and a mark beside it. While either exists, nothing leaves; a resume removes both.

It needs neither database nor model nor network, nothing but the standard library and the error tree, so that the
smallest possible process can pull it. It survives a crash and a power cut: the file and its folder are synced before
``engage`` returns. Whatever cannot be read counts as engaged: an unreadable file, a file that is not ours, a folder
that is missing or closed.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ManualActionError

UNREADABLE = "the kill switch cannot be read, which counts as engaged"


@dataclass(frozen=True, slots=True)
class KillDetails:
    """Who engaged it, why and when, as far as the file says."""

    by: str
    reason: str
    at: str


class KillSwitch:
    """The latch at ``path`` and its mark; a latch that is removed by hand leaves the mark, and so stays engaged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mark = path.with_name(f"{path.name}.mark")

    def engage(self, by: str, reason: str, at_text: str) -> None:
        """Set latch and mark durably; engaging again leaves a new record, so that a resume under way notices it.

        Where the record cannot be written, an empty file has to do; where not even that, ManualActionError.
        """
        record = json.dumps({"by": by, "reason": reason, "at": at_text}, ensure_ascii=False).encode(errors="replace")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._write(self.mark, record)
            self._write(self.path, record)
        except OSError:
            self._touch()

    def engaged(self) -> bool:
        """True while the latch is set, and whenever that cannot be told."""
        try:
            return self.stamp() is not None or not os.access(self.path.parent, os.R_OK | os.X_OK)
        except OSError:
            return True

    def stamp(self) -> tuple[int, ...] | None:
        """Identity of the last engagement, None while there is none; raises OSError where that cannot be told."""
        found = (*_identity(self.path), *_identity(self.mark))
        return found if any(found) else None

    def removed_by_hand(self) -> bool:
        """True where the mark stands without its latch: somebody deleted the file, which lifts nothing."""
        return os.path.lexists(self.mark) and not os.path.lexists(self.path)

    def details(self) -> KillDetails | None:
        """Who pulled it; None while it is not engaged."""
        if not self.engaged():
            return None
        try:
            kept = self.path if os.path.lexists(self.path) else self.mark
            record = json.loads(kept.read_bytes())
            return KillDetails(by=str(record["by"]), reason=str(record["reason"]), at=str(record["at"]))
        except (OSError, ValueError, KeyError, TypeError):
            return KillDetails(by="unknown", reason=UNREADABLE, at="unknown")

    def release(self, seen: tuple[int, ...] | None = None) -> bool:
        """Remove the latch; who may is for the caller to check. ManualActionError where it cannot be removed.

        With ``seen``, the stamp of what was decided on, False and still engaged where somebody has killed since. The
        mark is taken last, and a kill writes it first: whatever the order of the two, a finished kill stays engaged.
        """
        wanted = (None, None) if seen is None else (seen[:2], seen[2:])
        try:
            taken = self._take(self.path, wanted[0]) and self._take(self.mark, wanted[1])
            _sync_folder(self.path.parent)
        except OSError as error:
            remedy = f"Look at {self.path} and its folder, and remove the file by hand."
            raise ManualActionError(f"the kill switch cannot be released: {error}", remedy) from error
        return taken

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
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            os.write(descriptor, record)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        draft.replace(path)
        _sync_folder(path.parent)

    def _touch(self) -> None:
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o644)
            try:
                os.utime(descriptor)  # where a latch is there already, a resume under way must still notice this kill
            finally:
                os.close(descriptor)
        except OSError as error:
            remedy = f"Create the file {self.path} by hand, stop Sage, and cancel open orders at the broker."
            raise ManualActionError(f"the kill switch cannot be engaged: {error}", remedy) from error


def _identity(path: Path) -> tuple[int, int]:
    """Which file stands there: a new one at every kill; zeros where there is none."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return 0, 0
    return found.st_ino, found.st_mtime_ns


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
