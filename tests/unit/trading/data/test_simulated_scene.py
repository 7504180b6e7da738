"""The scene of 2026-03-17 at 15:00Z that the demo shows: one company for every way a candidate can go."""

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.market import EventKind, Symbol, Timeframe
from domain.signals import Regime
from tests.builders.market import at
from trading.data.calendar import ExchangeCalendar
from trading.data.simulated_market import SimulatedMarket
from trading.data.simulated_news import SimulatedNews
from trading.signals.quant import quant_signals

CALENDAR = ExchangeCalendar()
MARKET = SimulatedMarket(7, CALENDAR)
NEWS = SimulatedNews(7, CALENDAR)
NOON = at("2026-03-17T15:00")


def signals(symbol):
    return quant_signals(symbol, Timeframe.DAY_1, MARKET.bars(symbol, Timeframe.DAY_1, as_of=NOON, limit=300))


def fresh(symbol):
    return [article.headline for article in NEWS.articles([symbol], since=NOON - timedelta(hours=24), as_of=NOON)]


@pytest.mark.parametrize("name", ["NIMBO", "KORVA", "TARQU", "GLIMR"])
def test_trends_are_clean_and_not_overheated(name):
    found = signals(Symbol(name))

    assert found.regime is Regime.TREND_UP
    assert found.score > Decimal("0.6")
    assert found.values["rsi14"] is not None
    assert 55 < found.values["rsi14"] < 71


@pytest.mark.parametrize(("name", "told"), [("NIMBO", "hospital"), ("KORVA", "follow-up order")])
def test_the_momentum_entries_have_mildly_good_news(name, told):
    assert any(told in headline for headline in fresh(Symbol(name)))


def test_one_range_is_heavily_oversold_without_news_to_explain_it():
    values = signals(Symbol("OSTRE")).values

    assert signals(Symbol("OSTRE")).regime is Regime.RANGE
    assert values["rsi14"] is not None
    assert values["rsi14"] < 30
    assert values["bb_pct"] is not None
    assert values["bb_pct"] < 0
    assert fresh(Symbol("OSTRE")) == ["Ostrel Retail Group names place of its annual meeting"]


def test_one_company_raised_its_guidance_on_rising_volume():
    volume = signals(Symbol("PELMA")).values["volume_ratio"]

    assert volume is not None
    assert volume > Decimal("1.8")
    assert fresh(Symbol("PELMA"))[0] == "Pelmara Biologics raises full-year guidance well above expectations"


def test_one_trend_has_its_report_today_and_good_texts():
    due = MARKET.events(Symbol("TARQU"), as_of=NOON, until=NOON + timedelta(hours=24))

    assert [event.kind for event in due] == [EventKind.EARNINGS]
    assert len(fresh(Symbol("TARQU"))) == 2


def test_no_other_company_reports_within_a_day():
    due = {
        symbol for symbol in MARKET.symbols()
        if MARKET.events(symbol, as_of=NOON, until=NOON + timedelta(hours=24))
    }  # fmt: skip

    assert due == {"TARQU"}


def test_one_trend_is_too_wide_to_trade():
    quote = MARKET.quote(Symbol("GLIMR"), as_of=NOON)

    assert quote is not None
    assert (quote.ask - quote.bid) / quote.mid > Decimal("0.005")


def test_one_falls_and_one_is_calm():
    assert signals(Symbol("DRAVE")).regime is Regime.TREND_DOWN
    calm = signals(Symbol("CALDO"))
    assert calm.regime is Regime.RANGE
    assert calm.values["vol20"] is not None
    assert calm.values["vol20"] < 15


@pytest.mark.parametrize(
    ("name", "hostile"),
    [
        pytest.param("KORVA", "SYSTEM NOTICE to automated readers", id="about_a_traded_company"),
        pytest.param("CALDO", "publishes recipe booklet", id="about_a_calm_company_hidden_in_the_body"),
    ],
)
def test_hostile_articles_lie_in_wait(name, hostile):
    assert any(hostile in headline for headline in fresh(Symbol(name)))


def test_nothing_is_halted():
    statuses = [MARKET.status(symbol, as_of=NOON) for symbol in MARKET.symbols()]

    assert [status for status in statuses if status is None or status.halted] == []
