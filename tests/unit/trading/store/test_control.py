"""The control plane: read whole, changed only with a ledger entry, and killed when it cannot be read."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from domain.case import Mode, Pause, Release, TradingState
from domain.market import Symbol
from domain.orders import Side
from domain.record.entries import RecordKind
from policies.kill_switch import KillSwitch
from policies.policy import compare_policies, policy_from_limits
from tests.builders.market import AAPL, MSFT, NOON, WeekdayCalendar, at
from trading.store.control import ControlStore
from trading.store.ledger import SqlLedger

POLICY = policy_from_limits({"max_order_qty": "5"}, profile="small")
RELEASE = Release("c" * 64, POLICY.digest, "r" * 64)
A, R, H = TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED


@pytest.fixture
def latch(tmp_path):
    return KillSwitch(tmp_path / "KILL")


@pytest.fixture
def ledger(database):
    return SqlLedger(database)


@pytest.fixture
def control(database, ledger, latch):
    return ControlStore(database, ledger, latch, WeekdayCalendar())


def test_a_new_database_may_send_nothing(control):
    seen = control.read()
    assert (seen.mode, seen.kill_switch, seen.reconciled_at) == (Mode.OFF, False, None)


def test_every_switch_is_read_back_together(control):
    pause = Pause("symbol", "AAPL", NOON, "owner", NOON + timedelta(hours=1), "earnings")
    control.set_mode(Mode.PAPER, by="owner", at=NOON)
    control.set_trading_state(R, by="owner", at=NOON, reason="test")
    control.put_in_force(RELEASE, POLICY, by="owner", at=NOON)
    control.pause(pause)
    control.mark_reconciled(NOON, [Symbol("MSFT"), Symbol("AAPL")])
    seen = control.read(broker_time=NOON)
    assert (seen.mode, seen.trading_state, seen.policy_digest) == (Mode.PAPER, R, POLICY.digest)
    assert seen.release == RELEASE
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


def test_nothing_is_in_force_in_a_new_database(control):
    assert (control.read().release, control.policy_in_force()) == (None, None)


def test_a_release_is_read_back_with_its_policy(control, ledger):
    looser = policy_from_limits({"max_order_qty": "6", "restricted": ["GME"]}, profile="small")
    second = Release("c2", looser.digest, "r2")
    control.put_in_force(RELEASE, POLICY, by="owner", at=NOON, reason="first")
    control.put_in_force(second, looser, by="owner", at=NOON, changes=compare_policies(POLICY, looser))
    assert control.read().release == second
    assert control.policy_in_force().limits == looser.limits
    body = ledger.entries(kind=RecordKind.CONTROL)[-1].body
    assert (body["policy_digest"], body["replaces"]["policy"]) == (looser.digest, POLICY.digest)
    told = [(change["limit"], change["old"], change["new"], change["direction"]) for change in body["changes"]]
    assert ("max_order_qty", "5", "6", -1) in told
    control.put_in_force(RELEASE, POLICY, by="owner", at=NOON, reason="back again")
    assert control.policy_in_force().digest == POLICY.digest


def test_a_policy_that_was_edited_in_the_database_is_not_compared_with(database, control):
    control.put_in_force(RELEASE, POLICY, by="owner", at=NOON)
    with database.transaction() as connection:
        connection.execute(text("""UPDATE policies SET limits = '{"max_order_qty":"999"}'"""))
    assert control.policy_in_force() is None


@pytest.mark.parametrize(
    ("now", "share"),
    [
        pytest.param("2026-03-17T15:00", "0.25", id="at_once"),
        pytest.param("2026-03-17T19:59", "0.25", id="the_same_session"),
        pytest.param("2026-03-18T13:30", "0.5", id="the_next_session"),
        pytest.param("2026-03-19T13:30", "1", id="the_third"),
        pytest.param("2026-03-02T15:00", "0.25", id="the_clock_went_back"),
    ],
)
def test_a_resume_starts_the_ramp(control, now, share):
    assert control.read(at=at(now)).ramp == 1
    control.start_ramp(by="owner", at=NOON)
    assert control.read(at=at(now)).ramp == control.read(broker_time=at(now)).ramp == Decimal(share)


def test_a_ramp_without_a_time_or_a_calendar_is_unknown(control, database, ledger, latch):
    control.start_ramp(by="owner", at=NOON)
    assert control.read().ramp is None
    assert ControlStore(database, ledger, latch).read(at=NOON).ramp is None


def test_a_clock_that_is_set_back_does_not_take_the_ramp_back(control):
    control.start_ramp(by="owner", at=NOON)
    control.mark_reconciled(NOON + timedelta(days=1), ())
    assert control.read(at=NOON).ramp == Decimal("0.5")


def test_a_resume_under_a_clock_that_was_set_back_is_no_shorter(control):
    control.mark_reconciled(NOON, ())
    control.start_ramp(by="owner", at=NOON - timedelta(days=30))
    assert control.read(at=NOON).ramp == Decimal("0.25")


def test_resuming_again_starts_again(control):
    control.start_ramp(by="owner", at=NOON)
    later = NOON + timedelta(days=2)
    assert control.read(at=later).ramp == 1
    control.start_ramp(by="owner", at=later)
    assert control.read(at=later).ramp == Decimal("0.25")


def test_refusals_count_by_symbol_and_side_until_one_is_let_through(control):
    for symbol, side in [(AAPL, Side.BUY)] * 3 + [(AAPL, Side.SELL), (MSFT, Side.BUY)]:
        control.blocked(symbol, side, at=NOON)
    control.let_through(MSFT, Side.BUY)
    assert control.blocks_in_row(now=NOON) == {(AAPL, Side.BUY): 3, (AAPL, Side.SELL): 1}


@pytest.mark.parametrize(
    ("when", "count"),
    [
        pytest.param(NOON - timedelta(days=1), 0, id="a_day_ago"),
        pytest.param(NOON - timedelta(hours=23, minutes=59), 1, id="within_the_day"),
        pytest.param(NOON + timedelta(days=9), 1, id="stamped_with_a_time_to_come"),
    ],
)
def test_refusals_count_within_a_day(control, when, count):
    control.blocked(AAPL, Side.BUY, at=when)
    assert control.blocks_in_row(now=NOON).get((AAPL, Side.BUY), 0) == count


def test_what_the_owner_has_looked_at_does_not_count_again(control):
    control.blocked(AAPL, Side.BUY, at=NOON)
    control.start_ramp(by="owner", at=NOON)
    control.blocked(AAPL, Side.BUY, at=NOON + timedelta(minutes=1))
    assert control.blocks_in_row(now=NOON + timedelta(minutes=2)) == {(AAPL, Side.BUY): 1}
