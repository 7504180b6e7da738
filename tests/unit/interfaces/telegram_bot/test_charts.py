"""Pictures: there where there is something to draw, none where there is not; by several threads at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.market import Symbol
from interfaces.service import Service
from interfaces.telegram_bot.screens import charts
from interfaces.views.charts import EquityView
from interfaces.views.experiments import view_of
from interfaces.views.gates import RiskView
from interfaces.views.state import PositionsView
from tests.builders.experiments import an_experiment
from tests.builders.market import NOON
from tests.builders.runtime import KORVA, a_runtime
from trading.portfolio.performance import Day

PNG = b"\x89PNG\r\n\x1a\n"


def equity_of(*closes):
    days = (Day(date(2026, 1, 2) + timedelta(at), Decimal(close), Decimal(close)) for at, close in enumerate(closes))
    return EquityView(NOON, tuple(days))


@pytest.fixture
def service(traded_home):
    with a_runtime(traded_home) as runtime:
        yield Service(runtime)


def test_every_picture_of_a_home_with_a_history_is_drawn(service):
    drawn = (
        charts.equity(equity_of(100, 90, 110)),
        charts.backtest(view_of(an_experiment())),
        charts.headroom(service.risk()),
        charts.exposure(service.positions()),
        charts.prices(service.prices(KORVA.lower())),
    )
    assert all(picture is not None and picture.startswith(PNG) and len(picture) > 5_000 for picture in drawn)


@pytest.mark.parametrize("closes", [(), (100,)], ids=["nothing", "one day"])
def test_too_little_is_not_drawn(closes):
    assert charts.equity(equity_of(*closes)) is None


def test_an_empty_book_and_a_policy_without_figures_are_not_drawn():
    assert charts.exposure(PositionsView(NOON, ())) is None
    assert charts.headroom(RiskView(NOON, (), Symbol("X"))) is None


def test_an_equity_of_nothing_is_drawn_without_a_division():
    assert charts.equity(equity_of(0, 0))


def test_a_short_holding_and_a_limit_far_beyond_are_drawn(service):
    view = service.positions()
    short = replace(view.positions[0], broker_qty=Decimal(-5))
    assert charts.exposure(replace(view, positions=(short,)))
    rows = tuple(
        replace(row, headroom_pct=Decimal(-5_000)) for row in service.risk().risk if row.headroom_pct is not None
    )
    assert charts.headroom(replace(service.risk(), risk=rows[:3]))


def test_threads_draw_the_same_picture():
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: charts.equity(equity_of(100, 90, 110)), range(8)))) == 1
