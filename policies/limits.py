"""Every limit a policy may set: its kind, the values that are not absurd, which way is tighter, and the gates it feeds.

Names are those of the what-if contract plus those of further gates. Percentages are written as percent (10 is 10 %),
money in account currency, quantities in shares. A name that is not here is refused, and so is a value outside its
bounds: a policy that cannot be read whole is not loaded at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from domain.case import Mode
from domain.clock import parse_time
from domain.errors import ConfigurationError, DataQualityError
from domain.market import AssetClass, Symbol, parse_symbol
from domain.money import HUNDRED, ONE, ZERO, decimal_of
from domain.orders import OrderType, TimeInForce
from policies.approval import DEFAULT_TTL_S
from policies.gate import OVERSIZE_DENY, OVERSIZE_REDUCE
from policies.gates.exposure.concentration import CORRELATED
from policies.gates.exposure.overnight import LAST_HOUR
from policies.gates.loss.give_back import FROM_PCT
from policies.gates.validity.expiry import AUCTION_BUFFER_S
from policies.gates.validity.universe import Restriction

MONEY = Decimal(10) ** 12
SHARES = Decimal(10) ** 9
THOUSANDS, MANY = Decimal(10_000), Decimal(10) ** 9
# A leap year is a year too.
DAY_S, YEAR_S = Decimal(86_400), Decimal(366 * 86_400)
WEEK_H = Decimal(7 * 24)
"""Sources are asked for the events of a week, back and ahead: a longer blackout would not see what it is there for."""


class Kind(StrEnum):
    """What a limit's value is, and by that how it is read and compared."""

    AT_MOST = "number, lower is tighter"
    AT_LEAST = "number, higher is tighter"
    REQUIRE = "flag, true is tighter"
    ALLOW = "flag, false is tighter"
    ALLOWED = "set, fewer is tighter"
    FORBIDDEN = "set, more is tighter"
    MODE = "mode, lower on the ladder is tighter; between paper and approve each way loosens something"
    OVERSIZE = "deny or reduce, deny is tighter"
    NAME = "name, any change is a loosening"


class Limit(NamedTuple):
    """One limit. ``low`` and ``high`` bound numbers, both included; ``gates`` are those that read it.

    A limit without gates is one of a breaker (``trading/monitor/breakers.py``).

    ``default`` is what counts where the policy does not set it but its gate always runs.
    """

    name: str
    kind: Kind
    gates: tuple[str, ...]
    unit: str = ""
    low: Decimal = ZERO
    high: Decimal = MONEY
    members: type[StrEnum] | None = None
    default: Decimal | bool | None = None


def _count(name: str, gate: str, high: Decimal = THOUSANDS) -> Limit:
    return Limit(name, Kind.AT_MOST, (gate,), "count", ZERO, high)


def _percent(name: str, *gates: str, high: int = 100, kind: Kind = Kind.AT_MOST) -> Limit:
    return Limit(name, kind, gates, "percent", ZERO, Decimal(high))


def _seconds(name: str, *gates: str, high: Decimal = YEAR_S, kind: Kind = Kind.AT_MOST) -> Limit:
    return Limit(name, kind, gates, "seconds", ZERO, high)


def _days(name: str, *gates: str, high: int) -> Limit:
    return Limit(name, Kind.AT_LEAST, gates, "days", ZERO, Decimal(high))


SIZE_GATES = (
    "C1", "C1_equity", "C2", "C3", "C3_notional", "C3_qty", "C5", "C6", "C7", "C8", "C9", "C10", "C11", "C12", "C13",
    "C13_es", "C14", "C15", "C15_pct", "C17", "C17_weekend", "C18",
    "B6", "B7", "D1", "D2", "D3", "D7", "D8", "E9", "E10", "G6",
)  # fmt: skip
DATED_GATES = ("A6_age", "A7", "A8", "E4", "E4_bar", "H6")

