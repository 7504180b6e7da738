"""Seeded cases under a whole policy: a random book, and an order at, just below or just above what is left of it.

The largest quantity that passes is asked of the oracle itself; the case then takes it, one share more, one less, or
twice as many. Everything follows from the seed and the number of the case.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from evals.gates.oracle.judge import judge
from evals.gates.tables.base import Row, ago, case, money, seen, sent, working

CONSERVATIVE: dict[str, Any] = {
    "mode": "paper", "approval_required_above_notional": "7500", "approval_ttl_s": "900",
    "approval_price_band_pct": "0.5", "max_account_age_s": "60", "max_reconcile_age_s": "300", "max_clock_skew_s": "2",
    "allowed_asset_classes": ["equity", "etf"], "allow_fractional": False,
    "allowed_order_types": ["market", "limit", "stop", "stop_limit"], "allowed_tif": ["day", "gtc"],
    "allow_extended_hours": False, "require_stop_loss": True, "min_stop_distance_pct": "0.5",
    "max_stop_distance_pct": "10", "min_price": "5", "restricted": [], "max_order_notional": "10000",
    "max_order_pct_equity": "10", "max_order_qty": "5000", "max_position_pct_equity": "10",
    "max_position_notional": "15000", "max_position_qty": "5000", "max_open_positions": 10, "max_entries_per_cycle": 4,
    "max_gross_exposure_pct": "100", "max_net_exposure_pct": "100", "max_leverage": "1", "max_sector_pct_equity": "30",
    "max_loss_per_trade_pct": "1", "min_cash_reserve": "1000", "min_cash_reserve_pct": "5",
    "max_turnover_per_day": "200000", "max_buying_power_pct": "95", "allow_short": False, "forbid_self_cross": True,
    "require_trading_status": True, "max_quote_age_s": "5", "max_bar_age_s": "345600", "price_collar_pct": "3",
    "price_collar_atr": "3", "max_spread_pct": "0.5", "market_slippage_pct": "0.2", "max_adv_pct": "1",
    "earnings_blackout_h": "24", "max_orders_per_minute": 10, "max_orders_per_day": 50, "max_active_orders": 20,
    "duplicate_window_s": "900", "cooldown_after_loss_s": "600", "max_consecutive_losses": 4,
    "daily_loss_limit_pct": "2", "daily_loss_limit_abs": "2500", "soft_drawdown_pct": "8", "max_drawdown_pct": "12",
    "quoted_price_tolerance_pct": "1", "min_confidence": "0.5", "max_signal_age_s": "1800",
}  # fmt: skip
"""A policy of usual size, all limits at once."""

_SECTORS = {"AAPL": "Technology", "MSFT": "Technology", "NVDA": "Technology", "XOM": "Energy", "JPM": "Financials",
            "KO": "Staples"}  # fmt: skip
_CENTS = {"AAPL": 17325, "MSFT": 41210, "NVDA": 8844, "XOM": 11207, "JPM": 24019, "KO": 6111}
_STATUSES = ("accepted", "submitted", "unknown", "intent", "pending_cancel", "partially_filled", "CANCELED")
_TIGHTER: tuple[tuple[str, Any], ...] = (
    ("max_gross_exposure_pct", "40"), ("max_net_exposure_pct", "35"), ("max_sector_pct_equity", "12.5"),
    ("max_open_positions", 3), ("min_cash_reserve", "70000"),
    ("max_order_qty", "40"), ("max_loss_per_trade_pct", "0.1"),
    ("max_position_notional", "6000"), ("max_order_notional", "4321.09"), ("max_leverage", "0.25"),
    ("max_position_qty", "60"), ("min_cash_reserve_pct", "60"),
)  # fmt: skip
_TROUBLES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("stale_quote", {"ts": 6}), ("future_quote", {"ts": -2}), ("halted", {"halted": True}),
    ("status_unknown", {"halted": None}), ("earnings", {"next_earnings": 3600}), ("no_ask", {"ask": None}),
    ("thin", {"adv": "900"}), ("not_tradable", {"tradable": False}),
)  # fmt: skip
_STATES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("kill_switch", {"C/kill_switch": True}), ("reducing", {"C/trading_state": "REDUCING"}),
    ("halted_state", {"C/trading_state": "HALTED"}), ("day_loss", {"A/day_start_equity": "102040.82"}),
    ("day_loss_near", {"A/day_start_equity": "102000.00"}), ("drawdown", {"A/peak_equity": "108695.66"}),
    ("streak", {"A/consecutive_losses": 4}), ("streak_near", {"A/consecutive_losses": 3}),
    ("cooling", {"A/last_loss_at": ago(599)}), ("account_old", {"A/as_of": ago(61)}),
    ("day_full", {"orders_today": 50}),
    ("unreconciled", {"A/broker_reconciled": False}), ("unsure", {"O/confidence": "0.49"}),
    ("signal_old", {"O/created_at": ago(1801)}), ("burst", {"recent_orders": [
        sent(10 + step, "KO", qty=str(300 + step), decision_id=f"r{step}") for step in range(10)]}),
)  # fmt: skip


def mixed(seed: int, count: int) -> Iterator[Row]:
    """That many cases; each depends on the seed and its own number alone."""
    # A generator for each case: more of them, or other ones before, leave every case as it was.
    for number in range(count):
        rng = Random(f"{seed}/{number}")
        kind, edits = _one(rng)
        yield Row("policy", kind, "?", edits)


def _one(rng: Random) -> tuple[str, dict[str, Any]]:
    edits = _book(rng)
    name = rng.choice(sorted(_SECTORS))
    kind = "entry"
    held = int(edits["positions"].get(name, {"qty": "0"})["qty"])
    if held > 0 and rng.random() < 0.4:
        kind = _exit(rng, edits, name, held)
    else:
        _entry(rng, edits, name)
        kind = _sized(rng, edits)
    chance = rng.random()
    if chance < 0.2:
        named, state = rng.choice(_STATES)
        edits.update(state)
        kind = f"{kind}_{named}"
    elif chance < 0.35:
        named, flaw = rng.choice(_TROUBLES)
        edits.update({f"market/{name}/{field}": _told(field, value) for field, value in flaw.items()})
        kind = f"{kind}_{named}"
    return kind, edits


def _told(field: str, value: Any) -> Any:
    return ago(value) if field in {"ts", "next_earnings"} else value


def _book(rng: Random) -> dict[str, Any]:
    """Positions, working orders and an account that agree with each other."""
    positions, orders, spent = {}, [], 0
    market = {}
    for name, cents in _CENTS.items():
        here = round(cents * rng.uniform(0.9, 1.1))
        market[name] = seen(money(here), _SECTORS[name], half="0.02") | {"atr": money(round(here * 0.03))}
        if rng.random() < 0.5:
            shares = rng.randint(1, max(1, round(600000 * rng.random() / here)))
            positions[name] = {"qty": str(shares), "avg_price": money(round(here * rng.uniform(0.8, 1.2)))}
            spent += shares * here
        if rng.random() < 0.35:
            orders.append(_order(rng, name, here, int(positions.get(name, {"qty": "0"})["qty"])))
    limits = {**CONSERVATIVE, **dict(rng.sample(_TIGHTER, rng.randint(0, 2)))}
    limits["approval_required_above_notional"] = rng.choice(("7500", "7500", "25000"))
    if rng.random() < 0.75:
        limits["oversize"] = "reduce"
    cash = money(10000000 - spent)
    return {
        "limits": limits, "market": market, "positions": positions, "open_orders": orders, "A/cash": cash,
        "A/buying_power": cash, "turnover_today": money(rng.randint(0, 8000000)), "orders_today": rng.randint(0, 20),
        "cycle_entries": rng.randint(0, 3),
    }  # fmt: skip


def _order(rng: Random, name: str, cents: int, held: int) -> dict[str, Any]:
    """A buy below the market, or a sell of some of what is held above it; sometimes partly filled."""
    qty, status = rng.randint(2, 40), rng.choice(_STATUSES)
    filled = str(rng.randint(1, qty - 1)) if status == "partially_filled" else "0"
    if held > qty and rng.random() < 0.5:
        return working(name, "sell", str(qty), money(round(cents * 1.03)), status=status, filled_qty=filled)
    return working(name, "buy", str(qty), money(round(cents * 0.98)), status=status, filled_qty=filled)


def _entry(rng: Random, edits: dict[str, Any], name: str) -> None:
    quote = edits["market"][name]
    cents = round(float(quote["last"]) * 100)
    limit = cents + rng.randint(-40, 40)
    edits.update({
        "O/symbol": name, "O/limit_price": money(limit), "O/qty": "5000", "O/confidence": "0.70",
        "O/stop_price": money(round(limit * rng.choice((0.91, 0.93, 0.95, 0.97, 0.99)))),
    })  # fmt: skip
    opposite = any(each["symbol"] == name and each["side"] == "sell" for each in edits["open_orders"])
    # Whether a market order meets a resting one of our own is a matter of opinion, so none is asked.
    if rng.random() < 0.25 and not opposite:
        edits.update({"O/type": "market", "O/limit_price": None})


def _sized(rng: Random, edits: dict[str, Any]) -> str:
    """The order at the edge of what passes, as the oracle sees it with no question to a person."""
    # Asked without approvals, because a person's yes depends on the size that is looked for.
    probe = {**edits, "L/oversize": "reduce", "L/approval_required_above_notional": "1000000"}
    found = judge(case(probe))
    largest = int(found.final_qty or 0)
    if found.verdict != "REDUCE" or largest < 2:
        edits["O/qty"] = str(rng.randint(1, 60))
        return "entry_free"
    kind, qty = rng.choice((
        ("at_edge", largest), ("one_over", largest + 1), ("one_under", largest - 1), ("twice", 2 * largest),
        ("half", max(1, largest // 2)),
    ))  # fmt: skip
    edits["O/qty"] = str(qty)
    if qty <= largest and rng.random() < 0.5:
        last = edits["market"][edits["O/symbol"]]["last"]
        edits["O/approval"] = {"by": "owner", "order_digest": "MATCH", "at": ago(rng.choice((30, 900))), "price": last}
        return f"{kind}_approved"
    return kind


def _exit(rng: Random, edits: dict[str, Any], name: str, held: int) -> str:
    """A sell of what is held; bigger ones than what is left are cut or denied."""
    edits["open_orders"] = [each for each in edits["open_orders"] if (each["symbol"], each["side"]) != (name, "buy")]
    kind, qty = rng.choice((("exit", held), ("exit_part", max(1, held // 2)), ("exit_over", held + 1)))
    edits.update({
        "O/symbol": name, "O/side": "sell", "O/qty": str(qty), "O/stop_price": None, "O/confidence": "0.70",
        "O/limit_price": edits["market"][name]["bid"],
    })  # fmt: skip
    if kind != "exit_over" and rng.random() < 0.3:
        edits.update({"O/type": "market", "O/limit_price": None})
    return kind
