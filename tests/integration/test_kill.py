"""The kill switch as a process of its own: it needs no database, no model, no settings that can be read."""

import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from decimal import Decimal

import pytest

from domain.orders import OrderStatus
from domain.record.entries import RecordKind
from policies.kill_switch import KillSwitch
from tests.builders.execution import HandClock
from tests.builders.market import NOON
from tests.builders.runtime import (
    GLIMR,
    NIMBO,
    ROOT,
    a_cycle,
    a_policy,
    a_runtime,
    at_the_broker,
    entries_of,
    python,
    sage,
)
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


def test_a_folder_in_the_place_of_the_latch_is_named_and_the_kill_stands(tmp_path):
    (tmp_path / "killed").mkdir()
    ran = sage("--home", str(tmp_path), "kill", cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "it was engaged already, by a folder named killed" in ran.stdout


def test_a_flatten_acknowledges_and_then_tells_what_it_sold(home):
    ran = sage("--home", str(home), "kill", "--flatten", cwd=home, SAGE_NEWS="none")
    assert (ran.returncode, ran.stderr) == (0, "")
    first, *_, last = ran.stdout.splitlines()
    assert first.startswith(f"Killed in {home}: nothing is sent any more.")
    assert last == "Flat: 1 closing orders were sent and nothing is held."
    assert document(run(home, "positions", "--json"))["positions"] == []
    assert document(run(home, "status", "--json"))["kill_switch"] is True
    assert document(run(home, "audit", "verify", "--json"))["ok"]


def test_a_flatten_has_one_document_and_acknowledges_beside_it(home):
    ran = sage("--home", str(home), "kill", "--flatten", "--json", cwd=home, SAGE_NEWS="none")
    told = json.loads(ran.stdout)
    assert (ran.returncode, told["action"], told["kill_switch"], told["note"]) == (0, "kill", True, "")
    assert told["flatten"] == {"sent": 1, "left": {}}
    assert ran.stderr.startswith("Killed in ")


def test_a_flatten_of_a_home_in_which_nothing_ever_ran_is_a_kill(tmp_path):
    ran = sage("--home", str(tmp_path), "kill", "--flatten", cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert killed(tmp_path)


def test_a_flatten_that_cannot_know_what_is_held_says_so_and_the_kill_stands(tmp_path):
    (tmp_path / "sage.db").write_bytes(b"no database")
    ran = sage("--home", str(tmp_path), "kill", "--flatten", cwd=tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.startswith("sage: killed; all: the database")
    assert killed(tmp_path)


def test_a_flatten_that_is_killed_in_the_middle_is_finished_by_the_next_and_sells_nothing_twice(home):
    """The process behind the kill dies by kill -9 with its order on the way; whoever asks next goes on."""
    program = (
        "import os, signal, sys, app\n"
        "from trading.execution.brokers.paper.broker import PaperBroker\n"
        "sent = PaperBroker.submit\n"
        "def submit(self, approved):\n"
        "    sent(self, approved)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "PaperBroker.submit = submit\n"
        "sys.exit(app.main(['--home', sys.argv[1], 'kill', '--cancel-entries']))\n"
    )
    KillSwitch(home / "killed").engage("owner", "done", "now", flatten=True)
    assert python("-c", program, str(home), cwd=home, SAGE_NEWS="none").returncode == -9
    for _ in range(2):
        assert sage("--home", str(home), "kill", "--flatten", cwd=home, SAGE_NEWS="none").returncode == 0
    with a_runtime(home) as runtime:
        fills = at_the_broker(runtime)["fills"]
        bought, *sold = sorted(Decimal(qty) for _order, qty, _price in fills)
        assert sum(sold) == bought
        assert at_the_broker(runtime)["held"] == []


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
    assert document(run(home, "resume", "--yes", "--json"))["kill_switch"] is False
    assert not (home / "killed").exists()


def report_of(home):
    """What the process behind a kill wrote, once it has."""
    path, patience = home / "cancelled.json", 300
    while not path.exists() and patience:
        patience -= 1
        time.sleep(0.2)
    return json.loads(path.read_text())


@pytest.mark.parametrize("said", ["", "n\n", "maybe\n", "yes please\n"], ids=["nothing", "no", "maybe", "nearly"])
def test_a_resume_that_nobody_confirms_resumes_nothing(home, said):
    run(home, "kill")
    code, out, err = run(home, "resume", typed=said)
    assert (code, out) == (1, "")
    assert "the kill by owner" in err, "what is about to be released is told"
    assert err.endswith("sage: not resumed: nothing was changed. Answer y, or say --yes.\n")
    assert (home / "killed").exists()


def test_a_resume_that_is_confirmed_resumes(home):
    run(home, "kill")
    code, out, _err = run(home, "resume", typed="y\n")
    assert (code, "quarter of their size" in " ".join(out.split())) == (0, True)
    assert document(run(home, "status", "--json"))["ramp"] == "0.25"
    assert "25 % of the usual size" in run(home, "status")[1]


def test_the_process_behind_a_kill_cancels_open_entries_and_leaves_the_stops(tmp_path):
    """GLIMR's order rests with its remainder; what it bought already keeps its stop and target."""
    clock = HandClock()
    with a_runtime(tmp_path, clock=clock) as runtime:
        clock.at = NOON.replace(day=25)
        a_cycle(runtime, GLIMR)
        (working,) = [order for order in entries_of(runtime) if order.status.is_open]
        legs = {each for each in at_the_broker(runtime)["working"] if each[0] != working.client_order_id}
    assert sage("--home", str(tmp_path), "kill", "--reason", "odd", cwd=tmp_path, SAGE_NEWS="none").returncode == 0
    report = report_of(tmp_path)
    assert (report["cancelled"], report["failed"]) == ([working.client_order_id], {})
    with a_runtime(tmp_path, clock=clock) as runtime:
        assert runtime.deps.stores.orders.get(working.client_order_id).status is OrderStatus.CANCELED
        assert set(at_the_broker(runtime)["working"]) == legs
        assert runtime.deps.stores.control.read().kill_switch
        record = [entry.body for entry in runtime.deps.stores.ledger.entries(kind=RecordKind.CONTROL)][-1]
        assert record["killed"] is True
        assert runtime.deps.stores.ledger.verify().ok


def test_the_process_behind_a_kill_makes_no_database_of_its_own(tmp_path):
    sage("--home", str(tmp_path), "kill", cwd=tmp_path)
    assert report_of(tmp_path)["cancelled"] == []
    assert not (tmp_path / "sage.db").exists()


def test_the_process_behind_a_kill_tells_why_it_could_do_nothing(tmp_path):
    (tmp_path / "sage.db").write_bytes(b"no database")
    sage("--home", str(tmp_path), "kill", cwd=tmp_path)
    assert "cannot be used" in report_of(tmp_path)["failed"]["all"]


def test_the_process_behind_a_kill_loads_no_model_and_no_graph(home):
    ran = python("-X", "importtime", str(ROOT / "app.py"), "--home", str(home), "kill", "--cancel-entries", cwd=home)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in ran.stderr.splitlines()}
    assert loaded & {"langgraph", "langchain_core", "langchain_openai", "openai", "chromadb", "telegram"} == set()
    assert "sqlalchemy" in loaded


@pytest.mark.parametrize(("mode", "said", "code"), [("observe", "", 0), ("approve", "", 1), ("approve", "y\n", 0)])
def test_the_mode_goes_down_at_once_and_up_after_a_yes(home, mode, said, code):
    assert run(home, "mode", mode, typed=said)[0] == code
    assert document(run(home, "status", "--json"))["mode"] == (mode if code == 0 else "paper")


def test_a_looser_policy_is_shown_and_put_in_force_after_a_yes(home, tmp_path):
    policy = {"SAGE_POLICY": a_policy(tmp_path / "looser", max_entries_per_cycle=9)}
    code, out, err = run(home, "status", **policy)
    assert (code, len(err.splitlines()) >= 1, "sage limits --accept" in " ".join(err.split())) == (0, True, True)
    assert document(run(home, "cycle", "--symbols", "KORVA", "--quiet", "--json", **policy))["orders"] == []
    code, out, err = run(home, "limits", "--accept", **policy)
    assert (code, out) == (1, "")
    assert "max_entries_per_cycle" in err
    assert "looser" in err
    view = document(run(home, "limits", "--accept", "--yes", "--json", **policy))
    assert [(each["name"], each["old"], each["new"], each["direction"]) for each in view["changes"]] == [
        ("max_entries_per_cycle", "3", "9", "looser")
    ]
    assert view["in_force"] is True
    assert run(home, "status", **policy)[2] == ""
    assert document(run(home, "audit", "verify", "--json", **policy))["ok"]
