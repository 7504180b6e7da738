"""The catalogue of limits: what each takes, to the last value that is allowed, and which way a change goes."""

from datetime import UTC, datetime

import pytest

from domain.case import Mode
from domain.errors import ConfigurationError
from domain.market import AssetClass
from domain.orders import OrderType, TimeInForce
from policies.gates.validity.universe import Restriction
from policies.limits import BY_NAME, LIMITS, Kind, Limit, compare, parse_limit, parse_limits
from tests.builders.policies import D

row = pytest.param
JUNE = datetime(2026, 6, 1, tzinfo=UTC)
ONE_DAY, A_YEAR = 86_400, 366 * 86_400

COUNTS = (
    "max_open_positions", "max_entries_per_cycle", "max_entries_per_day", "max_adds", "max_round_trips_5d",
    "max_orders_per_second", "max_orders_per_minute", "max_orders_per_day", "max_orders_per_symbol_per_day",
    "max_cancels_per_day", "max_active_orders", "max_round_trips_per_symbol", "max_consecutive_losses",
    "max_strategy_consecutive_losses",
    "max_rejects_in_row",
)  # fmt: skip
SHARES_OF_EVERYTHING = (
    "min_stop_distance_pct", "max_stop_distance_pct", "max_loss_per_trade_pct", "max_heat_pct", "max_var_pct",
    "max_es_pct", "min_cash_reserve_pct", "max_buying_power_pct", "max_margin_use_pct", "max_source_difference_pct",
    "price_collar_pct", "max_spread_pct", "max_adv_pct", "max_recent_volume_pct", "max_index_drop_pct", "max_gap_pct",
    "max_api_error_pct", "max_slippage_pct", "daily_loss_limit_pct", "weekly_loss_limit_pct", "monthly_loss_limit_pct",
    "soft_drawdown_pct", "max_drawdown_pct", "max_strategy_loss_pct", "max_symbol_loss_pct", "max_give_back_pct",
    "give_back_from_pct", "quoted_price_tolerance_pct", "max_unusable_answers_pct",
)  # fmt: skip
MULTIPLES_OF_EQUITY = (
    "max_order_pct_equity", "max_position_pct_equity", "max_gross_exposure_pct", "max_net_exposure_pct",
    "max_sector_pct_equity", "max_cluster_pct_equity", "max_beta_exposure_pct", "target_volatility_pct",
    "max_overnight_gross_pct", "max_weekend_gross_pct",
)  # fmt: skip
MONEY = (
    "approval_required_above_notional", "min_price", "min_market_cap", "min_adv_value", "max_order_notional",
    "max_position_notional", "min_cash_reserve", "max_turnover_per_day", "daily_loss_limit_abs",
    "max_model_cost_per_day",
)  # fmt: skip
WITHIN_A_YEAR = (
    "max_account_age_s", "max_reconcile_age_s", "max_quote_age_s", "max_bar_age_s", "duplicate_window_s",
    "cooldown_after_loss_s", "cooldown_after_exit_s", "cooldown_after_stop_s", "cooldown_after_reject_s",
    "max_signal_age_s",
)  # fmt: skip
WITHIN_A_DAY = ("auction_buffer_s", "close_window_s", "no_entry_after_open_s", "no_entry_before_close_s")
BUDGETS = ("max_calls_per_cycle", "max_tokens_per_cycle", "max_tokens_per_day")
NUMBERS = {
    **dict.fromkeys(COUNTS, ("count", 0, 10_000)),
    **dict.fromkeys(SHARES_OF_EVERYTHING, ("percent", 0, 100)),
    **dict.fromkeys(MULTIPLES_OF_EQUITY, ("percent", 0, 1_000)),
    **dict.fromkeys(MONEY, ("money", 0, 10**12)),
    **dict.fromkeys(WITHIN_A_YEAR, ("seconds", 0, A_YEAR)),
    **dict.fromkeys(WITHIN_A_DAY, ("seconds", 0, ONE_DAY)),
    **dict.fromkeys(BUDGETS, ("count", 0, 10**9)),
    "max_order_qty": ("shares", 0, 10**9),
    "max_position_qty": ("shares", 0, 10**9),
    "approval_ttl_s": ("seconds", 0, 7 * ONE_DAY),
    "max_clock_skew_s": ("seconds", 0, 3_600),
    "approval_price_band_pct": ("percent", 0, 50),
    "market_slippage_pct": ("percent", 0, 20),
    "max_leverage": ("multiple of equity", 0, 20),
    "cluster_correlation": ("correlation", 0, 1),
    "price_collar_atr": ("average true ranges", 0, 100),
    "max_volatility_ratio": ("times the usual", 0, 100),
    "earnings_blackout_h": ("hours", 0, 168),
    "macro_blackout_h": ("hours", 0, 168),
    "max_news_age_h": ("hours", 0, A_YEAR // 3600),
    "min_listing_age_d": ("days", 0, 3_660),
    "wash_sale_days": ("days", 0, 365),
    "corporate_action_days": ("days", 0, 7),
    "max_order_to_trade_ratio": ("messages a fill", 0, 1_000),
    "max_blocks_in_row": ("count", 1, 10_000),
    "min_confidence": ("share of one", 0, 1),
    "max_disagreement": ("share of one", 0, 1),
}
HIGHER_IS_TIGHTER = {
    "auction_buffer_s", "min_stop_distance_pct", "min_price", "min_listing_age_d", "min_market_cap", "min_adv_value",
    "min_cash_reserve",
    "min_cash_reserve_pct", "close_window_s", "wash_sale_days", "no_entry_after_open_s", "no_entry_before_close_s",
    "market_slippage_pct", "earnings_blackout_h", "macro_blackout_h", "corporate_action_days", "duplicate_window_s",
    "cooldown_after_loss_s", "cooldown_after_exit_s", "cooldown_after_stop_s", "cooldown_after_reject_s",
    "min_confidence",
}  # fmt: skip


def test_every_number_among_the_limits_has_its_unit_and_bounds():
    assert {
        limit.name: (limit.unit, int(limit.low), int(limit.high))
        for limit in LIMITS
        if limit.kind in (Kind.AT_MOST, Kind.AT_LEAST)
    } == NUMBERS
    assert {limit.name for limit in LIMITS if limit.kind is Kind.AT_LEAST} == HIGHER_IS_TIGHTER


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_may_be_at_its_bounds_and_not_beyond(name):
    unit, low, high = NUMBERS[name]
    kind = "whole number" if unit == "count" else "number"
    assert (parse_limit(BY_NAME[name], low), parse_limit(BY_NAME[name], high)) == (D(low), D(high))
    for beyond in (D(low) - D("0.000001"), D(high) + D("0.000001")):
        with pytest.raises(ConfigurationError) as refused:
            parse_limit(BY_NAME[name], beyond)
        assert (
            str(refused.value)
            == f"{name} in the policy is '{beyond}'. It takes a {kind} of {unit} from {low} to {high}."
        )


def test_only_counts_have_to_be_whole():
    assert parse_limit(BY_NAME["max_leverage"], "1.5") == D("1.5")
    with pytest.raises(
        ConfigurationError, match=r"^max_adds in the policy is '1\.5'\. It takes a whole number of count"
    ):
        parse_limit(BY_NAME["max_adds"], "1.5")


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("allow_short", "true", "allow_short in mine.toml is 'true'. It takes true or false."),
        ("require_stop_loss", 1, "require_stop_loss in mine.toml is '1'. It takes true or false."),
        ("oversize", "shrink", 'oversize in mine.toml is \'shrink\'. It takes "deny" or "reduce".'),
        ("oversize", None, 'oversize in mine.toml is \'None\'. It takes "deny" or "reduce".'),
        ("mode", "full", f"mode in mine.toml is 'full'. It takes one of {', '.join(Mode)}."),
        ("account_id", " ", "account_id in mine.toml is ' '. It takes a name."),
        ("account_id", 5, "account_id in mine.toml is '5'. It takes a name."),
        ("allowed_tif", ["x"], f"allowed_tif in mine.toml is '['x']'. It takes a list of {', '.join(TimeInForce)}."),
        ("allowed_order_types", "limit",
         f"allowed_order_types in mine.toml is 'limit'. It takes a list of {', '.join(OrderType)}."),
        ("allowed_asset_classes", [1],
         f"allowed_asset_classes in mine.toml is '[1]'. It takes a list of {', '.join(AssetClass)}."),
        ("universe", "AAPL", "universe in mine.toml is 'AAPL'. It takes a list of symbols."),
        ("universe", ["a b"], "universe in mine.toml is '['a b']'. It takes a list of symbols."),
        ("restricted", 5, "restricted in mine.toml is '5'. It takes a list of symbols."),
        ("restricted", [{"symbol": "GME", "why": "x"}],
         "restricted in mine.toml is '[{'symbol': 'GME', 'why': 'x'}]'. It takes a list of symbols."),
        ("restricted", [{"symbol": "GME", "until": "2026-06-01"}],
         "restricted in mine.toml is '[{'symbol': 'GME', 'until': '2026-06-01'}]'. It takes a list of symbols."),
        ("restricted", [{"reason": "x"}],
         "restricted in mine.toml is '[{'reason': 'x'}]'. It takes a list of symbols."),
        ("released_models", [""], "released_models in mine.toml is '['']'. It takes a list of names."),
        ("released_prompts", "x", "released_prompts in mine.toml is 'x'. It takes a list of digests."),
        ("max_adds", "1" * 70,
         f"max_adds in mine.toml is '{'1' * 60}'. It takes a whole number of count from 0 to 10000."),
    ],
)  # fmt: skip
def test_a_complaint_names_the_limit_its_value_and_what_it_takes(name, value, complaint):
    with pytest.raises(ConfigurationError) as refused:
        parse_limits({name: value}, where="mine.toml")
    assert str(refused.value).replace('"[', "'[").replace(']"', "]'") == complaint  # repr picks the marks by the text


