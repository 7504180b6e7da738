"""The doctor: what is fit, what is not, and what to do about it."""

import pytest

from domain.case import TradingState
from domain.errors import SourceUnavailable
from interfaces.telling.checkup import doctor
from interfaces.views.state import State
from tests.builders.market import NOON
from tests.builders.runtime import NIMBO, ShiftedMarket, a_cycle, a_runtime, rewired, the_market


@pytest.fixture
def runtime(tmp_path):
    with a_runtime(tmp_path) as runtime:
        yield runtime


def rows_of(runtime):
    return {row.name: row for row in doctor(runtime).checks}


def test_a_new_home_is_fit(runtime):
    view = doctor(runtime)
    assert view.ok
    rows = {row.name: row for row in view.checks}
    assert {name for name, row in rows.items() if row.state is State.FAILED} == set()
    assert rows["news"].state is State.OFF
    assert rows["gates"].detail.endswith("each refused its must-block order")
    assert rows["policy"].detail.startswith("conservative, digest ")
    assert all(row.state in (State.OK, State.OFF) or row.remedy for row in view.checks)


def test_a_killed_system_is_told_with_the_way_back(runtime):
    runtime.kill_switch.engage("owner", "test", "now")
    row = rows_of(runtime)["control"]
    assert (row.state, "killed" in row.detail, "sage resume" in row.remedy) == (State.FAILED, True, True)
    assert not doctor(runtime).ok


def test_a_reducing_system_is_tight(runtime):
    runtime.deps.stores.control.set_trading_state(TradingState.REDUCING, by="gates", at=NOON)
    assert rows_of(runtime)["control"].state is State.TIGHT
    assert doctor(runtime).ok


def test_a_changed_ledger_is_a_failure_that_names_the_command(runtime):
    a_cycle(runtime, NIMBO)
    (runtime.setup.home / "ledger.anchor").write_text("nonsense")
    row = rows_of(runtime)["ledger"]
    assert row.state is State.FAILED
    assert "sage audit verify" in row.remedy


def test_a_market_that_is_away_is_a_failure(runtime):
    class Away(ShiftedMarket):
        def bars(self, symbol, timeframe, *, as_of, limit):
            raise SourceUnavailable("the market is away", "Wait.")

    row = rows_of(rewired(runtime, market=Away(the_market())))["market simulated"]
    assert (row.state, "the market is away" in row.detail, bool(row.remedy)) == (State.FAILED, True, True)


def test_a_broker_that_is_away_is_a_failure(runtime):
    class Away:
        name, paper = "paper", True

        def account(self):
            raise SourceUnavailable("the broker is away", "Wait.")

    rows = rows_of(rewired(runtime, broker=Away()))
    assert (rows["broker"].state, rows["broker"].detail) == (State.FAILED, "the broker is away")


def test_a_memory_out_of_reach_is_tight_and_one_switched_off_is_off(tmp_path):
    (tmp_path / "memory").write_text("no folder")
    with a_runtime(tmp_path) as runtime:
        assert rows_of(runtime)["memory"].state is State.TIGHT
        assert rows_of(rewired(runtime, memory=None))["memory"].state is State.OFF


def test_a_gate_that_no_source_can_feed_is_told_as_not_covered(runtime):
    told = [row for row in doctor(runtime).checks if row.name == "not covered"]
    assert [row.state for row in told] == [State.OFF] * len(told)
    assert [row.detail.split()[0] for row in told] == ["E5_source", "C8", "E3", "H4", "H5"]
    assert "no source of second prices" in told[0].detail
    assert "no source tells limit-up and limit-down bands (LULD), halts alone" in told[2].detail
