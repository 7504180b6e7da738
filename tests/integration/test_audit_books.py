"""`sage audit verify` on the tables: in each of them an edit, a row taken out and a row put in are found and placed."""

import json
import sqlite3
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.book import Charge
from domain.case import Pause
from domain.record.entries import RecordKind
from interfaces.service import Service
from tests.builders.execution import HandClock, own_schema
from tests.builders.market import NOON
from tests.builders.runtime import KORVA, LEAVING, NIMBO, OSTRE, TARQU, a_cycle, a_runtime
from tests.integration.test_commands import run
from trading.audit.books import NOT_PROVEN, PROVEN, check_books, readable
from trading.audit.finding import Fault, Finding
from trading.store.accounts.known_brokers import _place as beside
from trading.store.accounts.paper_tables import paper_positions
from trading.store.activity import Happening
from trading.store.people.roles import PeopleStore, Role
from trading.store.tables import metadata

ELSE = "somebody else"
EDITS: dict[str, tuple[str, Any]] = {
    "orders": ("qty", Decimal(7777)),
    "fills": ("realized_pnl", Decimal(500)),
    "lots": ("price", Decimal(1)),
    "trades": ("pnl", Decimal(999)),
    "symbol_times": ("at", NOON),
    "adjustments": ("cost", Decimal(1)),
    "charges": ("amount", Decimal("0.01")),
    "transfers": ("amount", Decimal(1)),
    "equity_points": ("equity", Decimal(1)),
    "equity_days": ("start_equity", Decimal(1)),
    "high_water": ("peak_equity", Decimal(1)),
    "approvals": ("answered_by", ELSE),
    "control": ("mode", "auto"),
    "pauses": ("until", NOON),
    "policies": ("by", ELSE),
    "incidents": ("what", "nothing"),
    "people": ("role", "owner"),
    "cycles": ("sequence", 77),
    "observations": ("digest", "0" * 64),
    "judged_cases": ("body", lambda body: {**body, "cycle_entries": 77}),
    "case_parts": ("body", {}),
    "model_calls": ("body", {}),
}
"""One column of every table that is compared, and what somebody writes into it."""
PLACED = {"cycles": "account and sequence", "observations": "body", "judged_cases": "digest of the body",
          "case_parts": "digest of the body"}  # fmt: skip
"""Which field is named where it is not the column itself."""
UNKNOWABLE = {"model_calls"}
"""Tables in which a row that nobody made cannot be told from one whose cycle has not come so far."""
NEW_KEY: dict[str, Any] = {"control": 2, "high_water": 2, "people": 99, "equity_points": NOON - timedelta(days=400),
           "equity_days": (NOON - timedelta(days=400)).date()}  # fmt: skip

UNIQUE: dict[str, dict[str, Any]] = {
    "approvals": {"decision_id": "dec-made-up"},
    "cycles": {"sequence": 77},
    "orders": {"leg": "made-up"},
}
"""What may not be twice."""

WITHOUT_REFERENCES = {
    "sqlite": "PRAGMA defer_foreign_keys = ON",
    "postgresql": "SET LOCAL session_replication_role = replica",
}


class Undone(Exception):
    """What was written is not to stay."""


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def books(request, tmp_path_factory):
    """The database and the equity store of a home in which everything has happened once."""
    home, clock = tmp_path_factory.mktemp("books"), HandClock()
    changes: dict[str, Any] = {}
    if request.param == "postgresql":
        changes["database_url"] = own_schema(request.getfixturevalue("postgres_url"), "audited")
    with a_runtime(home, clock=clock, **changes) as runtime:
        a_cycle(runtime, OSTRE, NIMBO, KORVA)
    clock.wait(minutes=2)
    with a_runtime(home, clock=clock, **changes) as runtime:
        (row,) = Service(runtime).pending().pending
        assert Service(runtime).approve(row.id, "owner").done
    clock.at = LEAVING
    with a_runtime(home, clock=clock, **changes) as runtime:
        a_cycle(runtime, KORVA)
        stores = runtime.deps.stores
        with stores.database.transaction() as connection:
            stores.control.pause(Pause("symbol", NIMBO, LEAVING, "owner", LEAVING + timedelta(hours=2), "a rumour"))
            stores.control.incident("odd", "an odd fill", at=LEAVING)
            charge = Charge("fee-1", LEAVING, Decimal("1.25"), "a regulator's fee", KORVA)
            stores.trades.charges.add(charge)
            stores.ledger.append(RecordKind.CHARGE, charge.charge_id, charge, at=LEAVING)
            foreign = {"symbol": TARQU, "qty": Decimal(5), "avg_price": Decimal(40), "opened_at": LEAVING}
            connection.execute(paper_positions.insert().values(foreign))
            stores.equity.transfer("trf-1", Decimal(500), at=LEAVING)
            moved = {"transfer": {"broker": "paper", "amount": Decimal(500)}}
            stores.ledger.append(RecordKind.RECONCILIATION, "trf-1", moved, at=LEAVING)
        assert Service(runtime).adopt(Service(runtime).adoptable(TARQU), "owner").free
        people = PeopleStore(
            stores.database, stores.ledger, frozenset({1}), clock=clock, times=clock, new_code=lambda: "code"
        )
        people.set_role(7, Role.VIEWER, by="owner")
        assert Happening.EXIT in stores.orders.activity.newest()
        yield stores.database, stores.equity


@contextmanager
def written(database):
    """A connection whose writes are seen inside and gone afterwards; references between rows are not looked at."""
    with suppress(Undone), database.transaction() as connection:
        connection.exec_driver_sql(WITHOUT_REFERENCES[connection.dialect.name])
        yield connection
        raise Undone


