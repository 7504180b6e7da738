"""Cases of group C and of money at the broker: sizes, exposure, risk and cash, at and around every limit."""

from __future__ import annotations

from typing import Any

from evals.gates.tables.base import AGENT, COVER, DROP, EXIT, HOLDS, SHORT, Row, ago, seen, table, working

_REDUCE = {"L/oversize": "reduce"}
_MARKET = {"O/type": "market", "O/limit_price": None}
_STATS = {
    "M/daily_sigma": "0.02", "M/beta": "1.2", "M/correlations": {"MSFT": "0.8", "XOM": "0.2"},
    "market/MSFT/daily_sigma": "0.02", "market/MSFT/beta": "1", "market/MSFT/correlations": {"AAPL": "0.8"},
    "market/XOM/daily_sigma": "0.01", "market/XOM/beta": "-0.5", "market/XOM/correlations": {"AAPL": "0.2"},
}  # fmt: skip
_UNTOLD = {"market/MSFT/correlations": None, "market/XOM/correlations": None}
_MSFT = {"positions/MSFT": {"qty": "50", "avg_price": "200.05"}, "A/cash": "90000.00"}
"""50 MSFT at an ask of 200.05: 10,002.50."""
_XOM = {"positions/XOM": {"qty": "200", "avg_price": "50.05"}, "A/cash": "90000.00"}
"""200 XOM at an ask of 50.05: 10,010."""


def _open(*orders: dict[str, Any]) -> dict[str, Any]:
    return {"open_orders": list(orders)}


_PARTLY = working("MSFT", "buy", "60", "200.00", filled_qty="10", status="partially_filled")
_CLOSE = {"clock": "2026-03-17T19:30:00Z", "M/ts": "2026-03-17T19:29:58Z", "A/as_of": "2026-03-17T19:29:58Z",
          "O/created_at": "2026-03-17T19:29:00Z", "W/next_open": "2026-03-18T13:30:00Z",
          "W/next_close": "2026-03-18T20:00:00Z"}  # fmt: skip
_FRIDAY = {"clock": "2026-03-20T19:30:00Z", "M/ts": "2026-03-20T19:29:58Z", "A/as_of": "2026-03-20T19:29:58Z",
           "O/created_at": "2026-03-20T19:29:00Z", "W/next_open": "2026-03-23T13:30:00Z",
           "W/next_close": "2026-03-23T20:00:00Z"}  # fmt: skip
_EARLIER = {"clock": "2026-03-17T18:59:59Z", "M/ts": "2026-03-17T18:59:58Z", "A/as_of": "2026-03-17T18:59:58Z",
            "O/created_at": "2026-03-17T18:59:00Z"}  # fmt: skip
_LOWER = {"P": {"qty": "50", "avg_price": "100.10", "entries": 1}, "A/cash": "95000.00"}
_CASH = {"A/kind": "cash", "L/require_settled_cash": True}
_MARGIN = {"A/maintenance_margin": "20000.00", "M/margin_rate": "0.30", "L/max_margin_use_pct": "23"}

