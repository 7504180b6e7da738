"""Group commit: what waits together becomes durable together, each fails alone, and no acknowledged one is lost."""

import multiprocessing
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import ContextVar
from random import Random

import pytest
from sqlalchemy import event, make_url, select
from sqlalchemy.exc import IntegrityError, OperationalError

from domain.errors import ConfigurationError, RetryableError
from domain.orders import OrderStatus
from domain.record.entries import RecordKind
from tests.builders.execution import own_schema
from tests.builders.market import NOON
from tests.builders.writers import an_intent_writer, write_until_killed
from tests.servers.breaking_line import BreakingLine
from trading.store.database import open_database
from trading.store.ledger import SqlLedger
from trading.store.orders import OrderStore
from trading.store.tables import cursors

SPAWN = multiprocessing.get_context("spawn")


class Fatal(BaseException):
    """Ends the thread that it reaches."""


def put(database, name):
    """A unit that notes what was there before it."""

    def unit():
        with database.transaction() as connection:
            before = set(connection.execute(select(cursors.c.name)).scalars())
            connection.execute(cursors.insert().values(name=name, at=NOON))
        return before

    return unit


def names(database):
    with database.reading() as connection:
        return set(connection.execute(select(cursors.c.name)).scalars())


def side_by_side(database, units):
    """Let every unit wait for its turn, then run them: what each answered or raised, and how many commits it took."""
    commits = []

    def committed(connection):
        commits.append(connection)

    with ThreadPoolExecutor(len(units)) as pool, database.transaction():
        writes = []
        for unit in units:
            writes.append(pool.submit(database.write, unit))
            while len(database._turns._waiting) < len(writes):
                time.sleep(0.001)
        event.listen(database._engine, "commit", committed)
    event.remove(database._engine, "commit", committed)
    return [write.exception() or write.result() for write in writes], len(commits)


def test_a_unit_runs_in_the_context_of_its_writer_whoever_runs_it(database):
    cycle = ContextVar("cycle", default="none")

    class Writing:
        """The database as each of several cycles writes to it."""

        _turns, _engine, transaction = database._turns, database._engine, database.transaction

        def write(self, name):
            cycle.set(name)
            return database.write(cycle.get)

    told, commits = side_by_side(Writing(), ["first", "second", "third"])
    assert (told, commits) == (["first", "second", "third"], 2)


def test_a_single_write_is_a_transaction_of_its_own(database):
    assert database.write(put(database, "alone")) == set()
    assert names(database) == {"alone"}


def test_what_waits_together_is_committed_together_and_each_sees_those_before_it(database):
    told, commits = side_by_side(database, [put(database, f"unit-{number}") for number in range(32)])
    assert sorted(len(before) for before in told) == list(range(32)), "one after the other"
    assert commits == 2, "the transaction that they waited for, and theirs"
    assert len(names(database)) == 32


@pytest.mark.parametrize("place", [pytest.param(0, id="first"), pytest.param(1, id="in_the_middle")])
@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        pytest.param("raises", ZeroDivisionError, id="an_error_of_its_own"),
        pytest.param("taken", IntegrityError, id="a_key_that_is_taken"),
    ],
)
def test_a_unit_that_fails_is_undone_alone(database, place, wrong, error):
    database.write(put(database, "taken"))
    ledger, after = SqlLedger(database), []

    def fails():
        ledger.append(RecordKind.CONTROL, "undone", {}, at=NOON)
        database.after_commit(lambda: after.append("undone"))
        put(database, wrong)()
        if wrong == "raises":
            raise ZeroDivisionError

    def records(name):
        def unit():
            ledger.append(RecordKind.CONTROL, name, {}, at=NOON)
            return name

        return unit

    units = [records("a"), records("b"), records("c")]
    units.insert(place, fails)
    told, _ = side_by_side(database, units)
    assert isinstance(told.pop(place), error)
    assert told == ["a", "b", "c"]
    assert [entry.subject for entry in ledger.entries()] == ["a", "b", "c"]
    assert (names(database), after) == ({"taken"}, [])
    assert ledger.verify().ok


def test_where_the_commit_fails_everybody_is_told_and_nothing_is_stored(database):
    def full():
        if len(seen) == 1:
            raise OperationalError("COMMIT", {}, sqlite3.OperationalError("database or disk is full"))
        seen.append("the first transaction")

    seen: list[str] = []
    database.along(full)
    told, _ = side_by_side(database, [put(database, f"unit-{number}") for number in range(5)])
    assert {type(each) for each in told} == {ConfigurationError}
    assert all("full" in str(each) for each in told)
    assert names(database) == set()
    seen.clear()
    assert database.write(put(database, "later")) == set(), "with room again it goes on"


@pytest.mark.postgres
def test_a_connection_that_is_lost_fails_the_whole_group_and_the_next_write_has_a_new_one(postgres_url):
    database = open_database(own_schema(postgres_url, "store"))

    def cut_off():
        with database.transaction() as connection:
            connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    told, _ = side_by_side(database, [put(database, "before"), cut_off, put(database, "behind")])
    # Who was behind may have waited for the next group.
    assert [type(each) for each in told[:2]] == [RetryableError] * 2
    assert names(database) == ({"behind"} if isinstance(told[2], set) else set())
    assert isinstance(database.write(put(database, "later")), set)
    database.close()


