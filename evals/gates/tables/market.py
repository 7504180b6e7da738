"""Cases of group E: sessions, quotes, bars, statistics, events and news."""

from __future__ import annotations

from typing import Any

from evals.gates.tables.base import AGENT, COVER, DROP, EXIT, HOLDS, SHORT, Row, ago, table, working


def _at(clock: str, **more: Any) -> dict[str, Any]:
    return {"clock": clock, "M/ts": clock, "A/as_of": clock, "O/created_at": clock, **more}


def _quote(bid: str, last: str, ask: str) -> dict[str, str]:
    return {"M/bid": bid, "M/last": last, "M/ask": ask}


def _event(kind: str, hours: float) -> dict[str, Any]:
    return {"M/events": [{"kind": kind, "at": ago(-3600 * hours)}],
            "M/event_kinds": ["earnings", "macro", "split", "dividend", "symbol_change", "merger"]}  # fmt: skip


def _text(**more: Any) -> dict[str, Any]:
    given = {"ref": "n1", "published_at": ago(3600), "first_seen_at": ago(3600), "stored": True, "suspicious": False}
    return {**AGENT, "H/texts": [{**given, **more}]}


_MARKET = {"O/type": "market", "O/limit_price": None}

ROWS: tuple[Row, ...] = (
    *table("E1", {}, opening=("P", _at("2026-03-17T13:30:00Z")), before_opening=("D", _at("2026-03-17T13:29:59Z")),
           last_second=("P", _at("2026-03-17T19:59:59Z")), close=("D", _at("2026-03-17T20:00:00Z")), saturday=("D",
           _at("2026-03-21T15:00:00Z")), sunday=("D", _at("2026-03-22T15:00:00Z")), good_friday=("D",
           _at("2026-04-03T15:00:00Z")), independence_observed=("D", _at("2026-07-03T15:00:00Z")), before_dst=("D",
           _at("2026-03-06T14:00:00Z")), before_dst_open=("P", _at("2026-03-06T14:30:00Z")), after_dst=("P",
           _at("2026-03-09T14:00:00Z")), winter_close=("P", _at("2026-11-02T20:59:59Z")), early_close=("D",
           _at("2026-11-27T18:00:00Z")), before_early_close=("P", _at("2026-11-27T17:59:59Z")), christmas_eve=("D",
           _at("2026-12-24T18:00:00Z")), thanksgiving=("D", _at("2026-11-26T16:00:00Z")), new_year=("D",
           _at("2026-01-01T16:00:00Z")), gtc_closed=("D", _at("2026-03-17T21:00:00Z", **{"O/tif": "gtc"})),
           other_zone=("P", {"clock": "2026-03-17T11:00:00-04:00"}),
           broker_open=("P", {"C/broker_open": True}), broker_closed=("D", {"C/broker_open": False}),
           broker_silent=("P", {"C/broker_open": None}), broker_closed_exit=("P", {**EXIT, "C/broker_open": False})),
    *table("E2", {"L/no_entry_after_open_s": "300"}, at_limit=("P", _at("2026-03-17T13:35:00Z")), one_second_early=("D",
           _at("2026-03-17T13:34:59Z")), exit_early=("P", {**_at("2026-03-17T13:30:01Z"), **EXIT}), closed=("D",
           _at("2026-03-17T13:00:00Z")), noon=("P", {})),
    *table("E2", {"L/no_entry_before_close_s": "300"}, at_limit=("P", _at("2026-03-17T19:55:00Z")), one_second_late=(
           "D", _at("2026-03-17T19:55:01Z")), exit_late=("P", {**_at("2026-03-17T19:59:00Z"), **EXIT}), early_close=(
           "D", _at("2026-11-27T17:56:00Z")), early_close_at=("P", _at("2026-11-27T17:55:00Z"))),
    *table("E3", {}, halted=("D", {"M/halted": True}), exit_halted=("D", {**EXIT, "M/halted": True}), cover_halted=("D",
           {**COVER, "M/halted": True}), other_halted=("P", {"market/MSFT/halted": True}), halted_text=("D",
           {"M/halted": "false"}), unknown=("D", {"M/halted": None}), missing=("D", {"M/halted": DROP})),
    *table("E3", {"L/require_trading_status": True}, known=("P", {}), unknown=("D", {"M/halted": None}), missing=("D",
           {"M/halted": DROP}), exit_unknown=("P", {**EXIT, "M/halted": None}), not_required=("P", {"M/halted": None,
           "L/require_trading_status": False})),
    *table("E4", {"L/max_quote_age_s": "5"}, at_limit=("P", {"M/ts": ago(5)}), one_second_over=("D", {"M/ts": ago(6)}),
           millisecond_over=("D", {"M/ts": ago(5.001)}), future=("D", {"M/ts": ago(-1)}), far_future=("D", {"M/ts":
           ago(-86400)}), missing=("D", {"M/ts": DROP}), no_zone=("D", {"M/ts": "2026-03-17T14:59:58"}), exit_stale=(
           "P", {**EXIT, "M/ts": ago(9999)}), cover_stale=("P", {**COVER, "M/ts": ago(9999)}), epoch=("D", {"M/ts":
           1773759598})),
    *table("E4", {"L/max_bar_age_s": "86400"}, at_limit=("P", {"M/last_bar_end": ago(86400)}), one_second_over=("D",
           {"M/last_bar_end": ago(86401)}), as_the_quote=("P", {}), future=("D", {"M/last_bar_end": ago(-60)}), unknown=
           ("D", {"M/last_bar_end": None}), exit_stale=("P", {**EXIT, "M/last_bar_end": ago(999999)})),
    *table("E4", {}, no_bid=("D", {"M/bid": DROP}), no_ask=("D", {"M/ask": None}), no_last=("D", {"M/last": None}),
           zero_bid=("D", {"M/bid": "0"}),
           zero_last=("D", {"M/last": "0"}), negative_ask=("D", {"M/ask": "-1"}), crossed=("D", {"M/bid": "100.06"}),
           crossed_by_a_cent=("D", _quote("100.01", "100", "100.00")), locked=("P", _quote("100.00", "100.00",
           "100.00")), exit_no_quote=("P", {**EXIT, "M/bid": DROP, "M/ask": DROP, "M/last": DROP}), exit_crossed=("P",
           {**EXIT, "M/bid": "100.06"})),
    *table("E5", {"L/require_valid_bars": True}, fine=("P", {}), gap=("D", {"M/bar_fault": "gap of 3 bars"}), unknown=(
           "D", {"M/bar_fault": None}), exit=("P", {**EXIT, "M/bar_fault": "high below low"})),
    *table("E5", {"L/max_source_difference_pct": "0.5"}, same=("P", {"M/second_price": "100.00"}), within=("P",
           {"M/second_price": "99.51"}), beyond=("D", {"M/second_price": "99.50"}), above_within=("P",
           {"M/second_price": "100.50"}), above_beyond=("D", {"M/second_price": "100.51"}), missing=("D", {}), zero=(
           "D", {"M/second_price": "0"}), exit=("P", EXIT)),
    *table("E5", {"L/max_source_difference_pct": "25"}, at_limit=("P", {"M/second_price": "80.00"}), one_cent_over=("D",
           {"M/second_price": "79.99"})),
    *table("E6", {"L/price_collar_pct": "3", "O/qty": "10"}, at_limit=("P", {"O/limit_price": "103.00"}),
           one_cent_over=("D", {"O/limit_price": "103.01"}), below_at_limit=("P", {"O/limit_price": "97.00"}),
           below_over=("D", {"O/limit_price": "96.99"}), fat_finger=("D", {"O/limit_price": "1000.00"}), market=("P",
           _MARKET), market_slipped=("D", {**_MARKET, "L/market_slippage_pct": "4"}), wide_quote=("D", {**_MARKET,
           "M/ask": "104.00"}), exit_within=("P", EXIT), exit_over=("D", {**EXIT, "O/limit_price": "96.99"}),
           exit_fat_finger=("D", {**EXIT, "O/limit_price": "10.00"}), cover_over=("D", {**COVER, "O/limit_price":
           "103.01"}), cover_at=("P", {**COVER, "O/limit_price": "103.00"}), no_last=("D", {"M/last": DROP}),
           last_zero=("D", {"M/last": "0"}), exit_no_quote=("P", {**EXIT, **_MARKET, "M/last": DROP, "M/bid": DROP,
           "M/ask": DROP}), short_below=("D", {**SHORT, "O/limit_price": "96.99"})),
    *table("E6", {"L/price_collar_atr": "2", "O/qty": "10"}, at_limit=("P", {"O/limit_price": "104.00"}), one_cent_over=
           ("D", {"O/limit_price": "104.01"}), below_at=("P", {"O/limit_price": "96.00"}), below_over=("D",
           {"O/limit_price": "95.99"}), atr_unknown=("D", {"M/atr": DROP}), exit_over=("D", {**EXIT, "O/limit_price":
           "95.99"}), exit_atr_unknown=("P", {**EXIT, "M/atr": None})),
    *table("E7", {"L/max_spread_pct": "0.5"}, at_limit=("P", _quote("99.75", "100.00", "100.25")), one_cent_over=("D",
           _quote("99.74", "100.00", "100.26")), half_cent_over=("D", _quote("99.75", "100.00", "100.26")), locked=("P",
           _quote("100.00", "100.00", "100.00")), exit_wide=("P", {**EXIT, **_quote("98.00", "100.00", "102.00")}),
           cover_wide=("P", {**COVER, **_quote("98.00", "100.00", "102.00")}), no_bid=("D", {"M/bid": DROP})),
    *table("E9", {"L/max_adv_pct": "1"}, at_limit=("P", {"M/adv": "10000"}), one_share_over=("D", {"M/adv": "10000",
           "O/qty": "101"}), cut=("R:99", {"M/adv": "9999", "L/oversize": "reduce"}), missing=("D", {"M/adv": DROP}),
           zero=("D", {"M/adv": "0"}), exit=("P", {**EXIT, "M/adv": "1"}), exit_missing=("P", {**EXIT, "M/adv": None})),
    *table("E9", {"L/min_adv_value": "4997500.00", "M/adv": "50000"}, value_at_limit=("P", {}), value_share_less=("D",
           {"M/adv": "49999"}), value_cut_helps_nothing=("D", {"M/adv": "49999", "L/oversize": "reduce"}),
           value_missing=("D", {"M/adv": DROP}), value_zero=("D", {"M/adv": "0"}), value_exit=("P", {**EXIT, "M/adv":
           "1"})),
    *table("E10", {"L/max_recent_volume_pct": "5"}, at_limit=("P", {"M/recent_volume": "2000"}), one_share_over=("D",
           {"M/recent_volume": "2000", "O/qty": "101"}), cut=("R:99", {"M/recent_volume": "1999", "L/oversize":
           "reduce"}), working_buy=("R:80", {"M/recent_volume": "2000", "L/oversize": "reduce", "open_orders":
           [working("AAPL", "buy", "30", "99.00", filled_qty="10", status="partially_filled")]}), working_sell=("P",
           {**HOLDS, "M/recent_volume": "2000", "open_orders": [working("AAPL", "sell", "30", "101.00")]}), missing=(
           "D", {}), zero=("D", {"M/recent_volume": "0"}), exit=("P", EXIT)),
    *table("E11", {"L/max_volatility_ratio": "3", "M/daily_sigma": "0.01"}, at_limit=("P", {"M/sigma_now": "0.03"}),
           over=("D", {"M/sigma_now": "0.0301"}), now_unknown=("D", {}), usual_unknown=("D", {"M/daily_sigma": None,
           "M/sigma_now": "0.01"}), usual_zero=("D", {"M/daily_sigma": "0", "M/sigma_now": "0.01"}), both_zero=("D",
           {"M/daily_sigma": "0", "M/sigma_now": "0"}), exit=("P",
           {**EXIT, "M/sigma_now": "0.9"})),
    *table("E11", {"L/max_index_drop_pct": "3"}, at_limit=("P", {"W/index_move_pct": "-3"}), over=("D",
           {"W/index_move_pct": "-3.01"}), rising=("P", {"W/index_move_pct": "5"}), unknown=("D", {}), null=("D",
           {"W/index_move_pct": None}), exit=("P", {**EXIT, "W/index_move_pct": "-20"})),
    *table("E12", {"L/max_gap_pct": "8"}, at_limit=("P", {"M/gap_pct": "8"}), over=("D", {"M/gap_pct": "8.01"}),
           down_at_limit=("P", {"M/gap_pct": "-8"}), down_over=("D", {"M/gap_pct": "-8.01"}), unknown=("D", {}), exit=(
           "P", {**EXIT, "M/gap_pct": "-50"})),
    *table("E13", {"L/earnings_blackout_h": "24"}, at_limit=("D", {"M/next_earnings": ago(-86400)}),
           one_second_outside=("P", {"M/next_earnings": ago(-86401)}), one_second_inside=("D", {"M/next_earnings":
           ago(-86399)}), now=("D", {"M/next_earnings": ago(0)}), after_inside=("D",
           {"M/next_earnings": ago(86399)}), after_at_limit=("D", {"M/next_earnings": ago(86400)}), far=("P", {}),
           incomplete=("D", {"M/event_kinds": [], "M/next_earnings": None}), listed=("D", {"M/events": [{"kind":
           "earnings", "at": ago(-3600)}]}), exit=("P", {**EXIT, "M/next_earnings": ago(-60)}), cover=("P", {**COVER,
           "M/next_earnings": ago(-60)}), no_zone=("D", {"M/next_earnings": "2026-04-17T15:00:00"})),
    *table("E13", {"L/macro_blackout_h": "2"}, macro_at_limit=("D", _event("macro", 2)),
           macro_outside=("P", _event("macro", 2.01)), macro_inside=("D", _event("macro", 1.99)),
           macro_after=("D", _event("macro", -1)), macro_none=("P", _event("split", 1)),
           macro_unknown=("D", {}), macro_exit=("P", {**EXIT, **_event("macro", 0)})),
    *table("E14", {"L/corporate_action_days": "1"}, split_inside=("D", _event("split", 12)), dividend_inside=("D",
           _event("dividend", -12)), merger_inside=("D", _event("merger", 6)), symbol_change=("D",
           _event("symbol_change", 6)), far=("P", _event("split", 96)), other_kind=("P", _event("macro", 1)), unknown=(
           "D", {}), half_known=("D", {"M/event_kinds": ["earnings", "split"]}), exit=("P", {**EXIT, **_event("split",
           1)})),
    *table("E15", {"L/max_news_age_h": "24"}, fresh=("P", AGENT), at_limit=("P", _text(published_at=ago(86400),
           first_seen_at=ago(86400))), one_second_over=("D", _text(published_at=ago(86401), first_seen_at=ago(86401))),
           not_stored=("D", _text(stored=False)), never_seen=("D", _text(first_seen_at=None)), seen_after_decision=("D",
           {**_text(first_seen_at=ago(10)), "H/decided_at": ago(60)}), seen_at_decision=("P",
           {**AGENT, "H/decided_at": ago(3600), "H/evidence_as_of": ago(3600)}), before_publication=("D",
           _text(first_seen_at=ago(7200))), future=("D", _text(published_at=ago(-60), first_seen_at=ago(-60))), unknown=
           ("D", {**AGENT, "H/texts": None}), none_used=("P", {**AGENT, "H/texts": []}), manual=("P", {})),
)  # fmt: skip
