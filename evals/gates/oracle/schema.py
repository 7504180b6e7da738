"""What a what-if case may hold, as data: the name of every field and the kind of its value.

Kinds: ``num`` a decimal string, ``count`` a whole number, ``time`` a zone-aware ISO time, ``date``, ``flag`` a JSON
boolean, ``text``, ``texts`` a list of text, ``listing`` text or a table in a list. ``[shape]`` is a list of such
tables and ``{"*": shape}`` a table with free keys, so the same small walk reads all of it.
"""

from __future__ import annotations

from typing import Any


def _words(text: str) -> list[str]:
    return text.split()


NUMBER_LIMITS = _words("""
max_order_qty max_order_notional max_order_pct_equity max_position_qty max_position_notional max_position_pct_equity
max_gross_exposure_pct max_net_exposure_pct max_sector_pct_equity max_leverage min_cash_reserve min_cash_reserve_pct
max_turnover_per_day max_loss_per_trade_pct min_stop_distance_pct max_stop_distance_pct max_buying_power_pct min_price
daily_loss_limit_pct daily_loss_limit_abs max_drawdown_pct soft_drawdown_pct price_collar_pct price_collar_atr
max_spread_pct max_adv_pct min_adv_value market_slippage_pct
earnings_blackout_h max_quote_age_s max_bar_age_s max_signal_age_s
max_account_age_s max_reconcile_age_s max_clock_skew_s cooldown_after_loss_s duplicate_window_s approval_ttl_s
approval_required_above_notional approval_price_band_pct min_confidence quoted_price_tolerance_pct auction_buffer_s
min_listing_age_d min_market_cap max_cluster_pct_equity cluster_correlation max_beta_exposure_pct max_heat_pct
max_var_pct max_es_pct target_volatility_pct max_overnight_gross_pct max_weekend_gross_pct close_window_s
max_margin_use_pct wash_sale_days no_entry_after_open_s no_entry_before_close_s max_source_difference_pct
max_recent_volume_pct max_volatility_ratio max_index_drop_pct max_gap_pct macro_blackout_h corporate_action_days
max_news_age_h max_order_to_trade_ratio cooldown_after_exit_s cooldown_after_stop_s cooldown_after_reject_s
max_api_error_pct max_slippage_pct weekly_loss_limit_pct monthly_loss_limit_pct max_strategy_loss_pct
max_symbol_loss_pct max_give_back_pct give_back_from_pct max_disagreement max_model_cost_per_day
""")
COUNT_LIMITS = _words("""
max_open_positions max_entries_per_cycle max_entries_per_day max_adds max_orders_per_second max_orders_per_minute
max_orders_per_day max_orders_per_symbol_per_day max_active_orders max_cancels_per_day max_round_trips_5d
max_round_trips_per_symbol max_consecutive_losses
max_strategy_consecutive_losses max_rejects_in_row max_calls_per_cycle max_tokens_per_cycle
max_tokens_per_day
""")
FLAG_LIMITS = _words("""
allow_short allow_fractional allow_extended_hours allow_leveraged_funds require_stop_loss require_trading_status
require_same_release require_provenance require_valid_bars require_settled_cash require_calibration
require_signal_agreement forbid_self_cross forbid_averaging_down forbid_wash_sale forbid_suspicious_texts
""")
LIST_LIMITS = _words("allowed_order_types allowed_tif allowed_asset_classes released_models released_prompts")

LIMITS: dict[str, Any] = {
    **dict.fromkeys(NUMBER_LIMITS, "num"),
    **dict.fromkeys(COUNT_LIMITS, "count"),
    **dict.fromkeys(FLAG_LIMITS, "flag"),
    **dict.fromkeys(LIST_LIMITS, "texts"),
    "universe": "texts",
    "restricted": "listing",
    "mode": "mode",
    "oversize": "oversize",
}

