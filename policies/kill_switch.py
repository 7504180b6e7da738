"""The kill switch: a latched file. While it exists, nothing leaves; only a person removes it.

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
    """The latch at ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def engage(self, by: str, reason: str, at_text: str) -> None:
        """Set the latch durably. The first entry stays: engaging again changes nothing.

        Where the record cannot be written, an empty file has to do; where not even that, ManualActionError.
        """
        if self._exists():
            return
        record = json.dumps({"by": by, "reason": reason, "at": at_text}, ensure_ascii=False).encode(errors="replace")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._write(record)
        except OSError:
            self._touch()

    def engaged(self) -> bool:
        """True while the latch is set, and whenever that cannot be told."""
        try:
            os.lstat(self.path)
        except FileNotFoundError:
            return not os.access(self.path.parent, os.R_OK | os.X_OK)
        except OSError:
            return True
        return True

    def details(self) -> KillDetails | None:
        """Who pulled it; None while it is not engaged."""
        if not self.engaged():
            return None
        try:
            record = json.loads(self.path.read_bytes())
            return KillDetails(by=str(record["by"]), reason=str(record["reason"]), at=str(record["at"]))
        except (OSError, ValueError, KeyError, TypeError):
            return KillDetails(by="unknown", reason=UNREADABLE, at="unknown")

    def release(self) -> None:
        """Remove the latch; who may is for the caller to check. ManualActionError where it cannot be removed."""
        try:
            self.path.unlink(missing_ok=True)
            _sync_folder(self.path.parent)
        except OSError as error:
            remedy = f"Look at {self.path} and its folder, and remove the file by hand."
            raise ManualActionError(f"the kill switch cannot be released: {error}", remedy) from error

    def _exists(self) -> bool:
        return os.path.lexists(self.path)

    def _write(self, record: bytes) -> None:
        """Write beside the latch and rename, so that it is never seen half-written."""
        draft = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            os.write(descriptor, record)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        draft.replace(self.path)
        _sync_folder(self.path.parent)

    def _touch(self) -> None:
        try:
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o644))
        except OSError as error:
            remedy = f"Create the file {self.path} by hand, stop Sage, and cancel open orders at the broker."
            raise ManualActionError(f"the kill switch cannot be engaged: {error}", remedy) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
