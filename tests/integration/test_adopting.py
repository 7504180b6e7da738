"""`sage reconcile --adopt` at the terminal: shown and asked, booked once; the audit agrees and finds what is edited."""

import json
import sqlite3
from contextlib import closing

import pytest

from tests.builders.runtime import KORVA, NIMBO
from tests.integration.test_commands import run


@pytest.fixture
def home(tmp_path):
    """A home whose broker holds 12 of KORVA that nobody of us bought."""
    home = tmp_path / "home"
    assert run(home, "cycle", "--symbols", NIMBO)[0] == 0
    with closing(sqlite3.connect(home / "sage.db")) as connection, connection:
        connection.execute(
            "INSERT INTO paper_positions VALUES (?, '12', '41.5', '2026-03-17T15:00:00.000000+00:00')", (KORVA,)
        )
    return home


def test_it_shows_asks_and_books(home):
    code, out, _ = run(home, "reconcile")
    assert code == 1
    assert "sage reconcile --adopt KORVA" in out
    code, _, err = run(home, "reconcile", "--adopt", KORVA, typed="n\n")
    assert code == 1
    assert "41.50 a share, as the broker says" in err
    assert "not adopted: nothing was changed" in err
    code, out, _ = run(home, "reconcile", "--adopt", "korva", typed="y\n")
    assert code == 0
    assert "KORVA 0 -> 12 by owner, cost +498.00" in " ".join(out.split())
    assert run(home, "reconcile")[0] == 0
    for command in ("trades", "pnl"):
        assert "KORVA 0 -> 12 by owner, cost +498.00" in " ".join(run(home, command)[1].split())
    assert run(home, "audit", "verify")[0] == 0


def test_an_edited_adjustment_is_found(home):
    assert run(home, "reconcile", "--adopt", KORVA, "--yes")[0] == 0
    with closing(sqlite3.connect(home / "sage.db")) as connection, connection:
        connection.execute("UPDATE adjustments SET theirs = '13', cost = '1'")
        connection.execute("UPDATE lots SET price = '40' WHERE symbol = ?", (KORVA,))
    code, out, _ = run(home, "audit", "verify", "--json")
    found = json.loads(out)["findings"]
    assert code == 1
    assert {(each["table"], each["field"], each["ledger"]) for each in found} == {
        ("adjustments", "theirs", "12"), ("adjustments", "cost", "498"), ("lots", "price", "41.5"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("--yes",), "name what is adopted"),
        (("--split", "2:1"), "name what is adopted"),
        (("--adopt", NIMBO, "--split", "2"), "write 2:1 for two new shares for an old one"),
        (("--adopt", NIMBO, "--split", "0:1"), "is no split"),
        (("--adopt", NIMBO), "NIMBO is held alike on both sides"),
        (("--adopt", KORVA, "--split", "2:1"), "does not lead from 0 to 12"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(home, argv, told):
    code, _, err = run(home, "reconcile", *argv)
    assert code in (1, 2)
    assert told in err
