"""Profit and loss of a period: from the equity of exchange days and the trades that closed, and equal to the gates'."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.errors import UsageError
from interfaces.service import Service
from tests.builders.runtime import GONE, KORVA, NIMBO, a_runtime
from trading.execution.account import read_book
from trading.portfolio.periods import Unit


@pytest.fixture
def service(traded_home, clock):
    clock.at = GONE
    with a_runtime(traded_home, clock=clock) as runtime:
        yield Service(runtime)


@pytest.mark.parametrize(
    ("what", "since"),
    [("day", "2026-03-31"), ("week", "2026-03-30"), ("month", "2026-03-01"), ("ytd", "2026-01-01"), ("total", None)],
)
def test_a_period_says_since_when_and_what_became_of_it(service, what, since):
    view = service.profits(what)
    assert view.since == (None if since is None else date.fromisoformat(since))
    assert view.pnl is not None
    assert view.trades == len(service.trades().trades)
    assert view.unrealized_pnl == service.pnl().unrealized_pnl


def test_the_day_week_and_month_are_those_that_the_gates_count(traded_home, clock):
    clock.at = GONE
    with a_runtime(traded_home, clock=clock) as runtime:
        deps, service = runtime.deps, Service(runtime)
        book = read_book(deps.broker, deps.stores.orders, deps.stores.equity, now=GONE)
        counted, equity = book.performance, book.account.equity
        starts = {
            "day": counted.day_start_equity,
            "week": counted.week_start_equity,
            "month": counted.month_start_equity,
        }
        for what, start in starts.items():
            pnl = service.profits(what).pnl
            assert None not in (equity, start, pnl)
            assert (start or 0) + (pnl or 0) == equity, what


def test_money_that_is_paid_in_is_no_profit(traded_home, clock):
    clock.at = GONE
    with a_runtime(traded_home, clock=clock) as runtime:
        before = Service(runtime).profits("month").pnl or Decimal(0)
        runtime.deps.stores.equity.transfer("t-1", Decimal(2_000), at=GONE - timedelta(minutes=1))
        assert Service(runtime).profits("month").pnl == before - 2_000, "the broker has not told of it yet"


@pytest.mark.parametrize("by", [Unit.DAY, Unit.WEEK, Unit.MONTH])
def test_the_lines_of_a_time_make_its_sum(service, by):
    view = service.profits("total", by)
    assert len(view.rows) >= 1
    assert sum(each.pnl for each in view.rows) == view.pnl
    assert sum(each.trades for each in view.rows) == view.trades


def test_symbols_are_told_by_what_is_made_and_what_is_open(service):
    view = service.profits("total", Unit.SYMBOL)
    rows = {each.name: each for each in view.rows}
    held = {each.symbol: each.unrealized_pnl for each in service.positions().positions}
    closed = {each.symbol: Decimal(each.pnl) for each in service.trades().trades}
    assert set(rows) == {*held, *closed}
    assert rows[KORVA].trades == 1
    assert all(each.pnl == each.realized_pnl + each.unrealized_pnl for each in view.rows)
    assert sum(each.realized_pnl for each in view.rows) == view.realized_pnl
    assert [each.pnl for each in view.rows] == sorted((each.pnl for each in view.rows), reverse=True)


def test_a_symbol_is_told_by_period_with_what_is_open(service):
    view = service.profits("korva")
    assert (view.what, [each.name for each in view.rows]) == (KORVA, ["day", "week", "month", "ytd", "total"])
    assert view.pnl == view.realized_pnl + view.unrealized_pnl
    assert view.rows[-1].realized_pnl == view.realized_pnl


def test_a_day_without_a_trade_has_lines_of_no_symbol_but_those_held(service):
    held = {each.symbol for each in service.positions().positions if each.broker_qty}
    assert held <= {each.name for each in service.profits("day").rows}


def test_before_the_first_cycle_there_is_nothing_to_tell(tmp_path):
    with a_runtime(tmp_path) as runtime:
        view = Service(runtime).profits("month")
        assert view.trades == 0
        assert view.realized_pnl == 0
        assert view.pnl == 0
        assert Service(runtime).profits(NIMBO).pnl == 0


def test_a_symbol_that_nobody_knows_is_refused(service):
    with pytest.raises(UsageError, match="is no period and no symbol"):
        service.profits("NOSUCH")
