"""Screens of what is: status, positions, orders, trades, profit and loss, room under the limits, what waits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from rich.console import RenderableType
from rich.text import Text

from domain.case import Pause, TradingState
from domain.money import HUNDRED, ONE, decimal_of
from domain.orders import Order, OrderIntent, OrderStatus
from domain.record.alerts import Alert, Severity
from domain.record.entries import ClosedTrade
from interfaces.cli.rendering.books import adjusted
from interfaces.cli.rendering.cells import (
    BAD,
    BOLD,
    DIM,
    GOOD,
    WAIT,
    closed,
    day,
    heading,
    lines,
    moment,
    pairs,
    percent,
    screen,
    section,
    short,
    signed,
    table,
    words,
    yes_no,
)
from interfaces.telling.gates.gate_words import because
from interfaces.views.control import PendingRow, PendingView
from interfaces.views.gates import (
    RiskView,
)
from interfaces.views.plain import age, ago, amount, counted, quantity, since
from interfaces.views.state import (
    BalanceView,
    OrdersView,
    PlaceView,
    PnlView,
    PositionsView,
    PositionView,
    ReconciledView,
    State,
    StatusView,
    TradesView,
)
from policies.gates.control.mode import SENDS_NOTHING
from trading.execution.brokers.several.route import place_of

_TRADING = {TradingState.ACTIVE: GOOD, TradingState.REDUCING: WAIT, TradingState.HALTED: BAD}
_ORDER = {OrderStatus.FILLED: GOOD, OrderStatus.REJECTED: BAD, OrderStatus.DENIED: BAD, OrderStatus.UNKNOWN: WAIT}
PARTLY = "partly"
_COVERS = {"protected": GOOD, "for the day": WAIT, "in flight": WAIT, PARTLY: BAD, "unprotected": BAD}
_SEVERITIES = {Severity.INFO: DIM, Severity.WARNING: WAIT, Severity.CRITICAL: BAD}


def status(view: StatusView) -> RenderableType:
    """``sage status``."""
    facts = pairs(
        (
            ("mode", Text(view.mode.value, BOLD)),
            ("trading", trading(view)),
            ("size", ramp(view.ramp)),
            ("kill switch", Text("ON", BAD) if view.kill_switch else Text("off", GOOD)),
            ("paused", pauses(view.paused)),
            ("books", reconciled(view.reconciled, view)),
            *((("unprotected", bare(view.unprotected)),) if view.unprotected else ()),
            *((("alerts", alerts(view.alerts)),) if view.alerts else ()),
            ("model", asked(view)),
            ("degraded", words(view.degraded, WAIT) if view.degraded else Text("no", GOOD)),
            ("policy", policy(view)),
            ("prompts", short(view.prompt_digest)),
            ("last cycle", _last_cycle(view)),
        )
    )
    return screen(_dated("Sage", view), facts, _dependencies(view), *stands(view.standstill))


def asked(view: StatusView) -> Text:
    """The model; all of them where there are several, and what is wrong with any."""
    if len(view.models) < 2 and all(each.state is State.OK for each in view.models):
        return words(view.model)
    colours = {State.OK: "", State.TIGHT: WAIT}
    told = ((f"{each.name} ({each.place})", each.note, colours.get(each.state, BAD)) for each in view.models)
    return lines(*(words(f"{name}: {note}" if note else name, colour) for name, note, colour in told))


def trading(view: StatusView) -> Text:
    """The trading state; where orders are stopped, by what, why, and the commands that lift it."""
    stops = tuple(_stops(view))
    told = [Text(view.trading_state.value, _TRADING[view.trading_state])] if not stops else []
    why = words(view.why, DIM) if view.why else None
    commands = ", then ".join(dict.fromkeys(command for _, command in stops))
    following = Text.assemble("next: ", words(commands, BOLD)) if commands else None
    return lines(*told, *(words(what, BAD) for what, _ in stops), why, following)


def _stops(view: StatusView) -> Iterator[tuple[str, str]]:
    """What keeps orders back, each with the command that lifts it."""
    if view.kill_switch:
        yield "the kill switch stops every order", "sage resume"
    if view.trading_state is TradingState.HALTED:
        yield "HALTED: nothing is sent", "sage resume"
    if view.trading_state is TradingState.REDUCING:
        yield "REDUCING: only exits are sent", "sage resume"
    if view.mode in SENDS_NOTHING:
        yield f"mode {view.mode} sends no orders", "sage mode paper"


def alerts(news: Sequence[Alert]) -> Text:
    """The newest of what nobody has looked at, and how many more there are; a resume is the look."""
    newest, more = news[0], len(news) - 1
    told = words(f"{newest.code}: {newest.words}", _SEVERITIES[newest.severity])
    return lines(told, Text(f"and {more} before it", DIM)) if more else told


def ramp(share: Decimal | None) -> Text:
    """How large orders may be: smaller for two sessions after a resume."""
    if share is None:
        return Text("unknown, so nothing is entered", BAD)
    if share == ONE:
        return Text("full", GOOD)
    return Text(f"{quantity(share * HUNDRED)} % of the usual size, after a resume", WAIT)


def policy(view: StatusView) -> Text:
    """The policy of this start, and whether it waits for the owner."""
    told = short(view.policy_digest)
    return lines(told, words(view.release, BAD)) if view.release else told


def pauses(paused: Sequence[Pause]) -> Text:
    """What is paused, by whom and until when."""
    if not paused:
        return Text("nothing", GOOD)
    return lines(*(_pause(each) for each in paused))


def reconciled(view: ReconciledView, status: StatusView) -> Text:
    """Whether our books agreed with the broker's, and how long ago."""
    if view.at is None:
        return Text("to be compared with the broker's: sage reconcile does it, and every cycle", WAIT)
    told = yes_no(view.ok, "agree with the broker's", "differ from the broker's")
    told.append(f", {ago(view.at, status.as_of)}", DIM)
    return lines(told, *(words(each, BAD) for each in view.differences))


