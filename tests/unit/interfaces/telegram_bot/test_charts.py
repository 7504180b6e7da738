"""Pictures: there where there is something to draw, none where there is not; by several threads at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import product
from typing import NamedTuple

import pytest
from matplotlib.image import imread

from domain.errors import RetryableError
from domain.market import Quote, Symbol, Timeframe
from domain.orders import Side
from interfaces.service import Service
from interfaces.telegram_bot.screens import charts
from interfaces.telling.drawing import quote_of
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


def test_a_first_day_is_drawn_from_what_the_account_began_with_and_no_day_is_not():
    assert charts.equity(equity_of(100))
    assert charts.equity(equity_of()) is None


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


def crowded(service):
    """Twelve holdings with one that has no price, sixty days, a bar with many fills, long names of gates."""
    held, bars = service.positions(), service.prices(KORVA)
    one, fill = held.positions[0], bars.fills[0]
    many = tuple(
        replace(one, symbol=Symbol(f"HOLD{number}"), broker_qty=Decimal(number * 1_000_000 - 4_000_000))
        for number in range(12)
    )
    fills = tuple(
        replace(fill, fill_id=f"f{number}", side=side, at=bars.bars[at].start)
        for number, (at, side) in enumerate(product((0, 1, 1, 2, -1), Side))
    )
    last = bars.bars[-1].close
    near = replace(one, avg_price=last * Decimal("1.001"), stop_loss=last * Decimal("0.999"))
    yield charts.exposure(replace(held, positions=(*many, replace(one, market_price=None))))
    yield charts.prices(replace(bars, fills=fills, holding=near))
    yield charts.equity(equity_of(*(10_000_000 + number**3 for number in range(60))))
    yield charts.headroom(service.risk())


def test_nothing_of_a_crowded_picture_is_cut_off(service):
    for picture in crowded(service):
        points = imread(BytesIO(picture))[:, :, :3]
        edges = (points[:3], points[-3:], points[:, :3], points[:, -3:])
        assert all((edge == 1).all() for edge in edges), "something is drawn to the very edge, or beyond it"


def test_fills_of_one_bar_and_side_are_one_mark_that_counts_them(service):
    view = service.prices(KORVA)
    fill = view.fills[0]
    one, two = (replace(fill, fill_id=name) for name in ("a", "b"))
    alone, both, dearer = (
        charts.prices(replace(view, holding=None, fills=fills))
        for fills in ((one,), (one, two), (one, replace(two, price=fill.price * 2)))
    )
    assert alone != both == dearer


def test_the_price_of_a_picture_says_of_when_it_is(service):
    """At noon of the 17th the last finished bar is that of the day before, and the quote is of now."""
    view = service.prices(KORVA)
    assert charts.closed(view) == f"{view.bars[-1].close:,.2f} USD, close of 16 Mar"
    assert charts.quoted(view).endswith(f"ask {view.quote.ask:,.2f} on 17 Mar at {NOON:%H:%M} UTC")
    assert charts.prices(view) != charts.prices(replace(view, quote=None))
    hour = replace(view.bars[-1], timeframe=Timeframe.HOUR_1)
    assert charts.closed(replace(view, bars=(hour,), currency="")).endswith("close of 16 Mar 20:00 UTC")


def test_a_quote_that_is_only_made_of_a_bar_is_none(service):
    market = service.prices(KORVA).quote
    runtime = service._runtime
    quoted = replace(runtime.deps, market=OnlyQuotes(replace(market, modelled=True)))
    assert quote_of(replace(runtime, deps=quoted), KORVA, NOON) is None
    silent = replace(runtime.deps, market=OnlyQuotes(None))
    assert quote_of(replace(runtime, deps=silent), KORVA, NOON) is None


class OnlyQuotes(NamedTuple):
    """A market with one quote, or none because it does not answer."""

    told: Quote | None

    def quote(self, _symbol, *, as_of):
        if self.told is None:
            raise RetryableError(f"no answer at {as_of}")
        return self.told


def test_threads_draw_the_same_picture():
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: charts.equity(equity_of(100, 90, 110)), range(8)))) == 1
