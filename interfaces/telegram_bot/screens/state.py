"""How it stands: status, positions, orders, trades, profit and loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from domain.book import Adjustment
from domain.case import TradingState
from domain.money import HUNDRED, ONE, decimal_of
from domain.orders import Order, OrderStatus
from interfaces.telegram_bot.screens.pieces import (
    Keyboard,
    Piece,
    Screen,
    bold,
    code,
    dim,
    facts,
    lines,
    money,
    page,
    pages,
    row,
    shown,
    signed,
    table,
    view_button,
    words,
)
from interfaces.views.plain import adjustment_words, age, ago, counted, quantity, since
from interfaces.views.profits import ProfitRow, ProfitsView
from interfaces.views.state import (
    BalanceRow,
    BalanceView,
    DependencyView,
    OrdersView,
    PnlView,
    PositionsView,
    StatusView,
    TradesView,
)
from trading.execution.brokers.several.route import place_of
from trading.portfolio.periods import Period
from trading.store.messages.message import Button

T = TypeVar("T")
KILL = Button("🛑 Kill", "k:kill")
PER_PAGE = 8
MOST_ROWS = 24
MOST_ADJUSTED = 5


def sliced(items: Sequence[T], present: int, size: int = PER_PAGE) -> Sequence[T]:
    """The items of one page; a page that is not there is the last one."""
    last = max(1, -(-len(items) // size))
    begin = (min(max(present, 1), last) - 1) * size
    return items[begin : begin + size]


def status(view: StatusView) -> Screen:
    """Whether it trades, and if not, why."""
    mark = "🔴" if view.kill_switch or view.trading_state is TradingState.HALTED else "🟢"
    mark = "🟡" if mark == "🟢" and (view.trading_state is TradingState.REDUCING or view.paused) else mark
    cycle = "none yet" if view.last_cycle is None else f"{since(view.last_cycle_at, view.as_of)} ago"
    told = facts(
        ("mode", view.mode.value),
        ("trading", "KILLED" if view.kill_switch else view.trading_state.value),
        ("size", _size(view.ramp)),
        ("books", _books(view)),
        ("model", view.model),
        ("degraded", view.degraded or "no"),
        ("policy", view.policy_digest[:12]),
        ("cycle", cycle),
    )
    sources = table([(one.name, _alive(one), age(one.age_s)) for one in view.dependencies], "llr")
    buttons: Keyboard = (
        (
            view_button("↻ Refresh", "status", here=True),
            view_button("Positions", "positions"),
            view_button("Risk", "risk"),
        ),
        (view_button("Explain", "explain", "last"), *(() if view.kill_switch else (KILL,))),
    )
    return page(f"{mark} Sage", told, *_troubles(view), sources, note=shown(view.as_of), buttons=buttons)


def _troubles(view: StatusView) -> Iterator[Piece]:
    if view.why:
        yield words(f"⚠ {view.why}")
    for pause in view.paused:
        until = "" if pause.until is None else f" until {shown(pause.until)}"
        why = f": {pause.reason}" if pause.reason else ""
        yield words(f"⏸ {pause.scope} {pause.name}{until} by {pause.by}{why}")
    yield from (words(f"⚠ {told}") for told in (*view.unprotected[:3], *view.reconciled.differences[:3]))
    if view.release:
        yield words(f"⚠ {view.release}")
    if view.alerts:
        more = f" (and {len(view.alerts) - 1} before it)" if len(view.alerts) > 1 else ""
        yield words(f"⚠ {view.alerts[0].code}: {view.alerts[0].words}{more}")


def _size(ramp: Decimal | None) -> str:
    return "unknown: no entries" if ramp is None else "full" if ramp == ONE else f"{quantity(ramp * HUNDRED)} %"


def _books(view: StatusView) -> str:
    if view.reconciled.at is None:
        return "to be compared anew"
    return f"{'agree' if view.reconciled.ok else 'DIFFER'}, {ago(view.reconciled.at, view.as_of)}"


def _alive(one: DependencyView) -> str:
    return "?" if one.ok is None else "ok" if one.ok else "stale" if one.note.startswith("stale") else "DOWN"


def _since_compared(at: datetime | None, now: datetime) -> str:
    return "to be compared, /reconcile" if at is None else f"compared {ago(at, now)}"


def _compared(view: PositionsView | OrdersView | TradesView | BalanceView) -> Piece:
    """How old the broker's word on our books is, and why it is missing."""
    away = getattr(view, "note", "")
    told = dim(f"our books beside the broker's: {_since_compared(view.compared_at, view.as_of)}")
    return lines(words(f"⚠ broker away: {away}", 160), told) if away else told