LIMITS: tuple[Limit, ...] = (
    Limit("mode", Kind.MODE, ("A2",), "mode", members=Mode),
    Limit("oversize", Kind.OVERSIZE, SIZE_GATES, "deny or reduce"),
    Limit("account_id", Kind.NAME, ("A6",), "account"),
    Limit("approval_required_above_notional", Kind.AT_MOST, ("A2",), "money"),
    Limit("approval_ttl_s", Kind.AT_MOST, ("A10",), "seconds", ZERO, Decimal(7 * 86_400), default=DEFAULT_TTL_S),
    _percent("approval_price_band_pct", "A10", high=50),
    Limit("require_same_release", Kind.REQUIRE, ("A5",), "flag"),
    _seconds("max_account_age_s", "A6_age"),
    _seconds("max_reconcile_age_s", "A7"),
    _seconds("max_clock_skew_s", *DATED_GATES, high=Decimal(3600)),
    Limit("require_provenance", Kind.REQUIRE, ("A9",), "flag"),
    Limit("allowed_asset_classes", Kind.ALLOWED, ("B1",), "asset classes", members=AssetClass),
    Limit("allow_fractional", Kind.ALLOW, ("B2",), "flag"),
    Limit("allowed_order_types", Kind.ALLOWED, ("B4",), "order types", members=OrderType),
    Limit("allowed_tif", Kind.ALLOWED, ("B4",), "times in force", members=TimeInForce),
    Limit("allow_extended_hours", Kind.ALLOW, ("B4", "E1"), "flag"),
    Limit("auction_buffer_s", Kind.AT_LEAST, ("B5",), "seconds", ZERO, Decimal(86_400), default=AUCTION_BUFFER_S),
    Limit("require_stop_loss", Kind.REQUIRE, ("B8",), "flag"),
    _percent("min_stop_distance_pct", "B8", kind=Kind.AT_LEAST),
    _percent("max_stop_distance_pct", "B8"),
    Limit("universe", Kind.ALLOWED, ("B9",), "symbols"),
    Limit("restricted", Kind.FORBIDDEN, ("B9",), "symbols"),
    Limit("min_price", Kind.AT_LEAST, ("B10",), "money"),
    _days("min_listing_age_d", "B10_age", high=3660),
    Limit("min_market_cap", Kind.AT_LEAST, ("B10_cap",), "money"),
    Limit("allow_leveraged_funds", Kind.ALLOW, ("B10_leverage",), "flag", default=True),
    Limit("max_order_notional", Kind.AT_MOST, ("C1", "G6"), "money"),
    _percent("max_order_pct_equity", "C1_equity", "G6", high=1000),
    Limit("max_order_qty", Kind.AT_MOST, ("C2",), "shares", ZERO, SHARES),
    _percent("max_position_pct_equity", "C3", high=1000),
    Limit("max_position_notional", Kind.AT_MOST, ("C3_notional",), "money"),
    Limit("max_position_qty", Kind.AT_MOST, ("C3_qty",), "shares", ZERO, SHARES),
    _count("max_open_positions", "C4"),
    _count("max_entries_per_cycle", "C4_cycle"),
    _count("max_entries_per_day", "C4_day"),
    _percent("max_gross_exposure_pct", "C5", high=1000),
    _percent("max_net_exposure_pct", "C6", high=1000),
    Limit("max_leverage", Kind.AT_MOST, ("C7",), "multiple of equity", ZERO, Decimal(20)),
    _percent("max_sector_pct_equity", "C8", high=1000),
    _percent("max_cluster_pct_equity", "C9", high=1000),
    # Lower is tighter: more symbols count as moving together.
    Limit("cluster_correlation", Kind.AT_MOST, ("C9",), "correlation", ZERO, ONE, default=CORRELATED),
    _percent("max_beta_exposure_pct", "C10", high=1000),
    _percent("max_loss_per_trade_pct", "C11"),
    _percent("max_heat_pct", "C12"),
    _percent("max_var_pct", "C13"),
    _percent("max_es_pct", "C13_es"),
    _percent("target_volatility_pct", "C14", high=1000),
    Limit("min_cash_reserve", Kind.AT_LEAST, ("C15",), "money"),
    _percent("min_cash_reserve_pct", "C15_pct", kind=Kind.AT_LEAST),
    _count("max_adds", "C16"),
    Limit("forbid_averaging_down", Kind.REQUIRE, ("C16_down",), "flag"),
    _percent("max_overnight_gross_pct", "C17", high=1000),
    _percent("max_weekend_gross_pct", "C17_weekend", high=1000),
    # Longer is tighter: more orders are judged as if they were held over night.
    Limit("close_window_s", Kind.AT_LEAST, ("C17", "C17_weekend"), "seconds", ZERO, DAY_S, default=LAST_HOUR),
    Limit("max_turnover_per_day", Kind.AT_MOST, ("C18",), "money"),
    Limit("max_buying_power_pct", Kind.AT_MOST, ("D1",), "percent", ZERO, HUNDRED, default=HUNDRED),
    _percent("max_margin_use_pct", "D2"),
    Limit("allow_short", Kind.ALLOW, ("D3",), "flag"),
    _count("max_round_trips_5d", "D4"),
    Limit("forbid_self_cross", Kind.REQUIRE, ("D5",), "flag"),
    _days("wash_sale_days", "D6", high=365),
    Limit("forbid_wash_sale", Kind.REQUIRE, ("D6",), "flag"),
    Limit("require_settled_cash", Kind.REQUIRE, ("D7",), "flag"),
    _seconds("no_entry_after_open_s", "E2", high=DAY_S, kind=Kind.AT_LEAST),
    _seconds("no_entry_before_close_s", "E2_close", high=DAY_S, kind=Kind.AT_LEAST),
    Limit("require_trading_status", Kind.REQUIRE, ("E3",), "flag", default=True),
    _seconds("max_quote_age_s", "E4"),
    _seconds("max_bar_age_s", "E4_bar"),
    Limit("require_valid_bars", Kind.REQUIRE, ("E5",), "flag"),
    _percent("max_source_difference_pct", "E5_source"),
    _percent("price_collar_pct", "E6"),
    Limit("price_collar_atr", Kind.AT_MOST, ("E6_atr",), "average true ranges", ZERO, Decimal(100)),
    _percent("max_spread_pct", "E7"),
    # Higher is tighter: a market order is sized as if it cost more.
    _percent("market_slippage_pct", "E8", high=20, kind=Kind.AT_LEAST),
    _percent("max_adv_pct", "E9"),
    Limit("min_adv_value", Kind.AT_LEAST, ("E9_value",), "money"),
    _percent("max_recent_volume_pct", "E10"),
    Limit("max_volatility_ratio", Kind.AT_MOST, ("E11",), "times the usual", ZERO, HUNDRED),
    _percent("max_index_drop_pct", "E11_index"),
    _percent("max_gap_pct", "E12"),
    Limit("earnings_blackout_h", Kind.AT_LEAST, ("E13",), "hours", ZERO, WEEK_H),
    Limit("macro_blackout_h", Kind.AT_LEAST, ("E13_macro",), "hours", ZERO, WEEK_H),
    _days("corporate_action_days", "E14", high=7),
    Limit("max_news_age_h", Kind.AT_MOST, ("E15",), "hours", ZERO, YEAR_S / 3600),
    _count("max_orders_per_second", "F1_second"),
    _count("max_orders_per_minute", "F1"),
    _count("max_orders_per_day", "F1_day"),
    _count("max_orders_per_symbol_per_day", "F1_symbol"),
    Limit("max_order_to_trade_ratio", Kind.AT_MOST, ("F2",), "messages a fill", ZERO, Decimal(1000)),
    _count("max_cancels_per_day", "F2_cancels"),
    _count("max_active_orders", "F3"),
    _seconds("duplicate_window_s", "F4", kind=Kind.AT_LEAST),
    _count("max_round_trips_per_symbol", "F5"),
    _seconds("cooldown_after_loss_s", "F6", kind=Kind.AT_LEAST),
    _seconds("cooldown_after_exit_s", "F6_exit", kind=Kind.AT_LEAST),
    _seconds("cooldown_after_stop_s", "F6_stop", kind=Kind.AT_LEAST),
    _seconds("cooldown_after_reject_s", "F6_reject", kind=Kind.AT_LEAST),
    _count("max_consecutive_losses", "F7"),
    _count("max_strategy_consecutive_losses", "F7_strategy"),
    _count("max_rejects_in_row", "F8"),
    _percent("max_api_error_pct", "F9"),
    _percent("max_slippage_pct", "F9_slippage"),
    _percent("daily_loss_limit_pct", "G1"),
    Limit("daily_loss_limit_abs", Kind.AT_MOST, ("G1_abs",), "money"),
    _percent("weekly_loss_limit_pct", "G2"),
    _percent("monthly_loss_limit_pct", "G2_month"),
    _percent("soft_drawdown_pct", "G3_soft"),
    _percent("max_drawdown_pct", "G3"),
    _percent("max_strategy_loss_pct", "G4"),
    _percent("max_symbol_loss_pct", "G4_symbol"),
    _percent("max_give_back_pct", "G5"),
    # Lower is tighter: a smaller profit is guarded already.
    Limit("give_back_from_pct", Kind.AT_MOST, ("G5",), "percent", ZERO, HUNDRED, default=FROM_PCT),
    _percent("quoted_price_tolerance_pct", "H2"),
    Limit("min_confidence", Kind.AT_LEAST, ("H3", "H3_calibration"), "share of one", ZERO, ONE),
    Limit("require_calibration", Kind.REQUIRE, ("H3_calibration",), "flag"),
    Limit("max_disagreement", Kind.AT_MOST, ("H4",), "share of one", ZERO, ONE),
    Limit("require_signal_agreement", Kind.REQUIRE, ("H5",), "flag"),
    _seconds("max_signal_age_s", "H6"),
    Limit("forbid_suspicious_texts", Kind.REQUIRE, ("H7",), "flag"),
    Limit("released_models", Kind.ALLOWED, ("H8",), "names"),
    Limit("released_prompts", Kind.ALLOWED, ("H8_prompts",), "digests"),
    _count("max_calls_per_cycle", "H9", high=MANY),
    _count("max_tokens_per_cycle", "H9_tokens", high=MANY),
    _count("max_tokens_per_day", "H9_day", high=MANY),
    Limit("max_model_cost_per_day", Kind.AT_MOST, ("H9_cost",), "money"),
    _percent("max_unusable_answers_pct"),
    # From one on: with none, everything would be stopped before anything was refused.
    Limit("max_blocks_in_row", Kind.AT_MOST, (), "count", ONE, THOUSANDS),
)

