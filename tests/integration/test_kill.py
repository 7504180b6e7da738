"""The kill switch as a process of its own: it needs no database, no model, no settings that can be read."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from tests.builders.runtime import NIMBO, ROOT, a_policy, sage
from tests.integration.test_commands import document, run


def killed(home):
    return json.loads((home / "killed").read_text())


@pytest.fixture
def home(tmp_path):
    """A home with one cycle behind it."""
    assert run(tmp_path, "cycle", "--symbols", NIMBO)[0] == 0
    return tmp_path


def test_a_kill_falls_while_another_process_holds_the_database(home):
    with closing(sqlite3.connect(home / "sage.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        ran = sage("--home", str(home), "kill", "--reason", "locked", cwd=home)
        other.execute("ROLLBACK")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert (killed(home)["by"], killed(home)["reason"]) == ("owner", "locked")
    report = document(run(home, "cycle", "--symbols", "TARQU,KORVA", "--json"))
    assert report["candidates"]
    assert report["orders"] == []
    assert document(run(home, "status", "--json"))["kill_switch"] is True


@pytest.mark.parametrize(
    "spoilt",
    [("sage.db", b"no database"), ("checkpoints.db", b"no database"), (".env", b"\xff\xfe"), ("sage.toml", b"[[[")],
    ids=["database", "checkpoints", "env", "toml"],
)
def test_a_kill_falls_whatever_is_spoilt(tmp_path, spoilt):
    name, content = spoilt
    (tmp_path / name).write_bytes(content)
    ran = sage("--home", str(tmp_path), "kill", cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith(f"Killed in {tmp_path}: nothing is sent any more.")
    assert killed(tmp_path)["reason"] == "sage kill"


@pytest.mark.parametrize(
    "reason", [b"odd \xff\xfe fills", "na\u00efve \u202e".encode(), b"two\nlines"], ids=["bytes", "unicode", "lines"]
)
def test_a_kill_falls_whatever_the_reason_looks_like(tmp_path, reason):
    command = [sys.executable, str(ROOT / "app.py"), "--home", str(tmp_path), "kill", "--reason", reason]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert killed(tmp_path)["by"] == "owner"


def test_a_kill_falls_in_a_home_that_does_not_exist_yet(tmp_path):
    assert json.loads(sage("--home", "new/home", "kill", "--json", cwd=tmp_path).stdout)["kill_switch"] is True
    assert killed(tmp_path / "new" / "home")


def test_a_kill_without_a_word_finds_the_home_of_the_settings(tmp_path):
    """The latch falls where every other command without a word looks for it."""
    (tmp_path / ".env").write_text(f"SAGE_HOME=${{BASE}}/here\nSAGE_POLICY={a_policy(tmp_path)}\nSAGE_NEWS=none\n")
    assert sage("kill", cwd=tmp_path, BASE=str(tmp_path)).returncode == 0
    status = json.loads(sage("status", "--json", cwd=tmp_path, BASE=str(tmp_path)).stdout)
    assert status["kill_switch"] is True


def test_a_second_kill_is_a_kill_too(tmp_path):
    for reason in ("first", "second"):
        assert sage("--home", str(tmp_path), "kill", "--reason", reason, cwd=tmp_path).returncode == 0
        assert killed(tmp_path)["reason"] == reason


def test_resume_asks_the_checklist_and_is_the_only_way_back(home):
    run(home, "kill")
    with closing(sqlite3.connect(home / "sage.db")) as database, database:
        database.execute("UPDATE paper_positions SET qty = qty + 1")
    code, out, err = run(home, "resume")
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert err.startswith("sage: not resumed: ")
    assert "NIMBO differs from the broker" in err
    assert (home / "killed").exists()
    with closing(sqlite3.connect(home / "sage.db")) as database, database:
        database.execute("UPDATE paper_positions SET qty = qty - 1")
    assert document(run(home, "resume", "--json"))["kill_switch"] is False
    assert not (home / "killed").exists()
