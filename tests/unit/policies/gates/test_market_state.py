"""Group E: the edges of a session, the quality of data, participation, turbulence, events and news."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.case import TextUsed
from domain.ids import Ref
from domain.market import EventKind, MarketEvent
from domain.orders import OrderType, Origin, Side
from tests.builders.policies import (
    AAPL,
    MSFT,
    NOW,
    D,
    a_case,
    a_market,
    a_proposal,
    a_quote,
    a_sell,
    a_session,
    a_view,
    ago,
    an_order,
    answer,
    held,
    selling,
    verdict,
    working,
)

row = pytest.param

NAN = Decimal("NaN")
EXIT: dict[str, Any] = {"order": a_sell(D(50)), "positions": held(50)}
SESSION = a_session()
SHORT_DAY = replace(SESSION, closes_at=NOW + timedelta(seconds=299))


def after_open(seconds):
    return {"now": SESSION.opens_at + timedelta(seconds=seconds)}


def before_close(seconds):
    return {"now": SESSION.closes_at - timedelta(seconds=seconds)}


@pytest.mark.parametrize(
    ("gate", "limit", "changes", "expected"),
    [
        row("E2", "no_entry_after_open_s", after_open(300), "PASS", id="open_at_limit"),
        row("E2", "no_entry_after_open_s", after_open(299.999), "DENY SESSION_EDGE", id="open_a_millisecond_early"),
        row("E2", "no_entry_after_open_s", after_open(-1), "DENY SESSION_EDGE", id="before_the_opening"),
        row("E2", "no_entry_after_open_s", {"market": a_market(closed=True)}, "DENY MARKET_CLOSED", id="closed"),
        row("E2_close", "no_entry_before_close_s", before_close(300), "PASS", id="close_at_limit"),
        row("E2_close", "no_entry_before_close_s", before_close(299.999), "DENY SESSION_EDGE", id="close_late"),
        row("E2_close", "no_entry_before_close_s", before_close(-1), "DENY SESSION_EDGE", id="after_the_close"),
        row(
            "E2_close",
            "no_entry_before_close_s",
            {"market": a_market(session=SHORT_DAY)},
            "DENY SESSION_EDGE",
            id="early_close",
        ),
        row("E2_close", "no_entry_before_close_s", {"market": a_market(closed=True)}, "DENY MARKET_CLOSED", id="none"),
    ],
)
def test_e2_edges_of_the_session(gate, limit, changes, expected):
    assert answer(gate, a_case(**changes), **{limit: "300"}) == expected
    assert answer(gate, a_case(**EXIT, **changes), **{limit: "300"}) == "PASS RISK_REDUCING"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        row("", "PASS", id="sound"),
        row("a gap of 3 bars", "DENY BARS_INVALID", id="fault"),
        row(None, "DENY BARS_UNKNOWN", id="unknown"),
        row(False, "DENY BARS_UNKNOWN", id="no_text"),
    ],
)
def test_e5_bars(fault, expected):
    case = a_case(view=a_view(bar_fault=fault))
    assert answer("E5", case, require_valid_bars=True) == expected
    assert answer("E5", case, require_valid_bars=False) == "PASS"
    assert answer("E5", a_case(**EXIT, view=a_view(bar_fault=fault)), require_valid_bars=True) == "PASS RISK_REDUCING"


def middle(price):
    return a_quote(bid=D(price) - D("0.05"), ask=D(price) + D("0.05"))


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        row(a_view(quote=middle("201.00")), "PASS", id="at_limit_above"),
        row(a_view(quote=middle("201.01")), "DENY SOURCES_DISAGREE", id="one_cent_over"),
        row(a_view(quote=middle("199.00")), "PASS", id="at_limit_below"),
        row(a_view(quote=middle("198.99")), "DENY SOURCES_DISAGREE", id="one_cent_under"),
        row(a_view(second_price=None), "DENY SECOND_SOURCE_MISSING", id="missing"),
        row(a_view(second_price=NAN), "DENY SECOND_SOURCE_MISSING", id="nan"),
        row(a_view(second_price=D(0)), "DENY SECOND_SOURCE_MISSING", id="zero"),
        row(a_view(second_price=200.0), "DENY SECOND_SOURCE_MISSING", id="float"),
        row(a_view(quote=None), "DENY QUOTE_MISSING", id="no_quote"),
        row(a_view(quote=a_quote(bid=D(201))), "DENY QUOTE_MISSING", id="crossed"),
    ],
)
def test_e5_second_source(view, expected):
    assert answer("E5_source", a_case(view=view), max_source_difference_pct="0.5") == expected
    assert answer("E5_source", a_case(**EXIT, view=view), max_source_difference_pct="0.5") == "PASS RISK_REDUCING"


QUIET = a_view(recent_volume=D(10_000))


def buy(qty, **changes):
    return {"order": an_order(qty=D(qty)), "view": QUIET, **changes}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        row(buy(500), "PASS", id="at_limit"),
        row(buy(501), "REDUCE PARTICIPATION 500", id="one_share_over"),
        row(buy(300, open_orders=(working(200),)), "PASS", id="in_flight_at_limit"),
        row(buy(301, open_orders=(working(200),)), "REDUCE PARTICIPATION 300", id="in_flight_one_over"),
        row(
            buy(401, open_orders=(working(200, filled_qty=D(100)),)),
            "REDUCE PARTICIPATION 400",
            id="partially_filled_rest_counts",
        ),
        row(buy(500, open_orders=(selling(200),)), "PASS", id="the_other_side_is_another_flow"),
        row(buy(500, open_orders=(working(200, symbol=MSFT),)), "PASS", id="another_symbol"),
        row(buy(1, open_orders=(working(500),)), "DENY PARTICIPATION", id="nothing_left"),
        row(
            {"order": an_order(side=Side.SELL, qty=D(301)), "view": QUIET, "open_orders": (selling(200),)},
            "REDUCE PARTICIPATION 300",
            id="short",
        ),
        row(buy(1, view=a_view(recent_volume=None)), "DENY VOLUME_UNKNOWN", id="unknown"),
        row(buy(1, view=a_view(recent_volume=D(0))), "DENY VOLUME_UNKNOWN", id="zero"),
        row(buy(1, view=a_view(recent_volume=NAN)), "DENY VOLUME_UNKNOWN", id="nan"),
        row(buy("NaN"), "DENY QTY_INVALID", id="nan_qty"),
        row(buy(1, positions=held(NAN)), "DENY POSITION_UNKNOWN", id="nan_position"),
        row({**EXIT, "view": a_view(recent_volume=None)}, "PASS RISK_REDUCING", id="exit"),
    ],
)
def test_e10_participation(changes, expected):
    assert answer("E10", a_case(**changes), max_recent_volume_pct="5", oversize="reduce") == expected


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        row(a_view(sigma_now=D("0.06")), "PASS", id="at_limit"),
        row(a_view(sigma_now=D("0.0601")), "DENY VOLATILITY_SPIKE", id="just_over"),
        row(a_view(sigma_now=D("0.0600000000001")), "DENY VOLATILITY_SPIKE", id="too_little_to_be_shown"),
        row(a_view(sigma_now=None), "DENY VOLATILITY_UNKNOWN", id="unknown"),
        row(a_view(sigma_now=NAN), "DENY VOLATILITY_UNKNOWN", id="nan"),
        row(a_view(sigma_now=D(0)), "DENY VOLATILITY_UNKNOWN", id="no_movement_at_all"),
        row(a_view(daily_sigma=None), "DENY VOLATILITY_UNKNOWN", id="usual_unknown"),
        row(a_view(daily_sigma=D(0)), "DENY VOLATILITY_UNKNOWN", id="usual_zero"),
    ],
)
def test_e11_volatility(view, expected):
    assert answer("E11", a_case(view=view), max_volatility_ratio="3") == expected
    assert answer("E11", a_case(**EXIT, view=view), max_volatility_ratio="3") == "PASS RISK_REDUCING"


@pytest.mark.parametrize(
    ("move", "expected"),
    [
        row(D("-3"), "PASS", id="at_limit"),
        row(D("-3.01"), "DENY INDEX_DROP", id="just_over"),
        row(D(9), "PASS", id="a_rise"),
        row(None, "DENY INDEX_UNKNOWN", id="unknown"),
        row(NAN, "DENY INDEX_UNKNOWN", id="nan"),
        row(-1.0, "DENY INDEX_UNKNOWN", id="float"),
    ],
)
def test_e11_index(move, expected):
    market = replace(a_market(), index_move_pct=move)
    assert answer("E11_index", a_case(market=market), max_index_drop_pct="3") == expected
    assert answer("E11_index", a_case(**EXIT, market=market), max_index_drop_pct="3") == "PASS RISK_REDUCING"


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        row(D(8), "PASS", id="at_limit"),
        row(D("8.01"), "DENY GAP", id="just_over"),
        row(D(-8), "PASS", id="at_limit_down"),
        row(D("-8.01"), "DENY GAP", id="just_over_down"),
        row(None, "DENY GAP_UNKNOWN", id="unknown"),
        row(NAN, "DENY GAP_UNKNOWN", id="nan"),
    ],
)
def test_e12_gap(gap, expected):
    view = a_view(gap_pct=gap)
    assert answer("E12", a_case(view=view), max_gap_pct="8") == expected
    assert answer("E12", a_case(**EXIT, view=view), max_gap_pct="8") == "PASS RISK_REDUCING"


def event(kind, hours, symbol=AAPL, known=frozenset(EventKind)):
    return a_view(events=(MarketEvent(symbol, kind, ago(99_999), NOW + timedelta(hours=hours)),), event_kinds=known)


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        row(a_view(), "PASS", id="none_known"),
        row(event(EventKind.MACRO, 24), "DENY MACRO_BLACKOUT", id="at_limit_before"),
        row(event(EventKind.MACRO, 24.001), "PASS", id="just_outside_before"),
        row(event(EventKind.MACRO, -24, None), "DENY MACRO_BLACKOUT", id="whole_market_after"),
        row(event(EventKind.MACRO, -24.001, None), "PASS", id="just_outside_after"),
        row(event(EventKind.EARNINGS, 1), "PASS", id="earnings"),
        row(a_view(event_kinds=frozenset({EventKind.EARNINGS})), "DENY MACRO_UNKNOWN", id="a_source_of_other_events"),
        row(event(EventKind.MACRO, 1, None, frozenset()), "DENY MACRO_BLACKOUT", id="told_all_the_same"),
    ],
)
def test_e13_macro(view, expected):
    assert answer("E13_macro", a_case(view=view), macro_blackout_h="24") == expected
    assert answer("E13_macro", a_case(**EXIT, view=view), macro_blackout_h="24") == "PASS RISK_REDUCING"


ACTIONS = (EventKind.SPLIT, EventKind.DIVIDEND, EventKind.SYMBOL_CHANGE, EventKind.MERGER)
SPLITS_ONLY, ENOUGH = frozenset({EventKind.SPLIT}), frozenset({EventKind.SPLIT, EventKind.DIVIDEND})


@pytest.mark.parametrize("kind", ACTIONS)
@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        row(24, "DENY CORPORATE_ACTION", id="at_limit_before"),
        row(24.001, "PASS", id="just_outside_before"),
        row(-24, "DENY CORPORATE_ACTION", id="at_limit_after"),
        row(-24.001, "PASS", id="just_outside_after"),
    ],
)
def test_e14_near_an_action(kind, hours, expected):
    assert answer("E14", a_case(view=event(kind, hours)), corporate_action_days="1") == expected


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        row(a_view(event_kinds=ENOUGH), "PASS", id="splits_and_dividends_are_enough"),
        row(a_view(event_kinds=SPLITS_ONLY), "DENY CORPORATE_ACTIONS_UNKNOWN", id="no_dividends"),
        row(event(EventKind.MERGER, 1, AAPL, frozenset()), "DENY CORPORATE_ACTION", id="told_all_the_same"),
        row(event(EventKind.EARNINGS, 1), "PASS", id="earnings"),
    ],
)
def test_e14_who_has_to_know(view, expected):
    assert answer("E14", a_case(view=view), corporate_action_days="1") == expected
    assert answer("E14", a_case(**EXIT, view=view), corporate_action_days="1") == "PASS RISK_REDUCING"


def test_e14_shows_hours():
    found = verdict("E14", a_case(view=event(EventKind.SPLIT, 30)), corporate_action_days="1")
    assert (found.limit, found.value, found.margin) == (D(24), D(30), D(6))


DECIDED = ago(30)


def text(published=3600, seen=1800, stored=True):
    return TextUsed(Ref("news.1@AAPL"), ago(published), None if seen is None else ago(seen), stored, suspicious=False)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        row((), "PASS", id="nothing_cited"),
        row((text(86_400),), "PASS", id="at_limit"),
        row((text(86_401),), "DENY NEWS_STALE", id="one_second_over"),
        row((text(), text(86_401)), "DENY NEWS_STALE", id="one_of_two"),
        row((text(seen=30),), "PASS", id="seen_at_the_decision"),
        row((text(seen=29.999),), "DENY NEWS_NOT_ON_RECORD", id="seen_after_the_decision"),
        row((text(published=1800, seen=1800),), "PASS", id="seen_at_once"),
        row((text(published=1799, seen=1800),), "DENY NEWS_NOT_ON_RECORD", id="seen_before_it_was_published"),
        row((text(published=-60, seen=-60),), "DENY NEWS_NOT_ON_RECORD", id="future"),
        row((text(seen=None),), "DENY NEWS_NOT_ON_RECORD", id="never_seen"),
        row((text(stored=False),), "DENY NEWS_NOT_ON_RECORD", id="not_stored"),
        row((text(stored=None),), "DENY NEWS_NOT_ON_RECORD", id="storage_unknown"),
        row(None, "DENY NEWS_UNKNOWN", id="missing"),
    ],
)
def test_e15_news(texts, expected):
    proposal = a_proposal(texts=texts, decided_at=DECIDED)
    entry = an_order(origin=Origin.AGENT)
    assert answer("E15", a_case(entry, proposal=proposal), max_news_age_h="24") == expected
    leaving = a_case(**EXIT, proposal=proposal)
    assert answer("E15", leaving, max_news_age_h="24") == "PASS RISK_REDUCING"


def test_e15_texts_of_a_decision_that_is_yet_to_come_deny():
    proposal = a_proposal(texts=(text(published=-60, seen=-60),), decided_at=ago(-300))
    case = a_case(an_order(origin=Origin.AGENT), proposal=proposal)
    assert answer("E15", case, max_news_age_h="24") == "DENY NEWS_STALE"
    assert answer("E15", a_case(proposal=proposal), max_news_age_h="24") == "PASS", "a person's order cites nothing"


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        row(Origin.AGENT, "DENY PROPOSAL_MISSING", id="agent"),
        row(Origin.MANUAL, "PASS", id="person"),
        row(Origin.RULE, "PASS", id="rule"),
    ],
)
def test_e15_without_a_proposal(origin, expected):
    assert answer("E15", a_case(an_order(origin=origin)), max_news_age_h="24") == expected


def test_a_symbol_nobody_shows_has_no_figures():
    case = a_case(an_order(symbol=MSFT, type=OrderType.MARKET))
    assert answer("E5", case, require_valid_bars=True) == "DENY BARS_UNKNOWN"
    assert answer("E5_source", case, max_source_difference_pct="1") == "DENY SECOND_SOURCE_MISSING"
    assert answer("E10", case, max_recent_volume_pct="1") == "DENY VOLUME_UNKNOWN"
    assert answer("E11", case, max_volatility_ratio="3") == "DENY VOLATILITY_UNKNOWN"
    assert answer("E12", case, max_gap_pct="8") == "DENY GAP_UNKNOWN"
    assert answer("E13_macro", case, macro_blackout_h="24") == "DENY INSTRUMENT_UNKNOWN"
    assert answer("E14", case, corporate_action_days="1") == "DENY INSTRUMENT_UNKNOWN"
