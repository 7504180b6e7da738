"""A kill gets through whatever the settings hold: what it needs is right or named, everything else is no matter."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from domain.record.canonical import time_text
from domain.record.entries import RecordKind
from policies.kill_switch import KillSwitch
from tests.builders.alpaca import an_alpaca_house
from tests.builders.execution import ENTRY, HandClock, an_intent
from tests.builders.market import NOON
from tests.builders.runtime import GLIMR, ROOT, a_cycle, a_runtime, entries_of, python, sage
from tests.servers.alpaca import KEY_ID, SECRET_KEY
from trading.store.database import open_database
from trading.store.ledger import SqlLedger

CUT = 'SAGE_CONCURRENCY = 3\nSAGE_NEWS = "no'
"""A file that was written half: nobody knows what stood in the rest."""


@pytest.fixture(scope="module")
def rested(tmp_path_factory):
    """A home on paper in which an entry rests, and its id."""
    home, clock = tmp_path_factory.mktemp("rested"), HandClock()
    with a_runtime(home, clock=clock) as runtime:
        clock.at = NOON.replace(day=25)
        a_cycle(runtime, GLIMR)
        (working,) = [order for order in entries_of(runtime) if order.status.is_open]
    return home, working.client_order_id


@pytest.fixture
def home(rested, tmp_path):
    """A copy of that home, to be killed."""
    shutil.copytree(rested[0], tmp_path, dirs_exist_ok=True)
    KillSwitch(tmp_path / "killed").engage("owner", "odd", "now")
    return tmp_path


def cancelling(home, files=(), **environment):
    """The report of the process behind a kill, in a home with these files of settings beside it."""
    written(home, files)
    ran = python(str(ROOT / "app.py"), "--home", str(home), "kill", "--cancel-entries", cwd=home, **environment)
    report = json.loads((home / "cancelled.json").read_text())
    assert (ran.returncode, ran.stdout, ran.stderr) == (1 if report["failed"] else 0, "", "")
    return report


def written(home, files):
    for name, content in dict(files).items():
        (home / name).mkdir() if content is None else (home / name).write_bytes(content)


def status_of(home, order_id):
    with closing(sqlite3.connect(home / "sage.db")) as database:
        return database.execute("SELECT status FROM orders WHERE client_order_id = ?", (order_id,)).fetchone()[0]


GOES_ON = {
    "a_number": ({}, {"SAGE_SEED": "planted"}, ["SAGE_SEED"]),
    "two_words": ({".env": b"SAGE_MODE=planted\nSAGE_START_CASH=planted\n"}, {}, ["SAGE_MODE", "SAGE_START_CASH"]),
    "a_key_of_a_table": ({"sage.toml": b"[schedule.cycle]\nmax_x = 'planted'\n"}, {}, ["SAGE_SCHEDULE.cycle.max_x"]),
    "what_paper_has_not": ({"sage.toml": b"[brokers.paper]\nbase_url = 'planted'\nsymbols = 'A B'\n"}, {}, []),
    "a_figure_of_another_model": ({"sage.toml": b"[brokers.paper]\nprice_impact = 2\nmax_short_qty = 3\n"}, {}, []),
    "a_broker_of_no_name": ({"sage.toml": b"[brokers.planted]\nsymbols = 'A B'\n"}, {}, []),
    "what_its_broker_costs": ({"sage.toml": b"[brokers.paper]\nslippage_bp = 'planted'\n"}, {}, ["SAGE_BROKERS.paper"]),
    "json": ({}, {"SAGE_SCHEDULE": "{planted"}, ["SAGE_SCHEDULE"]),
    "a_market": ({}, {"SAGE_MARKET": "planted", "SAGE_TIMEFRAME": "1Min", "SAGE_UNIVERSE": "A B"}, []),
    "a_market_without_keys": ({}, {"SAGE_MARKET": "alpaca"}, []),
    "a_model": ({}, {"SAGE_MODEL": "planted", "SAGE_RECORDINGS": "planted"}, []),
    "no_policy": ({}, {"SAGE_POLICY": "planted"}, []),
    "a_wrong_policy": ({"policy.toml": b"planted = "}, {"SAGE_POLICY": "policy.toml"}, []),
    "a_line_of_toml": ({"sage.toml": b"SAGE_SEED = planted\n[schedule]\n"}, {}, ["sage.toml cannot"]),
    "half_a_toml": ({"sage.toml": CUT.encode()}, {}, ["sage.toml cannot be read from line 2"]),
    "a_folder_for_toml": ({"sage.toml": None}, {}, []),
    "no_text": ({".env": "SAGE_SEED=3".encode("utf-16")}, {}, [".env has bytes that are no text"]),
    "both": ({".env": b"\xff\xfe", "sage.toml": b"[[["}, {}, [".env", "sage.toml"]),
}  # fmt: skip


@pytest.mark.parametrize("case", GOES_ON)
def test_what_cancelling_can_do_without_keeps_nothing_from_being_cancelled_and_is_told(rested, home, case):
    files, environment, told = GOES_ON[case]
    report = cancelling(home, files, **environment)
    assert (report["cancelled"], report["failed"]) == ([rested[1]], {})
    assert status_of(home, rested[1]) == "canceled"
    assert [any(line.startswith(name) for line in report["left_at_default"]) for name in told] == [True] * len(told)
    assert "planted" not in json.dumps(report), "a wrong value may be a key"


STOPS = {
    "a_wrong_broker": ({}, {"SAGE_BROKER": "alpaca-live"}, "SAGE_BROKER"),
    "a_misspelt_broker": ({".env": b"SAGE_BROKR=alpaca\n"}, {}, "SAGE_BROKER"),
    "a_number_for_a_broker": ({"sage.toml": b"SAGE_BROKER = 3\n"}, {}, "SAGE_BROKER"),
    "no_database": ({}, {"SAGE_DATABASE_URL": "planted"}, "SAGE_DATABASE_URL"),
    "a_database_of_no_sort": ({"sage.toml": b"SAGE_DATABASE_URL = 3\n"}, {}, "SAGE_DATABASE_URL"),
    "another_homes_database": ({"sage.toml": CUT.encode(), "ledger.anchor": b"nothing"}, {}, "SAGE_DATABASE_URL"),
    "no_key": ({}, {"SAGE_BROKER": "alpaca"}, "APCA_API_KEY_ID"),
    "an_address_below_a_fault": (
        {"sage.toml": b"x = \nAPCA_API_BASE_URL = 'https://api.alpaca.markets'\n"},
        {"SAGE_BROKER": "alpaca", "APCA_API_KEY_ID": "PK1", "APCA_API_SECRET_KEY": "planted"},
        "APCA_API_BASE_URL",
    ),
    "a_misspelt_address": (
        {"sage.toml": b"[brokers.b]\nbase_ulr = 'https://api.alpaca.markets'\n"},
        {"SAGE_BROKER": "alpaca:b", "SAGE_BROKER_KEYS": "b=PK1:planted"},
        "SAGE_BROKERS.b.base_ulr",
    ),
    "an_address_of_no_broker": (
        {"sage.toml": b"[brokers.bb]\nbase_url = 'https://api.alpaca.markets'\n"},
        {"SAGE_BROKER": "alpaca:b", "SAGE_BROKER_KEYS": "b=PK1:planted"},
        "[brokers.bb]",
    ),
    "a_live_key_at_the_paper_address": (
        {},
        {"SAGE_BROKER": "alpaca", "APCA_API_KEY_ID": "AK1", "APCA_API_SECRET_KEY": "planted"},
        "a live key (AK…) was set with the paper address",
    ),
    "a_paper_key_at_the_live_address": (
        {},
        {
            "SAGE_BROKER": "alpaca", "APCA_API_BASE_URL": "https://api.alpaca.markets",
            "APCA_API_KEY_ID": "PK1", "APCA_API_SECRET_KEY": "planted",
        },
        "a paper key (PK…) was set with the live address",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", STOPS)
def test_no_broker_and_no_database_is_guessed_and_a_person_is_told_which_setting_and_what_to_do(rested, home, case):
    files, environment, told = STOPS[case]
    report = cancelling(home, files, **environment)
    (why,) = report["failed"].values()
    assert (report["cancelled"], "\n" in why, "planted" in why) == ([], False, False)
    assert told in why
    assert "The latch holds: nothing new can be sent." in why
    assert "by hand" in why
    assert status_of(home, rested[1]) != "canceled"


def test_one_broker_without_its_key_keeps_no_entry_at_another_working(tmp_path):
    clock = HandClock()
    half = {"start_cash": "50000"}
    with a_runtime(tmp_path, clock=clock, broker="paper:a,paper:b", broker_terms={"a": half, "b": half}) as runtime:
        clock.at = NOON.replace(day=25)
        a_cycle(runtime, GLIMR)
        (working,) = [order for order in entries_of(runtime) if order.status.is_open]
    KillSwitch(tmp_path / "killed").engage("owner", "odd", "now")
    report = cancelling(tmp_path, SAGE_BROKER="paper:a,paper:b,alpaca:c", SAGE_BROKER_KEYS="d=PK1:planted")
    assert report["cancelled"] == [working.client_order_id]
    assert status_of(tmp_path, working.client_order_id) == "canceled"
    assert report["failed"].keys() == {"alpaca:c"}
    assert report["failed"]["alpaca:c"].startswith("SAGE_BROKER_KEYS has no key of alpaca:c. ")


def test_a_flatten_closes_with_wrong_settings_and_tells_them_in_a_line(rested, home):
    wrong = {"SAGE_SEED": "planted", "SAGE_MARKET": "planted", "SAGE_POLICY": "planted", "SAGE_UNIVERSE": "planted x"}
    wrong["SAGE_EVENTS"] = "planted"  # no exit rests on what is scheduled
    ran = sage("--home", str(home), "kill", "--flatten", cwd=home, SAGE_NEWS="none", **wrong)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1].endswith("nothing is held.")
    (line,) = ran.stderr.splitlines()
    assert line.startswith("sage: for this kill alone what is wrong counts as not set: ")
    assert ("SAGE_SEED" in line, "SAGE_MARKET" in line, "SAGE_UNIVERSE" in line, "planted" in line) == (True,) * 3 + (
        False,
    )


def test_a_flatten_whose_broker_is_wrong_says_so_in_a_line(home):
    ran = sage("--home", str(home), "kill", "--flatten", cwd=home, SAGE_BROKER="planted")
    assert (ran.returncode, len(ran.stderr.splitlines()), "planted" in ran.stderr) == (1, 1, False)
    assert ran.stderr.startswith("sage: killed; all: SAGE_BROKER is not known")


def test_a_kill_finds_the_home_that_a_spoilt_toml_names(tmp_path):
    (tmp_path / "sage.toml").write_text("x = \nSAGE_HOME = 'there' # ours\n")
    assert sage("kill", cwd=tmp_path).returncode == 0
    assert (tmp_path / "there" / "killed").exists()


@pytest.fixture
def at_alpaca(tmp_path):
    """A home whose entry rests at Alpaca, and the server there."""
    clock = HandClock()
    with (
        closing(open_database(f"sqlite:///{tmp_path / 'sage.db'}")) as database,
        an_alpaca_house(database, tmp_path, clock=clock) as (house, server, _),
    ):
        house.place(an_intent(stop_loss=None, take_profit=None, limit_price=90))
        house.latch.engage("owner", "drill", time_text(clock.now()))
        ledger = SqlLedger(database, anchor=tmp_path / "ledger.anchor")
        ledger.append(RecordKind.ALERT, "drill", {}, at=clock.now())
        yield tmp_path, server


def keys(server):
    return {"APCA_API_KEY_ID": KEY_ID, "APCA_API_SECRET_KEY": SECRET_KEY, "APCA_API_BASE_URL": server.url}


def test_half_a_toml_keeps_no_entry_at_alpaca_working_where_its_keys_and_address_stand_in_dotenv(at_alpaca):
    home, server = at_alpaca
    told = "".join(f"{name}={value}\n" for name, value in {"SAGE_BROKER": "alpaca", **keys(server)}.items())
    report = cancelling(home, {".env": told.encode(), "sage.toml": CUT.encode()}, SAGE_SEED="planted")
    assert (report["cancelled"], report["failed"]) == ([ENTRY], {})
    assert server.arrived.total()


@pytest.mark.parametrize("lost", ["SAGE_BROKER", "APCA_API_BASE_URL", "APCA_API_KEY_ID"])
def test_what_half_a_toml_has_lost_is_not_guessed_and_nobody_is_asked(at_alpaca, lost):
    home, server = at_alpaca
    asked = server.arrived.total()
    told = {name: value for name, value in {"SAGE_BROKER": "alpaca", **keys(server)}.items() if name != lost}
    report = cancelling(home, {"sage.toml": CUT.encode()}, **told)
    assert report["failed"]["all"].startswith(f"{lost} is not known (sage.toml cannot be read from line 2 on: ")
    assert server.arrived.total() == asked


def test_a_broker_that_does_not_know_the_order_is_not_taken_for_one_that_has_cancelled_it(at_alpaca):
    home, _server = at_alpaca
    report = cancelling(home, SAGE_BROKER="paper")
    assert "the broker does not know" in report["failed"][ENTRY]
    assert "another broker or account" in report["failed"][ENTRY]


def kill_and_close(home, **environment):
    """``sage kill --flatten`` of a home from a folder in which no settings lie, and its report."""
    ran = sage("--home", str(home), "kill", "--flatten", cwd=home.parent, **environment)
    return ran, json.loads((home / "cancelled.json").read_text())


def test_a_database_that_is_not_where_the_settings_name_it_is_no_home_without_holdings(home):
    (home / "sage.db").rename(home / "facts.db")
    ran, report = kill_and_close(home)
    assert (ran.returncode, "Flat" in ran.stdout) == (1, False)
    assert "has not got it" in report["failed"]["all"]
    assert "SAGE_DATABASE_URL" in ran.stderr
    assert not (home / "sage.db").exists()


@pytest.mark.parametrize("anchor", [b"", b"{half"], ids=["empty", "half"])
def test_an_anchor_that_nobody_can_read_keeps_nothing_from_being_cancelled_and_closed(rested, home, anchor):
    (home / "ledger.anchor").write_bytes(anchor)
    _ran, report = kill_and_close(home)
    assert (report["cancelled"], report["failed"]) == ([rested[1]], {})
    assert "flatten" in report
    assert (home / "ledger.anchor").read_bytes() == anchor


def test_what_another_home_holds_is_not_closed_for_this_one(home, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    for args in (("cycle",), ("buy", "KORVA", "50", "--stop", "64", "--yes")):  # busier than the home that is killed
        assert sage("--home", str(other), "--quiet", *args, cwd=other).returncode == 0
    anchor = (home / "ledger.anchor").read_bytes()
    for _ in range(2):  # its message says to kill again, and the first must not have made the other's ledger ours
        ran, report = kill_and_close(home, SAGE_DATABASE_URL=f"sqlite:///{other / 'sage.db'}")
        assert (ran.returncode, "Flat" in ran.stdout, "flatten" in report) == (1, False, False)
        assert "has not got it" in report["failed"]["database"]
    assert (home / "ledger.anchor").read_bytes() == anchor
    held = json.loads(sage("--home", str(other), "--json", "positions", cwd=other).stdout)
    assert ("KORVA", "50") in [(each["symbol"], each["qty"]) for each in held["positions"]]


@pytest.mark.parametrize("limit", [pytest.param(None, id="held"), pytest.param(90, id="resting")])
def test_what_the_broker_that_was_asked_has_never_had_is_told_and_not_called_flat(tmp_path, limit):
    with (
        closing(open_database(f"sqlite:///{tmp_path / 'sage.db'}")) as database,
        an_alpaca_house(database, tmp_path) as (house, server, _),
    ):
        house.place(an_intent(stop_loss=None, take_profit=None, **({} if limit is None else {"limit_price": limit})))
        ledger = SqlLedger(database, anchor=tmp_path / "ledger.anchor")
        ledger.append(RecordKind.ALERT, "drill", {}, at=house.clock.now())
        asked = server.arrived.total()
        ran, report = kill_and_close(tmp_path)
        assert (ran.returncode, "Flat" in ran.stdout, server.arrived.total()) == (1, False, asked)
    assert "another broker or account" in ran.stderr
    assert report["flatten"]["left"].keys() == (set() if limit else {"AAPL"})