def bare(unprotected: Sequence[str]) -> Text:
    """Holdings without their planned stop, and what puts one there."""
    return lines(*(words(each, BAD) for each in unprotected), words("the next cycle in a session tries again", DIM))


def positions(view: PositionsView) -> RenderableType:
    """``sage positions``: our books and the broker's side by side."""
    if not view.positions:
        return screen(_dated("Positions", view), Text("None held.", DIM), *_places(view))
    made = table("symbol", "held>", "at broker>", "average>", "market>", "age>", "profit>", "stop>", "protection")
    for each in view.positions:
        made.add_row(
            words(each.symbol, BOLD),
            quantity(each.qty),
            _broker_quantity(each),
            amount(each.avg_price),
            amount(each.market_price),
            Text.assemble((since(each.as_of, view.as_of), DIM), (" stale" if each.stale else "", WAIT)),
            signed(each.unrealized_pnl),
            Text("none", WAIT) if each.stop_loss is None else amount(each.stop_loss),
            _protection(each),
        )
    return screen(_dated("Positions", view), made, *_places(view), _compared(view))


def _places(view: PositionsView) -> tuple[RenderableType, ...]:
    """A line for each broker, where there are several."""
    return (section("Where it lies", pairs((each.broker, _lies(each)) for each in view.places)),) if view.places else ()


def _lies(place: PlaceView) -> Text:
    if place.held is None:
        return Text("does not answer", BAD)
    told = ", ".join(f"{quantity(qty)} {symbol}" for symbol, qty in place.held.items())
    return words(told) if told else Text("nothing", DIM)


def _compared(view: PositionsView | OrdersView | TradesView | BalanceView) -> Text:
    """How old the broker's word on our books is, and why it is missing."""
    away = getattr(view, "note", "")
    told = words(f"our books beside the broker's: {_since_compared(view.compared_at, view.as_of)}", DIM)
    return lines(words(f"the broker does not answer: {away}", BAD), told) if away else told


def _since_compared(at: datetime | None, now: datetime) -> str:
    # A start, a close and whatever else moves them by itself takes the comparison back.
    return "to be compared, sage reconcile" if at is None else f"compared {ago(at, now)}"


