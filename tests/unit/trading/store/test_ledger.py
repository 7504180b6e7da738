"""The ledger: what is appended stays, and every way to tamper with it is found and located."""

import re
import threading
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from domain.errors import IntegrityError as BrokenRecord
from domain.record.canonical import digest
from domain.record.entries import GENESIS, RecordKind
from tests.builders.execution import an_order
from tests.builders.market import NOON
from trading.store.database import open_database
from trading.store.ledger import SqlLedger
from trading.store.tables import ledger as table
from trading.store.tables import ledger_head

DROP = {
    "sqlite": ("DROP TRIGGER ledger_no_update", "DROP TRIGGER ledger_no_delete"),
    "postgresql": ("DROP TRIGGER ledger_no_change ON ledger",),
}


@pytest.fixture
def anchor(tmp_path):
    return tmp_path / "ledger.anchor"


@pytest.fixture
def ledger(database, anchor):
    """Five entries."""
    made = SqlLedger(database, anchor=anchor)
    for number in range(1, 6):
        made.append(RecordKind.ORDER, f"ord-{number}", {"qty": Decimal(number)}, at=NOON, cycle_id="cyc-1")
    return made


@pytest.fixture
def tamper(database, ledger):
    """Write into the database as somebody with its password would."""
    with database.transaction() as connection:
        for statement in DROP[connection.dialect.name]:
            connection.exec_driver_sql(statement)

    def run(*statements):
        with database.transaction() as connection:
            for statement in statements:
                connection.execute(statement)

    return run


def test_an_intact_chain_verifies(ledger):
    report = ledger.verify()
    assert (report.ok, report.entries, report.problems) == (True, 5, ())
    assert report.head == ledger.head()


def test_an_empty_ledger_is_intact_and_ends_at_genesis(database):
    empty = SqlLedger(database)
    assert empty.head() == GENESIS
    assert empty.verify().ok


def test_entries_are_found_by_subject_cycle_and_kind(ledger):
    ledger.append(RecordKind.FILL, "ord-2", ("a", "list"), at=NOON, cycle_id="cyc-2", cause="ord-2")
    assert [entry.seq for entry in ledger.entries(subject="ord-2")] == [2, 6]
    assert [entry.seq for entry in ledger.entries(cycle_id="cyc-2")] == [6]
    assert [entry.seq for entry in ledger.entries(kind=RecordKind.FILL)] == [6]
    assert ledger.entries(kind=RecordKind.FILL)[0].body == {"value": ["a", "list"]}


@pytest.mark.parametrize("page", [1, 2, 5, 100])
def test_facts_are_read_backwards_page_by_page_down_to_a_number(ledger, monkeypatch, page):
    monkeypatch.setattr("trading.store.ledger.PAGE", page)
    ledger.append(RecordKind.ALERT, "alert", {"key": "other"}, at=NOON)
    assert [entry.seq for entry in ledger.backwards(RecordKind.ORDER)] == [5, 4, 3, 2, 1]
    assert [entry.seq for entry in ledger.backwards(RecordKind.ORDER, after=3)] == [5, 4]
    assert [entry.seq for entry in ledger.backwards(RecordKind.ORDER, subject="ord-2")] == [2]
    assert next(ledger.backwards(RecordKind.ALERT)).body == {"key": "other"}


def test_a_record_can_be_any_value_with_a_canonical_form(ledger):
    ledger.append(RecordKind.ORDER, "ord-9", an_order(), at=NOON)
    (entry,) = ledger.entries(subject="ord-9")
    assert entry.body["limit_price"] == "100.2"


def test_an_append_is_undone_with_its_transaction(database, ledger):
    def fail_after_an_append():
        with database.transaction():
            ledger.append(RecordKind.ORDER, "ord-6", {}, at=NOON)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_an_append()
    assert ledger.verify().entries == 5


def test_after_a_commit_that_failed_the_chain_goes_on_where_it_was(database, ledger):
    def fail():
        raise ZeroDivisionError

    def fail_as_the_last_part():
        with database.transaction():
            ledger.append(RecordKind.ORDER, "ord-6", {}, at=NOON)
            database.before_commit(fail)

    with pytest.raises(ZeroDivisionError):
        fail_as_the_last_part()
    ledger.append(RecordKind.ORDER, "ord-7", {}, at=NOON)
    assert [entry.subject for entry in ledger.entries()][5:] == ["ord-7"]
    assert ledger.verify().ok


def test_processes_that_take_turns_extend_one_chain(url, ledger, anchor):
    other_database = open_database(url)
    other = SqlLedger(other_database, anchor=anchor)
    for name in ("a", "b"):
        for each in (other, ledger):
            each.append(RecordKind.FILL, name, {}, at=NOON)
    report = ledger.verify()
    assert (report.ok, report.entries) == (True, 9)
    other_database.close()


