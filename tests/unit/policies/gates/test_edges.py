"""Verdicts in full at the last value that passes and at the first that does not, with what is shown of it."""

from dataclasses import replace

import pytest

from domain.case import Mode, TextUsed
from domain.ids import Ref
from domain.orders import Origin
from domain.verdicts import Outcome, Verdict
from policies.codes import ReasonCode
from policies.gates.ages import fresh
from policies.gates.returns import root_down, root_up
from tests.builders.policies import (
    MSFT,
    NOW,
    D,
    a_case,
    a_control,
    a_market,
    a_proposal,
    a_quote,
    a_view,
    ago,
    an_account,
    an_order,
    done,
    held,
    selling,
    verdict,
    working,
)

row = pytest.param
AGENT = an_order(origin=Origin.AGENT)
LAST_DAY = replace(a_market(closed=True), next_session=None)


def proposed(**changes):
    return a_case(AGENT, proposal=a_proposal(**changes))


def early(at, **changes):
    """Before the session of the day, in New York four hours behind."""
    now = NOW.replace(hour=int(at[:2]), minute=int(at[3:]))
    return a_case(an_order(**changes), market=replace(a_market(closed=True), at=now), now=now)


def dated(published, seen=None):
    text = TextUsed(Ref("n1"), published, seen or published, stored=True, suspicious=False)
    return proposed(texts=(text,), decided_at=NOW)