def positions(view: PositionsView, present: int = 1) -> Screen:
    """What is held by our books and the broker's, with the age of each price."""
    if not view.positions:
        nothing = (words("None held."), _places(view))
        return page("Positions", *nothing, note=shown(view.as_of), buttons=_again("positions"))
    parts = []
    for one in sliced(view.positions, present):
        theirs = "unknown" if one.broker_qty is None else quantity(one.broker_qty)
        differs = "" if one.broker_qty == one.qty else f"  ⚠ broker {theirs}"
        stop = "no stop" if one.stop_loss is None else f"stop {money(one.stop_loss)}"
        parts.append(
            lines(
                row(bold(one.symbol), words(f"{quantity(one.qty)} at {money(one.avg_price)}{differs}")),
                facts(
                    ("now", f"{money(one.market_price)}  ({since(one.as_of, view.as_of)} old{', stale' * one.stale})"),
                    ("result", signed(one.unrealized_pnl)),
                    ("cover", f"{stop}, {one.protection or 'unknown'}"),
                ),
            )
        )
    explains = tuple(view_button(f"Why {one.symbol}", "why", one.symbol) for one in sliced(view.positions, present)[:3])
    turn = pages(len(view.positions), present, PER_PAGE, "positions")
    return page("Positions", *parts, _places(view), _compared(view), note=shown(view.as_of),
                buttons=(explains, (*turn, *_again("positions")[0])))  # fmt: skip


def _places(view: PositionsView) -> Piece:
    """A line for each broker, where there are several."""
    told = []
    for one in view.places:
        held = [f"{quantity(qty)} {symbol}" for symbol, qty in (one.held or {}).items()]
        lies = "⚠ does not answer" if one.held is None else ", ".join(held) or "nothing"
        told.append(row(bold(f"{one.broker}:", 60), words(lies)))
    return lines(*told)


def orders(view: OrdersView, present: int = 1) -> Screen:
    """Our records of orders, newest first."""
    if not view.orders:
        return page("Orders", words("None yet."), note=shown(view.as_of), buttons=_again("orders"))
    parts = [_order(one, view.as_of) for one in sliced(view.orders, present)]
    turn = pages(len(view.orders), present, PER_PAGE, "orders")
    return page("Orders", *parts, _compared(view), note=shown(view.as_of), buttons=((*turn, *_again("orders")[0]),))


def order_words(order: Order) -> str:
    """``buy 12 NIMBO at 41.20``, ``sell 12 NIMBO stop 38.00``."""
    stop = "" if order.trigger_price is None else f" stop {money(order.trigger_price)}"
    at = stop if order.limit_price is None else f"{stop} at {money(order.limit_price)}"
    return f"{order.side.value} {quantity(order.qty)} {order.symbol}{at}"


def _order(order: Order, now: datetime) -> Piece:
    """Our word on it, then the broker's, and how old that is."""
    state, price = order.status.value.replace("_", " "), money(order.avg_fill_price)
    part = f", {quantity(order.filled_qty)} filled at {price}" if order.filled_qty else ""
    filled = f" at {price}" if order.status is OrderStatus.FILLED else part
    told = row(bold(order_words(order)), words(f"{state}{filled}"))
    place = place_of(order.broker_id or "") or "broker"
    theirs = f"{place}: {order.broker_status or 'not heard'}, {since(order.updated_at, now)} ago"
    return lines(told, code(order.client_order_id), row(dim(theirs, 80), dim(order.reason, 120)))


def trades(view: TradesView, present: int = 1, asked: int = 0) -> Screen:
    """Round trips, newest first; the buttons say how many were asked for, and then which page of them."""
    if not view.trades:
        return page("Trades", words("None closed yet."), *adjusted(view.adjustments), note=shown(view.as_of),
                    buttons=_again("trades"))  # fmt: skip
    part = sliced(view.trades, present, 12)
    rows = [
        (
            one.symbol,
            one.side,
            quantity(decimal_of(one.qty)),
            signed(decimal_of(one.pnl)),
            f"{one.closed_at:%m-%d}",
            since(one.closed_at, view.as_of),
        )
        for one in part
    ]
    explains = tuple(view_button(f"{one.symbol} {one.closed_at:%m-%d}", "explain", one.decision_id) for one in part[:3])
    count = str(asked or max(1, len(view.trades)))
    turn = pages(len(view.trades), present, 12, "trades", count)
    note = f"{counted(len(view.trades), 'trade')}, {shown(view.as_of)}"
    return page("Trades", table(rows, "llrrrr"), *adjusted(view.adjustments), _compared(view), note=note,
                buttons=(explains, (*turn, *_again("trades", count)[0])))  # fmt: skip


