"""One database: serialised writes, joined transactions, exact values, and one clear line when it cannot be used."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import psycopg
import pytest
from sqlalchemy import event, make_url, select
from sqlalchemy.exc import IntegrityError

from domain.errors import ConfigurationError, DataQualityError, OversightError, RetryableError
from tests.builders.execution import own_schema
from tests.builders.market import NOON
from trading.store.database import Database, open_database
from trading.store.tables import charges, cursors, high_water, schema_version, transfers
from trading.store.writing.prepared import Prepared, Query, fetched, given


def count(database, table):
    with database.reading() as connection:
        return len(connection.execute(select(table)).all())


def test_what_was_written_is_there_after_opening_again(url):
    first = open_database(url)
    with first.transaction() as connection:
        connection.execute(cursors.insert().values(name="demo", at=NOON))
    first.close()
    second = open_database(url)
    assert count(second, cursors) == 1
    second.close()


def test_an_inner_transaction_commits_with_the_outer_one(database):
    def fail_after_the_inner_one():
        with database.transaction():
            with database.transaction() as connection:
                connection.execute(cursors.insert().values(name="demo", at=NOON))
            assert count(database, cursors) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_the_inner_one()
    assert count(database, cursors) == 0


def test_a_write_inside_a_read_is_refused_and_not_lost(database):
    def write_inside_a_read():
        with database.reading(), database.transaction():
            pass

    with pytest.raises(RuntimeError, match="write was asked for inside a read"):
        write_inside_a_read()


def test_threads_do_not_lose_each_others_updates(database):
    with database.transaction() as connection:
        connection.execute(high_water.insert().values(id=1, peak_equity=Decimal(0)))

    def add_ten_times():
        for _ in range(10):
            with database.transaction() as connection:
                peak = connection.execute(select(high_water.c.peak_equity)).scalar_one()
                connection.execute(high_water.update().values(peak_equity=peak + 1))

    threads = [threading.Thread(target=add_ten_times) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as connection:
        assert connection.execute(select(high_water.c.peak_equity)).scalar_one() == 40


@pytest.mark.parametrize(
    "amount",
    [
        pytest.param(Decimal("0.000000000001"), id="twelve_decimals"),
        pytest.param(Decimal("123456789012345.123456789012"), id="long"),
        pytest.param(Decimal("0.1"), id="no_binary_form"),
        pytest.param(Decimal("-1E+3"), id="exponent"),
    ],
)
def test_money_comes_back_exactly(database, amount):
    with database.transaction() as connection:
        connection.execute(transfers.insert().values(transfer_id="t", at=NOON, amount=amount))
    with database.reading() as connection:
        assert connection.execute(select(transfers.c.amount)).scalar_one() == amount


def test_times_come_back_aware_in_utc_and_sort(database):
    new_york = datetime(2026, 3, 17, 11, 0, 0, 250, tzinfo=timezone(timedelta(hours=-4)))
    with database.transaction() as connection:
        connection.execute(cursors.insert(), [{"name": "later", "at": new_york}, {"name": "sooner", "at": NOON}])
    with database.reading() as connection:
        found = connection.execute(select(cursors.c.at).order_by(cursors.c.at)).scalars().all()
    assert found == [NOON, new_york]
    assert [moment.utcoffset() for moment in found] == [timedelta(0)] * 2


def test_a_time_without_zone_is_refused(database):
    with pytest.raises(Exception, match="names no zone") as caught, database.transaction() as connection:
        connection.execute(cursors.insert().values(name="demo", at=datetime(2026, 3, 17)))  # noqa: DTZ001
    assert isinstance(caught.value, DataQualityError) or isinstance(caught.value.__cause__, DataQualityError)


def test_a_taken_key_is_the_callers_to_judge(database):
    with pytest.raises(IntegrityError), database.transaction() as connection:
        connection.execute(cursors.insert(), [{"name": "demo", "at": NOON}, {"name": "demo", "at": NOON}])


def test_actions_run_once_after_the_commit_and_never_after_a_rollback(database):
    seen = []

    def note():
        seen.append(count(database, cursors))

    with database.transaction() as connection:
        connection.execute(cursors.insert().values(name="demo", at=NOON))
        database.after_commit(note)
        database.after_commit(note)
        assert seen == []

    def fail():
        with database.transaction():
            database.after_commit(note)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert seen == [1]


def test_what_comes_afterwards_comes_once_after_a_commit_after_a_rollback_and_after_a_read(database):
    told = []

    def tell():
        with database.transaction():
            told.append(count(database, cursors))

    database.afterwards(tell)
    assert told == [0], "at once where nothing runs"
    with database.transaction() as connection:
        database.afterwards(tell)
        database.afterwards(tell)
        connection.execute(cursors.insert().values(name="demo", at=NOON))
        assert told == [0]
    assert told == [0, 1]

    def fail():
        with database.transaction() as connection:
            database.afterwards(tell)
            connection.execute(cursors.delete())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert told == [0, 1, 1]
    with database.reading(), database.reading():
        database.afterwards(tell)
    assert told == [0, 1, 1, 1]


def test_what_comes_along_is_part_of_every_write_and_of_no_read(database):
    told = []

    def tell():
        with database.transaction() as connection:
            told.append(connection.execute(select(cursors.c.name)).scalars().all())
            connection.execute(cursors.insert().values(name=f"along-{len(told)}", at=NOON))

    database.along(tell)
    with database.reading():
        pass
    with database.transaction() as connection, database.transaction():
        connection.execute(cursors.insert().values(name="demo", at=NOON))
    assert told == [["demo"]], "once, last"
    assert count(database, cursors) == 2

    def fail():
        with database.transaction():
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (len(told), count(database, cursors)) == (1, 2)


def test_a_database_that_lacks_only_a_table_gets_it_and_keeps_the_rest(url):
    database = open_database(url)
    with database.transaction() as connection:
        connection.execute(cursors.insert().values(name="kept", at=NOON))
        charges.drop(connection)
        connection.execute(schema_version.update().values(version=2))
    database.close()
    database = open_database(url)
    assert (count(database, charges), count(database, cursors)) == (0, 1)
    database.close()
    open_database(url).close()


@pytest.mark.parametrize("version", [pytest.param(1, id="older"), pytest.param(99, id="newer")])
def test_another_schema_version_is_refused(url, version):
    database = open_database(url)
    with database.transaction() as connection:
        connection.execute(schema_version.update().values(version=version))
    database.close()
    with pytest.raises(ConfigurationError, match=f"schema version {version}, .* start with a new file"):
        open_database(url)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        pytest.param("nonsense", "not a database URL", id="no_url"),
        pytest.param("mysql://localhost/sage", "mysql", id="other_database"),
        pytest.param("oracle+nope://localhost/sage", "oracle", id="unknown_driver"),
        pytest.param("sqlite://", "in memory", id="memory"),
        pytest.param("sqlite:////proc/nowhere/sage.db", "folder", id="no_such_folder"),
        pytest.param("sqlite:////tmp", "cannot be used", id="a_folder"),
        pytest.param("postgresql://nobody@127.0.0.1:1/none", "does not answer", id="no_server"),
    ],
)
def test_an_address_that_leads_nowhere_is_one_clear_line(url, told):
    with pytest.raises(OversightError, match=told) as caught:
        open_database(url)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "content", [pytest.param(b"not a database at all" * 100, id="text"), pytest.param(b"\x00" * 4096, id="zeros")]
)
def test_a_file_that_is_no_database_is_one_clear_line(tmp_path, content):
    (tmp_path / "sage.db").write_bytes(content)
    with pytest.raises(ConfigurationError, match="cannot be used"):
        open_database(f"sqlite:///{tmp_path / 'sage.db'}")


NAMES = Query(select(cursors.c.name).where(cursors.c.name >= given("least")), "least")
PUT = Prepared(cursors.insert(), ("name", "at"))


@contextmanager
def reset_connections(postgres_url, how):
    """A database whose connections, that to write with and the one to read with, have lost what they had prepared."""
    database = open_database(own_schema(postgres_url, "store"))
    with database.transaction() as connection:
        PUT.run(connection, ("demo", NOON))
    with database.reading() as connection:
        assert NAMES.rows(connection, "")
    with database.transaction() as connection:
        assert NAMES.rows(connection, "")
        if how.startswith("ALTER"):
            connection.exec_driver_sql(how)
    for context in (database.reading, database.transaction) if how.startswith("DEALL") else ():
        with context() as connection:
            connection.exec_driver_sql(how)
    with closing(database):
        yield database
        with database.transaction() as connection:  # the schema is the next test's too
            connection.exec_driver_sql("ALTER TABLE cursors ALTER name TYPE text")


GONE = pytest.mark.parametrize(
    "how",
    [
        pytest.param("DEALLOCATE ALL", id="reset"),
        pytest.param("ALTER TABLE cursors ALTER name TYPE varchar(40)", id="another_type_of_a_column"),
    ],
)


@pytest.mark.postgres
@GONE
def test_a_read_whose_prepared_statements_are_gone_is_done_once_more_unseen(postgres_url, how):
    with reset_connections(postgres_url, how) as database:
        for _ in range(2):
            with database.reading() as connection:
                assert [NAMES.rows(connection, least) for least in ("", "e")] == [[("demo",)], []]


@pytest.mark.postgres
@GONE
@pytest.mark.parametrize(
    "first",
    [
        pytest.param(lambda connection: connection.execute(select(cursors)).all(), id="by_an_expression"),
        pytest.param(lambda connection: fetched(connection, "SELECT 1"), id="straight"),
    ],
)
def test_within_a_view_that_was_begun_it_fails_once_because_another_would_be_newer(postgres_url, how, first):
    with reset_connections(postgres_url, how) as database:

        def look():
            with database.reading() as connection:
                first(connection)
                NAMES.rows(connection, "")

        with pytest.raises(RetryableError, match=r"reset meanwhile: .* Try again"):
            look()
        with database.reading() as connection:
            assert NAMES.rows(connection, "") == [("demo",)]


@pytest.mark.postgres
@GONE
def test_a_write_whose_prepared_statements_are_gone_stores_nothing_and_the_next_one_goes(postgres_url, how):
    with reset_connections(postgres_url, how) as database:

        def write():
            with database.transaction() as connection:
                connection.execute(cursors.insert().values(name="before", at=NOON))
                NAMES.rows(connection, "")
                PUT.run(connection, ("behind", NOON))

        with pytest.raises(RetryableError, match=r"reset meanwhile: .* Try again"):
            write()
        assert count(database, cursors) == 1
        write()
        assert count(database, cursors) == 3


@pytest.mark.postgres
def test_behind_a_pooler_another_process_has_no_other_statement_under_the_same_name(postgres_url):
    """Both count from nought, and over one connection of the server the name of the one must not run the other's."""
    database = open_database(own_schema(postgres_url, "store"))
    with database.reading() as connection:
        NAMES.rows(connection, "")
        Query(select(cursors.c.at).where(cursors.c.name >= given("least")), "least").rows(connection, "")
        names = connection.exec_driver_sql("SELECT name FROM pg_prepared_statements").scalars().all()
    assert len({name.rpartition("_")[0] for name in names}) == 2, "each of its own text"
    database.close()