ROWS: tuple[Row, ...] = (
    *table("C1", {"L/max_order_notional": "10000.00"}, at_limit=("P", {}), one_cent_over=("D",
           {"L/max_order_notional": "9999.99"}), one_share_over=("D", {"O/qty": "101"}), one_share_over_cut=("R:100",
           {"O/qty": "101", **_REDUCE}), cut_by_a_cent=("R:99", {"L/max_order_notional": "9999.99", **_REDUCE}),
           cut_to_nothing=("D", {"L/max_order_notional": "99.99", **_REDUCE}), cut_to_one=("R:1",
           {"L/max_order_notional": "100.00", **_REDUCE}), cut_lots=("R:80", {"M/lot": "20", **_REDUCE,
           "L/max_order_notional": "9999.99"}), limit_above_ask=("D", {"O/limit_price": "100.10"}), far_limit=("P",
           {"O/limit_price": "99.00", "O/qty": "101"}), exit=("P", {**EXIT, "L/max_order_notional": "1.00"}),
           cover=("P", {**COVER, "L/max_order_notional": "1.00"}), short=("P", SHORT), zero=("D",
           {"L/max_order_notional": "0"}), deny_named=("D", {"O/qty": "101", "L/oversize": "deny"})),
    *table("E8", {**_MARKET, "L/market_slippage_pct": "0.2", "O/qty": "99"}, at_limit=("P",
           {"L/max_order_notional": "9924.7599"}), one_cent_under=("D", {"L/max_order_notional": "9924.75"}),
           cut=("R:98", {**_REDUCE, "L/max_order_notional": "9924.75"}), no_slippage=("P", {"L/market_slippage_pct":
           "0", "L/max_order_notional": "9904.95"}), no_quote=("D", {"M/ask": DROP}), crossed=("D", {"M/bid":
           "100.06"}), exit=("P", {**EXIT, **_MARKET, "L/max_order_notional": "1"})),
    *table("C1", {"L/max_order_pct_equity": "10"}, at_limit=("P", {}), one_share_over=("D", {"O/qty": "101"}), cut=(
           "R:100", {"O/qty": "5000", **_REDUCE}), a_cent_less=("D", {"A/equity": "99999.99"}), equity_missing=(
           "D", {"A/equity": DROP}), equity_zero=("D", {"A/equity": "0"}), equity_negative=("D", {"A/equity": "-5000"}),
           exit=("P", {**EXIT, "A/equity": DROP})),
    *table("C2", {"L/max_order_qty": "100"}, at_limit=("P", {}), one_share_over=("D", {"O/qty": "101"}), cut=("R:100",
           {"O/qty": "101", **_REDUCE}), under=("P", {"O/qty": "99"}), huge=("D", {"O/qty": "999999999999999"}),
           exit=("P", {**EXIT, "L/max_order_qty": "1"}), cover=("P", {**COVER, "L/max_order_qty": "1"}),
           zero=("D", {"L/max_order_qty": "0", **_REDUCE})),
    *table("C3", {**HOLDS, "L/max_position_qty": "150"}, at_limit=("P", {}), one_share_over=("D", {"O/qty": "101"}),
           cut=("R:100", {"O/qty": "101", **_REDUCE}), working_buy=("D", _open(working("AAPL", "buy", "1", "99.00"))),
           working_buy_cut=("R:99", {**_open(working("AAPL", "buy", "1", "99.00")), **_REDUCE}), sells_make_no_room=(
           "D", {"O/qty": "101", **_open(working("AAPL", "sell", "50", "101.00"))}), unknown_buy=("D",
           _open(working("AAPL", "buy", "30", "99.00", status="unknown"))), intent_buy=("D", _open(working("AAPL",
           "buy", "30", "99.00", status="intent"))), pending_cancel_buy=("D", _open(working("AAPL", "buy", "30",
           "99.00", status="pending_cancel"))), filled_buy=("P", _open(working("AAPL", "buy", "30", "99.00",
           filled_qty="30", status="filled"))), partly=("R:80", {**_REDUCE, **_open(working("AAPL", "buy", "30",
           "99.00", filled_qty="10", status="partially_filled"))}), exit=("P", {**EXIT, "L/max_position_qty": "1"}),
           other_symbol=("P", _MSFT)),
    *table("C3", {**SHORT, "L/max_position_qty": "100"}, short_at_limit=("P", {}), short_one_over=("D",
           {"O/qty": "101"}), short_cut=("R:100", {"O/qty": "101", **_REDUCE}), short_held=("D", {"P": {"qty": "-1",
           "avg_price": "100"}}), buys_make_no_room=("D", {"O/qty": "101", **_open(working("AAPL", "buy", "50",
           "90.00"))})),
    *table("C3", {**HOLDS, "L/max_position_notional": "15002.50"}, at_limit=("P", {}), one_cent_over=("D",
           {"L/max_position_notional": "15002.49"}), cut=("R:99", {"L/max_position_notional": "15002.49", **_REDUCE}),
           no_quote=("D", {"M/ask": DROP}), exit=("P", {**EXIT, "L/max_position_notional": "1"})),
    *table("C3", {"L/max_position_pct_equity": "10"}, at_limit=("P", {}), one_share_over=("D", {"O/qty": "101"}),
           held=("D", HOLDS), held_cut=("R:49", {**HOLDS, **_REDUCE}), market_order=("D", _MARKET), market_cut=("R:99",
           {**_MARKET, **_REDUCE}), equity_missing=("D", {"A/equity": DROP}), short_at_bid=("P", SHORT),
           exit=("P", {**EXIT, "L/max_position_pct_equity": "0.01"})),
    *table("C4", {"L/max_open_positions": 2}, first=("P", {}), at_limit=("P", _XOM), over=("D", {**_XOM, **_MSFT}),
           same_symbol=("P", {**_XOM, **HOLDS}), working_counts=("D", {**_XOM, **_open(working())}),
           unknown_counts=("D", {**_XOM, **_open(working(status="unknown"))}), leaving_counts=("D", {**_XOM, **_MSFT,
           **_open(working("MSFT", "sell", "50", "200.00"))}), zero_position=("P", {**_XOM, "positions/MSFT": {"qty":
           "0", "avg_price": "0"}}), exit=("P", {**EXIT, **_XOM, **_MSFT}), zero=("D", {"L/max_open_positions": 0}),
           not_cut=("D", {**_XOM, **_MSFT, **_REDUCE})),
    *table("C4", {"L/max_entries_per_cycle": 3}, none=("P", {}), below=("P", {"cycle_entries": 2}), reached=("D",
           {"cycle_entries": 3}), over=("D", {"cycle_entries": 4}), exit=("P", {**EXIT, "cycle_entries": 9})),
    *table("C4", {"L/max_entries_per_day": 5}, below=("P", {"K/entries_today": 4}), reached=("D", {"K/entries_today":
           5}), unknown=("D", {}), null=("D", {"K/entries_today": None}), exit=("P", {**EXIT, "K/entries_today": 9})),
    *table("C5", {**_MSFT, **_XOM, "L/max_gross_exposure_pct": "30.0125"}, at_limit=("P", {}), one_cent_over=("D",
           {"A/equity": "99999.96"}), one_share_over=("D", {"O/qty": "101"}), cut=("R:100", {"O/qty": "150",
           **_REDUCE}), working_buy=("D", _open(working("XOM", "buy", "1", "49.00"))), working_cut=("R:99",
           {**_open(working("XOM", "buy", "1", "49.00")), **_REDUCE}), sells_make_no_room=("D", {"O/qty": "101",
           **_open(working("MSFT", "sell", "50", "200.00"))}), shorts_count=("D", {"positions/XOM": {"qty": "-201",
           "avg_price": "50"}}), held_without_quote=("D", {"market/XOM/ask": DROP}), unknown_market=("D",
           {"market/XOM": DROP}), exit=("P", {**EXIT, "L/max_gross_exposure_pct": "1"})),
    *table("C5", {"L/max_gross_exposure_pct": "20", **_open(_PARTLY)}, partly_at_limit=("P", {}), partly_over=("D",
           {"O/qty": "101"}), unknown_over=("D", _open({**_PARTLY, "filled_qty": "9", "status": "unknown"})),
           two_in_flight=("R:90", {**_REDUCE, **_open(_PARTLY, working("XOM", "buy", "20", "50.00",
           status="submitted"))})),
    *table("C6", {**SHORT, **_MSFT, "L/max_net_exposure_pct": "20"}, hedged=("P", {}), long_at_limit=("P", {"O/side":
           "buy", "O/stop_price": "95.00", "L/max_net_exposure_pct": "20.0025"}), long_one_over=("D", {"O/side": "buy",
           "O/stop_price": "95.00", "O/qty": "101", "L/max_net_exposure_pct": "20.0025"}), long_cut=("R:99", {"O/side":
           "buy", "O/stop_price": "95.00", **_REDUCE}), exit=("P", {**EXIT, "L/max_net_exposure_pct": "1"})),
    *table("C7", {"L/max_leverage": "0.1"}, at_limit=("P", {}), one_over=("D", {"O/qty": "101"}), cut=("R:100",
           {"O/qty": "101", **_REDUCE}), held=("D", _XOM), equity_missing=("D", {"A/equity": None}), exit=("P",
           {**EXIT, "L/max_leverage": "0.01"})),
    *table("C8", {**_MSFT, **_XOM, "L/max_sector_pct_equity": "20.0025"}, at_limit=("P", {}), one_over=("D", {"O/qty":
           "101"}), cut=("R:100", {"O/qty": "140", **_REDUCE}), unknown_sector=("D", {"M/sector": None}), other_sector=(
           "P", {"M/sector": "Health", "O/qty": "200"}), working_buy=("D", _open(working("MSFT", "buy", "1"))), exit=(
           "P", {**EXIT, "L/max_sector_pct_equity": "1"})),
    *table("C9", {**_STATS, **_MSFT, "L/max_cluster_pct_equity": "20.0025"}, at_limit=("P", {}), one_over=("D",
           {"O/qty": "101"}), cut=("R:100", {"O/qty": "101", **_REDUCE}), uncorrelated=("P", {"O/qty": "200",
           "M/correlations": {"MSFT": "0.69"}}), at_threshold=("P", {"O/qty": "200", "M/correlations": {"MSFT":
           "0.70"}}), just_above=("D", {"O/qty": "101", "M/correlations": {"MSFT": "0.71"}}), own_threshold=("D",
           {"O/qty": "101", "M/correlations": {"MSFT": "0.6"}, "L/cluster_correlation": "0.5"}), told_by_the_other=("P",
           {"M/correlations": {"XOM": "0.1"}}), unknown=("D", {"M/correlations": {"XOM": "0.1"}, **_UNTOLD}),
           none_known=("D", {"M/correlations": None, **_UNTOLD}), working_unknown=("D", {**_UNTOLD,
           "M/correlations": {"MSFT": "0.1"}, **_open(working("XOM", "buy", "1", "50.00"))}), exit=("P", {**EXIT,
           **_MSFT, "L/max_cluster_pct_equity": "1"})),
    *table("C10", {**_STATS, "L/max_beta_exposure_pct": "12"}, at_limit=("P", {}), one_over=("D", {"O/qty": "101"}),
           cut=("R:100", {"O/qty": "110", **_REDUCE}), hedged_by_negative=("P", {**_XOM, "O/qty": "101"}), held=("D",
           _MSFT), unknown=("D", {"M/beta": None}), held_unknown=("D", {**_XOM, "market/XOM/beta": None}), exit=("P",
           {**EXIT, "M/beta": None}), short=("P", SHORT), short_over=("D", {**SHORT, "O/qty": "101"})),
    *table("C11", {"L/max_loss_per_trade_pct": "0.5"}, at_limit=("P", {}), one_over=("D", {"O/qty": "101"}), cut=(
           "R:100", {"O/qty": "101", **_REDUCE}), wider_stop=("D", {"O/stop_price": "94.99"}), wider_cut=("R:99",
           {"O/stop_price": "94.99", **_REDUCE}), no_stop=("D", {"O/stop_price": None}), short=("P", SHORT),
           short_wider=("D", {**SHORT, "O/stop_price": "105.01"}), exit=("P", {**EXIT, "L/max_loss_per_trade_pct":
           "0.01"}), equity_missing=("D", {"A/equity": DROP})),
    *table("C12", {"positions/MSFT": {"qty": "50", "avg_price": "200.05", "stop_loss": "190.05"},
           "L/max_heat_pct": "1"}, at_limit=("P", {}), one_over=("D", {"O/qty": "101"}), cut=("R:100", {"O/qty": "101",
           **_REDUCE}), position_without_stop=("D", {"positions/MSFT/stop_loss": None}), working_entry=("R:98",
           {**_REDUCE, **_open(working("XOM", "buy", "10", "50.00", stop_loss="49.00"))}), working_without_stop=("R:90",
           {**_REDUCE, **_open(working("XOM", "buy", "1", "50.00"))}), short_without_stop=("D", {"positions/MSFT":
           {"qty": "-1", "avg_price": "200.05"}}), short_with_stop=("P", {"positions/MSFT": {"qty": "-50", "avg_price":
           "200.05", "stop_loss": "209.00"}}), exit=("P", {**EXIT, "L/max_heat_pct": "0.01"})),
    *table("C13", {**_STATS, "L/max_var_pct": "0.466"}, below=("P", {}), over=("D", {"O/qty": "101"}), cut=("R:100",
           {"O/qty": "140", **_REDUCE}), sigma_unknown=("D", {"M/daily_sigma": None}), held=("D", _MSFT),
           held_correlation_unknown=("D", {**_MSFT, "L/max_var_pct": "50", "M/correlations": {}, "market/MSFT/"
           "correlations": {}}), held_wide=("P", {**_MSFT, "L/max_var_pct": "0.90"}), exit=("P", {**EXIT,
           "M/daily_sigma": None}), held_sigma_unknown=("D", {**_MSFT, "L/max_var_pct": "50",
           "market/MSFT/daily_sigma": None})),
    *table("C13", {**_STATS, "L/max_es_pct": "0.534"}, es_below=("P", {}), es_over=("D", {"O/qty": "101"}), es_cut=(
           "R:100", {"O/qty": "101", **_REDUCE}), es_unknown=("D", {"M/daily_sigma": None}), es_exit=("P", {**EXIT,
           "L/max_es_pct": "0.001"})),
    *table("C14", {**_STATS, "L/target_volatility_pct": "3.18"}, below=("P", {}), over=("D", {"O/qty": "101"}), cut=(
           "R:100", {"O/qty": "101", **_REDUCE}), unknown=("D", {"M/daily_sigma": None}), zero=("D", {"M/daily_sigma":
           "0"}), held=("D", HOLDS), exit=("P", {**EXIT, "M/daily_sigma": "0"}), calmer=("P", {"O/qty": "199",
           "M/daily_sigma": "0.01"})),
    *table("C15", {"L/min_cash_reserve": "90000.00"}, at_limit=("P", {}), one_cent_over=("D", {"A/cash": "99999.99"}),
           one_share_over=("D", {"O/qty": "101"}), cut=("R:100", {"O/qty": "101", **_REDUCE}), working_buy=("D",
           _open(working("XOM", "buy", "1", "50.00"))), working_cut=("R:99", {**_open(working("XOM", "buy", "1",
           "50.00")), **_REDUCE}), sells_make_no_room=("D", {"O/qty": "101", **_XOM, "A/cash": "100000.00",
           **_open(working("XOM", "sell", "100", "50.00"))}), missing=("D", {"A/cash": DROP}), exit=("P", {**EXIT,
           "A/cash": "0"}), negative_cash=("D", {"A/cash": "-100.00"}), partly=("R:90", {**_REDUCE, "A/cash":
           "109000.00", **_open(_PARTLY)})),
    *table("C15", {"L/min_cash_reserve_pct": "90"}, pct_at_limit=("P", {}), pct_one_share_over=("D", {"O/qty": "101"}),
           pct_cut=("R:100", {"O/qty": "101", **_REDUCE}), pct_exit=("P", {**EXIT, "A/cash": "0"})),
    *table("C16", {**_LOWER, "P/avg_price": "99.00", "L/max_adds": 1}, first_add=("P", {}), second_add=("D",
           {"P/entries": 2}), unknown=("D", {"P/entries": None}), nothing_held=("P", {"positions": {}}), none_allowed=(
           "D", {"L/max_adds": 0}), exit=("P", {**EXIT, "P/entries": 9}), short_add=("D", {**SHORT, "P": {"qty": "-10",
           "avg_price": "100", "entries": 2}})),
    *table("C16", {**_LOWER, "L/forbid_averaging_down": True}, below_cost=("D", {}), above_cost=("P", {"P/avg_price":
           "90.00"}), at_cost=("P", {"P/avg_price": "100.00"}), nothing_held=("P", {"positions": {}}),
           allowed=("P", {"L/forbid_averaging_down": False}),
           exit=("P", {**EXIT, "P/avg_price": "150"}), short_above_cost=("D", {**SHORT, "P": {"qty": "-10",
           "avg_price": "90"}}), short_in_profit=("D", {**SHORT, "P": {"qty": "-10", "avg_price": "95"}}),
           short_below_cost=("P", {**SHORT, "P": {"qty": "-10", "avg_price": "110"}})),
    *table("C17", {"L/max_overnight_gross_pct": "10", **_CLOSE}, at_limit=("P", {}), one_over=("D", {"O/qty": "101"}),
           cut=("R:100", {"O/qty": "101", **_REDUCE}), before_window=("P", {**_EARLIER, "O/qty": "101"}), own_window=(
           "P", {"O/qty": "101", "L/close_window_s": "1799"}), own_window_at=("D", {"O/qty": "101",
           "L/close_window_s": "1800"}), held=("D", _XOM), exit=("P", {**EXIT, "L/max_overnight_gross_pct": "1"})),
    *table("C17", {"L/max_weekend_gross_pct": "10", **_FRIDAY}, weekend_at_limit=("P", {}), weekend_over=("D",
           {"O/qty": "101"}), weekend_cut=("R:100", {"O/qty": "101", **_REDUCE}), weekday=("P", {**_CLOSE, "O/qty":
           "101"}), weekend_exit=("P", {**EXIT, "L/max_weekend_gross_pct": "1"})),
    *table("C18", {"L/max_turnover_per_day": "50000", "turnover_today": "40000.00"}, at_limit=("P", {}), one_cent_over=(
           "D", {"turnover_today": "40000.01"}), one_share_over=("D", {"O/qty": "101"}), cut=("R:99", {"turnover_today":
           "40000.01", **_REDUCE}), missing=("D", {"turnover_today": DROP}), exit=("P", {**EXIT, "turnover_today":
           "90000"}), used_up=("D", {"turnover_today": "50000.00", **_REDUCE})),
    *table("D1", {"L/max_buying_power_pct": "95", "A/buying_power": "10526.32"}, within=("P", {}), one_share_over=("D",
           {"O/qty": "101"}), cut=("R:100", {"O/qty": "120", **_REDUCE}), one_cent_less=("D", {"A/buying_power":
           "10526.31"}), working_buy=("D", _open(working("XOM", "buy", "1", "50.00"))), unknown_buy=("R:99",
           {**_REDUCE, **_open(working("XOM", "buy", "1", "50.00", status="unknown"))}), missing=("D",
           {"A/buying_power": DROP}), zero=("D", {"A/buying_power": "0", **_REDUCE}), exit=("P", {**EXIT,
           "A/buying_power": "0"}), cover=("P", {**COVER, "A/buying_power": "0"}), short_at_mark_up=("P", {**SHORT,
           "A/buying_power": "10847.53"}), short_mark_up_over=("D", {**SHORT, "A/buying_power": "10847.52"})),
    *table("D1", {"L/max_buying_power_pct": "80", "A/buying_power": "12500.00"}, at_limit=("P", {}), one_cent_over=("D",
           {"A/buying_power": "12499.99"}), one_cent_over_cut=("R:99", {"A/buying_power": "12499.99", **_REDUCE})),
    *table("D2", _MARGIN, at_limit=("P", {}), one_over=("D", {"O/qty": "101"}), cut=("R:100", {"O/qty": "101",
           **_REDUCE}), rate_unknown=("D", {"M/margin_rate": None}), rate_unknown_cut=("R:30", {"M/margin_rate": None,
           **_REDUCE}), margin_unknown=("D", {"A/maintenance_margin": None}), exit=("P", {**EXIT,
           "A/maintenance_margin": "90000"}), working_buy=("R:83", {**_REDUCE, **_open(working("XOM", "buy", "10",
           "50.00"))})),
    *table("D7", {**_CASH, "A/settled_cash": "10000.00"}, at_limit=("P", {}), one_cent_over=("D", {"A/settled_cash":
           "9999.99"}), cut=("R:99", {"A/settled_cash": "9999.99", **_REDUCE}), working_buy=("D", _open(working("XOM",
           "buy", "1", "50.00"))), margin_account=("P", {"A/kind": "margin", "A/settled_cash": "0"}), kind_unknown=(
           "D", {"A/kind": None}), settled_unknown=("D", {"A/settled_cash": None}), exit=("P", {**EXIT,
           "A/settled_cash": "0"})),
    *table("G6", {"L/max_order_notional": "20000", "C/ramp": "0.5"}, at_limit=("P", {}), one_over=("D", {"O/qty":
           "101"}), cut=("R:100", {"O/qty": "150", **_REDUCE}), quarter=("D", {"C/ramp": "0.25"}), quarter_cut=("R:50",
           {"C/ramp": "0.25", **_REDUCE}), full=("P", {"C/ramp": "1", "O/qty": "200"}), unknown=("D", {"C/ramp":
           None}), exit=("P", {**EXIT, "C/ramp": "0"}), exit_unknown=("P", {**EXIT, "C/ramp": None}), share_of_equity=(
           "R:50", {**_REDUCE, "L/max_order_pct_equity": "10"})),
    *table("G6", {"C/ramp": "0.1"}, gross_at_limit=("P", {}), gross_over=("D", {"O/qty": "101"}), gross_held=("D",
           _XOM)),
    *table("C1", {**AGENT, "L/max_order_notional": "5000", **_REDUCE}, agent_cut=("R:50", {}), agent_exact=("P",
           {"O/qty": "50"})),
    *table("C8", {"market/NEW": seen("10", "Technology"), "O/symbol": "NEW", "O/limit_price": "10.00", "O/stop_price":
           "9.00", **_MSFT, "L/max_sector_pct_equity": "10.0125"}, new_at_limit=("P", {"O/qty": "1"}), new_over=("D",
           {"O/qty": "2"}), new_late=("D", {"O/qty": "1", "O/created_at": ago(99), "L/max_signal_age_s": "98"})),
)  # fmt: skip