def pnl(view: PnlView, picture: bytes | None = None) -> Screen:
    """The day and all of it, unrealised included."""
    told = table(
        (
            ("equity", money(view.equity)),
            ("today", signed(view.day_pnl)),
            ("", signed(view.day_pnl_pct, " %")),
            ("realised today", signed(view.realized_pnl_day)),
            ("after fees of", money(view.fees_day)),
            ("open positions", signed(view.unrealized_pnl)),
            ("day began at", money(view.day_start_equity)),
            ("highest", money(view.peak_equity)),
            ("below it by", signed(None if view.drawdown_pct is None else -view.drawdown_pct, " %")),
            ("realised in all", signed(view.realized_pnl)),
            ("after fees of", money(view.fees)),
        ),
        "lr",
    )
    closed = f"{ended(view.closed_trades, view.wins)}."
    buttons = (
        (view_button("↻ Refresh", "pnl", here=True), view_button("Figures", "stats"), view_button("Trades", "trades")),
    )
    note = f"{view.currency}, {shown(view.as_of)}"
    return page("Profit and loss", told, words(closed), *adjusted(view.adjustments), note=note, buttons=buttons,
                picture=picture)  # fmt: skip


def adjusted(adjustments: Sequence[Adjustment]) -> tuple[Piece, ...]:
    """What was taken over from the broker, the newest: nobody's profit or loss."""
    return tuple(dim(f"taken over: {adjustment_words(each)}") for each in adjustments[:MOST_ADJUSTED])


def profits(view: ProfitsView, *command: str) -> Screen:
    """A period by day, week, month or symbol; or a symbol by period."""
    told = table(
        (
            ("profit and loss", signed(view.pnl)),
            *((("", signed(view.pnl_pct, " %")),) if view.pnl_pct is not None else ()),
            ("realised", signed(view.realized_pnl)),
            ("open positions now", signed(view.unrealized_pnl)),
        ),
        "lr",
    )
    one = view.what not in set(Period)
    rows = [_profit(each, each.realized_pnl if one else each.pnl) for each in view.rows[:MOST_ROWS]]
    # A column that says nothing has no name.
    names = ("", "realised" if one else "profit", "return" * any(each[2] for each in rows),
             "won" * any(each[3] for each in rows))  # fmt: skip
    lined = table((names, *rows), "lrrr") if rows else words("No day is on record yet.")
    more = len(view.rows) - MOST_ROWS
    began = "" if view.since is None else f" since {view.since}"
    by = "" if one else f" by {view.by.value}"
    return page(f"Profit and loss, {view.what}{by}", told, lined, dim(f"and {more} more before" if more > 0 else ""),
                words(f"{ended(view.trades, view.wins)}{began}."),
                note=f"{view.currency}, {shown(view.as_of)}", buttons=_again(*command))  # fmt: skip


def ended(trades: int, wins: int) -> str:
    """``3 trades closed, 2 won``."""
    return f"{counted(trades, 'trade')} closed, {wins} won" if trades else "No trade closed"


def _profit(row: ProfitRow, brought: Decimal | None) -> tuple[str, str, str, str]:
    percent = "" if row.pnl_pct is None else signed(row.pnl_pct, " %")
    return row.name, signed(brought), percent, f"{row.wins} of {row.trades}" if row.trades else ""


def stats(view: PnlView) -> Screen:
    """How the trading went, each figure with how much it rests on."""
    found = view.statistics
    if found is None or not found.trades:
        return page("Figures", words("No trade is closed yet: nothing to count."), note=shown(view.as_of))
    rows = (
        ("trades", str(found.trades)),
        ("win rate", _percent(found.win_rate_pct)),
        ("expectancy", signed(found.expectancy)),
        ("average win", signed(found.average_win)),
        ("average loss", signed(found.average_loss)),
        ("profit factor", money(found.profit_factor)),
        ("fees of these", money(found.closed_fees)),
        ("all fees so far", money(found.fees)),
        ("worst drawdown", _percent(found.max_drawdown_pct)),
        ("Sharpe", f"{money(found.sharpe)} ± {money(found.sharpe_error)}"),
    )
    note = dim(f"drawdown and Sharpe rest on {counted(found.days, 'day')}")
    return page("Figures", table(rows, "lr"), note, note=shown(view.as_of), buttons=_again("stats"))


def balance(view: BalanceView) -> Screen:
    """What the broker says beside what we have written down, with the age of each."""
    rows = [("", "broker", "our record", ""), *(_worth(one, view) for one in view.rows[:MOST_ROWS])]
    ages = (
        f"the broker's answer: {ago(view.broker_at, view.as_of)}",
        f"our record of the equity: {ago(view.recorded_at, view.as_of)}; cash is the broker's alone",
    )
    return page("Balance", table(rows, "lrrl"), *map(dim, ages), _compared(view),
                note=f"{view.currency} {shown(view.as_of)}".strip(), buttons=_again("balance"))  # fmt: skip


def _worth(one: BalanceRow, view: BalanceView) -> tuple[str, str, str, str]:
    aged = since(one.priced_at, view.as_of) if one.priced_at else ""
    return one.name, money(one.broker), "" if one.ours is None else money(one.ours), f"{aged}{' stale' * one.stale}"


def _percent(value: Decimal | None) -> str:
    return "?" if value is None else f"{value:,.2f} %"


def _again(*command: str) -> Keyboard:
    return ((view_button("↻ Refresh", *command, here=True),),)
