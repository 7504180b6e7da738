"""Cases of groups F and G, of D4 and D6: rates, counters, waits and losses."""

from __future__ import annotations

from typing import Any

from evals.gates.tables.base import COVER, DROP, EXIT, SHORT, Row, ago, sent, table, working


def _counted(gate: str, limit: str, field: str) -> tuple[Row, ...]:
    """A count that denies when it reaches its limit of three."""
    return table(gate, {f"L/{limit}": 3}, none=("P", {field: 0}), below=("P", {field: 2}), reached=("D", {field: 3}),
                 over=("D", {field: 4}), unknown=("D", {field: DROP}), null=("D", {field: None}), flag=("D", {field:
                 True}), exit=("P", {**EXIT, field: 9}), cover=("P", {**COVER, field: 9}))  # fmt: skip


def _waited(limit: str, field: str) -> tuple[Row, ...]:
    """A rest of ten minutes after something happened to this symbol."""
    return table("F6", {f"L/{limit}": "600"}, at_limit=("P", {field: {"AAPL": ago(600)}}), one_second_early=("D",
                 {field: {"AAPL": ago(599)}}), future=("D", {field: {"AAPL": ago(-1)}}), other_symbol=("P", {field:
                 {"MSFT": ago(1)}}), never=("P", {field: {}}), unknown=("D", {}), no_zone=("D", {field: {"AAPL":
                 "2026-03-17T12:00:00"}}), exit=("P", {**EXIT, field: {"AAPL": ago(1)}}))  # fmt: skip


def _equity(value: str) -> dict[str, str]:
    cents = round((float(value) - 100000) * 100)
    return {"A/equity": value, "A/realized_pnl_day": f"{cents / 100:.2f}"}


def _lost(gate: str, limit: str, start: str) -> tuple[Row, ...]:
    """Two percent of 100,000 at the start."""
    return table(gate, {f"L/{limit}": "2"}, below=("P", _equity("98000.01")), reached=("D", _equity("98000.00")), over=(
                 "D", _equity("97999.99")), gain=("P", _equity("103000.00")), start_missing=("D", {start: DROP}),
                 start_zero=("D", {start: "0"}), equity_missing=("D", {"A/equity": DROP}), exit=("P", {**EXIT,
                 **_equity("90000.00")}), cover=("P", {**COVER, **_equity("90000.00")}), short=("D", {**SHORT,
                 **_equity("98000.00")}))  # fmt: skip


def _pnl(gate: str, limit: str, field: str, mine: str, other: str) -> tuple[Row, ...]:
    return table(gate, {f"L/{limit}": "3"}, below=("P", {field: {mine: "-2999.99"}}), reached=("D", {field: {mine:
                 "-3000.00"}}), profit=("P", {field: {mine: "9000.00"}}), other=("P", {field: {other: "-9000.00"}}),
                 nothing_yet=("P", {field: {}}), unknown=("D", {}), exit=("P", {**EXIT, field: {mine: "-9000"}}),
                 )  # fmt: skip


def _many(count: int, seconds: float, **more: Any) -> dict[str, Any]:
    return {"recent_orders": [sent(seconds + step / 10, decision_id=f"r{step}", **more) for step in range(count)]}


