"""Every command through ``app.main``: what people read, and the one JSON document whose names scripts rely on."""

import json
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any

import pytest

import app
from tests.builders.market import AAPL, daily_bars
from tests.builders.runtime import KORVA, NIMBO, OSTRE, a_policy, standing_in

SYMBOLS = f"{OSTRE},{NIMBO},{KORVA}"
REPORT = {
    "cycle_id", "as_of", "mode", "model", "policy_digest", "evidence_count", "candidates", "advice", "inspections",
    "decisions", "verdicts", "orders", "fills", "explanations", "model_calls", "timings_ms", "degraded", "ledger_head",
}  # fmt: skip
FIELDS = {
    "status": {
        "mode", "trading_state", "kill_switch", "paused", "policy_digest", "prompt_digest", "model", "degraded",
        "reconciled", "last_cycle", "dependencies",
    },
    "positions": {"positions"},
    "orders": {"orders"},
    "trades": {"trades"},
    "pnl": {"equity", "day_pnl", "realized_pnl", "unrealized_pnl", "drawdown_pct"},
    "risk": {"risk"},
    "limits": {"limits", "profile", "digest", "loaded_at"},
    "limits --diff balanced": {"limits", "profile", "digest", "compared_with", "changes"},
    "whynot OSTRE": {"decision_id", "outcome", "objections", "basis", "nearest_qty", "stopped_by", "at_any_size"},
    "pending": {"pending"},
    "audit verify": {"ok", "entries", "head", "problems"},
    "doctor": {"ok", "checks"},
    "memory rebuild": {"trades"},
    "memory stats": {"trades", "embedding", "symbols", "regimes", "lessons", "calibration"},
    "memory recall NIMBO": {"symbol", "count", "wins", "win_rate", "mean_pnl_pct", "trades", "compared_with"},
    "learn": {"trades", "by_code", "waiting", "proposals", "calibration", "problems"},
    "explain last": {"id", "explanations"},
    "balance": {"currency", "rows", "broker_at", "recorded_at", "compared_at"},
    "people": {"me", "people"},
    "agents": {"cycle_id", "advice", "inspections", "decisions", "model_calls", "timings_ms"},
    "stats": {"currency", "statistics"},
    "trades 3": {"trades", "compared_at"},
    "explain NIMBO --after": {"id", "explanations"},
}  # fmt: skip
ROWS = {
    "status": ("dependencies", {"name", "ok", "age_s"}),
    "positions": ("positions", {"symbol", "qty", "avg_price", "market_price", "unrealized_pnl", "broker_qty", "as_of"}),
    "orders": (
        "orders",
        {
            "client_order_id", "decision_id", "parent_id", "symbol", "side", "qty", "filled_qty", "type", "limit_price",
            "status", "broker_status", "broker_id", "created_at", "updated_at", "reason",
        },
    ),
    "risk": ("risk", {"gate", "limit", "value", "headroom_pct", "state", "name", "unit", "note"}),
    "limits --diff balanced": ("changes", {"name", "old", "new", "direction"}),
    "whynot OSTRE": ("objections", {"gate", "code", "limit", "value", "margin", "unit"}),
    "pending": ("pending", {"id", "decision_id", "order", "order_digest", "expires_at", "reasons"}),
}  # fmt: skip


def run(home, *argv, typed="", **environment):
    """One command in this process: exit code, standard output and standard error."""
    out, err, usual = StringIO(), StringIO(), sys.stdin
    code: Any = None
    told = {"SAGE_NEWS": "none", "SAGE_POLICY": a_policy(home), **environment}
    sys.stdin = StringIO(typed)
    try:
        with standing_in(home, **told), redirect_stdout(out), redirect_stderr(err):
            code = app.main(["--home", str(home), *argv])
    except SystemExit as left:  # the parser's way out
        code = left.code
    finally:
        sys.stdin = usual
    return code, out.getvalue(), err.getvalue()