BY_NAME: Mapping[str, Limit] = {limit.name: limit for limit in LIMITS}
LADDER = tuple(Mode)
NUMBERS = frozenset({Kind.AT_MOST, Kind.AT_LEAST})
FLAGS = frozenset({Kind.REQUIRE, Kind.ALLOW})
NAMED = frozenset({"names", "digests"})
"""Units of lists that hold any text, compared letter by letter; other lists hold symbols or members."""


def parse_limits(raw: Mapping[str, Any], *, where: str = "the policy") -> dict[str, Any]:
    """The limits of a policy as typed values; ConfigurationError for an unknown name or an absurd value."""
    unknown = sorted(set(raw) - set(BY_NAME))
    if unknown:
        raise ConfigurationError(f"{where} sets an unknown limit {unknown[0]!r}", "Remove it or correct its name.")
    return {limit.name: parse_limit(limit, raw[limit.name], where) for limit in LIMITS if limit.name in raw}


def parse_limit(limit: Limit, value: Any, where: str = "the policy") -> Any:
    """One limit's value; ConfigurationError names the limit and what it takes."""
    try:
        return _parse(limit, value)
    except (DataQualityError, ValueError, TypeError, KeyError, ArithmeticError) as error:
        raise ConfigurationError(
            f"{limit.name} in {where} is {str(value)[:60]!r}", f"It takes {_expected(limit)}."
        ) from error