@pytest.mark.postgres
@pytest.mark.parametrize("heard", [True, False], ids=["it_is_stored", "it_is_not"])
def test_a_commit_whose_answer_is_lost_is_told_as_what_it_is(postgres_url, heard):
    address = make_url(own_schema(postgres_url, "store"))
    with BreakingLine(("127.0.0.1", address.port or 5432), heard=heard) as line:
        through = address.set(port=line.port).update_query_dict({"sslmode": "disable", "gssencmode": "disable"})
        database = open_database(through.render_as_string(hide_password=False))
        line.breaks_at = b"COMMIT"
        with pytest.raises(RetryableError, match="stored or not") as caught:
            database.write(put(database, "unheard"))
        assert "Look" in caught.value.remedy
        assert names(database) == ({"unheard"} if heard else set())
        assert database.write(put(database, "later")) == ({"unheard"} if heard else set())
        database.close()


def test_a_disk_that_is_full_fails_the_whole_group_with_one_clear_line(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'sage.db'}")
    write = an_intent_writer(database)
    kept = write("kept")
    with database.transaction() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    told, _ = side_by_side(database, [lambda n=number: write(f"dec-{n}") for number in range(64)])
    failed = [each for each in told if isinstance(each, Exception)]
    stored = {order.client_order_id for order in OrderStore(database).newest(99)}
    assert failed
    assert all(isinstance(each, ConfigurationError) and "full" in str(each) for each in failed)
    assert stored == {kept, *(each for each in told if not isinstance(each, Exception))}
    assert SqlLedger(database).verify().ok
    database.close()


def test_in_a_locked_file_every_writer_is_told_to_try_again(tmp_path):
    path = tmp_path / "sage.db"
    database = open_database(f"sqlite:///{path}", lock_wait_s=0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for _ in range(2):
        with pytest.raises(RetryableError, match="locked"):
            database.write(put(database, "alone"))
    other.close()
    assert database.write(put(database, "later")) == set()
    database.close()


def test_who_waits_too_long_for_another_thread_gives_up_and_writes_nothing(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'sage.db'}", lock_wait_s=0)
    errors = []

    def write():
        for attempt in (lambda: database.write(put(database, "late")), put(database, "late")):
            try:
                attempt()
            except RetryableError as error:
                errors.append(error)

    with database.transaction():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert len(errors) == 2
    assert names(database) == set()
    database.close()


def test_an_interrupt_ends_its_own_thread_and_leaves_nobody_waiting(database):
    def dies():
        raise Fatal

    told, _ = side_by_side(database, [put(database, "before"), dies, put(database, "behind")])
    # Whoever leads the group is interrupted; what it had taken is not stored, and what still waits goes on.
    assert any(isinstance(each, Fatal) for each in told)
    stored = names(database)
    assert stored == {name for name, each in zip(("before", "", "behind"), told, strict=True) if isinstance(each, set)}


def test_a_write_inside_a_transaction_is_part_of_it(database):
    def fail_after_it():
        with database.transaction():
            database.write(put(database, "inner"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_it()
    assert names(database) == set()
    with database.reading(), pytest.raises(RuntimeError, match="inside a read"):
        database.write(put(database, "inner"))


def test_a_transaction_that_the_database_has_undone_is_no_success(database):
    def write_and_lose():
        with database.transaction() as connection:
            connection.execute(cursors.insert().values(name="lost", at=NOON))
            connection.exec_driver_sql("ROLLBACK")

    with pytest.raises(ConfigurationError, match="undid"):
        write_and_lose()
    assert names(database) == set()


@pytest.mark.postgres
def test_an_error_that_is_caught_inside_a_transaction_does_not_lose_the_rest_unseen(postgres_url):
    database = open_database(own_schema(postgres_url, "store"))

    def write_and_catch():
        with database.transaction() as connection:
            connection.execute(cursors.insert().values(name="lost", at=NOON))
            with suppress(IntegrityError):
                connection.execute(cursors.insert().values(name="lost", at=NOON))

    with pytest.raises(ConfigurationError, match="undid"):
        write_and_catch()
    assert names(database) == set()
    database.close()


@pytest.mark.parametrize("seed", range(3))
def test_no_acknowledged_intent_is_lost_to_a_kill(url, tmp_path, seed):
    open_database(url).close()
    killed = SPAWN.Process(target=write_until_killed, args=(url, tmp_path))
    killed.start()
    noted, enough = tmp_path / "acknowledged", Random(seed).randint(1, 600)
    while killed.is_alive() and (not noted.exists() or noted.read_bytes().count(b"\n") < enough):
        time.sleep(0.001)
    killed.kill()
    killed.join()
    acknowledged = set(noted.read_text().split())
    assert len(acknowledged) >= enough
    database = open_database(url)
    orders, ledger = OrderStore(database), SqlLedger(database, anchor=tmp_path / "ledger.anchor")
    stored = {order.client_order_id for order in orders.newest(1_000_000)}
    assert acknowledged <= stored
    assert {entry.subject for entry in ledger.entries(kind=RecordKind.ORDER)} == stored, "row and record, or neither"
    assert {order.status for order in orders.newest(9)} == {OrderStatus.INTENT}
    assert ledger.verify().ok
    an_intent_writer(database)("the-next-process")
    assert ledger.verify().ok
    database.close()