def test_an_unknown_name_is_refused_with_the_first_of_them():
    with pytest.raises(ConfigurationError) as refused:
        parse_limits({"max_b": 1, "max_a": 2, "max_adds": 3})
    assert str(refused.value) == "the policy sets an unknown limit 'max_a'. Remove it or correct its name."


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        row("mode", "AUTO", Mode.AUTO, id="mode"),
        row("oversize", "deny", "deny", id="deny"),
        row("oversize", "reduce", "reduce", id="reduce"),
        row("allow_short", False, False, id="false"),
        row("account_id", "U-1", "U-1", id="a_name_as_it_is"),
        row("universe", ("aapl", "AAPL", "msft"), frozenset({"AAPL", "MSFT"}), id="symbols"),
        row("universe", [], frozenset(), id="no_symbols"),
        row("allowed_tif", {"Day", "GTC"}, frozenset({TimeInForce.DAY, TimeInForce.GTC}), id="members"),
        row("allowed_asset_classes", frozenset({"etf"}), frozenset({AssetClass.ETF}), id="frozen_members"),
        row("released_models", ["A:b", "A:b"], frozenset({"A:b"}), id="names"),
        row("restricted", ["gme"], {"GME": Restriction()}, id="restricted_for_good"),
        row("restricted", [{"symbol": "gme"}], {"GME": Restriction("", None)}, id="restricted_without_a_reason"),
        row(
            "restricted",
            [{"symbol": "gme", "reason": "odd", "until": "2026-06-01T00:00:00Z"}, "amc"],
            {"GME": Restriction("odd", JUNE), "AMC": Restriction()},
            id="restricted_for_a_reason_until",
        ),
    ],
)
def test_a_value_is_read(name, value, expected):
    assert parse_limits({name: value}) == {name: expected}