def _parse(limit: Limit, value: Any) -> Any:
    if limit.kind in NUMBERS:
        return _number(limit, value)
    if limit.kind in FLAGS:
        if not isinstance(value, bool):
            raise ValueError(value)
        return value
    if limit.kind is Kind.ALLOWED:
        return _names(value) if limit.unit in NAMED else _members(limit, value)
    if limit.kind is Kind.FORBIDDEN:
        return _restrictions(value)
    if limit.kind is Kind.MODE:
        return Mode(_text(value).lower())
    if limit.kind is Kind.OVERSIZE:
        return {OVERSIZE_DENY: OVERSIZE_DENY, OVERSIZE_REDUCE: OVERSIZE_REDUCE}[_text(value)]
    return _text(value)


def _number(limit: Limit, value: Any) -> Decimal:
    number = decimal_of(value, name=limit.name)
    if not limit.low <= number <= limit.high or (limit.unit == "count" and number % ONE != ZERO):
        raise ValueError(value)
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(value)
    return value


def _items(value: Any) -> list[Any]:
    if not isinstance(value, (list, tuple, set, frozenset)):
        raise ValueError(value)
    return list(value)


def _members(limit: Limit, value: Any) -> frozenset[Any]:
    if limit.members is None:
        return frozenset(parse_symbol(item) for item in _items(value))
    return frozenset(limit.members(_text(item).lower()) for item in _items(value))