@pytest.mark.postgres
def test_connections_that_a_restarted_server_has_closed_are_replaced_unseen(postgres_url):
    database = open_database(own_schema(postgres_url, "store"))

    def its_number():
        with database.reading() as connection:
            return connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()

    for look in (its_number, lambda: count(database, cursors)):
        with ThreadPoolExecutor(1) as pool, database.transaction():
            idle = {its_number(), pool.submit(its_number).result()}
        assert len(idle) == 2
        with psycopg.connect(make_url(postgres_url).set(drivername="postgresql").render_as_string(False)) as server:
            server.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s::int[]) pid", (list(idle),))
        look()
        with database.transaction() as connection:
            connection.execute(cursors.delete())
    database.close()


def test_who_goes_on_in_a_transaction_that_was_lost_is_told_in_one_line(database):
    def write():
        with database.transaction() as connection:
            connection.execute(cursors.insert().values(name="demo", at=NOON))
            connection.invalidate()  # as the driver's error does, which somebody has caught
            connection.execute(cursors.insert().values(name="more", at=NOON))

    for attempt in (write, lambda: database.write(write)):
        with pytest.raises(RetryableError, match="was lost inside a transaction"):
            attempt()
    assert count(database, cursors) == 0


@pytest.mark.parametrize("context", [Database.transaction, Database.reading], ids=["write", "read"])
def test_closed_while_another_thread_is_at_it_nothing_waits_and_its_connection_is_closed_behind_it(database, context):
    begun, closed, opened = threading.Event(), threading.Event(), []
    event.listen(database._engine.pool, "connect", lambda raw, _record: opened.append(raw))

    def use():
        with context(database) as connection:
            opened.append(connection.connection.dbapi_connection)
            begun.set()
            assert closed.wait(20)
            count(database, cursors)

    with ThreadPoolExecutor(1) as pool:
        used = pool.submit(use)
        assert begun.wait(20)
        database.close()
        closed.set()
        used.result(20)
    assert database._kept is None
    for raw in opened:
        with pytest.raises((sqlite3.ProgrammingError, psycopg.OperationalError), match="closed"):
            raw.execute("SELECT 1")