def until(moment=None):
    return {"GME": Restriction("", moment)}


LATER = JUNE.replace(day=2)


@pytest.mark.parametrize(
    ("name", "old", "new", "way"),
    [
        row("max_adds", D(2), D(2), 0, id="the_same"),
        row("max_adds", D(2), D(1), 1, id="a_lower_cap"),
        row("max_adds", D(2), D(3), -1, id="a_higher_cap"),
        row("max_adds", None, D(10_000), 1, id="any_cap_instead_of_none"),
        row("max_adds", D(0), None, -1, id="no_cap_any_more"),
        row("min_price", D(2), D(3), 1, id="a_higher_floor"),
        row("min_price", D(2), D(1), -1, id="a_lower_floor"),
        row("approval_ttl_s", None, D(120), 0, id="the_default"),
        row("approval_ttl_s", D(119), None, -1, id="back_to_the_default"),
        row("allow_short", None, False, 0, id="a_freedom_that_nobody_gave"),
        row("allow_short", None, True, -1, id="a_freedom_is_given"),
        row("allow_short", True, False, 1, id="a_freedom_is_taken"),
        row("allow_leveraged_funds", None, True, 0, id="a_freedom_by_default"),
        row("allow_leveraged_funds", None, False, 1, id="a_freedom_by_default_is_taken"),
        row("require_stop_loss", None, False, 0, id="a_duty_that_nobody_has"),
        row("require_stop_loss", None, True, 1, id="a_duty_is_made"),
        row("require_stop_loss", True, False, -1, id="a_duty_is_dropped"),
        row("require_trading_status", None, True, 0, id="a_duty_by_default"),
        row("require_trading_status", None, False, -1, id="a_duty_by_default_is_dropped"),
        row("universe", None, frozenset({"A"}), 1, id="a_list_at_all"),
        row("universe", frozenset({"A", "B"}), frozenset({"A"}), 1, id="a_shorter_list"),
        row("universe", frozenset({"A"}), frozenset({"B"}), -1, id="another_list"),
        row("restricted", None, {}, 0, id="nothing_restricted"),
        row("restricted", None, until(), 1, id="one_restricted"),
        row("restricted", until(), {}, -1, id="none_restricted_any_more"),
        row("restricted", until(), {"AMC": Restriction()}, -1, id="another_restricted"),
        row("restricted", until(JUNE), until(LATER), 1, id="restricted_for_longer"),
        row("restricted", until(LATER), until(JUNE), -1, id="restricted_for_less_long"),
        row("restricted", until(JUNE), until(), 1, id="restricted_for_good"),
        row("restricted", until(), until(JUNE), -1, id="not_for_good_any_more"),
        row("restricted", until(JUNE), {"GME": Restriction("odd", JUNE)}, 1, id="another_reason_is_no_loosening"),
        row("mode", None, Mode.AUTO, 0, id="the_highest_mode_is_the_default"),
        row("mode", None, Mode.APPROVE, 1, id="a_lower_mode"),
        row("mode", Mode.OFF, Mode.OBSERVE, -1, id="a_higher_mode"),
        row("mode", Mode.PAPER, Mode.OBSERVE, 1, id="from_paper_down"),
        row("mode", Mode.APPROVE, Mode.OBSERVE, 1, id="from_approve_down"),
        row("mode", Mode.APPROVE, Mode.PAPER, -1, id="paper_for_approve"),
        row("mode", Mode.PAPER, Mode.APPROVE, -1, id="approve_for_paper"),
        row("oversize", None, "deny", 0, id="deny_is_the_default"),
        row("oversize", None, "reduce", -1, id="orders_are_cut"),
        row("oversize", "reduce", "deny", 1, id="orders_are_refused"),
        row("account_id", None, "a", 1, id="an_account_is_named"),
        row("account_id", "a", "b", -1, id="another_account"),
        row("account_id", "a", "deny", -1, id="an_account_of_that_name"),
    ],
)
def test_which_way_a_limit_goes(name, old, new, way):
    assert compare(BY_NAME[name], old, new) == way


def test_a_limit_has_money_bounds_unless_it_says_otherwise():
    assert Limit("x", Kind.AT_MOST, ()) == ("x", Kind.AT_MOST, (), "", D(0), D(10) ** 12, None, None)
