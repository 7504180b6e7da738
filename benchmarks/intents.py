"""Durable order intents: the INTENT row and its ledger entry in one transaction, beside what the disk and SQLite need.

    floor       one `fdatasync` of an appended line as long as an order's record, in turn with the single intents
    single      one writer: each intent is durable before the next begins; with and without the ledger's anchor file
    together    32 threads: what waits for its turn at the same time is committed together, and each is told afterwards
    turns       the same threads with nothing to write: what handing over costs by itself
    one thread  the same intents, 32 in a transaction, without handing over
    bare        the same rows, made beforehand, by the driver itself: one by one, and 32 in a transaction. No Python in
                between, no hash, no lock: as fast as these tables get on this machine

`--postgres` takes the address of a database in which a schema of its own is made and dropped again.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from statistics import quantiles
from threading import Thread
from time import perf_counter, process_time
from typing import NamedTuple

from harness.report import Report, Row, arguments
from harness.timing import Spent, middle, timed
from harness.writes import counted_writes
from sqlalchemy import create_engine, make_url

from domain.ids import DecisionId, client_order_id
from domain.market import Symbol
from domain.orders import Order, OrderStatus, OrderType, Origin, Side, TimeInForce
from domain.record.entries import RecordKind
from trading.store.database import Database, open_database
from trading.store.ledger import SqlLedger
from trading.store.orders import OrderStore
from trading.store.tables import ledger, orders
from trading.store.writing.to_server import WRITE_LOCK

AT = datetime(2026, 3, 17, 15, tzinfo=UTC)
LINE = b"x" * 1500 + b"\n"
WRITERS = 32
REACH_RATIO, REACH_RATE = 3.0, 20_000
"""Of the floor for one writer; a second for all of them."""


class Measured(NamedTuple):
    """How long each took, how many a second all together, and how many transactions were committed for one."""

    spent: Sequence[Spent]
    rate: float
    commits: float


@contextmanager
def an_appender(folder: Path) -> Iterator[Callable[[], Spent]]:
    """One durable append to a plain file."""
    descriptor = os.open(folder / "floor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    sync = getattr(os, "fdatasync", os.fsync)

    def append() -> None:
        os.write(descriptor, LINE)
        sync(descriptor)

    try:
        yield lambda: timed(append)
    finally:
        os.close(descriptor)


def an_intent_row(number: int) -> Order:
    """One share, to be bought under a decision of its own."""
    decision = DecisionId(f"dec-{number}")
    return Order(
        client_order_id(decision), decision, Symbol("AAPL"), Side.BUY, Decimal(1), OrderType.LIMIT, TimeInForce.DAY,
        OrderStatus.INTENT, AT, AT, "momentum", Origin.MANUAL, limit_price=Decimal(100),
    )  # fmt: skip


def an_intent(database: Database, anchor: Path | None = None) -> Callable[[Order], None]:
    """What must be durable before a send."""
    store, record = OrderStore(database), SqlLedger(database, anchor=anchor)

    def both(order: Order) -> None:
        store.insert(order)
        record.append(RecordKind.ORDER, order.client_order_id, order, at=AT, cause=order.decision_id)

    return both


def in_turn(database: Database, count: int, append: Callable[[], Spent], anchor: Path | None) -> tuple[Measured, Spent]:
    """One writer and the floor, alternately."""
    intent, rows = an_intent(database, anchor), [an_intent_row(number) for number in range(count + 1)]

    def write(row: Order) -> Spent:
        return timed(lambda: database.write(lambda: intent(row)))

    write(rows[0])
    append()
    written, appended = [], []
    with counted_writes() as commits:
        for row in rows[1:]:
            appended.append(append())
            written.append(write(row))
    rate = count / sum(each.wall_s for each in written)
    return Measured(written, rate, commits.count / count), middle(appended)


def together(database: Database, count: int, unit: Callable[[Order], None]) -> Measured:
    """Some threads at once, each with one unit after the other."""
    rows = [an_intent_row(number) for number in range(count)]
    left, spent = iter(rows), list[Spent]()

    def work() -> None:
        for row in left:
            spent.append(timed(partial(database.write, partial(unit, row))))

    threads = [Thread(target=work) for _ in range(WRITERS)]
    with counted_writes() as commits:
        begun, cpu = perf_counter(), process_time()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        elapsed, each = perf_counter() - begun, (process_time() - cpu) / count
    # The CPU of a process is that of all its threads: of each intent it is a share.
    return Measured([one._replace(cpu_s=each) for one in spent], count / elapsed, commits.count / count)


def by_one_thread(database: Database, count: int) -> Measured:
    """As many intents in each transaction as there are writers otherwise."""
    intent, rows = an_intent(database), [an_intent_row(number) for number in range(count)]

    def commit(first: int) -> None:
        with database.transaction():
            for row in rows[first : first + WRITERS]:
                intent(row)

    return a_share([timed(partial(commit, first)) for first in range(0, count, WRITERS)], count, WRITERS)


def a_share(spent: Sequence[Spent], count: int, group: int) -> Measured:
    """Transactions of ``group`` intents each: of the CPU its share, of the wait all of it."""
    each = [one._replace(cpu_s=one.cpu_s / group) for one in spent]
    return Measured(each, count / sum(one.wall_s for one in spent), 1 / group)


def bare(filled: Path, folder: Path, group: int) -> Measured:
    """The rows of a database written again by sqlite3, ``group`` in a transaction."""
    with closing(sqlite3.connect(filled)) as source:
        found = {table.name: source.execute(f"SELECT * FROM {table.name}").fetchall() for table in (orders, ledger)}  # noqa: S608
        schema = [sql for (sql,) in source.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
    with closing(sqlite3.connect(folder / f"bare-{group}.db", isolation_level=None)) as target:
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            target.execute(f"PRAGMA {pragma}").fetchall()
        for statement in schema:
            target.execute(statement)
        texts = {
            name: f"INSERT INTO {name} VALUES ({', '.join('?' * len(rows[0]))})"  # noqa: S608
            for name, rows in found.items()
        }
        spent = []
        for first in range(0, len(found["orders"]), group):

            def commit(first: int = first) -> None:
                target.execute("BEGIN IMMEDIATE")
                for name, rows in found.items():
                    target.executemany(texts[name], rows[first : first + group])
                target.execute("COMMIT")

            spent.append(timed(commit))
    return a_share(spent, len(found["orders"]), group)


def bare_server(filled: str, empty: str) -> Measured:
    """The rows of a schema written again by psycopg into another, each with its four trips to the server."""
    # Not every machine that measures SQLite has it.
    import psycopg

    open_database(empty).close()
    with psycopg.connect(filled) as source, psycopg.connect(empty, autocommit=True) as target:
        texts, found = [], []
        for table in (orders, ledger):
            names = ", ".join(column.name for column in table.columns)
            found.append(source.execute(f"SELECT {names} FROM {table.name}").fetchall())  # noqa: S608
            texts.append(f"INSERT INTO {table.name} ({names}) VALUES ({', '.join(['%s'] * len(names.split()))})")  # noqa: S608

        def commit(rows: Sequence[tuple[object, ...]]) -> None:
            target.execute(f"BEGIN; SELECT pg_advisory_xact_lock({WRITE_LOCK})")
            for text, row in zip(texts, rows, strict=True):
                target.execute(text, row)
            target.execute("COMMIT")

        spent = [timed(partial(commit, rows)) for rows in zip(*found, strict=True)]
    return a_share(spent, len(spent), 1)


@contextmanager
def a_schema(address: str) -> Iterator[str]:
    """A schema of its own in a PostgreSQL database."""
    name, engine = f"intents_{secrets.token_hex(6)}", create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        try:
            yield f"{address}?options=-csearch_path%3D{name}"
        finally:
            connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
    engine.dispose()


def row(name: str, measured: Measured, floor: Spent | None, reach: float | None = None) -> Row:
    """One line of the table; a transaction is one wait for the disk, whatever is in it."""
    each = middle(measured.spent)
    return {
        "what": name,
        "median us": round(1e6 * each.wall_s, 1),
        "p95 us": round(1e6 * slow(measured.spent), 1),
        "cpu us an intent": round(1e6 * each.cpu_s, 1),
        "fdatasync us": None if floor is None else round(1e6 * floor.wall_s, 1),
        "x fdatasync": None if floor is None else round(each.wall_s / floor.wall_s, 2),
        "reach x": reach,
        "intents a commit": round(1 / measured.commits, 1),
        "a second": round(measured.rate),
    }


def slow(spent: Sequence[Spent]) -> float:
    """Wall time that nineteen of twenty stay under, in seconds; of a single one its own."""
    times = [one.wall_s for one in spent]
    return quantiles(times, n=20)[18] if len(times) > 1 else times[0]


def single(url: str, name: str, count: int, append: Callable[[], Spent], anchor: Path | None = None) -> Row:
    """One writer on a new database."""
    with closing(open_database(url)) as database:
        measured, floor = in_turn(database, count, append, anchor)
    return row(name, measured, floor, REACH_RATIO)


def many(url: str, name: str, count: int) -> Row:
    """All writers on a new database."""
    with closing(open_database(url)) as database:
        measured = together(database, count, an_intent(database))
        found = SqlLedger(database).verify()
    assert (found.ok, found.entries) == (True, count), found
    return row(name, measured, None) | {"reach a second": REACH_RATE}


def parts(file: str, count: int) -> list[Row]:
    """What becomes of them without the writing, and without the threads."""
    with closing(open_database(file.format("turns"))) as database:
        turns = row("turns, nothing written", together(database, count, lambda _row: None), None)
    with closing(open_database(file.format("thread"))) as database:
        alone = row("one thread, groups of 32", by_one_thread(database, count), None)
    return [each | {"reach a second": None} for each in (turns, alone)]


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--count", type=int, default=400, help="intents of one writer; 32 write ten times as many")
    parser.add_argument("--folder", type=Path, help="where to write; the temporary folder if left out")
    parser.add_argument("--postgres", metavar="URL", help="a database to measure beside SQLite")
    chosen = parser.parse_args()
    report, count = Report("intents"), chosen.count
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name, an_appender(Path(name)) as append:
        folder = Path(name)
        file = f"sqlite:///{folder}/{{}}.db"
        singles = [
            single(file.format("alone"), "SQLite", count, append),
            single(file.format("anchored"), "SQLite, with the anchor file", count, append, folder / "ledger.anchor"),
        ]
        several = [many(file.format("together"), "SQLite", 10 * count), *parts(file, 10 * count)]
        filled = folder / "together.db"
        singles.append(row("bare sqlite3", bare(filled, folder, 1), None))
        several.append(
            row("bare sqlite3, groups of 32", bare(filled, folder, WRITERS), None) | {"reach a second": None}
        )
        if chosen.postgres is not None:
            server = make_url(chosen.postgres).set(drivername="postgresql").render_as_string(hide_password=False)
            with a_schema(server) as url, a_schema(server) as other:
                singles.append(single(url, "PostgreSQL", count, append))
                singles.append(row("bare psycopg, four trips", bare_server(url, other), None))
            with a_schema(server) as url:
                several.append(many(url, "PostgreSQL", 10 * count))
    report.add("Durable intent, one writer", singles)
    report.add(f"Durable intents, {WRITERS} writers", several)
    report.write(chosen.json)


if __name__ == "__main__":
    main()