def balance(view: BalanceView) -> RenderableType:
    """``sage balance``: the broker's word beside our own record."""
    made = table("", "broker>", "our record>", "price>")
    for each in view.rows:
        price = Text(since(each.priced_at, view.as_of), DIM) if each.priced_at or each.stale else Text("")
        price.append(" stale" if each.stale else "", WAIT)
        ours = "" if each.ours is None else amount(each.ours)
        made.add_row(words(each.name, BOLD), amount(each.broker), ours, price)
    ages = words(
        f"the broker's answer: {ago(view.broker_at, view.as_of)}; our record of the equity: "
        f"{ago(view.recorded_at, view.as_of)}; cash is the broker's alone",
        DIM,
    )
    return screen(heading(f"Balance in {view.currency}", moment(view.as_of).plain), made, ages, _compared(view))


def _protection(each: PositionView) -> Text:
    """How well stops cover it."""
    covered = each.protected_qty
    part = f", {quantity(covered)} covered" if covered is not None and each.protection == PARTLY else ""
    return words(f"{each.protection or '-'}{part}", _COVERS.get(each.protection, DIM))


def orders(view: OrdersView) -> RenderableType:
    """``sage orders``."""
    if not view.orders:
        return _empty("Orders", view, "None yet.")
    made = table("order", "filled>", "status", "broker says", "age>")
    for each in view.orders:
        made.add_row(
            lines(order_words(each), words(each.client_order_id, DIM)),
            f"{quantity(each.filled_qty)} of {quantity(each.qty)}" if each.qty else "-",
            order_status(each),
            _theirs(each),
            Text(since(each.created_at, view.as_of), DIM),
        )
    return screen(_dated("Orders", view), made, _compared(view))


def _theirs(order: Order) -> Text:
    """The broker's word, and which of several it is."""
    place = place_of(order.broker_id or "")
    return lines(words(order.broker_status or "-", DIM), words(f"at {place}", DIM) if place else None)


def order_words(order: Order | OrderIntent) -> Text:
    """``buy 60 AAPL limit 187.40``."""
    price = order.limit_price if order.limit_price is not None else order.trigger_price
    told = f"{order.side.value} {quantity(order.qty)} {order.symbol} {order.type.value.replace('_', ' ')}"
    return words(told if price is None else f"{told} {amount(price)}")


def order_status(order: Order) -> Text:
    """Our status, with the reason below where there is one."""
    told = Text(order.status.value.replace("_", " "), _ORDER.get(order.status, WAIT if order.status.is_open else DIM))
    return lines(told, words(order.reason, DIM, 60) if order.reason else None)


def trades(view: TradesView) -> RenderableType:
    """``sage trades``: newest first."""
    if not (view.trades or view.adjustments):
        return _empty("Trades", view, "None closed yet.")
    made = table("trade", "in>", "out>", "profit>", "return>", "ended by", "closed>", "age>")
    for each in view.trades:
        made.add_row(
            lines(_trade_words(each), words(each.strategy.replace("_", " "), DIM)),
            amount(decimal_of(each.entry_price)),
            amount(decimal_of(each.exit_price)),
            signed(decimal_of(each.pnl)),
            signed(_return_pct(each), " %"),
            words(each.exit_reason.replace("_", " "), limit=24),
            day(each.closed_at),
            Text(since(each.closed_at, view.as_of), DIM),
        )
    return screen(_dated("Trades", view), *[made][: len(view.trades)], *adjusted(view.adjustments), _compared(view))


def pnl(view: PnlView) -> RenderableType:
    """``sage pnl``."""
    facts = pairs(
        (
            ("equity", words(f"{amount(view.equity)} {view.currency}", BOLD)),
            ("today", Text("  ").join((signed(view.day_pnl), signed(view.day_pnl_pct, " %")))),
            ("realised today", _after_fees(view.realized_pnl_day, view.fees_day)),
            ("open positions", signed(view.unrealized_pnl)),
            ("day began at", Text(amount(view.day_start_equity))),
            ("highest equity", Text(amount(view.peak_equity))),
            ("below it by", percent(view.drawdown_pct)),
            ("closed trades", closed(view.closed_trades, view.wins)),
            ("realised in all", _after_fees(view.realized_pnl, view.fees)),
        )
    )
    return screen(_dated("Profit and loss", view), facts, *adjusted(view.adjustments))


def _after_fees(made: Decimal | None, fees: Decimal) -> Text:
    return Text.assemble(signed(made), (f"  after fees of {amount(fees)}", DIM))