def document(ran):
    """The one JSON document of a command that went well, with nothing on standard error."""
    code, out, err = ran
    assert (code, err) == (0, "")
    return json.loads(out)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A home after ``sage cycle``: its folder and the report."""
    home = tmp_path_factory.mktemp("first")
    return home, document(run(home, "cycle", "--symbols", SYMBOLS, "--json"))


@pytest.fixture
def home(first, tmp_path):
    """A copy of it, to be changed."""
    return shutil.copytree(first[0], tmp_path / "home")


def test_a_cycle_reports_under_the_names_of_the_contract(first):
    report = first[1]
    assert report.keys() >= REPORT
    assert {each["symbol"] for each in report["candidates"]} == {OSTRE, NIMBO, KORVA}
    assert all(each.keys() >= {"symbol", "action", "qty", "reasons"} for each in report["decisions"])
    assert all(each.keys() >= {"gate", "code", "limit", "value", "margin"} for each in report["verdicts"])
    assert all(each.keys() >= {"client_order_id", "symbol", "side", "qty", "status"} for each in report["orders"])
    assert report["model_calls"].keys() >= {"count", "tokens_in", "tokens_out", "cost_usd"}
    assert (report["mode"], report["model"], report["degraded"]) == ("paper", "rules", None)


@pytest.mark.parametrize("command", FIELDS)
def test_a_look_as_one_json_document(first, command):
    view = document(run(first[0], *command.split(), "--json"))
    assert view.keys() >= FIELDS[command] | {"as_of"}
    assert view["as_of"] == "2026-03-17T15:00:00Z"
    if command in ROWS:
        name, fields = ROWS[command]
        assert view[name]
        assert all(row.keys() >= fields for row in view[name])


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("status", ("paper", "ACTIVE", "rules", "broker paper")),
        ("positions", ("NIMBO", "46", "KORVA", "116")),
        ("orders", ("buy 46 NIMBO", "filled")),
        ("trades", ("None closed yet",)),
        ("pnl", ("equity", "USD")),
        ("risk", ("A1", "C3", "ok")),
        ("limits", ("conservative", "max_order_notional", "value of one order")),
        ("limits --profile research", ("research", "not in force")),
        ("limits --diff balanced", ("max_order_notional", "looser")),
        ("whynot OSTRE", ("mode (A2)", "with a person's yes")),
        ("whynot NIMBO", ("No gate stood in its way",)),
        ("pending", ("OSTRE", "sage approve apr-", "--half")),
        ("locks", ("nothing",)),
        ("agents", ("advisor", "inspector", "rules", "slowest")),
        ("stats", ("Nothing to count",)),
        ("pnl week", ("Profit and loss, week", "since 2026-03-16", "open positions now")),
        ("pnl total --by symbol", ("NIMBO", "KORVA", "realised")),
        ("audit last --count 3", ("cycle_finished",)),
        ("logs", ("Log",)),
        ("config", ("SAGE_HOME", "set", "default")),
        ("explain last", ("OSTRE", "person")),
        ("explain NIMBO --before", ("NIMBO", "46 shares")),
        ("audit verify", ("intact",)),
        ("doctor", ("gates", "ledger", "policy")),
        ("memory rebuild", ("0 trades",)),
        ("memory stats", ("Memory", "embedding v2")),
        ("memory recall NIMBO", ("NIMBO", "None is remembered")),
        ("learn", ("0 closed trades",)),
    ],
)
def test_a_look_for_people(first, command, words):
    code, out, err = run(first[0], *command.split())
    assert (code, err) == (0, "")
    missing = [word for word in words if word not in " ".join(out.split())]
    assert missing == [] or command in ("audit verify", "memory rebuild"), out


def test_a_cycle_for_people_tells_the_story(home):
    code, out, _err = run(home, "cycle", "--symbols", "TARQU")
    assert code == 0
    assert "TARQU" in out


def test_approve_and_approve_again(home):
    name = document(run(home, "pending", "--json"))["pending"][0]["id"]
    answer = document(run(home, "approve", name, "--json"))
    assert (answer["done"], answer["order"]["symbol"], answer["order"]["status"]) == (True, OSTRE, "filled")
    code, _out, err = run(home, "approve", name)
    assert (code, err) == (1, "sage: it was answered before; nothing changed\n")
    assert document(run(home, "pending", "--json"))["pending"] == []


def test_half_of_an_order_is_approved(home):
    (row,) = document(run(home, "pending", "--json"))["pending"]
    answer = document(run(home, "approve", row["id"], "--half", "--json"))
    assert (answer["done"], answer["order"]["status"]) == (True, "filled")
    assert int(answer["order"]["qty"]) == int(row["order"]["qty"]) // 2


def test_a_restricted_symbol_is_listed_until_it_is_allowed(home):
    document(run(home, "restrict", "nimbo", "--for", "2h", "--reason", "a rumour", "--json"))
    (lock,) = document(run(home, "locks", "--json"))["locks"]
    assert (lock["name"], lock["reason"], lock["until"]) == (NIMBO, "a rumour", "2026-03-17T17:00:00Z")
    assert document(run(home, "allow", "NIMBO", "--json"))["paused"] == []
    code, _out, err = run(home, "allow", "NIMBO")
    assert (code, err) == (2, "sage: NIMBO is not restricted. See `sage locks`.\n")


def test_reject(home):
    name = document(run(home, "pending", "--json"))["pending"][0]["id"]
    assert document(run(home, "reject", name, "--json"))["order"] is None
    assert OSTRE not in {row["symbol"] for row in document(run(home, "orders", "--json"))["orders"]}


def test_an_approval_that_the_gates_refuse_is_a_failure(home):
    name = document(run(home, "pending", "--json"))["pending"][0]["id"]
    run(home, "pause", "symbol", OSTRE)
    code, _out, err = run(home, "approve", name)
    assert code == 1
    assert err == "sage: approved, but the gates no longer allow it; nothing was sent\n"


def test_pause_and_resume(home):
    paused = document(run(home, "pause", "symbol", "TARQU", "--for", "2h", "--json"))
    assert [(each["scope"], each["name"], each["until"]) for each in paused["paused"]] == [
        ("symbol", "TARQU", "2026-03-17T17:00:00Z")
    ]
    assert document(run(home, "resume", "symbol", "TARQU", "--json"))["paused"] == []
    assert document(run(home, "pause", "--json"))["paused"][0]["scope"] == "global"
    assert document(run(home, "resume", "--json"))["trading_state"] == "ACTIVE"


def test_kill_cycle_and_resume(home):
    assert document(run(home, "kill", "--reason", "odd fills", "--json"))["kill_switch"] is True
    held = document(run(home, "positions", "--json"))["positions"]
    report = document(run(home, "cycle", "--symbols", "TARQU", "--json"))
    assert report["orders"] == []
    assert document(run(home, "status", "--json"))["kill_switch"] is True
    assert run(home, "doctor")[0] == 1
    assert document(run(home, "resume", "--yes", "--json"))["kill_switch"] is False
    assert [row["qty"] for row in document(run(home, "positions", "--json"))["positions"]] == [
        row["qty"] for row in held
    ]


def test_under_a_kill_one_holding_is_closed_from_the_command_line_and_the_kill_stays(home):
    assert run(home, "cycle", "--symbols", SYMBOLS, "--quiet")[0] == 0
    assert run(home, "kill")[0] == 0
    told = document(run(home, "close", "NIMBO", "--yes", "--json"))
    assert (told["action"], told["kill_switch"]) == ("close", True)
    assert [one["symbol"] for one in document(run(home, "positions", "--json"))["positions"]] == ["KORVA"]
    assert run(home, "flatten", "KORVA", "--yes")[0] == 0
    assert document(run(home, "positions", "--json"))["positions"] == []
    assert document(run(home, "status", "--json"))["kill_switch"] is True


def test_the_owner_at_the_machine_gives_roles_and_has_pictures(home, tmp_path):
    assert run(home, "people", "role", "4711", "viewer", typed="n\n")[0] == 1
    assert document(run(home, "people", "role", "4711", "viewer", "--yes", "--json"))["people"] == [
        {"id": 4711, "role": "viewer"}
    ]
    assert run(home, "people", "role", "4711", "none", typed="y\n")[0] == 0
    assert document(run(home, "people", "--json"))["people"] == []
    picture = tmp_path / "gates.png"
    assert document(run(home, "chart", "gates", "--to", str(picture), "--json"))["file"] == str(picture)
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    # ``run`` stands in the home, so that no ``.env`` is read.
    assert document(run(home, "chart", "gates", "--json"))["file"] == "sage-gates.png"
    assert (home / "sage-gates.png").is_file()
    code, _, err = run(home, "chart", "NOSUCH", "--to", str(tmp_path / "none.png"))
    assert (code, "no symbol" in err) == (2, True)
    code, out, _ = run(tmp_path / "new", "chart", "exposure", "--to", str(tmp_path / "none.png"))
    assert (code, "too little" in out) == (0, True)
    assert run(home, "chart", "gates", "--to", str(tmp_path / "no" / "x.png"))[0] == 2
    assert not (tmp_path / "none.png").exists()


def test_kill_with_flatten_closes_what_the_market_takes_and_tells_what_is_left(home):
    """The market takes 100 of 116 KORVA at once; the rest of the closing order goes on resting at the broker."""
    code, out, err = run(home, "kill", "--flatten", "--json")
    told = "closing orders sent: 2; KORVA 16 still held: its closing order is partially filled"
    assert (code, json.loads(out)["note"]) == (1, told)
    assert err.startswith("Killed in "), "the kill is acknowledged before anything is sold"
    assert err.endswith(f"sage: killed; {told}. `sage kill --flatten` again goes on with it.\n")
    held = document(run(home, "positions", "--json"))["positions"]
    assert [(row["symbol"], row["qty"]) for row in held] == [(KORVA, "16")]
    assert document(run(home, "status", "--json"))["kill_switch"] is True


def test_a_holding_is_closed_by_the_id_of_its_trade_after_a_yes(home):
    (nimbo,) = [row for row in document(run(home, "positions", "--json"))["positions"] if row["symbol"] == NIMBO]
    code, _, err = run(home, "close", nimbo["trade_id"], typed="n\n")
    assert (code, "is NIMBO, of which 46 shares are held" in " ".join(err.split())) == (1, True)
    assert document(run(home, "close", nimbo["trade_id"], "--yes", "--json"))["note"].startswith(
        "nothing is held any more"
    )
    code, _, err = run(home, "close", nimbo["trade_id"], "--yes")
    assert (code, "nothing that is held is called" in err) == (2, True)


def test_a_lock_is_lifted_by_its_name(home):
    run(home, "restrict", NIMBO)
    assert document(run(home, "unlock", "nimbo", "--json"))["paused"] == []
    code, _, err = run(home, "unlock", "nimbo")
    assert (code, "is not locked" in err) == (2, True)


def test_chat_answers_from_the_records_until_the_input_ends(home):
    typed = "what do I hold?\nwhy OSTRE?\nbuy everything\nwhy ord-unknown22?\nquit\nstatus\n"
    code, out, err = run(home, "chat", typed=typed)
    assert code == 0
    assert "NIMBO" in out
    assert "OSTRE" in out
    assert "ACTIVE" not in out, "it ended before the last line"
    assert "nothing called ord-unknown22 is on record" in " ".join(err.split())
    assert "Traceback" not in out + err


@pytest.mark.parametrize("command", ["status", "positions", "cycle --symbols TARQU"])
def test_quiet_says_nothing_beside_the_answer(home, command):
    code, out, err = run(home, "--quiet", *command.split())
    assert (code, err) == (0, "")
    assert out


def test_a_cycle_over_files(tmp_path):
    bars = daily_bars([100 + n % 7 for n in range(90)])
    rows = [f"{AAPL},{bar.start.isoformat()},{bar.open},{bar.high},{bar.low},{bar.close},{bar.volume}" for bar in bars]
    (tmp_path / "prices" / "bars").mkdir(parents=True)
    (tmp_path / "prices" / "bars" / "aapl.csv").write_text("\n".join(["symbol,time,open,high,low,close,volume", *rows]))
    report = document(run(tmp_path, "cycle", "--market", "files:prices", "--json"))
    assert (report["market"], report["as_of"], report["mode"]) == ("files:prices", "2026-03-16T13:30:00Z", "paper")
    assert [seen["symbol"] for seen in report["seen"]] == [AAPL]
    again = document(run(tmp_path, "cycle", "--market", "files:prices", "--json"))
    assert again["cycle_id"] != report["cycle_id"]


def test_records_of_one_home_survive_every_command(home):
    """Whatever was asked above, the chain of records holds and the books agree."""
    for command in ("status", "pause", "resume", "pending", "cycle --symbols TARQU", "kill", "resume --yes"):
        assert run(home, *command.split())[0] == 0
    assert document(run(home, "audit", "verify", "--json"))["ok"]
    assert document(run(home, "status", "--json"))["reconciled"]["ok"]
