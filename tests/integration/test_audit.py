"""`sage audit verify` after somebody who can write to the database has: seven ways, and each is located."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from tests.builders.runtime import NIMBO
from tests.integration.test_commands import run

TRIGGERS = ("ledger_no_update", "ledger_no_delete")
COPY = "CREATE TEMP TABLE copied AS SELECT * FROM ledger WHERE seq = 2"
PUT = "INSERT INTO ledger SELECT * FROM copied"
WAYS = {
    "edit": (["UPDATE ledger SET subject = 'somebody else' WHERE seq = 3"], "entry 3 "),
    "delete": (["DELETE FROM ledger WHERE seq = 3"], "entry 3 is missing before entry 4"),
    "insert": (
        [
            COPY,
            "UPDATE ledger SET seq = -seq - 1 WHERE seq > 3",
            "UPDATE ledger SET seq = -seq WHERE seq < 0",
            "UPDATE copied SET seq = 4",
            PUT,
        ],
        "entry 4 does not follow",
    ),
    "reorder": (
        ["UPDATE ledger SET seq = -3 WHERE seq = 3", "UPDATE ledger SET seq = 3 WHERE seq = 4",
         "UPDATE ledger SET seq = 4 WHERE seq = -3"],
        "entry 3 does not follow",
    ),
    "truncate": (["DELETE FROM ledger WHERE seq > 3"], "ends with entry 3"),
    "replay": ([COPY, "UPDATE copied SET seq = (SELECT max(seq) + 1 FROM ledger)", PUT], "does not follow"),
    "head": (["UPDATE ledger_head SET entries = entries - 1"], "the tail or the head was changed"),
}  # fmt: skip
"""Statements, and what the answer has to name."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A home with one cycle."""
    home = tmp_path_factory.mktemp("audited")
    assert run(home, "cycle", "--symbols", NIMBO)[0] == 0
    return home


@pytest.mark.parametrize(("statements", "told"), WAYS.values(), ids=WAYS)
def test_tampering_is_found_by_the_command_and_located(kept, tmp_path, statements, told):
    home = tmp_path / "home"
    shutil.copytree(kept, home)
    (file,) = [path for path in home.rglob("*.db") if has_ledger(path)]
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in (*(f"DROP TRIGGER {name}" for name in TRIGGERS), *statements):
            connection.execute(statement)
    code, out, err = run(home, "audit", "verify", "--json")
    found = json.loads(out)
    assert (code, err, found["ok"]) == (1, "sage: not everything is in order\n", False)
    assert any(told in problem for problem in found["problems"]), found["problems"]


def has_ledger(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'ledger'").fetchone() is not None