RELEASE: dict[str, Any] = {"code": "text", "policy": "text", "prompts": "text"}
CONTROL: dict[str, Any] = {
    "kill_switch": "flag", "trading_state": "state", "mode": "mode", "readable": "flag", "ramp": "num",
    "paused": [{"scope": "text", "name": "text", "until": "time"}], "release": RELEASE, "broker_time": "time",
    "broker_open": "flag",
    "reconciled_at": "time", "mismatched": "texts",
}  # fmt: skip
ACCOUNT: dict[str, Any] = {
    **dict.fromkeys(
        _words(
            "equity cash buying_power day_start_equity peak_equity realized_pnl_day unrealized_pnl settled_cash "
            "maintenance_margin week_start_equity month_start_equity day_peak_equity"
        ),
        "num",
    ),
    "as_of": "time", "currency": "text", "consecutive_losses": "count", "last_loss_at": "time",
    "broker_reconciled": "flag", "account_id": "text", "paper": "flag", "trading_blocked": "flag", "kind": "account",
    "strategy_pnl": {"*": "num"}, "symbol_pnl": {"*": "num"}, "strategy_losses": {"*": "count"},
}  # fmt: skip
POSITION: dict[str, Any] = {
    "qty": "num", "avg_price": "num", "available_qty": "num", "stop_loss": "num", "entries": "count",
}  # fmt: skip
WORKING: dict[str, Any] = {
    "decision_id": "text", "symbol": "text", "side": "side", "qty": "num", "filled_qty": "num", "type": "type",
    "limit_price": "num", "status": "status", "at": "time", "stop_loss": "num", "stop_price": "num",
    "reduce_only": "flag", "parent_id": "text", "client_order_id": "text", "leg": "text",
}  # fmt: skip
RECENT: dict[str, Any] = {
    "decision_id": "text", "symbol": "text", "side": "side", "qty": "num", "at": "time", "status": "status",
}  # fmt: skip
SYMBOL: dict[str, Any] = {
    **dict.fromkeys(
        _words(
            "bid ask last adv tick lot atr beta daily_sigma sigma_now recent_volume gap_pct second_price market_cap "
            "leverage margin_rate"
        ),
        "num",
    ),
    **dict.fromkeys(_words("halted tradable easy_to_borrow short_restricted shortable fractionable"), "flag"),
    "ts": "time", "last_bar_end": "time", "next_earnings": "time", "sector": "text", "currency": "text",
    "asset_class": "class", "listed_on": "date", "bar_fault": "text", "correlations": {"*": "num"},
    "events": [{"kind": "event", "at": "time"}], "event_kinds": "texts",
}  # fmt: skip
ORDER: dict[str, Any] = {
    "decision_id": "text", "symbol": "symbol", "side": "side", "qty": "num", "type": "type", "limit_price": "num",
    "tif": "tif", "stop_price": "num", "currency": "text", "created_at": "time", "confidence": "num",
    "strategy": "text", "origin": "origin", "trigger_price": "num", "take_profit": "num", "reduce_only": "flag",
    "extended_hours": "flag", "expires_at": "time", "leg": "text",
    "approval": {"by": "text", "order_digest": "text", "at": "time", "price": "num"},
}  # fmt: skip
PROPOSAL: dict[str, Any] = {
    **dict.fromkeys(
        _words("candidate_qty advised_qty inspected_qty quoted_price confidence dispersion calibrated"), "num"
    ),
    "asked_symbol": "text", "schema_valid": "flag", "cited": "texts", "known": "texts", "evidence_as_of": "time",
    "decided_at": "time", "evidence_digest": "text", "evidence_digest_now": "text", "needs_approval": "flag",
    "provenance": {"cycle_id": "text", "proposer": "text", "models": {"*": "text"}, "prompts": {"*": "text"}},
    "signal_direction": "count", "override_reason": "text",
    "texts": [{"ref": "text", "published_at": "time", "first_seen_at": "time", "stored": "flag", "suspicious": "flag"}],
    "usage": {"calls_cycle": "count", "tokens_cycle": "count", "tokens_day": "count", "cost_day": "num"},
}  # fmt: skip
COUNTERS: dict[str, Any] = {
    **dict.fromkeys(
        _words("entries_today cancels_today messages_today fills_today round_trips_5d rejects_in_row"), "count"
    ),
    "round_trips_today": {"*": "count"}, "last_exit_at": {"*": "time"}, "last_stop_at": {"*": "time"},
    "last_reject_at": {"*": "time"}, "last_loss_on": {"*": "time"}, "api_error_pct": "num", "slippage_pct": "num",
}  # fmt: skip
CASE: dict[str, Any] = {
    "id": "text", "clock": "time", "market_calendar": "text", "limits": LIMITS, "control": CONTROL, "account": ACCOUNT,
    "positions": {"*": POSITION}, "open_orders": [WORKING], "recent_orders": [RECENT], "orders_today": "count",
    "turnover_today": "num", "market": {"*": SYMBOL}, "order": ORDER, "release": RELEASE, "cycle_entries": "count",
    "market_wide": {"index_move_pct": "num", "next_open": "time", "next_close": "time"}, "counters": COUNTERS,
    "proposal": PROPOSAL,
}  # fmt: skip

NAMES: dict[str, frozenset[str]] = {
    "side": frozenset({"buy", "sell"}),
    "type": frozenset({"market", "limit", "stop", "stop_limit", "trailing_stop"}),
    "tif": frozenset({"day", "gtc", "ioc", "fok", "opg", "cls", "gtd"}),
    "state": frozenset({"ACTIVE", "REDUCING", "HALTED"}),
    "mode": frozenset({"off", "observe", "paper", "approve", "auto"}),
    "oversize": frozenset({"deny", "reduce"}),
    "origin": frozenset({"agent", "rule", "manual"}),
    "account": frozenset({"cash", "margin"}),
    "class": frozenset({"equity", "etf", "crypto"}),
    "event": frozenset({"earnings", "macro", "split", "dividend", "symbol_change", "merger"}),
}
OVER = frozenset({"filled", "canceled", "rejected", "expired", "replaced", "denied"})
STATUSES = OVER | {
    "intent", "submitted", "accepted", "triggered", "partially_filled", "pending_update", "pending_cancel", "unknown",
}  # fmt: skip