def test_an_interrupt_gives_the_lock_back_also_while_somebody_holds_what_it_hit(tmp_path):
    """SQLite ends a transaction with its connection only once every cursor of that is gone."""
    path = tmp_path / "sage.db"
    database = open_database(f"sqlite:///{path}")

    def interrupted(cursor, statement, values, _context):
        cursor.execute(statement, values)
        held.append(cursor)  # as the traceback does
        raise KeyboardInterrupt

    def write():
        with database.transaction() as connection:
            connection.execute(cursors.insert().values(name="demo", at=NOON))
            event.listen(database._engine, "do_execute", interrupted, once=True)
            connection.execute(select(cursors))

    held: list[sqlite3.Cursor] = []
    with pytest.raises(KeyboardInterrupt):
        write()
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
    assert (len(held), count(database, cursors)) == (1, 0)
    database.close()


def test_a_password_is_never_told():
    with pytest.raises(RetryableError) as caught:
        open_database("postgresql://sage:hunter2@127.0.0.1:1/sage")
    assert "hunter2" not in str(caught.value)


def test_a_locked_file_can_be_tried_again(tmp_path):
    path = tmp_path / "sage.db"
    database = open_database(f"sqlite:///{path}", lock_wait_s=0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RetryableError, match="locked"), database.transaction():
        pass
    other.close()
    with database.transaction():
        pass
    database.close()