def first_row(connection, table):
    """The first row that is closed, answered or otherwise complete, and how it is found again."""
    rows = connection.execute(table.select()).mappings().all()
    row = max(rows, key=lambda each: sum(value is not None for value in each.values()))
    same = [column == row[column.name] for column in table.primary_key.columns]
    return row, same


def test_a_true_book_agrees(books):
    report = check_books(*books)
    assert (report.ok, report.findings) == (True, ())


@pytest.mark.parametrize("name", PROVEN)
def test_an_edit_is_found_and_placed(books, name):
    column, value = EDITS[name]
    table = metadata.tables[name]
    with written(books[0]) as connection:
        row, same = first_row(connection, table)
        written_in = value(row[column]) if callable(value) else value
        connection.execute(table.update().where(*same).values({column: written_in}))
        found = check_books(*books).findings
    assert [(each.table, each.fault, each.field) for each in found] == [
        (name, Fault.DIFFERS, PLACED.get(name, column))
    ], [each.told for each in found]
    assert str(row[table.primary_key.columns[0].name])[:10] in found[0].told


@pytest.mark.parametrize("name", PROVEN)
def test_a_row_that_is_gone_is_named(books, name):
    table = metadata.tables[name]
    with written(books[0]) as connection:
        _, same = first_row(connection, table)
        connection.execute(table.delete().where(*same))
        found = check_books(*books).findings
    assert (name, Fault.MISSING) in {(each.table, each.fault) for each in found}, [each.told for each in found]


@pytest.mark.parametrize("name", sorted(set(PROVEN) - UNKNOWABLE))
def test_a_row_that_nobody_made_is_named(books, name):
    table = metadata.tables[name]
    with written(books[0]) as connection:
        row, _ = first_row(connection, table)
        last = list(table.primary_key.columns)[-1].name
        made = {**row, last: NEW_KEY.get(name, "made-up"), **UNIQUE.get(name, {})}
        connection.execute(table.insert().values(made))
        found = check_books(*books).findings
    assert (name, Fault.UNKNOWN) in {(each.table, each.fault) for each in found}, [each.told for each in found]


def test_every_table_is_compared_or_named_as_not_proven():
    told = {table for tables in NOT_PROVEN.values() for table in tables}
    chain = {"ledger", "ledger_head", "schema_version"}
    assert set(metadata.tables) | set(beside.tables) == set(PROVEN) | told | chain
    assert set(EDITS) == set(PROVEN)


@pytest.mark.parametrize("value", ["a lot", "NaN", b"\x00\xff", "1e999999999"])
def test_what_cannot_be_read_is_a_finding_too(tmp_path, value):
    home = tmp_path / "home"
    assert run(home, "cycle", "--symbols", NIMBO)[0] == 0
    with closing(sqlite3.connect(home / "sage.db")) as connection, connection:
        connection.execute("UPDATE fills SET price = ?", (value,))
        connection.execute("UPDATE equity_points SET equity = ?, day = ?", (value, value))
    code, out, err = run(home, "audit", "verify", "--json")
    found = json.loads(out)
    assert (code, err) == (1, "sage: not everything is in order\n")
    assert {(each["table"], each["field"]) for each in found["findings"]} == {
        ("fills", "price"), ("equity_points", "equity"), ("equity_points", "day"),
    }  # fmt: skip


def test_a_value_that_breaks_its_reader_hides_no_other_finding(tmp_path):
    home = tmp_path / "home"
    assert run(home, "cycle", "--symbols", NIMBO)[0] == 0
    deep = "[" * 100_000
    with closing(sqlite3.connect(home / "sage.db")) as connection, connection:
        connection.execute("UPDATE observations SET body = ?", (deep,))
        connection.executemany("INSERT INTO case_parts (digest, body) VALUES (?, ?)", [("odd", "1"), (b"odd", "1")])
        connection.execute("UPDATE equity_points SET equity = 1")
    code, out, _err = run(home, "audit", "verify", "--json")
    found = {(each["table"], each["fault"]) for each in json.loads(out)["findings"]}
    assert code == 1
    assert found >= {("observations", "differs"), ("case_parts", "unknown"), ("equity_points", "differs")}


def test_a_part_whose_reader_gives_up_is_a_finding_and_the_others_are_compared():
    def broken():
        yield Finding("fills", "fill-1", Fault.MISSING)
        raise RecursionError

    first, last = readable("executions", broken())
    assert (first.key, last.fault) == ("fill-1", Fault.UNREADABLE)
    assert last.told == "executions: a value makes no sense (RecursionError), and what comes after it was not compared."


def test_the_command_tells_rows_in_sentences_and_fields(tmp_path):
    home = tmp_path / "home"
    assert run(home, "cycle", "--symbols", NIMBO)[0] == 0
    code, out, _ = run(home, "audit", "verify")
    assert code == 0
    assert "row by row: all agree" in " ".join(out.split())
    assert "elsewhere" in out, "against whom it is proven"
    with closing(sqlite3.connect(home / "sage.db")) as connection, connection:
        ((fill, price),) = connection.execute("SELECT fill_id, price FROM fills").fetchall()
        connection.execute("UPDATE fills SET price = '1'")
    code, out, _ = run(home, "audit", "verify")
    assert code == 1
    assert f"fills {fill}: the price is 1 in the table and {price} by the ledger" in " ".join(out.split())
    (found,) = json.loads(run(home, "audit", "verify", "--json")[1])["findings"]
    assert found.pop("entry") > 0
    assert found == {"table": "fills", "key": fill, "fault": "differs", "field": "price", "ledger": price, "book": "1"}