@pytest.mark.parametrize(
    ("case", "limits", "expected"),
    [
        row(proposed(dispersion=D(1)), {"max_disagreement": "1"},
            Verdict("H4", "OK", Outcome.PASS, D(1), D(1), D(0)), id="a_dispersion_of_one"),
        row(proposed(dispersion=D("1.01")), {"max_disagreement": "1"},
            Verdict("H4", "DISAGREEMENT", Outcome.DENY, D(1), note="the dispersion is no share of one"),
            id="a_dispersion_of_more_than_one"),
        row(proposed(dispersion=D(0)), {"max_disagreement": "0.3"},
            Verdict("H4", "OK", Outcome.PASS, D("0.3"), D("0.3"), D(0)), id="a_dispersion_of_nothing"),
        row(proposed(dispersion=D("-0.01")), {"max_disagreement": "1"},
            Verdict("H4", "DISAGREEMENT", Outcome.DENY, D(1), note="the dispersion is no share of one"),
            id="a_dispersion_of_less_than_nothing"),
        row(dated(NOW), {"max_news_age_h": "24"},
            Verdict("E15", "OK", Outcome.PASS, D(24), D(0), D(24)), id="a_text_of_this_moment"),
        row(dated(ago(-1), ago(-1)), {"max_news_age_h": "24"},
            Verdict("E15", "NEWS_NOT_ON_RECORD", Outcome.DENY, D(24), note="n1"), id="a_text_of_the_next_second"),
        row(dated(ago(86_400)), {"max_news_age_h": "24"},
            Verdict("E15", "OK", Outcome.PASS, D(24), D(24), D(0)), id="a_text_of_a_day_ago"),
        row(dated(ago(90_000)), {"max_news_age_h": "24"},
            Verdict("E15", "NEWS_STALE", Outcome.DENY, D(24), D(25)), id="a_text_of_an_hour_more"),
        row(a_case(counts=done(last_loss_on=None)), {"wash_sale_days": "30", "forbid_wash_sale": True},
            Verdict("D6", "COUNTERS_UNKNOWN", Outcome.DENY, D(30)), id="nobody_knows_of_losses"),
        row(a_case(counts=done(last_loss_on=None)), {"wash_sale_days": "30"},
            Verdict("D6", "OK", Outcome.PASS, D(30), note="nobody knows when the symbol was last sold at a loss"),
            id="nobody_knows_of_losses_and_nobody_minds"),
        row(a_case(recent_orders=(working(10, created_at=ago(59)),)), {"duplicate_window_s": "60"},
            Verdict("F4", "DUPLICATE_ORDER", Outcome.DENY, D(60), D(59)), id="the_same_order_within_the_window"),
        row(a_case(recent_orders=(working(10, created_at=ago(60)),)), {"duplicate_window_s": "60"},
            Verdict("F4", "OK", Outcome.PASS, D(60)), id="the_same_order_after_the_window"),
        row(a_case(view=a_view(quote=a_quote(at=ago(-1)))), {"max_clock_skew_s": "1"},
            Verdict("E4", "OK", Outcome.PASS, None, D(-1)), id="a_quote_as_far_ahead_as_clocks_may_differ"),
        row(a_case(view=a_view(quote=a_quote(at=ago(-2)))), {"max_clock_skew_s": "1"},
            Verdict("E4", "QUOTE_STALE", Outcome.DENY, None, D(-2), note="dated in the future"),
            id="a_quote_a_second_further_ahead"),
        row(a_case(an_order(created_at=ago(-1))), {"max_clock_skew_s": "1"},
            Verdict("H6", "OK", Outcome.PASS, None, D(-1)), id="an_order_as_far_ahead_as_clocks_may_differ"),
        row(a_case(an_order(created_at=ago(-2))), {"max_clock_skew_s": "1"},
            Verdict("H6", "SIGNAL_STALE", Outcome.DENY, None, D(-2), note="dated in the future"),
            id="an_order_a_second_further_ahead"),
        row(a_case(an_order(), view=a_view(instrument=None), positions=held(5, MSFT), others=(a_view(MSFT),)),
            {"max_sector_pct_equity": "30"}, Verdict("C8", "SECTOR_UNKNOWN", Outcome.DENY, D(30)),
            id="a_symbol_without_an_instrument"),
        row(a_case(open_orders=(selling(5, symbol=MSFT, stop_loss=D(210)),), others=(a_view(MSFT),)),
            {"max_heat_pct": "5", "allow_short": True}, Verdict("C12", "HEAT_UNKNOWN", Outcome.DENY, D(5), note="MSFT"),
            id="a_short_whose_stop_is_its_price"),
        row(early("08:00", extended_hours=True), {"allow_extended_hours": True},
            Verdict("E1", "OK", Outcome.PASS, None, "extended hours"), id="as_extended_hours_begin"),
        row(early("07:59", extended_hours=True), {"allow_extended_hours": True},
            Verdict("E1", "MARKET_CLOSED", Outcome.DENY, None, "2026-03-17T07:59:00+00:00",
                    note="outside extended hours"), id="a_minute_before_extended_hours"),
        row(early("08:00"), {"allow_extended_hours": True},
            Verdict("E1", "MARKET_CLOSED", Outcome.DENY, None, "2026-03-17T08:00:00+00:00",
                    note="outside extended hours"), id="an_order_for_the_session_only"),
        row(early("08:00", extended_hours=True), {},
            Verdict("E1", "MARKET_CLOSED", Outcome.DENY, None, "2026-03-17T08:00:00+00:00"), id="no_extended_hours"),
        row(a_case(an_order(stop_loss=D("1" * 45))), {},
            Verdict("B3", "PRICE_INVALID", Outcome.DENY, None, "1" * 40), id="an_absurd_price_is_cut_off"),
        row(a_case(an_order(limit_price=D("200.001"))), {},
            Verdict("B3", "PRICE_NOT_ON_TICK", Outcome.DENY, D("0.01"), D("200.001")), id="a_tenth_of_a_cent"),
        row(a_case(view=a_view(bar_fault="x" * 81)), {"require_valid_bars": True},
            Verdict("E5", "BARS_INVALID", Outcome.DENY, note="x" * 80), id="a_long_fault_is_cut_off"),
        row(a_case(an_order(qty=D(1)), open_orders=(working(4_999),)), {"max_recent_volume_pct": "5"},
            Verdict("E10", "OK", Outcome.PASS, D(5), D(5), D(0)), id="participation_at_the_limit"),
        row(a_case(an_order(qty=D(2)), open_orders=(working(4_999),)), {"max_recent_volume_pct": "5"},
            Verdict("E10", "PARTICIPATION", Outcome.DENY, D(5), D("5.001"), D("-0.001"), D(1)),
            id="participation_of_one_share_more"),
        row(a_case(positions=held("NaN")), {"max_recent_volume_pct": "5"},
            Verdict("E10", "POSITION_UNKNOWN", Outcome.DENY, D(5)), id="participation_beside_an_unknown_position"),
        row(a_case(open_orders=(working(10**12),)), {"max_recent_volume_pct": "5"},
            Verdict("E10", "POSITION_UNKNOWN", Outcome.DENY, D(5)), id="participation_beside_an_absurd_order"),
        row(a_case(an_order(symbol="X" * 41)), {},
            Verdict("B1", "SYMBOL_INVALID", Outcome.DENY, None, "X" * 40), id="a_long_name_is_cut_off"),
        row(a_case(an_order(qty=D(20)), open_orders=(selling(60),), market=a_market(closed=True)),
            {"max_overnight_gross_pct": "10", "oversize": "reduce"},
            Verdict("C17", "OVERNIGHT_EXPOSURE", Outcome.DENY, D(10), D("12.6"), D("-2.6"), D(0)),
            id="a_smaller_buy_does_not_help_against_open_sells"),
        row(a_case(an_order(qty=D(20)), open_orders=(selling(60),), market=LAST_DAY),
            {"max_weekend_gross_pct": "10", "oversize": "reduce"},
            Verdict("C17_weekend", "WEEKEND_EXPOSURE", Outcome.DENY, D(10), D("12.6"), D("-2.6"), D(0)),
            id="nor_before_a_weekend"),
        row(a_case(an_order(created_at=ago(-1))), {"max_clock_skew_s": "1", "max_signal_age_s": "300"},
            Verdict("H6", "OK", Outcome.PASS, D(300), D(-1), D(301)), id="an_order_ahead_and_young"),
        row(replace(proposed(calibrated=D("1.01")), control=a_control(mode=Mode.AUTO)),
            {"min_confidence": "0.60", "require_calibration": True},
            Verdict("H3_calibration", "CONFIDENCE_TOO_LOW", Outcome.DENY, D("0.60"), note="no share of one"),
            id="a_calibrated_confidence_of_more_than_one"),
    ],
)  # fmt: skip
def test_a_verdict_at_its_edge(case, limits, expected):
    assert verdict(expected.gate, case, **limits) == expected


