"""Cases of group B, of shorts and duplicates, and of input that is no order at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evals.gates.tables.base import COVER, DROP, EXIT, HOLDS, SHORT, Row, ago, sent, table, working

_GARBAGE: dict[str, Any] = {
    "nan": "NaN", "infinite": "Infinity", "minus_infinite": "-inf", "exponent": "1e308",
    "digits_400": "1" + "0" * 399, "int_400": 10**399, "bool": True, "list": ["100"], "words": "many", "empty": "",
    "full_width": "\uff11\uff10\uff10", "arabic_digits": "\u0661\u0660\u0660", "table": {"qty": "100"},
    "hex": "0x64", "underscore": "1_00", "comma": "1,00",
}  # fmt: skip
_NAMES = {
    "cyrillic_a": "\u0410APL", "full_width": "\uff21\uff21\uff30\uff2c", "zero_width": "AA\u200bPL",
    "right_to_left": "\u202eAAPL", "new_line": "AAPL\n", "blank": "AA PL", "too_long": "ABCDEFGHIJ.KLMNO",
    "empty": "", "digits_first": "1AAPL",
    "combining": "A\u0301APL", "null_byte": "AAPL\x00", "number": 7, "list": ["AAPL"], "null": None, "sql": "AAPL;--",
}  # fmt: skip


def _hygiene() -> Iterator[Row]:
    for gate, field in (("B2", "O/qty"), ("B3", "O/limit_price"), ("B3", "O/stop_price")):
        for kind, value in _GARBAGE.items():
            yield Row(gate, f"{field[2:]}_{kind}", "D", {field: value})
    for kind, value in _GARBAGE.items():
        yield Row("B2", f"exit_qty_{kind}", "D", {**EXIT, "O/qty": value})
        yield Row("C5", f"equity_{kind}", "D", {"A/equity": value, "L/max_gross_exposure_pct": "100"})
        yield Row("E4", f"ask_{kind}", "D", {"M/ask": value, "L/max_quote_age_s": "5"})
        yield Row("limits", f"value_{kind}", "D", {"L/max_order_notional": value})
    for kind, name in _NAMES.items():
        yield Row("B1", f"symbol_{kind}", "D", {"O/symbol": name})


_FRACTION = {"M/lot": "0.001", "O/qty": "10.5", "L/allow_fractional": True}
_GTD = {"O/tif": "gtd", "O/expires_at": ago(-3600)}
_CLOSED = {"clock": "2026-03-17T21:00:00Z", "M/ts": "2026-03-17T20:59:58Z", "A/as_of": "2026-03-17T20:59:50Z",
           "O/created_at": "2026-03-17T20:59:00Z", "W/next_open": "2026-03-18T13:30:00Z",
           "W/next_close": "2026-03-18T20:00:00Z"}  # fmt: skip


def _at(clock: str) -> dict[str, str]:
    return {"clock": clock, "M/ts": clock, "A/as_of": clock, "O/created_at": clock}


ROWS: tuple[Row, ...] = (
    *_hygiene(),
    *table("B1", {}, lower_case=("P", {"O/symbol": "aapl"}), not_tradable=("D", {"M/tradable": False}),
           tradable_unknown=("D", {"M/tradable": None}), no_such_market=("D", {"O/symbol": "TSLA"}),
           no_markets=("D", {"market": {}}), side_wrong=("D", {"O/side": "hold"}), side_case=("D", {"O/side": "BUY "}),
           unknown_key=("D", {"O/bypass": True}), unknown_top=("D", {"force": True}), unknown_limit=("D",
           {"L/max_everything": "1"}), unknown_market_key=("D", {"M/price": "100"}), unknown_control=("D",
           {"C/override": "yes"}), no_order=("D", {"order": DROP}), no_clock=("D", {"clock": DROP}),
           clock_no_zone=("D", {"clock": "2026-03-17T15:00:00"}), order_null=("D", {"order": None}),
           account_list=("D", {"account": []}), no_decision=("D", {"O/decision_id": DROP})),
    *table("B1", {"L/allowed_asset_classes": ["equity", "etf"]}, equity=("P", {}), etf=("P", {"M/asset_class": "etf"}),
           crypto=("D", {"M/asset_class": "crypto"}), exit=("P", {**EXIT, "M/asset_class": "crypto"})),
    *table("B2", {}, zero=("D", {"O/qty": "0"}), negative=("D", {"O/qty": "-100"}),
           negative_zero=("D", {"O/qty": "-0"}),
           one=("P", {"O/qty": "1"}), lot=("P", {"M/lot": "10"}), off_lot=("D", {"M/lot": "10", "O/qty": "105"}),
           exit_all_of_an_odd_lot=("P", {**EXIT, "M/lot": "20"}), exit_off_lot=("D", {**EXIT, "M/lot": "20",
           "O/qty": "30"}), exit_zero=("D", {**EXIT, "O/qty": "0"}),
           exit_negative=("D", {**EXIT, "O/qty": "-50"}), missing=("D", {"O/qty": DROP}), null=("D", {"O/qty": None}),
           trailing_zeros=("P", {"O/qty": "100.000"})),
    *table("B2", _FRACTION, allowed=("P", {}), forbidden=("D", {"L/allow_fractional": False}),
           not_fractionable=("D", {"M/fractionable": False}), off_lot=("D", {"O/qty": "10.0005"}),
           whole_forbidden=("P", {"L/allow_fractional": False, "O/qty": "10"}),
           cut=("R:9.999", {"L/oversize": "reduce", "L/max_order_notional": "999.99"})),
    *table("B3", {}, no_limit=("D", {"O/limit_price": None}), zero=("D", {"O/limit_price": "0"}),
           negative=("D", {"O/limit_price": "-100.00"}), sub_penny=("D", {"O/limit_price": "100.005"}),
           on_tick=("P", {"O/limit_price": "99.99"}), nickel=("P", {"M/tick": "0.05"}),
           off_nickel=("D", {"M/tick": "0.05", "O/limit_price": "100.01"}),
           exit_sub_penny=("D", {**EXIT, "O/limit_price": "99.955"}),
           exit_zero=("D", {**EXIT, "O/limit_price": "0"}), stop_zero=("D", {"O/stop_price": "0"}),
           stop_off_tick=("D", {"O/stop_price": "95.001"}), order_currency=("D", {"O/currency": "EUR"}),
           market_currency=("D", {"M/currency": "EUR"}), account_currency=("D", {"A/currency": "EUR"}),
           currency_missing=("D", {"M/currency": DROP}), all_euro=("P", {"O/currency": "EUR", "M/currency": "EUR",
           "A/currency": "EUR"}), exit_currency=("D", {**EXIT, "O/currency": "GBP"})),
    *table("B4", {"L/allowed_order_types": ["limit"], "L/allowed_tif": ["day", "gtc"]}, allowed=("P", {}),
           market=("D", {"O/type": "market", "O/limit_price": None}), gtc=("P", {"O/tif": "gtc"}),
           ioc=("D", {"O/tif": "ioc"}), exit_market=("D", {**EXIT, "O/type": "market", "O/limit_price": None}),
           exit_fok=("D", {**EXIT, "O/tif": "fok"}), exit_allowed=("P", EXIT), type_wrong=("D", {"O/type": "iceberg"}),
           tif_wrong=("D", {"O/tif": "forever"})),
    *table("B4", {"L/allow_extended_hours": True, "O/extended_hours": True, **_CLOSED}, limit_day=("P", {}),
           gtc=("D", {"O/tif": "gtc"}), market=("D", {"O/type": "market", "O/limit_price": None}),
           not_allowed=("D", {"L/allow_extended_hours": False}), not_asked=("D", {"O/extended_hours": False})),
    *table("B4", {"O/extended_hours": True}, early_allowed=("P", {"L/allow_extended_hours": True}), early_forbidden=(
           "D", {"L/allow_extended_hours": False})),
    *table("B4", {"L/allow_extended_hours": True, "O/extended_hours": True}, saturday=("D",
           _at("2026-03-21T21:00:00Z")),
           midnight=("D", _at("2026-03-18T04:00:00Z"))),
    *table("B5", _GTD, ahead=("P", {}), one_second=("P", {"O/expires_at": ago(-1)}),
           now=("D", {"O/expires_at": ago(0)}),
           past=("D", {"O/expires_at": ago(1)}), missing=("D", {"O/expires_at": None}),
           day_with_expiry=("D", {"O/tif": "day"}), no_zone=("D", {"O/expires_at": "2026-03-17T16:00:00"}),
           exit_past=("D", {**EXIT, "O/tif": "gtd", "O/expires_at": ago(60)})),
    *table("B5", {"O/tif": "cls"}, in_session=("P", {}), at_buffer=("P", _at("2026-03-17T19:58:00Z")),
           one_second_late=("D", _at("2026-03-17T19:58:01Z")), own_buffer=("D", {**_at("2026-03-17T19:50:00Z"),
           "L/auction_buffer_s": "601"}), own_buffer_at=("P", {**_at("2026-03-17T19:50:00Z"),
           "L/auction_buffer_s": "600"}), closed=("D", _CLOSED), opening_in_session=("D", {"O/tif": "opg"})),
    *table("B5", {"O/tif": "opg", "W/next_open": "2026-03-17T13:30:00Z", "W/next_close": "2026-03-17T20:00:00Z"},
           before=("P", _at("2026-03-17T12:00:00Z")), at_buffer=("P", _at("2026-03-17T13:28:00Z")),
           one_second_late=("D", _at("2026-03-17T13:28:01Z"))),
    *table("B6", EXIT, all_of_it=("P", {}), one_over=("D", {"O/qty": "51"}), one_over_cut=("R:50", {"O/qty": "51",
           "L/oversize": "reduce"}), twice=("D", {"O/qty": "100", "L/allow_short": True}),
           working_sell=("D", {"open_orders": [working("AAPL", "sell", "20", "101.00")]}),
           working_sell_room=("P", {"O/qty": "30", "open_orders": [working("AAPL", "sell", "20", "101.00")]}),
           working_sell_partly=("P", {"O/qty": "40", "open_orders": [working("AAPL", "sell", "20", "101.00",
                                filled_qty="10", status="partially_filled")]}),
           working_sell_partly_over=("D", {"O/qty": "41", "open_orders": [working("AAPL", "sell", "20", "101.00",
                                     filled_qty="10", status="partially_filled")]}),
           unknown_sell=("D", {"open_orders": [working("AAPL", "sell", "1", "101.00", status="unknown")]}),
           unknown_sell_cut=("R:49", {"L/oversize": "reduce",
                             "open_orders": [working("AAPL", "sell", "1", "101.00", status="UNKNOWN")]}),
           intent_sell=("D", {"open_orders": [working("AAPL", "sell", "1", "101.00", status="intent")]}),
           pending_cancel=("D", {"open_orders": [working("AAPL", "sell", "50", "101.00", status="pending_cancel")]}),
           cancelled_sell=("P", {"open_orders": [working("AAPL", "sell", "20", "101.00", status="canceled")]}),
           working_buy=("P", {"open_orders": [working("AAPL", "buy", "20", "98.00")]}),
           fully_working=("D", {"O/qty": "1", "L/oversize": "reduce",
                                "open_orders": [working("AAPL", "sell", "50", "101.00")]})),
    *table("B6", COVER, all_of_it=("P", {}), one_over=("D", {"O/qty": "51"}),
           one_over_cut=("R:50", {"O/qty": "51", "L/oversize": "reduce"}),
           working_cover=("D", {"open_orders": [working("AAPL", "buy", "20", "99.00")]}),
           working_cover_room=("P", {"O/qty": "30", "open_orders": [working("AAPL", "buy", "20", "99.00")]})),
    *table("B7", {"O/reduce_only": True}, nothing_held=("D", {}), exit=("P", EXIT), part=("P", {**EXIT, "O/qty": "20"}),
           too_much=("D", {**EXIT, "O/qty": "51"}), wrong_side=("D", HOLDS), cover=("P", COVER)),
    *table("B8", {"L/require_stop_loss": True}, with_stop=("P", {}), without=("D", {"O/stop_price": None}),
           exit_without=("P", EXIT), cover_without=("P", COVER), not_required=("P", {"L/require_stop_loss": False,
           "O/stop_price": None}), wrong_side=("D", {"O/stop_price": "105.00"}), missing=("D", {"O/stop_price": DROP}),
           at_the_price=("D", {"O/stop_price": "100.00"}), short=("P", SHORT), short_at_price=("D", {**SHORT,
           "O/stop_price": "100.00"}), short_wrong_side=("D", {**SHORT,
           "O/stop_price": "95.00"})),
    *table("B8", {"L/min_stop_distance_pct": "0.5", "L/max_stop_distance_pct": "10"}, near_at_limit=("P",
           {"O/stop_price": "99.50"}), too_near=("D", {"O/stop_price": "99.51"}), far_at_limit=("P",
           {"O/stop_price": "90.00"}), too_far=("D", {"O/stop_price": "89.99"}), exit=("P", EXIT)),
    *table("B9", {"L/restricted": ["AAPL"]}, listed=("D", {}), other=("P", {"L/restricted": ["MSFT"]}),
           empty=("P", {"L/restricted": []}), exit=("D", EXIT), until=("D", {"L/restricted": [{"symbol": "AAPL",
           "reason": "counsel", "until": ago(-60)}]}), lifted=("P", {"L/restricted": [{"symbol": "AAPL",
           "reason": "counsel", "until": ago(60)}]}), null=("D", {"L/restricted": None})),
    *table("B9", {"L/universe": ["AAPL", "MSFT"]}, listed=("P", {}), not_listed=("D", {"L/universe": ["MSFT"]}),
           exit=("P", {**EXIT, "L/universe": ["MSFT"]})),
    *table("B10", {"O/stop_price": "4.50", "M/atr": "0.20", "L/min_price": "5.00"}, at_limit=("P", {"M/bid": "5.00",
           "M/ask": "5.01", "M/last": "5.00", "O/limit_price": "5.01"}), one_cent_under=("D", {"M/bid": "4.98",
           "M/ask": "4.99", "M/last": "4.99", "O/limit_price": "4.99"}), missing=("D", {"M/last": DROP, "M/bid": DROP,
           "M/ask": DROP, "O/limit_price": "5.01"})),
    *table("B10", {"L/min_listing_age_d": "60"}, at_limit=("P", {"M/listed_on": "2026-01-16"}),
           one_day_under=("D", {"M/listed_on": "2026-01-17"}), missing=("D", {}), future=("D",
           {"M/listed_on": "2026-04-01"}), exit=("P", EXIT), old=("P", {"M/listed_on": "1980-12-12"})),
    *table("B10", {"L/min_market_cap": "1000000000"}, at_limit=("P", {"M/market_cap": "1000000000"}),
           one_under=("D", {"M/market_cap": "999999999"}), missing=("D", {}), exit=("P", EXIT)),
    *table("B10", {"L/allow_leveraged_funds": False}, equity=("P", {}), plain_fund=("P", {"M/asset_class": "etf",
           "M/leverage": "1"}), double=("D", {"M/asset_class": "etf", "M/leverage": "2"}), inverse=("D",
           {"M/asset_class": "etf", "M/leverage": "-1"}), unknown=("D", {"M/asset_class": "etf"}), allowed=("P",
           {"L/allow_leveraged_funds": True, "M/asset_class": "etf", "M/leverage": "3"}), exit=("P", {**EXIT,
           "M/asset_class": "etf", "M/leverage": "3"})),
    *table("D3", SHORT, allowed=("P", {}), forbidden=("D", {"L/allow_short": False}), forbidden_small=("D",
           {"L/allow_short": False, "O/qty": "1", "L/oversize": "reduce"}), hard_to_borrow=("D",
           {"M/easy_to_borrow": False}), borrow_unknown=("D", {"M/easy_to_borrow": DROP}), restricted=("D",
           {"M/short_restricted": True}), not_shortable=("D", {"M/shortable": False}), exit_is_no_short=("P", {**EXIT,
           "L/allow_short": False}), more_than_held=("D", {**EXIT, "O/qty": "80", "L/allow_short": False}),
           more_than_held_cut=("R:50", {**EXIT, "O/qty": "80", "L/allow_short": False, "L/oversize": "reduce"})),
    *table("D5", {"L/forbid_self_cross": True}, nothing=("P", {}), crossing=("D", {"open_orders": [working("AAPL",
           "sell", "10", "99.00")], **HOLDS}), touching=("D", {"open_orders": [working("AAPL", "sell", "10", "100.00")],
           **HOLDS}), one_cent_apart=("P", {"open_orders": [working("AAPL", "sell", "10", "100.01")], **HOLDS}),
           same_side=("P", {"open_orders": [working("AAPL", "buy", "10", "101.00")]}), other_symbol=("P",
           {"open_orders": [working("MSFT", "sell", "10", "1.00")], "positions/MSFT": {"qty": "10",
            "avg_price": "190"}}), against_market=("D", {**HOLDS, "open_orders": [working("AAPL", "sell", "10",
            "0", type="market", limit_price=None)]}), off=("P", {"L/forbid_self_cross": False, **HOLDS,
            "open_orders": [working("AAPL", "sell", "10", "99.00")]})),
    *table("D5", {**SHORT, "L/forbid_self_cross": True}, short_touching=("D", {"open_orders": [working("AAPL", "buy",
           "10", "100.00")]}), short_one_cent_apart=("P", {"open_orders": [working("AAPL", "buy", "10", "99.99")]})),
    *table("D8", EXIT, available=("P", {"P/available_qty": "50"}), one_over=("D", {"P/available_qty": "49"}),
           cut=("R:49", {"P/available_qty": "49", "L/oversize": "reduce"}), nothing=("D", {"P/available_qty": "0",
           "L/oversize": "reduce"}), part=("P", {"P/available_qty": "20", "O/qty": "20"})),
    *table("F4", {}, same_decision=("D", {"recent_orders": [sent(90000, decision_id="d-1")]}), same_decision_open=("D",
           {"open_orders": [working(decision_id="d-1")]}), exit_same_decision=("D", {**EXIT, "recent_orders":
           [sent(90000, decision_id="d-1")]}), other_decision=("P", {"recent_orders": [sent(90000)]}),
           same_rejected=("D", {"recent_orders": [sent(90000, decision_id="d-1", status="rejected")]})),
    *table("F4", {"L/duplicate_window_s": "900"}, inside=("D", {"recent_orders": [sent(899, "AAPL", "buy", "100")]}),
           at_limit=("P", {"recent_orders": [sent(900, "AAPL", "buy", "100")]}), outside=("P", {"recent_orders":
           [sent(901, "AAPL", "buy", "100")]}), future=("D", {"recent_orders": [sent(-5, "AAPL", "buy", "100")]}),
           other_side=("P", {"recent_orders": [sent(5, "AAPL", "sell", "100")]}), other_symbol=("P", {"recent_orders":
           [sent(5, "MSFT", "buy", "100")]}), other_qty=("P", {"recent_orders": [sent(5, "AAPL", "buy", "900")]}),
           exit_twin=("D", {**EXIT, "recent_orders": [sent(5, "AAPL", "sell", "50")]}), in_flight=("D", {"open_orders":
           [working("AAPL", "buy", "100", "100.00", at=ago(5), status="submitted")]}), unknown=("D", {"open_orders":
           [working("AAPL", "buy", "100", "100.00", at=ago(5), status="unknown")]})),
)  # fmt: skip
