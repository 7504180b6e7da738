"""What was written down, for people: the newest ledger entries and log lines, the settings, how the evals went.

Everything passes the redaction of the log once more: a secret that an error message carried is cut here too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from domain.errors import UsageError
from domain.record.entries import LedgerEntry
from interfaces.runtime import Runtime
from interfaces.views.checks import AuditView
from interfaces.views.records import ConfigView, EntriesView, EntryRow, EvalsView, LogRow, LogsView
from trading.audit.books import MOST_FINDINGS, PROVEN, check_books
from trading.monitor.logs import Redaction

LOG = "sage.log"
LONGEST_BODY = 20_000
"""Characters of a body that are looked at; those that are shown are fewer."""
LONGEST_TOLD = 160
NOT_COMPARED = "The tables were not compared: they can only be checked against a ledger that is whole."
AND_MORE = f"There is more: of each part the first {MOST_FINDINGS} findings are listed."
TAIL = 512 * 1024
"""Bytes at the end of the log that are read: a log of months is not."""


def verify(runtime: Runtime, progress: Callable[[str], None] = lambda _words: None) -> AuditView:
    """Whether the ledger is whole, and whether the tables say what it says; where they do not."""
    stores, now = runtime.deps.stores, runtime.deps.clock.now()
    chain = stores.ledger.verify(progress)
    if not chain.ok:
        return AuditView(now, False, chain.entries, chain.head, (*map(str, chain.problems), NOT_COMPARED))
    books = check_books(stores.database, stores.equity, progress)
    told = (*(each.told for each in books.findings), *((AND_MORE,) if books.more else ()))
    return AuditView(now, books.ok, chain.entries, chain.head, told, books.findings, PROVEN, books.not_proven)


def entries(runtime: Runtime, count: int) -> EntriesView:
    """The newest entries of the ledger, newest first."""
    redact = runtime.setup.redact
    rows = (row_of(entry, redact) for entry in runtime.deps.stores.ledger.newest(count))
    return EntriesView(runtime.deps.clock.now(), tuple(rows))


def row_of(entry: LedgerEntry, redact: Redaction) -> EntryRow:
    """An entry in one line."""
    body = json.dumps(entry.body, ensure_ascii=False, sort_keys=True)[:LONGEST_BODY]
    # Cut for the screen behind the redaction: of half a key nobody could tell that it is one.
    return EntryRow(entry.seq, entry.at, entry.kind.value, redact(entry.subject), redact(body)[:LONGEST_TOLD])


def logs(runtime: Runtime, count: int) -> LogsView:
    """The newest lines of the log, newest first; UsageError where there is none to read."""
    rows = [log_row(line, runtime.setup.redact) for line in tail(runtime.setup.home / LOG)[-count:]]
    return LogsView(runtime.deps.clock.now(), tuple(rows[::-1]))


def tail(path: Path) -> list[str]:
    """The last lines of a file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError as error:
        raise UsageError(f"the log {path.name} cannot be read: {error.strerror}", "See `sage doctor`.") from error
    whole = lines if size <= TAIL else lines[1:]  # the first one is cut
    return [line for line in whole if line.strip()]


def log_row(line: str, redact: Redaction) -> LogRow:
    """A line in its parts; what is not in the log's form is shown as it is."""
    try:
        told: Any = json.loads(line)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        return LogRow("", "", "", redact(line)[:LONGEST_TOLD])
    at, level, logger, message = (redact(str(told.get(name, ""))) for name in ("at", "level", "logger", "message"))
    return LogRow(at, level, logger, message + last_of(told.get("trace"), redact))


def last_of(trace: object, redact: Redaction) -> str:
    """The last line of a traceback, which names the error."""
    parts: Iterable[object] = trace if isinstance(trace, list) else ()
    named = [str(part).strip() for part in parts if str(part).strip()]
    return f" ({redact(named[-1])})" if named else ""


def config(runtime: Runtime) -> ConfigView:
    """The settings of this start, without secrets."""
    return ConfigView(runtime.deps.clock.now(), runtime.setup.config)


def evals(runtime: Runtime) -> EvalsView:
    """How the suites went, by the newest report or the baseline."""
    source, suites = runtime.setup.evals()
    return EvalsView(runtime.deps.clock.now(), source, suites)