def stats(view: PnlView) -> RenderableType:
    """``sage stats``: how the trading went, each figure with how much it rests on."""
    top, found = heading("Figures", f"{moment(view.as_of).plain} · {view.currency}"), view.statistics
    if found is None or not found.trades:
        return screen(top, Text("Nothing to count: no trade is closed yet.", DIM))
    facts = pairs(
        (
            ("closed trades", Text(str(found.trades))),
            ("win rate", percent(found.win_rate_pct)),
            ("expectancy", signed(found.expectancy)),
            ("average win", signed(found.average_win)),
            ("average loss", signed(found.average_loss)),
            ("profit factor", Text(amount(found.profit_factor))),
            ("fees", Text(f"{amount(found.closed_fees)} of these trades, {amount(found.fees)} in all")),
            ("worst drawdown", percent(found.max_drawdown_pct)),
            ("Sharpe", Text(f"{amount(found.sharpe)} ± {amount(found.sharpe_error)}")),
        )
    )
    return screen(top, facts, Text(f"drawdown and Sharpe rest on {counted(found.days, 'day')}", DIM))


def pending(view: PendingView) -> RenderableType:
    """``sage pending``: what waits, why, for how long still, and how to answer."""
    if not view.pending:
        return _empty("Waiting for you", view, "Nothing.")
    waiting = (_request(each, view) for each in view.pending)
    return screen(_dated("Waiting for you", view), *waiting, *stands(view.standstill))


def stands(standstill: str) -> tuple[RenderableType, ...]:
    """The sentence that time does not go on by itself, below whatever waits for it."""
    return (words(standstill, DIM),) if standstill else ()


def _request(row: PendingRow, view: PendingView) -> RenderableType:
    left = Decimal((row.expires_at - view.as_of).total_seconds())
    until = Text("expired", BAD) if left <= 0 else Text(f"{age(left)} left", WAIT)
    return lines(
        Text("   ").join((order_words(row.order), until)),
        *(words(f"because {because(reason)}", DIM) for reason in row.reasons),
        Text.assemble("sage approve ", words(row.id), "   or   sage reject ", words(row.id), _half(row)),
    )


def _half(row: PendingRow) -> str:
    return "" if row.order.reduce_only else "   (--half approves half of it)"


def _pause(pause: Pause) -> Text:
    until = "" if pause.until is None else f"until {moment(pause.until).plain}, "
    why = f": {pause.reason}" if pause.reason else ""
    return Text.assemble(words(f"{pause.scope} {pause.name}", WAIT), " ", words(f"{until}by {pause.by}{why}", DIM))


def _last_cycle(view: StatusView) -> Text:
    if view.last_cycle is None:
        return Text("none yet", DIM)
    return Text.assemble(words(view.last_cycle), (f", {since(view.last_cycle_at, view.as_of)} ago", DIM))


def _dependencies(view: StatusView) -> RenderableType:
    made = table("leans on", "state", "age>", "")
    for each in view.dependencies:
        made.add_row(
            words(each.name),
            yes_no(each.ok, "ok", "stale" if each.note.startswith("stale") else "down"),
            age(each.age_s),
            words(each.note, DIM),
        )
    return made


def _broker_quantity(position: PositionView) -> Text:
    if position.broker_qty is None:
        return Text("unknown", WAIT)
    return Text(quantity(position.broker_qty), GOOD if position.broker_qty == position.qty else BAD)


def _trade_words(trade: ClosedTrade) -> Text:
    return Text.assemble(words(trade.symbol, BOLD), " ", words(trade.side), " ", quantity(decimal_of(trade.qty)))


def _return_pct(trade: ClosedTrade) -> Decimal | None:
    cost = abs(decimal_of(trade.qty)) * decimal_of(trade.entry_price)
    return decimal_of(trade.pnl) / cost * HUNDRED if cost else None


def _dated(
    title: str, view: StatusView | PositionsView | OrdersView | TradesView | PnlView | RiskView | PendingView
) -> Text:
    return heading(title, moment(view.as_of).plain)


def _empty(title: str, view: PositionsView | OrdersView | TradesView | PendingView, told: str) -> RenderableType:
    return screen(_dated(title, view), Text(told, DIM))
