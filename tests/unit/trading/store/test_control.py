"""The control plane: read whole, changed only with a ledger entry, and killed when it cannot be read."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from domain.case import Mode, Pause, TradingState
from domain.market import Symbol
from domain.records import RecordKind
from policies.kill_switch import KillSwitch
from tests.builders.market import NOON
from trading.store.control import ControlStore
from trading.store.ledger import SqlLedger

A, R, H = TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED


@pytest.fixture
def latch(tmp_path):
    return KillSwitch(tmp_path / "KILL")


@pytest.fixture
def ledger(database):
    return SqlLedger(database)


@pytest.fixture
def control(database, ledger, latch):
    return ControlStore(database, ledger, latch)


def test_a_new_database_may_send_nothing(control):
    seen = control.read()
    assert (seen.mode, seen.kill_switch, seen.reconciled_at) == (Mode.OFF, False, None)


def test_every_switch_is_read_back_together(control):
    pause = Pause("symbol", "AAPL", NOON, "owner", NOON + timedelta(hours=1), "earnings")
    control.set_mode(Mode.PAPER, by="owner", at=NOON)
    control.set_trading_state(R, by="owner", at=NOON, reason="test")
    control.set_policy("p" * 64, by="owner", at=NOON)
    control.pause(pause)
    control.mark_reconciled(NOON, [Symbol("MSFT"), Symbol("AAPL")])
    seen = control.read(broker_time=NOON)
    assert (seen.mode, seen.trading_state, seen.policy_digest) == (Mode.PAPER, R, "p" * 64)
    assert seen.pauses == (pause,)
    assert (seen.reconciled_at, seen.mismatched, seen.broker_time) == (NOON, ("AAPL", "MSFT"), NOON)
    control.mark_unreconciled()
    assert control.read().reconciled_at is None


@pytest.mark.parametrize("half", ["row", "latch"])
def test_either_half_of_the_kill_switch_kills(control, latch, half):
    if half == "row":
        control.set_killed(True, by="owner", at=NOON)
    else:
        latch.engage("owner", "test", "now")
    assert control.read().kill_switch


def test_releasing_the_row_does_not_release_the_latch(control, latch):
    latch.engage("owner", "test", "now")
    control.set_killed(False, by="owner", at=NOON)
    assert control.read().kill_switch


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("UPDATE control SET mode = 'yolo'", id="unknown_mode"),
        pytest.param("UPDATE control SET trading_state = ''", id="no_state"),
        pytest.param("UPDATE control SET mismatched = '{'", id="spoilt_json"),
        pytest.param("DROP TABLE control", id="no_table"),
    ],
)
def test_what_cannot_be_read_is_killed(database, control, damage):
    control.set_mode(Mode.AUTO, by="owner", at=NOON)
    with database.transaction() as connection:
        connection.execute(text(damage))
    seen = control.read()
    assert (seen.readable, seen.kill_switch, seen.trading_state, seen.mode) == (False, True, H, Mode.OFF)


@pytest.mark.parametrize(
    ("present", "wanted", "then"),
    [(A, R, R), (A, H, H), (R, H, H), (R, R, R), (R, A, R), (H, R, H), (H, A, H)],
    ids=lambda state: state.value,
)
def test_tightening_never_loosens(control, present, wanted, then):
    control.set_trading_state(present, by="owner", at=NOON)
    control.tighten(wanted, by="gates", at=NOON, reason="test")
    assert control.read().trading_state is then


def test_a_pause_is_replaced_by_its_successor_and_lifted_once(control):
    for reason in ("first", "second"):
        control.pause(Pause("global", "*", NOON, "owner", None, reason))
    assert [pause.reason for pause in control.read().pauses] == ["second"]
    assert [control.resume("global", "*", by="owner", at=NOON) for _ in range(2)] == [True, False]
    assert control.read().pauses == ()


def test_an_incident_is_told_once_and_leaves_only_reducing_orders(control, ledger):
    control.set_trading_state(A, by="owner", at=NOON)
    assert control.incident("fill:1", "an over-fill", at=NOON)
    assert control.read().trading_state is R
    control.set_trading_state(A, by="owner", at=NOON)
    assert not control.incident("fill:1", "an over-fill", at=NOON)
    assert control.read().trading_state is A, "the owner has looked at it"
    assert sum("incident" in entry.body for entry in ledger.entries(kind=RecordKind.CONTROL)) == 1


def test_every_change_is_in_the_ledger_with_who_made_it(control, ledger):
    control.set_mode(Mode.PAPER, by="owner", at=NOON)
    control.set_killed(True, by="telegram", at=NOON, reason="drill")
    control.pause(Pause("strategy", "momentum", NOON, "owner"))
    control.resume("strategy", "momentum", by="owner", at=NOON)
    bodies = [entry.body for entry in ledger.entries(kind=RecordKind.CONTROL)]
    assert [body["by"] for body in bodies] == ["owner", "telegram", "owner", "owner"]
    assert bodies[1] == {"by": "telegram", "killed": True, "reason": "drill"}