def _names(value: Any) -> frozenset[str]:
    return frozenset(_text(item) for item in _items(value))


def _restrictions(value: Any) -> dict[Symbol, Restriction]:
    return dict(_restriction(item) for item in _items(value))


def _restriction(item: Any) -> tuple[Symbol, Restriction]:
    if isinstance(item, str):
        return parse_symbol(item), Restriction()
    if not isinstance(item, Mapping) or not set(item) <= {"symbol", "reason", "until"}:
        raise ValueError(item)
    until = None if "until" not in item else parse_time(str(item["until"]), name="until")
    return parse_symbol(item["symbol"]), Restriction(str(item.get("reason", "")), until)


def _expected(limit: Limit) -> str:
    if limit.kind in NUMBERS:
        return f"a {'whole ' if limit.unit == 'count' else ''}number of {limit.unit} from {limit.low} to {limit.high}"
    if limit.kind in FLAGS:
        return "true or false"
    if limit.kind is Kind.OVERSIZE:
        return '"deny" or "reduce"'
    if limit.members is not None:
        return f"{'a list of ' if limit.kind is Kind.ALLOWED else 'one of '}{', '.join(limit.members)}"
    return f"a list of {limit.unit}" if limit.kind in (Kind.ALLOWED, Kind.FORBIDDEN) else "a name"


def compare(limit: Limit, old: Any, new: Any) -> int:
    """1 where ``new`` is tighter than ``old``, -1 where it is looser, 0 where they are the same; None means not set."""
    old, new = _or_unset(limit, old), _or_unset(limit, new)
    if old == new:
        return 0
    if old is None or new is None:
        # No limit at all is looser than any value of it.
        return 1 if old is None else -1
    if limit.kind is Kind.AT_MOST:
        return _sign(old - new)
    if limit.kind is Kind.AT_LEAST:
        return _sign(new - old)
    if limit.kind in FLAGS:
        return 1 if new is (limit.kind is Kind.REQUIRE) else -1
    if limit.kind is Kind.ALLOWED:
        # Sets that only overlap allow something new, and so loosen.
        return 1 if new <= old else -1
    if limit.kind is Kind.FORBIDDEN:
        return 1 if _covers(new, old) else -1
    if limit.kind is Kind.MODE:
        return 1 if LADDER.index(new) < LADDER.index(old) and {old, new} != {Mode.PAPER, Mode.APPROVE} else -1
    return 1 if limit.kind is Kind.OVERSIZE and new == OVERSIZE_DENY else -1


def _or_unset(limit: Limit, value: Any) -> Any:
    if value is not None or limit.default is not None:
        return limit.default if value is None else value
    return {
        Kind.ALLOW: False,
        Kind.REQUIRE: False,
        Kind.OVERSIZE: OVERSIZE_DENY,
        Kind.FORBIDDEN: {},
        Kind.MODE: Mode.AUTO,
    }.get(limit.kind)


def _sign(difference: Decimal) -> int:
    return (difference > ZERO) - (difference < ZERO)


def _covers(new: Mapping[Symbol, Restriction], old: Mapping[Symbol, Restriction]) -> bool:
    return all(symbol in new and _lasts(new[symbol], old[symbol]) for symbol in old)


def _lasts(new: Restriction, old: Restriction) -> bool:
    return new.until is None or (old.until is not None and new.until >= old.until)
