"""One database for every fact: SQLite in a file by default, PostgreSQL by URL; writes are serialised on both.

A write transaction takes the write lock before it reads (``BEGIN IMMEDIATE``, or one advisory lock), so that what it
read is still true when it commits: two processes cannot both spend the same room under a limit. SQLite runs in WAL
mode with ``synchronous=FULL``: what is committed survives a power cut.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import URL, Connection, Engine, RootTransaction, inspect, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, PendingRollbackError

from domain.errors import ConfigurationError, OversightError, RetryableError
from trading.store.accounts.paper_tables import paper_accounts, paper_fills, paper_orders, paper_positions
from trading.store.judged.tables import case_parts, judged_cases
from trading.store.messages.tables import outbox, outbox_paces, tellings, wishes
from trading.store.model_use.tables import model_answers, model_handovers, model_rests, model_spending
from trading.store.people.tables import inbox, inbox_offsets, nonces, pairing, people
from trading.store.research.tables import experiments
from trading.store.scheduling.tables import job_looks, job_runs, leases
from trading.store.tables import APPEND_ONLY, SCHEMA_VERSION, metadata, schema_version
from trading.store.writing.group_commit import Group, GroupCommit, Unit
from trading.store.writing.prepared import execute
from trading.store.writing.to_file import file_engine
from trading.store.writing.to_server import PREPARED_IS_GONE, server_engine

T = TypeVar("T")

ONLY_TABLES_WERE_ADDED = frozenset({2, 3, 4, 5})
"""Versions whose tables are all as they are now, so that what came since is all that is missing."""
ELSEWHERE = (
    *(job_looks, job_runs, leases, outbox, outbox_paces, tellings, wishes),
    *(case_parts, judged_cases),
    *(model_answers, model_handovers, model_rests, model_spending),
    *(people, pairing, nonces, inbox, inbox_offsets),
    experiments,
    *(paper_accounts, paper_positions, paper_orders, paper_fills),
)
"""Tables of the same metadata in files of their own, named here so that they are there when it is created."""
LOCK_WAIT_S = 15
_BUSY = ("locked", "busy", "timeout", "timed out", "connect", "connection", "starting up", "shutting down", "deadlock")


class Database:
    """Transactions on one engine. A thread that is inside one joins it; the outermost begins and commits."""

    def __init__(self, engine: Engine, *, lock_wait_s: int = LOCK_WAIT_S) -> None:
        self._engine = engine
        self._writes, self._reads = (engine.execution_options(sage_write=write) for write in (True, False))
        # Per thread and not a context variable: a copied context would hand one connection to two threads.
        self._here = _Here()
        self._along: list[Callable[[], None]] = []
        self._kept: Connection | None = None
        self._keeping, self._closings = threading.Lock(), 0
        self._turns = GroupCommit(self._together, lambda: self.place, lock_wait_s)

    @property
    def place(self) -> str:
        """Where it is, without any password, for messages."""
        return self._engine.url.set(query={}).render_as_string(hide_password=True)

    def transaction(self) -> AbstractContextManager[Connection]:
        """A serialised write transaction: all of it is committed durably, or none."""
        running = self._joins(write=True)
        return self._alone() if running is None else nullcontext(running.connection)

    def reading(self) -> AbstractContextManager[Connection]:
        """A consistent view for several reads; inside a running transaction it sees that one's writes."""
        running = self._joins(write=False)
        return self._looking() if running is None else nullcontext(running.connection)

    def write(self, work: Callable[[], T]) -> T:
        """Do ``work`` in a serialised write transaction that it may share with other threads; back once it is durable.

        Many small writes at once wait for the disk together. Each sees what those before it wrote, and fails alone;
        where the commit fails, all of them do. ``work`` may run on the thread of another writer, so it brings along
        what it needs, takes no time for anything but the database, and leaves no trace outside it.
        """
        if self._joins(write=True) is not None:
            return work()
        answer: T = self._turns.write(work)
        return answer

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run ``action`` once after the running transaction has committed; equal actions run once."""
        _once(self._running.actions, action)

    def before_commit(self, action: Callable[[], None]) -> None:
        """Run ``action`` once as the last part of the running write transaction; equal actions run once."""
        _once(self._running.closing, action)

    @property
    def notes(self) -> dict[str, Any]:
        """What is kept for as long as the running transaction; undone with the write that noted it."""
        return self._running.notes

    def along(self, action: Callable[[], None]) -> None:
        """Run ``action`` as a part of every write transaction from now on: small notes need no own commit."""
        self._along.append(action)

    def afterwards(self, action: Callable[[], None]) -> None:
        """Run ``action`` once nothing runs here any more, whether that was committed or not; at once when nothing does.

        What happened outside (a broker was asked) stays true when the transaction around it is rolled back.
        """
        if self._here.frame is None:
            action()
        else:
            _once(self._here.frame.afterwards, action)

    def close(self) -> None:
        """Give all connections back; one that another thread uses right now is closed once that has ended."""
        with self._keeping:
            self._closings += 1
            kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()
        self._engine.dispose()

    @property
    def _running(self) -> _Frame:
        if self._here.frame is None:
            raise RuntimeError("no transaction is running here")
        return self._here.frame

    def _joins(self, *, write: bool) -> _Frame | None:
        """The transaction that is running on this thread already."""
        frame = self._here.frame
        if frame is not None and write and not frame.write:
            raise RuntimeError("a write was asked for inside a read: open the transaction before the first read")
        return frame

    @contextmanager
    def _alone(self) -> Iterator[Connection]:
        # The turn of this process first: SQLite's writers poll with growing pauses and leave its lock idle.
        with self._turns.alone(), self._open(write=True) as frame:
            yield frame.connection

    @contextmanager
    def _looking(self) -> Iterator[Connection]:
        with self._open(write=False) as frame:
            yield frame.connection

    @contextmanager
    def _open(self, *, write: bool) -> Iterator[_Frame]:
        afterwards: list[Callable[[], None]] = []
        try:
            with self._writer() if write else self._reader() as connection, _begun(connection):
                frame = self._here.frame = _Frame(connection, write, afterwards)
                try:
                    yield frame
                    if write:
                        self._finish(frame)
                finally:
                    self._here.frame = None
            # After the commit and outside the frame: an anchor names only what is durable, and an action may write.
            for action in frame.actions:
                action()
        # A key that is taken is an answer that callers read; translated, it would look like a broken database.
        except IntegrityError:
            raise
        except (DBAPIError, PendingRollbackError) as error:
            raise translated(error, self.place) from error
        finally:
            for action in afterwards:
                action()

    @contextmanager
    def _writer(self) -> Iterator[Connection]:
        """The connection of whoever has the turn; there is one turn, so it need not come from the pool each time."""
        with self._keeping:
            before = self._closings
            connection, self._kept = self._kept, None
        connection = connection or self._writes.connect()
        ended = False
        try:
            yield connection
            ended = True
        finally:
            if not (ended and self._keeps(connection, before)):
                # The pool undoes whatever an error or an interrupt has left open, and with it the lock.
                self._give_back(connection, before)

    def _keeps(self, connection: Connection, before: int) -> bool:
        with self._keeping:
            still = self._closings == before
            if still:
                self._kept = connection
        return still

    @contextmanager
    def _reader(self) -> Iterator[Connection]:
        before, connection = self._closings, self._reads.connect()
        try:
            yield connection
        finally:
            self._give_back(connection, before)

    def _give_back(self, connection: Connection, before: int) -> None:
        # Closed meanwhile, and the pool that it came from is gone: nobody would ever close it there.
        if self._closings != before and not connection.invalidated:
            connection.detach()
        connection.close()

    def _finish(self, frame: _Frame) -> None:
        for action in self._along:
            action()
        for action in frame.closing:
            action()

    def _together(self, group: Group) -> None:
        """Run the units of a group in one transaction; one that fails after others is undone by itself."""
        with self._open(write=True) as frame:
            frame.actions.append(group.was_committed)
            for unit in group:
                if len(group.taken) > 1:
                    self._beside(unit, frame)
                    continue
                unit.run()
                if unit.error is not None:
                    # Nobody is before it, so undoing all of it undoes it alone; who waits behind it begins anew.
                    error, unit.error = unit.error, None
                    raise error

    def _beside(self, unit: Unit, frame: _Frame) -> None:
        kept = frame.kept()
        execute(frame.connection, "SAVEPOINT unit")
        unit.run()
        if unit.error is not None:
            self._undo(unit, frame, kept)
        # Also after ROLLBACK TO, which keeps the savepoint: the next unit's would be nested in it.
        execute(frame.connection, "RELEASE SAVEPOINT unit")

    def _undo(self, unit: Unit, frame: _Frame, kept: _Kept) -> None:
        """Take back what a unit wrote; where the database has undone more than that, nothing of the group stands."""
        error = unit.error
        try:
            execute(frame.connection, "ROLLBACK TO SAVEPOINT unit")
        except (DBAPIError, PendingRollbackError) as gone:
            unit.error = None
            raise (error or gone) from gone
        # A note of the undone unit, such as the end of the ledger, would chain the next entry to one that is gone.
        frame.restore(kept)
        if isinstance(error, DBAPIError | PendingRollbackError) and not isinstance(error, IntegrityError):
            unit.error = translated(error, self.place)
            unit.error.__cause__ = error


class _Kept(NamedTuple):
    """What a frame held before a unit."""

    notes: dict[str, Any]
    actions: int
    closing: int


class _Frame:
    """One running transaction of a thread."""

    __slots__ = ("actions", "afterwards", "closing", "connection", "notes", "write")

    def __init__(self, connection: Connection, write: bool, afterwards: list[Callable[[], None]]) -> None:
        self.connection = connection
        self.write = write
        self.afterwards = afterwards
        self.actions: list[Callable[[], None]] = []
        self.closing: list[Callable[[], None]] = []
        self.notes: dict[str, Any] = {}

    def kept(self) -> _Kept:
        """To come back to."""
        return _Kept(dict(self.notes), len(self.actions), len(self.closing))

    def restore(self, kept: _Kept) -> None:
        """As it was; what happened outside is told all the same."""
        self.notes = kept.notes
        del self.actions[kept.actions :], self.closing[kept.closing :]


class _Here(threading.local):
    """The transaction of this thread."""

    frame: _Frame | None = None


def _begun(connection: Connection) -> RootTransaction:
    """Begin; where the server has closed the connection since it was last used, on a new one."""
    try:
        return connection.begin()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        # All that are as old are closed as well, and nothing has begun: once more is not a second time.
        connection.engine.dispose()
        return connection.begin()


def _once(actions: list[Callable[[], None]], action: Callable[[], None]) -> None:
    if action not in actions:
        actions.append(action)


def open_database(url: str, *, lock_wait_s: int = LOCK_WAIT_S) -> Database:
    """Open or create the database at ``url``; one clear line where that is not possible.

    A write waits ``lock_wait_s`` seconds for other writers.
    """
    engine = _engine(url, lock_wait_s)
    database = Database(engine, lock_wait_s=lock_wait_s)
    try:
        with database.transaction() as connection:
            _prepare(connection, database.place)
    except OversightError:
        database.close()
        raise
    return database


def translated(error: DBAPIError | PendingRollbackError, place: str) -> OversightError:
    """A driver's error in our words: away or busy can be tried again, everything else needs a look."""
    if isinstance(error, PendingRollbackError):
        return RetryableError(f"the database {place} was lost inside a transaction", "Nothing was stored; try again.")
    told = (str(error.orig).strip().splitlines() or [type(error.orig).__name__])[0]
    if getattr(error.orig, "sqlstate", None) in PREPARED_IS_GONE:
        return RetryableError(f"the database {place} was changed or reset meanwhile: {told}", "Try again.")
    if error.connection_invalidated or any(word in told.lower() for word in _BUSY):
        return RetryableError(f"the database {place} does not answer: {told}", "It is busy or away; try again.")
    return ConfigurationError(
        f"the database {place} cannot be used: {told}", "Check SAGE_DATABASE_URL, or restore the file from a backup."
    )


