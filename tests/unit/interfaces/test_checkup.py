"""What the doctor says of sources, of the gates they leave without input, and of the files they were read from."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from domain.errors import ConfigurationError
from domain.market import Timeframe
from interfaces.checkup import doctor
from interfaces.runtime import Runtime
from interfaces.views import DoctorRow, State
from tests.builders.runtime import a_runtime, the_calendar
from trading.data.files_market import FilesMarket

HEADER = "symbol,time,open,high,low,close,volume\n"
DAILY = "AAPL,2025-04-02,221.32,225.19,221.02,223.89,100\nAAPL,2025-04-03,205.54,207.49,201.25,203.19,100\n"
HOURLY = "AAPL,2026-03-16T13:30:00Z,100,102,99,101,10\nAAPL,2026-03-16T14:30:00Z,101,103,100,102,10\n"
E13 = "E13 earnings blackout: no source of earnings dates; denies every new entry"
C8 = "C8 sector exposure: no sector of HEXAR; denies new entries into them"


@contextmanager
def over_files(folder: Path, rows: str, *, notes: str = "", **settings: Any) -> Iterator[Runtime]:
    """A start of the product over one file of bars."""
    (folder / "data" / "bars").mkdir(parents=True)
    (folder / "data" / "bars" / "all.csv").write_text(HEADER + rows, encoding="utf-8")
    (folder / "data" / "source.toml").write_text(notes, encoding="utf-8")
    with a_runtime(folder / "home", market=FilesMarket(folder / "data", the_calendar()), **settings) as runtime:
        yield runtime


def found(runtime: Runtime, *names: str) -> list[DoctorRow]:
    return [row for row in doctor(runtime).checks if row.name in names]


@pytest.mark.parametrize(
    ("rows", "notes", "policy", "told"),
    [
        pytest.param(DAILY, "", "conservative", [E13], id="files_know_no_earnings"),
        pytest.param(DAILY.replace("AAPL", "HEXAR"), "", "conservative", [C8, E13], id="nor_the_sector_of_a_stranger"),
        pytest.param(DAILY, 'event_kinds = ["earnings"]', "conservative", [], id="stated_in_source_toml"),
        pytest.param(DAILY.replace("AAPL", "HEXAR"), "", "research", [], id="a_policy_for_files"),
    ],
)
def test_gates_without_a_source_are_named(tmp_path, rows, notes, policy, told):
    with over_files(tmp_path, rows, notes=notes, policy=policy) as runtime:
        shown = found(runtime, "coverage", "limits")
    if told:
        assert [(row.state, row.detail) for row in shown] == [(State.TIGHT, line) for line in told]
    else:
        assert [row.detail for row in shown] == ["every enforced gate has a source for its inputs"]


def test_rows_that_cannot_be_used_are_named(tmp_path):
    with over_files(tmp_path, f"{DAILY}AAPL,2025-04-05,1,1,1,1,1\n") as runtime:
        (row,) = found(runtime, "files")
    assert (row.state, row.detail) == (State.TIGHT, "1 row left out: no session on that day (bars/all.csv line 4)")


def test_files_without_a_fault_are_not_mentioned(tmp_path):
    with over_files(tmp_path, DAILY) as runtime:
        assert found(runtime, "files") == []


@pytest.mark.parametrize(
    ("rows", "setting", "expected"),
    [
        pytest.param(HOURLY, None, Timeframe.HOUR_1, id="what_the_files_hold"),
        pytest.param(DAILY, None, Timeframe.DAY_1, id="days"),
        pytest.param(DAILY, Timeframe.DAY_1, Timeframe.DAY_1, id="what_was_set"),
    ],
)
def test_bars_are_as_long_as_was_set_or_as_the_files_hold(tmp_path, rows, setting, expected):
    with over_files(tmp_path, rows, timeframe=setting) as runtime:
        assert runtime.deps.rules.timeframe is expected


def test_a_length_of_bars_that_the_files_do_not_hold_is_refused(tmp_path):
    told = "holds no bars of 1Day. Set SAGE_TIMEFRAME to 1Hour, or leave it out."
    with pytest.raises(ConfigurationError, match=told), over_files(tmp_path, HOURLY, timeframe=Timeframe.DAY_1):
        pass
