"""Group B: when an order ends, which auction it reaches, and what kind of instrument is entered."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.market import AssetClass
from domain.orders import TimeInForce
from policies.gates.validity.expiry import ExpiryLimits
from policies.limits import BY_NAME
from tests.builders.policies import (
    NOW,
    D,
    a_case,
    a_market,
    a_sell,
    a_session,
    a_view,
    ago,
    an_instrument,
    an_order,
    answer,
    held,
    verdict,
)

row = pytest.param

NAN, INFINITE = Decimal("NaN"), Decimal("Infinity")
EXIT: dict[str, Any] = {"order": a_sell(D(50)), "positions": held(50)}
GTD, DAY, GTC = TimeInForce.GTD, TimeInForce.DAY, TimeInForce.GTC
EXPIRY = "DENY EXPIRY_INVALID"


@pytest.mark.parametrize(
    ("tif", "end", "expected"),
    [
        row(DAY, None, "PASS", id="day_without"),
        row(GTC, None, "PASS", id="gtc_without"),
        row(GTD, NOW + timedelta(microseconds=1), "PASS", id="just_ahead"),
        row(GTD, NOW, EXPIRY, id="now"),
        row(GTD, ago(1), EXPIRY, id="over"),
        row(GTD, None, EXPIRY, id="missing"),
        row(GTD, datetime(2027, 1, 1), EXPIRY, id="no_zone"),  # noqa: DTZ001 that is what is refused
        row(GTD, date(2027, 1, 1), EXPIRY, id="a_date_is_no_time"),
        row(GTD, "2027-01-01T00:00:00Z", EXPIRY, id="text"),
        row(GTD, NAN, EXPIRY, id="nan"),
        row(DAY, NOW + timedelta(days=1), EXPIRY, id="superfluous_day"),
        row(TimeInForce.IOC, NOW + timedelta(days=1), EXPIRY, id="superfluous_ioc"),
        row("forever", None, "DENY GATE_ERROR", id="unknown_tif"),
    ],
)
def test_b5_expiry_holds_for_exits_too(tif, end, expected):
    assert answer("B5", a_case(an_order(tif=tif, expires_at=end))) == expected
    assert answer("B5", a_case(a_sell(D(50), tif=tif, expires_at=end), positions=held(50))) == expected


def at(hour: int, minute: int, second: int = 0) -> datetime:
    return NOW.replace(hour=hour, minute=minute, second=second)


AUCTION = "DENY AUCTION_WINDOW"


@pytest.mark.parametrize(
    ("now", "limits", "expected"),
    [
        row(at(15, 0), {}, "PASS", id="midday"),
        row(at(19, 58), {}, "PASS", id="at_limit"),
        row(at(19, 58, 1), {}, AUCTION, id="one_second_late"),
        row(at(20, 0), {}, AUCTION, id="at_the_close"),
        row(at(13, 29, 59), {}, AUCTION, id="before_the_opening"),
        row(at(19, 50), {"auction_buffer_s": "600"}, "PASS", id="at_a_wider_limit"),
        row(at(19, 50, 1), {"auction_buffer_s": "600"}, AUCTION, id="late_for_a_wider_limit"),
        row(at(19, 59, 59), {"auction_buffer_s": "0"}, "PASS", id="no_buffer"),
    ],
)
def test_b5_the_closing_auction(now, limits, expected):
    order = an_order(tif=TimeInForce.CLS)
    assert answer("B5", a_case(order, now=now), **limits) == expected
    closed = a_case(order, now=now, market=a_market(closed=True))
    assert answer("B5", closed, **limits) == AUCTION
    early = replace(a_session(), closes_at=at(18, 0))
    assert answer("B5", a_case(order, now=at(17, 58, 1), market=a_market(session=early))) == AUCTION
    exit_ = a_sell(D(50), tif=TimeInForce.CLS)
    assert answer("B5", a_case(exit_, positions=held(50), now=now), **limits) == expected


@pytest.mark.parametrize(
    ("now", "limits", "expected"),
    [
        row(at(3, 0), {}, "PASS", id="at_night"),
        row(at(13, 28), {}, "PASS", id="at_limit"),
        row(at(13, 28, 1), {}, AUCTION, id="one_second_late"),
        row(at(13, 31), {}, AUCTION, id="opened_meanwhile"),
        row(at(13, 20), {"auction_buffer_s": "600"}, "PASS", id="at_a_wider_limit"),
        row(at(13, 20, 1), {"auction_buffer_s": "600"}, AUCTION, id="late_for_a_wider_limit"),
    ],
)
def test_b5_the_opening_auction(now, limits, expected):
    market = replace(a_market(closed=True), next_session=a_session())
    for case in (
        a_case(an_order(tif=TimeInForce.OPG), now=now, market=market),
        a_case(a_sell(D(50), tif=TimeInForce.OPG), positions=held(50), now=now, market=market),
    ):
        assert answer("B5", case, **limits) == expected


def test_b5_no_opening_in_a_session_and_none_that_nobody_knows():
    entry, exit_ = an_order(tif=TimeInForce.OPG), a_sell(D(50), tif=TimeInForce.OPG)
    tomorrow = replace(a_session(), opens_at=at(13, 30) + timedelta(days=1), closes_at=at(20, 0) + timedelta(days=1))
    assert answer("B5", a_case(entry, market=replace(a_market(), next_session=tomorrow))) == AUCTION
    unknown = replace(a_market(closed=True), next_session=None)
    assert answer("B5", a_case(entry, market=unknown)) == AUCTION
    assert answer("B5", a_case(exit_, positions=held(50), market=unknown)) == "PASS"


def test_b5_the_buffer_of_a_policy_that_names_none():
    assert BY_NAME["auction_buffer_s"].default == ExpiryLimits().auction_buffer_s == 120


@pytest.mark.parametrize(
    ("listed_on", "expected"),
    [
        row(date(2025, 12, 17), "PASS", id="at_limit"),
        row(date(2025, 12, 18), "DENY LISTING_TOO_YOUNG", id="one_day_under"),
        row(date(2026, 3, 18), "DENY LISTING_TOO_YOUNG", id="future"),
        row(None, "DENY LISTING_UNKNOWN", id="missing"),
        row(datetime(2020, 1, 1, tzinfo=UTC), "DENY GATE_ERROR", id="a_time_is_no_date"),
    ],
)
def test_b10_age_of_the_listing(listed_on, expected):
    view = a_view(instrument=an_instrument(listed_on=listed_on))
    assert answer("B10_age", a_case(view=view), min_listing_age_d="90") == expected
    assert answer("B10_age", a_case(**EXIT, view=view), min_listing_age_d="90") == "PASS RISK_REDUCING"


@pytest.mark.parametrize(
    ("cap", "expected"),
    [
        row(D(300_000_000), "PASS", id="at_limit"),
        row(D(299_999_999), "DENY MARKET_CAP_TOO_SMALL", id="one_dollar_under"),
        row(D(4) * 10**12, "PASS", id="the_largest_there_are"),
        row(D(0), "DENY MARKET_CAP_UNKNOWN", id="zero"),
        row(NAN, "DENY MARKET_CAP_UNKNOWN", id="nan"),
        row(INFINITE, "DENY MARKET_CAP_UNKNOWN", id="infinite"),
        row(10**12, "DENY MARKET_CAP_UNKNOWN", id="int"),
        row(None, "DENY MARKET_CAP_UNKNOWN", id="missing"),
    ],
)
def test_b10_market_cap(cap, expected):
    view = a_view(instrument=an_instrument(market_cap=cap))
    assert answer("B10_cap", a_case(view=view), min_market_cap="300000000") == expected
    assert answer("B10_cap", a_case(**EXIT, view=view), min_market_cap="300000000") == "PASS RISK_REDUCING"


@pytest.mark.parametrize("gate", ["B10_age", "B10_cap"])
def test_b10_an_instrument_that_nobody_knows(gate):
    case = a_case(view=a_view(instrument=None))
    assert verdict(gate, case, min_listing_age_d="0", min_market_cap="0").code.endswith("_UNKNOWN")


ETF, SHARE = AssetClass.ETF, AssetClass.EQUITY


@pytest.mark.parametrize(
    ("asset_class", "leverage", "expected"),
    [
        row(ETF, D(1), "PASS", id="plain_fund"),
        row(ETF, D(2), "DENY LEVERAGED_FUND", id="double"),
        row(ETF, D("1.01"), "DENY LEVERAGED_FUND", id="a_little"),
        row(ETF, D(-1), "DENY LEVERAGED_FUND", id="inverse"),
        row(ETF, D(0), "DENY LEVERAGED_FUND", id="zero"),
        row(ETF, None, "DENY LEVERAGE_UNKNOWN", id="missing"),
        row(ETF, NAN, "DENY LEVERAGE_UNKNOWN", id="nan"),
        row(ETF, 1, "DENY LEVERAGE_UNKNOWN", id="int"),
        row(SHARE, None, "PASS", id="share"),
        row(SHARE, D(1), "PASS", id="share_with_a_plain_figure"),
        row(SHARE, D(3), "DENY LEVERAGED_FUND", id="fund_that_its_source_calls_a_share"),
    ],
)
def test_b10_leveraged_funds(asset_class, leverage, expected):
    view = a_view(instrument=an_instrument(asset_class=asset_class, leverage=leverage))
    assert answer("B10_leverage", a_case(view=view), allow_leveraged_funds=False) == expected
    assert answer("B10_leverage", a_case(view=view), allow_leveraged_funds=True) == "PASS"
    assert answer("B10_leverage", a_case(**EXIT, view=view), allow_leveraged_funds=False) == "PASS RISK_REDUCING"
