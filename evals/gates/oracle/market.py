"""Group E: the session, the quote and the bars, statistics, events and news behind an order."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from evals.gates.oracle.exposure import PERCENT, Unknown, amount, known, own, price, quote, slip, working
from evals.gates.oracle.hours import session_at
from evals.gates.oracle.reading import View
from evals.gates.oracle.rule import Rule, age, agents, away, fresh, seconds

_HOUR = 3600
_DAY = 86400
_ACTIONS = frozenset({"split", "dividend", "symbol_change", "merger"})


def _quoted(view: View, _: Any) -> bool:
    return amount(own(view).get("last")) > 0 and quote(view, view.order["symbol"], "ask") > 0


def _expected(view: View) -> Fraction:
    order = view.order
    if order.get("limit_price") is not None:
        return amount(order["limit_price"])
    if order["side"] == "sell":
        # slip is 1 + s, so this is the bid at 1 - s.
        return quote(view, order["symbol"], "bid") * (2 - slip(view))
    return price(view, order, order["trigger"])


def _middle(view: View) -> Fraction:
    name = view.order["symbol"]
    return (quote(view, name, "bid") + quote(view, name, "ask")) / 2


def _collar(view: View, limit: Fraction) -> bool:
    last = amount(own(view).get("last"))
    return abs(_expected(view) / last - 1) <= limit * PERCENT


def _collar_atr(view: View, limit: Fraction) -> bool:
    return abs(_expected(view) - amount(own(view).get("last"))) <= limit * amount(own(view).get("atr"))


def _spread(view: View, limit: Fraction) -> bool:
    name = view.order["symbol"]
    return quote(view, name, "ask") - quote(view, name, "bid") <= limit * PERCENT * _middle(view)


def _edge(view: View, limit: Fraction, *, opening: bool) -> bool:
    session = session_at(view.now)
    if session is None:
        return False
    return seconds(view.now - session[0] if opening else session[1] - view.now) >= limit


def _traded(view: View, limit: Fraction) -> bool:
    volume = amount(own(view).get("adv"))
    return volume > 0 and volume * quote(view, view.order["symbol"], "bid") >= limit


def _worked(view: View, limit: Fraction) -> bool:
    volume = amount(own(view).get("recent_volume"))
    return working(view, view.order["side"]) + view.qty <= limit * PERCENT * volume


def _calm(view: View, limit: Fraction) -> bool:
    usual = amount(own(view).get("daily_sigma"))
    return usual > 0 and amount(own(view).get("sigma_now")) <= limit * usual


def _index(view: View, limit: Fraction) -> bool:
    return amount((view.top.get("market_wide") or {}).get("index_move_pct")) >= -limit


def _far_from(view: View, kinds: frozenset[str], span: Fraction, complete: frozenset[str]) -> bool:
    seen = own(view)
    if not complete <= set(seen["event_kinds"]):
        raise Unknown
    dates = [each["at"] for each in seen["events"] if each["kind"] in kinds]
    if "earnings" in kinds and seen.get("next_earnings") is not None:
        dates.append(seen["next_earnings"])
    return all(away(view, each) > span for each in dates)


def _earnings(view: View, hours: Fraction) -> bool:
    return _far_from(view, frozenset({"earnings"}), hours * _HOUR, frozenset({"earnings"}))


def _macro(view: View, hours: Fraction) -> bool:
    return _far_from(view, frozenset({"macro"}), hours * _HOUR, frozenset({"macro"}))


def _actions(view: View, days: Fraction) -> bool:
    return _far_from(view, _ACTIONS, days * _DAY, frozenset({"split", "dividend"}))


def _news(view: View, hours: Fraction) -> bool:
    if not agents(view):
        return True
    decided = known(view.proposal)["decided_at"]
    return all(
        each["stored"]
        and known(each.get("first_seen_at")) <= decided
        and each["published_at"] <= each["first_seen_at"]
        and age(view, each["published_at"]) <= hours * _HOUR
        for each in known(known(view.proposal).get("texts"))
    )


def _second(view: View, limit: Fraction) -> bool:
    other = amount(own(view).get("second_price"))
    return other > 0 and abs(_middle(view) / other - 1) <= limit * PERCENT


RULES = (
    Rule("E2", "no_entry_after_open_s", lambda view, limit: _edge(view, limit, opening=True),
         ("SESSION_EDGE", "MARKET_CLOSED")),
    Rule("E2", "no_entry_before_close_s", lambda view, limit: _edge(view, limit, opening=False),
         ("SESSION_EDGE", "MARKET_CLOSED")),
    Rule("E3", None, lambda view, _: own(view).get("halted") is not True, always=True),
    Rule("E3", None, lambda view, _: "require_trading_status" in view.limits or own(view).get("halted") is not None),
    Rule("E3", "require_trading_status", lambda view, wanted: not wanted or own(view).get("halted") is not None),
    Rule("E4", None, _quoted),
    Rule("E4", "max_quote_age_s", lambda view, limit: fresh(view, own(view).get("ts"), limit)),
    Rule("E4", "max_bar_age_s", lambda view, limit: fresh(view, own(view).get("last_bar_end"), limit)),
    Rule("E5", "require_valid_bars", lambda view, _: known(own(view)["bar_fault"]) == "",
         ("BARS_INVALID", "BARS_UNKNOWN")),
    Rule("E5", "max_source_difference_pct", _second, ("SOURCES_DISAGREE", "SECOND_SOURCE_MISSING")),
    Rule("E6", "price_collar_pct", _collar, always=True),
    Rule("E6", "price_collar_atr", _collar_atr, always=True),
    Rule("E7", "max_spread_pct", _spread),
    Rule("E9", "max_adv_pct", lambda view, limit: view.qty <= limit * PERCENT * known(own(view).get("adv")), size=True),
    Rule("E9", "min_adv_value", _traded, ("THINLY_TRADED", "LIQUIDITY_UNKNOWN", "QUOTE_MISSING")),
    Rule("E10", "max_recent_volume_pct", _worked, ("PARTICIPATION", "VOLUME_UNKNOWN"), size=True),
    Rule("E11", "max_volatility_ratio", _calm, ("VOLATILITY_SPIKE", "VOLATILITY_UNKNOWN")),
    Rule("E11", "max_index_drop_pct", _index, ("INDEX_DROP", "INDEX_UNKNOWN")),
    Rule("E12", "max_gap_pct", lambda view, limit: abs(known(own(view).get("gap_pct"))) <= limit,
         ("GAP", "GAP_UNKNOWN")),
    Rule("E13", "earnings_blackout_h", _earnings),
    Rule("E13", "macro_blackout_h", _macro, ("MACRO_BLACKOUT", "MACRO_UNKNOWN")),
    Rule("E14", "corporate_action_days", _actions, ("CORPORATE_ACTION", "CORPORATE_ACTIONS_UNKNOWN")),
    Rule("E15", "max_news_age_h", _news, ("NEWS_STALE", "NEWS_NOT_ON_RECORD", "NEWS_UNKNOWN")),
)  # fmt: skip