ODD = a_case(account=an_account(equity=D("99999.97")))
"""An order of 2,000.00 is 2.00000060000018 % of its equity, shown as 2.00000061."""


@pytest.mark.parametrize(
    ("gate", "case", "limit", "cap", "value", "passes"),
    [
        row("C1_equity", ODD, "max_order_pct_equity", "2.0000006001", "2.00000061", True, id="share_within"),
        row("C1_equity", ODD, "max_order_pct_equity", "2.00000060000", "2.00000061", False, id="share_above"),
        row("C7", ODD, "max_leverage", "0.020000006001", "0.0200000061", True, id="multiple_within"),
        row("C7", ODD, "max_leverage", "0.020000006000", "0.0200000061", False, id="multiple_above"),
        row("C13", a_case(), "max_var_pct", "0.09305391496", "0.0930539150", True, id="root_at_the_cap"),
        row("C13", a_case(), "max_var_pct", "0.09305391495", "0.0930539150", False, id="root_above"),
    ],
)
def test_what_only_rounding_shows_above_its_cap_passes(gate, case, limit, cap, value, passes):
    found = verdict(gate, case, **{limit: cap})
    assert (found.limit, found.value, found.margin) == (D(cap), D(value), D(cap) - D(value))
    assert (found.outcome is Outcome.PASS) is passes


@pytest.mark.parametrize(
    ("square", "root", "shown"),
    [
        row("4", "2", "2", id="exact"),
        row("2", "1.4142135623730950488016887242096980785696718753769", "1.414213562373095048801688725", id="endless"),
    ],
)
def test_a_root_is_never_flattering(square, root, shown):
    assert (root_down(D(square)), root_up(D(square))) == (D(root), D(shown))


@pytest.mark.parametrize(
    ("skew", "age", "expected"),
    [
        row(None, "0", (D(60), D(0), D(60)), id="of_this_moment"),
        row(None, "60", (D(60), D(60), D(0)), id="as_old_as_it_may_be"),
        row(None, "60.000001", Verdict("E4", "QUOTE_STALE", Outcome.DENY, D(60), D("60.000001"), D("-0.000001")),
            id="a_microsecond_older"),
        row(None, "-0.000001", Verdict("E4", "QUOTE_STALE", Outcome.DENY, D(60), D("-0.000001"),
                                       note="dated in the future"), id="a_microsecond_ahead"),
        row("1", "-1", (D(60), D(-1), D(61)), id="as_far_ahead_as_the_policy_allows"),
        row("9", "-2", (D(60), D(-2), D(62)), id="two_seconds_ahead_whatever_it_allows"),
        row("9", "-2.000001", Verdict("E4", "QUOTE_STALE", Outcome.DENY, D(60), D("-2.000001"),
                                      note="dated in the future"), id="more_than_two_seconds_ahead"),
    ],
)  # fmt: skip
def test_how_old_or_how_far_ahead_a_figure_may_be(skew, age, expected):
    found = fresh("E4", ReasonCode.QUOTE_STALE, D(60), D(age), None if skew is None else D(skew))
    assert (found if isinstance(found, Verdict) else found[1:]) == expected
