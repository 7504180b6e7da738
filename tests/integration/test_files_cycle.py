"""A whole cycle over real prices and headlines of April 2025, where ../shared/data is there."""

import pytest

from domain.clock import FixedClock
from domain.verdicts import Outcome
from interfaces.views.cycles import CycleReport
from tests.builders.market import at
from tests.builders.runtime import a_cycle, a_runtime, the_calendar
from tests.converters.headlines import convert_finnhub
from tests.converters.prices import POLYGON_DAILY, SHARED, convert
from trading.data.files_market import FilesMarket
from trading.data.files_news import FilesNews

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason=f"no real data at {SHARED}")
CRASH = at("2025-04-08T14:35")
NAMES = ("AAPL", "CAT", "IBM", "V")
NOT_A_SESSION = "AAPL,2025-04-05,1,1,1,1,1\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = convert_finnhub(convert(POLYGON_DAILY, tmp_path_factory.mktemp("april"), NAMES), NAMES)
    with (made / "bars" / "AAPL.csv").open("a", encoding="utf-8") as file:
        file.write(NOT_A_SESSION)
    return made


def cycle_over(folder, home, policy: str) -> CycleReport:
    market = FilesMarket(folder, the_calendar())
    with a_runtime(home, market=market, news=FilesNews(folder), clock=FixedClock(CRASH), policy=policy) as runtime:
        return a_cycle(runtime, *market.symbols())


def test_a_policy_that_asks_for_earnings_enters_nothing_on_prices_alone(folder, tmp_path):
    report = cycle_over(folder, tmp_path, "conservative")
    denied = {verdict.symbol for verdict in report.verdicts if verdict.code == "EARNINGS_UNKNOWN"}

    assert denied == {candidate.symbol for candidate in report.candidates} != set()
    unfed = {"B10_age", "B10_cap", "C10", "E11_index", "E13", "E13_macro", "E14"}
    assert {verdict.gate for verdict in report.verdicts if verdict.outcome is Outcome.DENY} == unfed
    assert report.orders == ()


def test_the_policy_for_stored_prices_trades_on_them_and_tells_of_rows_it_left_out(folder, tmp_path):
    report = cycle_over(folder, tmp_path, "research")

    assert {order.symbol for order in report.orders} == {"IBM", "V"}
    assert {fill.symbol for fill in report.fills} == {"IBM", "V"}
    assert [line.partition(" (")[0] for line in report.missing] == ["1 row left out: no session on that day"]