def address_of(url: str) -> URL:
    """The parts of a database's address; ConfigurationError where it is none."""
    try:
        return make_url(url)
    except ArgumentError as error:
        raise _no_address() from error


def _no_address() -> ConfigurationError:
    return ConfigurationError("SAGE_DATABASE_URL is not a database URL", "Write sqlite:///path or postgresql://…")


def _engine(url: str, lock_wait_s: int) -> Engine:
    address = address_of(url)
    try:
        if address.get_backend_name() == "sqlite":
            return file_engine(address, lock_wait_s)
        if address.get_backend_name() == "postgresql":
            return server_engine(address.set(drivername="postgresql+psycopg"), lock_wait_s)
    except NoSuchModuleError as error:
        raise _no_address() from error
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "the driver for PostgreSQL is not installed", "Install it with the extra: sage-oversight[postgres]."
        ) from error
    raise ConfigurationError(f"no support for {address.get_backend_name()!r}", "Use SQLite or PostgreSQL.")


def _prepare(connection: Connection, place: str) -> None:
    """Create the tables of a new database, add those an older one lacks; refuse what another version has made."""
    if not inspect(connection).has_table(schema_version.name):
        metadata.create_all(connection)
        for statement in APPEND_ONLY[connection.dialect.name]:
            connection.exec_driver_sql(statement)
        connection.execute(schema_version.insert().values(version=SCHEMA_VERSION))
        return
    found = connection.execute(select(schema_version.c.version)).scalar()
    if found in ONLY_TABLES_WERE_ADDED:
        metadata.create_all(connection)
        connection.execute(schema_version.update().values(version=SCHEMA_VERSION))
    elif found != SCHEMA_VERSION:
        raise ConfigurationError(
            f"the database {place} has schema version {found}, this program needs {SCHEMA_VERSION}",
            "Use the program that made it, or start with a new file.",
        )
