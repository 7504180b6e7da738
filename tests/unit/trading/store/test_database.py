"""One database: serialised writes, joined transactions, exact values, and one clear line when it cannot be used."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import psycopg
import pytest
from sqlalchemy import make_url, select
from sqlalchemy.exc import IntegrityError

from domain.errors import ConfigurationError, DataQualityError, OversightError, RetryableError
from tests.builders.execution import own_schema
from tests.builders.market import NOON
from trading.store.database import open_database
from trading.store.tables import charges, cursors, high_water, schema_version, transfers


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
