"""Which gates are told to miss an input, and what is said of them."""

from typing import get_args

import pytest

from domain.market import MarketInput, Symbol
from policies.coverage import OURS, WORDS, uncovered, unfed
from policies.gates.catalogue import GATES
from policies.policy import PROFILES, load_policy
from tests.builders.policies import a_policy

MARKET = frozenset(get_args(MarketInput))
EVERYTHING = OURS | MARKET
row = pytest.param

E13 = "E13 earnings blackout: no source of earnings dates; denies every new entry"


@pytest.mark.parametrize("profile", PROFILES)
def test_a_source_of_everything_covers_every_profile(profile):
    assert uncovered(load_policy(profile), EVERYTHING) == ()


@pytest.mark.parametrize(
    ("limits", "missing", "lines"),
    [
        row({"earnings_blackout_h": "24"}, {"earnings"}, [E13], id="an_enforced_gate"),
        row({}, {"earnings", "adv", "sector"}, [], id="gates_that_do_not_run"),
        row(
            {"max_adv_pct": "1"},
            {"adv"},
            ["E9 liquidity: no source of daily volumes; denies every new entry"],
            id="adv",
        ),
        row(
            {"require_trading_status": True},
            {"status"},
            ["E3 trading halt: no source of trading halts; denies every new entry"],
            id="a_flag_that_insists",
        ),
        row(
            {"min_listing_age_d": "90", "min_market_cap": "1"},
            {"listing", "market_cap"},
            [
                "B10_age age of the listing: no source of listing dates; denies every new entry",
                "B10_cap market value: no source of market values; denies every new entry",
            ],
            id="listing",
        ),
        row(
            {"allow_leveraged_funds": False},
            {"leverage"},
            ["B10_leverage leveraged funds: no source of the leverage of funds; denies new entries into funds"],
            id="what_only_funds_need",
        ),
        row({"allow_leveraged_funds": True}, {"leverage"}, [], id="funds_of_any_kind"),
        row({}, {"leverage"}, [], id="funds_not_mentioned"),
        row({}, {"borrow"}, [], id="shorts_not_mentioned"),
        row(
            {"allow_short": True},
            {"borrow"},
            ["D3 short sale: no source of stock loans; denies every short sale"],
            id="what_only_shorts_need",
        ),
        row({"allow_short": False}, {"borrow"}, [], id="no_shorts_no_loans"),
        row(
            {"allow_short": True},
            {"borrow", "instrument"},
            [
                "B1 instrument: no source of instruments; denies every new entry",
                "B2 quantity: no source of instruments; denies every new entry",
                "B3 prices: no source of instruments; denies every new entry",
                "D3 short sale: no source of instruments and stock loans; denies every new entry",
            ],
            id="one_input_of_several",
        ),
        row(
            {"require_trading_status": False},
            {"status"},
            ["E3 trading halt: no source of trading halts; passes unseen, as require_trading_status is false"],
            id="nothing_passes_in_silence",
        ),
        row(
            {"price_collar_atr": "3", "earnings_blackout_h": "24"},
            {"bars", "earnings"},
            ["E6_atr price collar in ranges: no source of bars; denies every new entry", E13],
            id="in_the_order_of_the_catalogue",
        ),
    ],
)
def test_a_gate_without_its_input_is_named(limits, missing, lines):
    assert uncovered(a_policy(**limits), EVERYTHING - missing) == tuple(lines)


@pytest.mark.parametrize(
    ("symbols", "told"),
    [
        row([], None, id="all_known"),
        row(["QQQX"], "QQQX", id="one"),
        row(["A", "B", "C", "D", "E"], "A, B, C, D, E", id="as_many_as_are_shown"),
        row(["A", "B", "C", "D", "E", "F"], "A, B, C, D, E and 1 more", id="one_more"),
        row(["A", "B", "C", "D", "E", "F", "G"], "A, B, C, D, E and 2 more", id="many"),
    ],
)
def test_symbols_without_a_sector_are_told_beforehand(symbols, told):
    unknown = [Symbol(symbol) for symbol in symbols]
    line = f"C8 sector exposure: no sector of {told}; denies new entries into them"
    assert uncovered(a_policy(max_sector_pct_equity="30"), EVERYTHING, unknown) == (() if told is None else (line,))
    assert uncovered(a_policy(), EVERYTHING, unknown) == ()


def test_without_any_source_of_sectors_no_symbol_is_named():
    lines = uncovered(a_policy(max_sector_pct_equity="30"), EVERYTHING - {"sector"}, [Symbol("AAPL")])
    assert lines == ("C8 sector exposure: no source of sectors; denies every new entry",)


def test_whoever_supplies_nothing_is_told_of_every_gate_that_needs_something():
    policy = load_policy("conservative")
    needy = [gate.id for gate in GATES if gate.needs and gate.id in policy.enforced]
    assert [line.split()[0] for line in uncovered(policy, frozenset())] == needy


def test_every_input_of_the_market_has_a_word_for_people_and_a_gate_that_needs_it():
    assert set(WORDS) == MARKET
    assert {need for gate in GATES for need in gate.needs} >= MARKET


def test_gates_that_are_off_and_that_nobody_could_feed_are_told_too():
    policy = a_policy(max_gap_pct="8")
    assert unfed(policy, EVERYTHING) == ()
    assert unfed(policy, EVERYTHING - {"second_price", "bars"}) == tuple(
        f"{gate.id} {gate.name}: no source of {'bars' if 'bars' in gate.needs else 'second prices'}"
        for gate in GATES
        if {"second_price", "bars"} & set(gate.needs) and gate.id != "E12"
    )


def test_a_gate_that_is_on_is_told_as_uncovered_and_not_as_off():
    policy = a_policy(max_source_difference_pct="0.5")
    assert unfed(policy, EVERYTHING - {"second_price"}) == ()
    assert [line.split()[0] for line in uncovered(policy, EVERYTHING - {"second_price"})] == ["E5_source"]
