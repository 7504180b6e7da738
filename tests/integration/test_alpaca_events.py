"""What a person with Alpaca's paper keys must do so that the shipped policy enters at all: state what Alpaca does not.

Real HTTP to a loopback Alpaca for prices, account and orders; the start, the gates and the books are the product's.
"""

import re
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import composition.opening as composition
from composition.sources import market_of
from domain.market import Symbol
from domain.orders import Side
from interfaces.acting.ordering import Ticket
from interfaces.cli.home import LATCH
from interfaces.service import Service
from interfaces.views.state import State
from policies.kill_switch import KillSwitch
from tests.builders.execution import HandClock
from tests.builders.market import NOON
from tests.builders.runtime import settings_in, the_calendar
from tests.builders.vendors import an_alpaca_asset, an_alpaca_bar, an_alpaca_quote, an_alpaca_trade
from tests.servers.alpaca import KEY_ID, SECRET_KEY
from tests.servers.alpaca import alpaca as data_server
from tests.servers.alpaca_exchange import Exchange
from tests.servers.alpaca_trading import AlpacaTrading
from trading.data.vendors.bar_times import NEW_YORK
from trading.store.database import open_database

AAPL, SPY = Symbol("AAPL"), Symbol("SPY")
GUIDE = Path(__file__).parents[2] / "docs" / "operating.md"
BUY = Ticket(Side.BUY, AAPL, qty=Decimal(5), stop=Decimal(190), target=Decimal(215))
DENIED_FOR_WANT_OF_EVENTS = {"HALT_STATUS_UNKNOWN", "EARNINGS_UNKNOWN", "MACRO_UNKNOWN"}
DENIED_FOR_WANT_OF_FACTS = {"LISTING_UNKNOWN", "MARKET_CAP_UNKNOWN"}
HALT = "[[halts]]\nsymbol = 'AAPL'\nfrom = 2026-03-17T14:59:00Z\nreason = 'LULD'\n\n"


def the_file():
    """The events file of the guide, as people copy it."""
    text = GUIDE.read_text(encoding="utf-8")
    (found,) = re.findall(r"```toml\n(# events\.toml.*?)```", text, flags=re.DOTALL)
    return found


def days(middle, step):
    """A year of daily bars that swing around a price, each session its own."""
    sessions = the_calendar().sessions(NOON - timedelta(days=300), NOON - timedelta(hours=12))
    starts = [each.opens_at.astimezone(NEW_YORK).replace(hour=0, minute=0) for each in sessions]
    return [
        an_alpaca_bar(at, middle + step * ((place * 7) % 5 - 2), o=middle, l=middle - 3 * step, h=middle + 3 * step,
                      v=60_000_000)
        for place, at in enumerate(starts)
    ]  # fmt: skip


@contextmanager
def a_person_at_alpaca(folder, *, events):
    clock = HandClock()
    prices = {AAPL: 200.0, SPY: 600.0}
    data = data_server(
        bars={AAPL: days(200.0, 0.8), SPY: days(600.0, 2.0)},
        quotes={name: [an_alpaca_quote(NOON, price - 0.02, price + 0.02)] for name, price in prices.items()},
        trades={name: [an_alpaca_trade(NOON, price)] for name, price in prices.items()},
    )
    assets = [an_alpaca_asset(name, maintenance_margin_requirement=30) for name in prices]
    with ExitStack() as stack:
        exchange = Exchange(quote=lambda symbol: None, now=clock.now, withdrawable=Decimal(100_000))
        trading = stack.enter_context(AlpacaTrading(exchange, assets=assets))
        alpaca = {
            "broker": "alpaca", "market": "alpaca", "alpaca_key_id": KEY_ID, "alpaca_secret_key": SECRET_KEY,
            "alpaca_base_url": trading.url, "alpaca_stream_url": trading.stream_url,
            "alpaca_data_url": stack.enter_context(data).url, "policy": "conservative", "events": events,
        }  # fmt: skip
        settings, latch = settings_in(folder, **alpaca), KillSwitch(folder / LATCH)
        market = market_of(settings, the_calendar())
        exchange.quote = lambda symbol: market.quote(Symbol(symbol), as_of=NOON)
        database = stack.enter_context(closing(open_database(settings.database)))
        runtime = composition.runtime_of(
            settings, composition.stores_of(database, settings, latch), latch, the_calendar(), market, market.symbols(),
            clock, stack,
        )  # fmt: skip
        runtime.deps.reconciler.reconcile(clock.now())
        yield runtime


def codes_of(view):
    return {each.code for each in view.why.objections} if view.why else set()


def test_without_a_source_of_events_an_entry_is_refused_and_the_setting_is_named(tmp_path):
    with a_person_at_alpaca(tmp_path, events="") as runtime:
        view: Any = Service(runtime).order(BUY, what_if=True)
        rows = [row for row in Service(runtime).doctor().checks if row.name in ("scheduled", "coverage")]
    assert codes_of(view) == DENIED_FOR_WANT_OF_EVENTS | DENIED_FOR_WANT_OF_FACTS
    assert all("SAGE_EVENTS" in each.meaning for each in view.why.objections)
    told = {row.detail: row for row in rows}
    assert "SAGE_EVENTS=files:PATH" in told["earnings dates: nobody tells"].remedy
    assert told["splits and dividends: told by alpaca"].state is State.OK
    assert any("E13 earnings blackout: no source of earnings dates" in found for found in told)


def test_with_the_file_of_the_guide_the_same_entry_passes_every_gate(tmp_path):
    path = tmp_path / "events.toml"
    path.write_text(the_file(), encoding="utf-8")
    with a_person_at_alpaca(tmp_path, events=f"files:{path}") as runtime:
        service = Service(runtime)
        rows = [row for row in service.doctor().checks if row.name in ("scheduled", "coverage")]
        view = service.order(BUY)
    assert codes_of(view) == set()
    assert view.done
    assert {row.state for row in rows if row.name == "scheduled"} == {State.OK}
    assert [row.detail for row in rows if row.name == "coverage"] == [
        "B10_leverage leveraged funds: no source of the leverage of funds; denies new entries into funds"
    ]
    assert [row.detail for row in rows if "earnings" in row.detail] == [
        "earnings dates: 2 of 2 symbols by events.toml, entries until 2026-04-24 00:00 UTC"
    ]


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        pytest.param(("until = 2026-05-01T00:00:00Z", "until = 2026-03-20T00:00:00Z"),
                     {"EARNINGS_UNKNOWN", "MACRO_UNKNOWN"}, id="lists_that_end_within_a_week"),
        pytest.param(('day = 2026-04-30', 'day = 2026-03-17'), {"EARNINGS_BLACKOUT"}, id="a_report_today"),
        pytest.param(("stated_at = 2026-03-16T12:00:00Z", "stated_at = 2026-03-17T15:00:01Z"),
                     DENIED_FOR_WANT_OF_EVENTS, id="written_a_second_later"),
        pytest.param(("[instruments.AAPL]", f"{HALT}[instruments.AAPL]"), {"INSTRUMENT_HALTED"}, id="a_halt"),
    ],
)  # fmt: skip
def test_what_the_file_does_not_know_at_that_moment_denies_as_before(tmp_path, change, codes):
    assert change[0] in the_file()
    path = tmp_path / "events.toml"
    path.write_text(the_file().replace(*change), encoding="utf-8")
    with a_person_at_alpaca(tmp_path, events=f"files:{path}") as runtime:
        assert codes_of(Service(runtime).order(BUY, what_if=True)) == codes
