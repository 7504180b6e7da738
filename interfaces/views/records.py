"""What was written down, as one line each: ledger entries, log lines, settings, how the evals went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry of the ledger; ``told`` is the beginning of its body."""

    seq: int
    at: datetime
    kind: str
    subject: str
    told: str


@dataclass(frozen=True, slots=True)
class EntriesView:
    """``sage audit last``: newest first, with secrets cut."""

    as_of: datetime
    entries: tuple[EntryRow, ...]


@dataclass(frozen=True, slots=True)
class LogRow:
    """One line of the log; one that is not in its form is all ``message``."""

    at: str
    level: str
    logger: str
    message: str


@dataclass(frozen=True, slots=True)
class LogsView:
    """``sage logs``: newest first, with secrets cut."""

    as_of: datetime
    lines: tuple[LogRow, ...]


@dataclass(frozen=True, slots=True)
class ConfigRow:
    """One setting by the name of its variable; of a secret only whether it is set."""

    name: str
    value: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class ConfigView:
    """``sage config``."""

    as_of: datetime
    settings: tuple[ConfigRow, ...]


@dataclass(frozen=True, slots=True)
class SuiteRow:
    """One suite of the evals; ``ok`` is None where nobody compared it with its bars."""

    name: str
    total: int
    passed: int
    ok: bool | None


@dataclass(frozen=True, slots=True)
class EvalsView:
    """``sage evals report``: the newest report of this folder, or the baseline that ships; ``source`` says which."""

    as_of: datetime
    source: str
    suites: tuple[SuiteRow, ...]