def test_threads_extend_one_chain(database, ledger):
    def append():
        for number in range(5):
            ledger.append(RecordKind.FILL, f"fill-{number}", {}, at=NOON)

    threads = [threading.Thread(target=append) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report = ledger.verify()
    assert (report.ok, report.entries) == (True, 20)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE ledger SET subject = 'other' WHERE seq = 2", id="update"),
        pytest.param("DELETE FROM ledger WHERE seq = 2", id="delete"),
    ],
)
def test_the_database_itself_refuses_to_change_the_ledger(database, ledger, statement):
    with pytest.raises(IntegrityError, match="append-only"), database.transaction() as connection:
        connection.execute(text(statement))
    assert ledger.verify().ok


def copied(seq, to):
    others = ", ".join(column.name for column in table.columns if column.name != "seq")
    return text(f"INSERT INTO ledger (seq, {others}) SELECT {to}, {others} FROM ledger WHERE seq = {seq}")  # noqa: S608


def edited(**changes):
    return table.update().where(table.c.seq == 3).values(changes)


def moved(seq, to):
    return table.update().where(table.c.seq == seq).values(seq=to)


@pytest.mark.parametrize(
    ("statements", "located"),
    [
        pytest.param([edited(body={"qty": "999"})], "entry 3 .* was edited", id="edit_body"),
        pytest.param([edited(at=NOON.replace(year=2020))], "entry 3 .* was edited", id="edit_time"),
        pytest.param([edited(kind="nonsense")], "entry 3 cannot be read", id="edit_kind"),
        pytest.param([text("UPDATE ledger SET body = '{' WHERE seq = 3")], "entry 3 cannot be read", id="spoil"),
        pytest.param([table.delete().where(table.c.seq == 3)], "entry 3 is missing before entry 4", id="delete"),
        pytest.param([moved(5, 6), moved(4, 5), copied(3, to=4)], "entry 4 does not follow", id="insert"),
        pytest.param([moved(3, 99), moved(4, 3), moved(99, 4)], "entry 3 does not follow", id="reorder"),
        pytest.param([table.delete().where(table.c.seq > 3)], "ends with entry 3 .* names entry 5", id="truncate"),
        pytest.param([copied(2, to=6)], "entry 6 does not follow", id="replay"),
        pytest.param([ledger_head.update().values(hash="f" * 64)], "the tail or the head was changed", id="head_swap"),
        pytest.param([ledger_head.update().values(entries=4)], "its head names entry 4", id="head_count"),
    ],
)
def test_tampering_is_found_and_located(ledger, tamper, statements, located):
    tamper(*statements)
    report = ledger.verify()
    assert not report.ok
    assert any(re.search(located, problem) for problem in report.problems), report.problems


def test_a_tail_cut_off_together_with_its_head_is_found_by_the_anchor(ledger, tamper):
    third = ledger.entries(subject="ord-3")[0]
    tamper(table.delete().where(table.c.seq > 3), ledger_head.update().values(entries=3, hash=third.hash))
    assert ledger.verify().problems == ("the anchor file names entry 5, the ledger ends with 3: cut off",)


def test_a_chain_written_anew_is_found_by_the_anchor(ledger, tamper):
    last = ledger.entries(subject="ord-5")[0]
    fields = {name: getattr(last, name) for name in type(last).__slots__ if name != "hash"} | {"body": {"qty": "1"}}
    forged = digest(fields)
    tamper(
        table.update().where(table.c.seq == 5).values(body={"qty": "1"}, hash=forged),
        ledger_head.update().values(hash=forged),
    )
    assert "written anew" in ledger.verify().problems[0]


@pytest.mark.parametrize("content", ["", "{", '{"entries":"x"}', "\x00"], ids=["empty", "torn", "wrong", "binary"])
def test_a_spoilt_anchor_is_told(ledger, anchor, content):
    anchor.write_text(content)
    assert "anchor file does not name an entry" in ledger.verify().problems[0]


def test_a_ledger_without_its_anchor_file_says_so(ledger, anchor):
    anchor.unlink()
    report = ledger.verify()
    assert not report.ok
    assert "anchor file" in report.problems[-1]
    ledger.append(RecordKind.ORDER, "ord-6", {}, at=NOON)
    assert anchor.exists()


def test_a_spoilt_entry_stops_a_reader_with_one_line(ledger, tamper):
    tamper(text("UPDATE ledger SET body = '{' WHERE seq = 3"))
    with pytest.raises(BrokenRecord, match="ledger entry 3 cannot be read"):
        ledger.entries()


def test_the_chain_does_not_depend_on_the_database(tmp_path, database, ledger):
    twin_database = open_database(f"sqlite:///{tmp_path / 'twin.db'}")
    twin = SqlLedger(twin_database)
    for number in range(1, 6):
        twin.append(RecordKind.ORDER, f"ord-{number}", {"qty": Decimal(number)}, at=NOON, cycle_id="cyc-1")
    assert twin.head() == ledger.head()
    twin_database.close()
