"""Sage started with SAGE_BROKER=alpaca: what the doctor says, whose money it is, and what a kill does at the broker."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.case import Mode
from domain.errors import ConfigurationError, ManualActionError
from domain.orders import OrderStatus
from domain.record.canonical import time_text
from tests.builders.alpaca import a_config, an_alpaca_house
from tests.builders.execution import ENTRY, HandClock, an_intent
from tests.builders.runtime import sage
from tests.builders.vendors import an_alpaca_asset
from tests.servers.alpaca import KEY_ID, SECRET_KEY, alpaca
from tests.servers.alpaca_exchange import Exchange
from tests.servers.alpaca_trading import AlpacaTrading
from trading.execution.brokers.alpaca.broker import AlpacaBroker
from trading.execution.cancel_entries import after_kill

RESTING: dict[str, Any] = {"stop_loss": None, "take_profit": None, "limit_price": 90}
LIVE_KEY = "AKLOOPBACKKEY0000001"


@pytest.fixture
def server():
    exchange = Exchange(quote=lambda symbol: None, now=lambda: datetime.now(UTC))
    with AlpacaTrading(exchange, assets=[an_alpaca_asset()]) as trading:
        yield trading


def started(tmp_path, server, *argv, **changes):
    """One command over both of Alpaca's interfaces."""
    with alpaca(key_id=changes.get("APCA_API_KEY_ID", KEY_ID)) as prices:
        names = {
            "SAGE_BROKER": "alpaca", "SAGE_MARKET": "alpaca", "SAGE_NEWS": "none", "SAGE_MODEL": "rules",
            "SAGE_UNIVERSE": "AAPL", "APCA_API_KEY_ID": KEY_ID, "APCA_API_SECRET_KEY": SECRET_KEY,
            "APCA_API_BASE_URL": server.url, "APCA_API_DATA_URL": prices.url,
        }  # fmt: skip
        return sage(*argv, cwd=tmp_path, **(names | changes))


def row(ran, name):
    assert ran.stdout, ran.stderr
    return next(each for each in json.loads(ran.stdout)["checks"] if each["name"] == name)


def test_the_doctor_names_the_account_and_its_kind(tmp_path, server):
    told = row(started(tmp_path, server, "doctor", "--json"), "broker")
    assert told["state"] == "ok", told
    assert "alpaca, paper account PA3717PJAYWN" in json.dumps(told)


def test_the_doctor_tells_a_refused_key_with_its_code_and_without_the_key(tmp_path, server):
    refusal = (401, {"code": 40110000, "message": f"access key verification failed : {KEY_ID} {SECRET_KEY}"})
    server.fail("GET /v2/account", "reply", reply=refusal, times=9)
    ran = started(tmp_path, server, "doctor", "--json")
    told = json.dumps(row(ran, "broker"))
    assert "40110000" in told
    log = (tmp_path / ".sage" / "sage.log").read_text(encoding="utf-8")
    for secret in (KEY_ID, SECRET_KEY):
        assert secret not in ran.stdout + ran.stderr + log


def test_the_doctor_tells_that_real_money_waits_for_the_owner(tmp_path, server):
    server.edit = lambda path, body: body | {"account_number": "912345678"} if path == "/v2/account" else body
    told = json.dumps(row(started(tmp_path, server, "doctor", "--json", APCA_API_KEY_ID=LIVE_KEY), "broker"))
    assert "live account 912345678" in told
    assert "nothing is sent in mode paper" in told


def test_a_start_does_not_move_real_money_by_a_setting_alone(tmp_path, server):
    ran = started(tmp_path, server, "status", SAGE_MODE="approve", APCA_API_KEY_ID=LIVE_KEY)
    assert ran.returncode == ManualActionError.exit_code
    assert "confirmation" in ran.stderr


@pytest.mark.parametrize("market", ["simulated", "files:nowhere"])
def test_real_orders_are_not_decided_on_made_up_prices(tmp_path, server, market):
    (tmp_path / "nowhere" / "bars").mkdir(parents=True)
    bars = "symbol,time,open,high,low,close,volume\nAAPL,2025-03-31,1,2,1,2,100\n"
    (tmp_path / "nowhere" / "bars" / "daily.csv").write_text(bars, encoding="utf-8")
    ran = started(tmp_path, server, "status", SAGE_MARKET=market, SAGE_UNIVERSE="")
    assert ran.returncode == ConfigurationError.exit_code
    assert f"SAGE_MARKET={market}" in ran.stderr
    assert server.arrived.total() == 0


def test_a_kill_cancels_the_entries_that_rest_at_alpaca_and_no_protection(database, tmp_path):
    clock = HandClock()
    with an_alpaca_house(database, tmp_path, clock=clock) as (house, server, _):
        house.place(an_intent(**RESTING))
        house.place(an_intent("dec-3"))
        legs = {each.client_order_id for each in house.broker.orders() if each.parent_id is not None}
        house.latch.engage("owner", "drill", time_text(clock.now()))
        done = after_kill(
            f"sqlite:///{tmp_path / 'sage.db'}",
            tmp_path,
            house.latch,
            lambda _, at, office, control: AlpacaBroker(a_config(server), at, office, control),
            lambda _parts, _kill: pytest.fail("nobody asked to close anything"),
        )
        assert (done["cancelled"], done["failed"]) == ([ENTRY], {})
        assert house.broker.find(ENTRY).status is OrderStatus.CANCELED
        assert {each.client_order_id for each in house.broker.orders()} == legs
        assert house.control.read().mode is Mode.PAPER
        assert house.control.read().kill_switch