ROWS: tuple[Row, ...] = (
    *_counted("D4", "max_round_trips_5d", "K/round_trips_5d"),
    *_counted("F2", "max_cancels_per_day", "K/cancels_today"),
    *_counted("F7", "max_consecutive_losses", "A/consecutive_losses"),
    *table("F7", {"L/max_strategy_consecutive_losses": 4}, strategy_before=("P", {"A/strategy_losses": {"case": 3}}),
           strategy_reached=("D", {"A/strategy_losses": {"case": 4}}), strategy_other=("P", {"A/strategy_losses":
           {"trend": 9}}), strategy_none=("P", {"A/strategy_losses": {}}), strategy_unknown=("D", {}),
           strategy_exit=("P", {**EXIT, "A/strategy_losses": {"case": 9}})),
    *_counted("F8", "max_rejects_in_row", "K/rejects_in_row"),
    *_counted("F1", "max_orders_per_day", "orders_today"),
    *table("D6", {"L/wash_sale_days": "30", "L/forbid_wash_sale": True}, inside=("D", {"K/last_loss_on": {"AAPL":
           ago(86400 * 29)}}), outside=("P", {"K/last_loss_on": {"AAPL": ago(86400 * 31)}}), last_day=("D",
           {"K/last_loss_on": {"AAPL": ago(86400 * 30)}}), other=("P", {"K/last_loss_on": {"MSFT": ago(86400)}}),
           none=("P", {"K/last_loss_on": {}}), unknown=("D", {}), warned=(
           "P", {"L/forbid_wash_sale": False, "K/last_loss_on": {"AAPL": ago(86400)}}), warned_unknown=("P",
           {"L/forbid_wash_sale": False}), exit=("P", {**EXIT, "K/last_loss_on": {"AAPL": ago(86400)}})),
    *table("F1", {"L/max_orders_per_second": 1}, quiet=("P", {}), just_now=("D", _many(1, 0.5)), earlier=("P", _many(1,
           1.5)), future=("D", _many(1, -3)), exit=("P", {**EXIT, **_many(3, 0.1)})),
    *table("F1", {"L/max_orders_per_minute": 3}, below=("P", _many(2, 10)), reached=("D", _many(3, 10)), over=("D",
           _many(5, 10)), old=("P", _many(9, 61)), future=("D", _many(3, -30)), rejected=("D", _many(3, 10,
           status="rejected")), cancelled=("D", _many(3, 10, status="canceled")), exit=("P", {**EXIT, **_many(9, 5)}),
           cover=("P", {**COVER, **_many(9, 5)})),
    *table("F1", {"L/max_orders_per_symbol_per_day": 2}, other_symbol=("P", _many(9, 3600)), below=("P", _many(1, 3600,
           symbol="AAPL")), reached=("D", _many(2, 3600, symbol="AAPL")), yesterday=("P", _many(9, 86500,
           symbol="AAPL")), exit=("P", {**EXIT, **_many(9, 3600, symbol="AAPL")})),
    *table("F2", {"L/max_order_to_trade_ratio": "10"}, at_limit=("P", {"K/messages_today": 20, "K/fills_today": 2}),
           over=("D", {"K/messages_today": 21, "K/fills_today": 2}), ten=("D", {"K/messages_today": 10,
           "K/fills_today": 0, "L/max_order_to_trade_ratio": "9"}), few=("P", {"K/messages_today": 9,
           "K/fills_today": 0}), no_fills=("D", {"K/messages_today": 11, "K/fills_today": 0}), unknown=("D", {}),
           fills_unknown=("D", {"K/messages_today": 20}), exit=("P", {**EXIT, "K/messages_today": 900,
           "K/fills_today": 1})),
    *table("F3", {"L/max_active_orders": 2}, below=("P", {"open_orders": [working()]}), reached=("D", {"open_orders":
           [working(), working("XOM", "buy", "5", "50.00")]}), unknown_counts=("D", {"open_orders": [working(),
           working("XOM", "buy", "5", "50.00", status="unknown")]}), over_ones=("P", {"open_orders": [working(),
           working("XOM", "buy", "5", "50.00", status="canceled")]}), exit=("P", {**EXIT, "open_orders": [working(),
           working("XOM", "buy", "5", "50.00")]}), intent_counts=("D", {"open_orders": [working(status="INTENT"),
           working("XOM", "buy", "5", "50.00", status="intent")]})),
    *table("F5", {"L/max_round_trips_per_symbol": 2}, below=("P", {"K/round_trips_today": {"AAPL": 1}}), reached=("D",
           {"K/round_trips_today": {"AAPL": 2}}), other=("P", {"K/round_trips_today": {"MSFT": 9}}), unknown=("D", {}),
           exit=("P", {**EXIT, "K/round_trips_today": {"AAPL": 9}})),
    *table("F6", {"L/cooldown_after_loss_s": "600"}, at_limit=("P", {"A/last_loss_at": ago(600)}), one_second_early=(
           "D", {"A/last_loss_at": ago(599)}), future=("D", {"A/last_loss_at": ago(-1)}), long_ago=("P", {}), exit=("P",
           {**EXIT, "A/last_loss_at": ago(1)}), cover=("P", {**COVER, "A/last_loss_at": ago(1)}), no_zone=("D",
           {"A/last_loss_at": "2026-03-17T12:00:00"})),
    *_waited("cooldown_after_exit_s", "K/last_exit_at"),
    *_waited("cooldown_after_stop_s", "K/last_stop_at"),
    *_waited("cooldown_after_reject_s", "K/last_reject_at"),
    *table("F9", {"L/max_api_error_pct": "20"}, at_limit=("P", {"K/api_error_pct": "20"}), over=("D",
           {"K/api_error_pct": "20.01"}), unknown=("D", {}), exit=("P", {**EXIT, "K/api_error_pct": "100"})),
    *table("F9", {"L/max_slippage_pct": "0.3"}, slippage_at_limit=("P", {"K/slippage_pct": "0.3"}), slippage_over=("D",
           {"K/slippage_pct": "0.301"}), slippage_gain=("P", {"K/slippage_pct": "-1"}), slippage_unknown=("D", {}),
           slippage_exit=("P", {**EXIT, "K/slippage_pct": "9"})),
    *_lost("G1", "daily_loss_limit_pct", "A/day_start_equity"),
    *_lost("G2", "weekly_loss_limit_pct", "A/week_start_equity"),
    *_lost("G2", "monthly_loss_limit_pct", "A/month_start_equity"),
    *_lost("G3", "soft_drawdown_pct", "A/peak_equity"),
    *_lost("G3", "max_drawdown_pct", "A/peak_equity"),
    *table("G1", {"L/daily_loss_limit_abs": "1500.00"}, money_below=("P", _equity("98500.01")), money_reached=("D",
           _equity("98500.00")), money_over=("D", _equity("98499.99")), money_exit=("P", {**EXIT,
           **_equity("90000.00")}), money_missing=("D", {"A/day_start_equity": None}), unrealised_only=("D",
           {"A/equity": "98500.00", "A/unrealized_pnl": "-1500.00"})),
    *_pnl("G4", "max_strategy_loss_pct", "A/strategy_pnl", "case", "trend"),
    *_pnl("G4", "max_symbol_loss_pct", "A/symbol_pnl", "AAPL", "MSFT"),
    *table("G5", {"L/max_give_back_pct": "50", "A/day_peak_equity": "104000.00"}, below=("P", _equity("102000.01")),
           reached=("D", _equity("102000.00")), all_of_it=("D", _equity("99000.00")), small_profit=("P", {
           "A/day_peak_equity": "100100.00"}), own_threshold=("P", {"L/give_back_from_pct": "5",
           **_equity("100000.00")}), unknown=("D", {"A/day_peak_equity": None}), exit=("P", {**EXIT,
           **_equity("99000.00")})),
)  # fmt: skip
