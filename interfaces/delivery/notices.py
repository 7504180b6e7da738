"""Notices: what is worth telling a person, as pure functions of what is on record. Nothing is sent from here.

    of_entry(ledger entry, what is known about it) -> Notice or None -> message_of(notice, address, ...)

A notice has the same key however often it is made, so that the outbox says it once. What repeats within a day (the
same refusal of the same order, the same gate close to its limit) has one key for the day. Every line is escaped when
it becomes marked text, because symbols, reasons and the words of brokers come from outside.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from domain.errors import DataQualityError
from domain.ids import derive
from domain.money import decimal_of
from domain.orders import Order, OrderStatus
from domain.record.alerts import Alert, AlertCode, Severity
from domain.record.canonical import restore
from domain.record.entries import ClosedTrade, LedgerEntry, RecordKind
from domain.verdicts import Figure, Outcome
from interfaces.telling.gates.gate_words import because
from interfaces.views.plain import amount, counted, is_bounded, measured, quantity
from policies.codes import meaning_of
from policies.gates.catalogue import BY_ID
from trading.monitor.alerts import SEEN
from trading.store.approvals import PendingApproval
from trading.store.messages.message import Button, Kind, Message
from trading.store.messages.outbox import mark_of

READ = (
    RecordKind.ORDER, RecordKind.VERDICTS, RecordKind.APPROVAL_REQUESTED, RecordKind.TRADE_CLOSED, RecordKind.ALERT,
    RecordKind.RECONCILIATION,
)  # fmt: skip
"""The kinds of record that people may want to hear of."""
LONGEST_LINE = 300
MOST_LINES = 14
TITLES: Mapping[AlertCode, str] = {
    AlertCode.KILLED: "KILLED: no order leaves",
    AlertCode.HALTED: "HALTED: no order leaves until you resume",
    AlertCode.REDUCING: "Reducing only: nothing new is opened",
    AlertCode.DRAWDOWN: "The drawdown limit is reached: only exits until you accept the loss",
    AlertCode.INCIDENT: "Incident",
    AlertCode.STATUS_UNKNOWN: "An order stands where nobody here knows",
    AlertCode.UNPROTECTED: "A position has lost its stop",
    AlertCode.POLICY_TIGHTENED: "The policy was tightened",
    AlertCode.POLICY_WAITS: "A looser policy waits for you",
    AlertCode.POLICY_UNREADABLE: "The policy file cannot be read",
}
KINDS = {Severity.CRITICAL: Kind.CRITICAL, Severity.WARNING: Kind.FAILURE, Severity.INFO: Kind.CYCLE}


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be told: one bold line and a few more, and what can be done about it."""

    key: str
    kind: Kind
    title: str
    lines: tuple[str, ...] = ()
    buttons: tuple[tuple[Button, ...], ...] = ()
    picture: bytes | None = None


class NoticeSources(NamedTuple):
    """Look-ups that a notice needs besides its entry; each answers with nothing where nothing is on record."""

    why: Callable[[str], str]
    approval: Callable[[str], PendingApproval | None]


NO_SOURCES = NoticeSources(lambda _decision: "", lambda _pending: None)


def message_of(notice: Notice, address: str, at: datetime, *, silent: bool = False) -> Message:
    """The notice as a message to one address."""
    lines = tuple(shortened(line) for line in notice.lines[:MOST_LINES])
    marked = "\n".join((f"<b>{html.escape(shortened(notice.title), quote=False)}</b>", *map(_escaped, lines)))
    plain = "\n".join((shortened(notice.title), *lines))
    return Message(
        notice.key, address, notice.kind, marked, plain, at, notice.buttons, notice.picture, silent=silent
    )  # fmt: skip


def _escaped(line: str) -> str:
    return html.escape(line, quote=False)


def shortened(line: str) -> str:
    """One line of bounded length."""
    flat = " ".join(line.split())
    return flat if len(flat) <= LONGEST_LINE else f"{flat[: LONGEST_LINE - 1]}…"


def of_entry(entry: LedgerEntry, sources: NoticeSources = NO_SOURCES) -> Notice | None:
    """What one ledger entry tells a person; None for most of them."""
    match entry.kind:
        case RecordKind.ORDER:
            return of_order(restore(Order, entry.body), sources)
        case RecordKind.VERDICTS:
            return of_verdicts(entry)
        case RecordKind.APPROVAL_REQUESTED:
            request = sources.approval(entry.subject)
            return None if request is None else of_request(request)
        case RecordKind.TRADE_CLOSED:
            return of_trade(restore(ClosedTrade, entry.body))
        case RecordKind.ALERT if entry.body != SEEN:
            return of_alert(restore(Alert, entry.body))
        case RecordKind.RECONCILIATION:
            return of_comparison(entry)
        case _:
            return None


def of_order(order: Order, sources: NoticeSources) -> Notice | None:
    """An entry that has come to its end with something filled, with the one line why."""
    if order.status.is_open or order.filled_qty <= 0 or order.reduce_only or not order.leg.startswith("entry"):
        return None
    word = "Bought" if order.side == "buy" else "Sold short"
    part = "" if order.status is OrderStatus.FILLED else f" of {quantity(order.qty)}"
    planned = [
        f"stop {price(order.stop_loss)}" if order.stop_loss else "",
        f"target {price(order.take_profit)}" if order.take_profit else "",
    ]
    lines = (", ".join(filter(None, planned)), sources.why(order.decision_id), f"sage explain {order.client_order_id}")
    return Notice(
        f"opened:{order.client_order_id}",
        Kind.TRADE,
        f"{word} {quantity(order.filled_qty)}{part} {order.symbol} at {price(order.avg_fill_price)}",
        tuple(filter(None, lines)),
        ((explain_button(order.client_order_id),),),
    )


def price(value: Decimal | None) -> str:
    """In cents; of what costs less than one of the currency, finer."""
    return amount(value, 2 if value is None or abs(value) >= 1 else 4)


def of_trade(trade: ClosedTrade) -> Notice:
    """A round trip that ended."""
    pnl = Decimal(trade.pnl)
    spread = f"from {price(Decimal(trade.entry_price))} to {price(Decimal(trade.exit_price))}"
    lines = (
        f"{quantity(Decimal(trade.qty))} {spread}, {trade.strategy.replace('_', ' ')}",
        f"closed by {trade.exit_reason.replace('_', ' ')}",
    )
    return Notice(
        f"closed:{trade.trade_id}:{trade.closed_at:%Y%m%dT%H%M%S%f}",
        Kind.TRADE,
        f"Closed {trade.symbol}: {pnl:+,.2f}",
        (*lines, f"sage explain {trade.trade_id}"),
        ((explain_button(trade.trade_id),),),
    )


def of_verdicts(entry: LedgerEntry) -> Notice | None:
    """An order that the gates refused, once a day for the same order and reasons."""
    evaluation, intent = entry.body["evaluation"], entry.body.get("intent", {})
    if evaluation["outcome"] != Outcome.DENY:
        return None
    refusals = [each for each in evaluation["verdicts"] if each["outcome"] == Outcome.DENY]
    lines = tuple(f"{each['gate']}: {meaning_of(each['code'])}{figures(each)}" for each in refusals)
    what = f"{intent.get('side', '')} {intent.get('qty', '')} {intent.get('symbol', '')}".strip() or entry.cause
    key = derive(
        "blk", intent.get("symbol"), intent.get("side"), sorted(evaluation["codes"]), entry.at.date().isoformat()
    )
    return Notice(
        f"blocked:{key}", Kind.BLOCKED, f"Blocked: {what}", lines, ((explain_button(entry.cause, "Why?"),),)
    )  # fmt: skip


def figures(verdict: Mapping[str, Any]) -> str:
    """Value and limit of a verdict in the unit of its gate, where one is the limit of the other."""
    known = BY_ID.get(verdict["gate"])
    unit = "text" if known is None else known.unit
    value, limit = _read(verdict.get("value"), unit), _read(verdict.get("limit"), unit)
    return f" ({measured(value, unit)}, limit {measured(limit, unit)})" if is_bounded(limit, value) else ""


def _read(told: Figure, unit: str) -> Figure:
    """A figure of a record, where numbers are written as words."""
    try:
        return decimal_of(told) if unit != "text" and isinstance(told, str) else told
    except DataQualityError:
        return told


def of_request(request: PendingApproval) -> Notice:
    """An order that waits for a person; the buttons only name it, who may press them is the face's business."""
    order, name = request.intent, request.pending_id
    about = "" if request.price is None else f" at about {price(request.price)}"
    lines = (
        *map(because, request.reasons),
        f"until {request.expires_at:%H:%M} UTC",
        f"sage approve {name} (--half), sage reject {name}",
    )
    answers = (Button("Approve", f"approve:{name}"), Button("Reject", f"reject:{name}"))
    return Notice(
        f"approval:{name}",
        Kind.APPROVAL,
        f"Your word is wanted: {order.side} {quantity(order.qty)} {order.symbol}{about}",
        lines,
        (answers, (Button("Halve", f"halve:{name}"), explain_button(request.decision_id))),
    )


def of_alert(alert: Alert) -> Notice:
    """An alert on record; a critical one has a button that says it was seen."""
    kind, key = KINDS[alert.severity], f"alert:{alert.key}"
    title = TITLES.get(alert.code, alert.code.value)
    if kind is not Kind.CRITICAL:
        return Notice(key, kind, title, (alert.words, *todo(alert)))
    return Notice(key, kind, title, (alert.words, *todo(alert), seen_words(key)), seen_button(key))


def todo(alert: Alert) -> Iterator[str]:
    """What the owner can do."""
    if alert.code in (AlertCode.KILLED, AlertCode.HALTED, AlertCode.INCIDENT):
        yield "sage status shows why; sage resume goes on"
    if alert.code is AlertCode.DRAWDOWN:
        yield "sage flatten closes what is held; sage resume --accept-loss goes on from what is left"
    if alert.code is AlertCode.STATUS_UNKNOWN:
        yield "it counts as exposure and is never sent again; look at it at the broker, sage orders shows it"
    if alert.code is AlertCode.POLICY_WAITS:
        yield "sage limits --diff shows it; sage limits --accept puts it in force"


def of_comparison(entry: LedgerEntry) -> Notice | None:
    """Books that differ from the broker's, once a day for the same differences."""
    differences = entry.body.get("differences") or []
    if not differences or entry.body.get("ok", True):
        return None
    lines = tuple(difference(each) for each in differences)
    key = derive("dif", sorted(lines), entry.at.date().isoformat())
    return Notice(f"books:{key}", Kind.FAILURE, "Our books differ from the broker's", (*lines, "sage status"))


def difference(found: Any) -> str:
    """One difference in a line."""
    if not isinstance(found, Mapping):
        return str(found)
    return ", ".join(f"{name} {value}" for name, value in sorted(found.items()) if value not in (None, ""))


def of_cycle(report: Mapping[str, Any]) -> Notice:
    """A cycle in three lines."""
    decisions, orders = report["decisions"], report["orders"]
    acted = [f"{each['action']} {each['symbol']}" for each in decisions]
    lines = [", ".join(acted) or "nothing to decide", f"{counted(len(orders), 'order')}, {waiting(report['pending'])}"]
    if report.get("degraded"):
        lines.append(f"degraded: {report['degraded']}")
    name = report["cycle_id"]
    return Notice(f"cycle:{name}", Kind.CYCLE, f"Cycle of {report['as_of'][:16].replace('T', ' ')}Z", tuple(lines))


def waiting(pending: Sequence[Any]) -> str:
    """``1 waits for you``."""
    return f"{len(pending)} {'waits' if len(pending) == 1 else 'wait'} for you" if pending else "nothing waits for you"


def of_headroom(tight: Sequence[tuple[str, str, str]], at: datetime) -> Notice | None:
    """Limits of which less than a fifth is left: gate, what it is called, what is left. Once a day for each set."""
    if not tight:
        return None
    lines = tuple(f"{gate} {name}: {left}" for gate, name, left in tight)
    key = derive("room", sorted(gate for gate, _, _ in tight), at.date().isoformat())
    return Notice(f"headroom:{key}", Kind.HEADROOM, "Close to a limit", (*lines, "sage risk"))


def of_dependency(name: str, *, ok: bool, note: str, number: int) -> Notice:
    """A source that stopped answering, or answers again; ``number`` counts its changes."""
    title = f"{name} answers again" if ok else f"{name} does not answer"
    return Notice(f"source:{name}:{number}", Kind.FAILURE, title, (note,) if note else ())


def of_watch(alerts: Sequence[str], number: int) -> Notice:
    """What the watchdog sees from outside the service; ``number`` counts what it has told."""
    key = f"watchdog:{number}"
    if not alerts:
        return Notice(key, Kind.FAILURE, "The service is well again")
    return Notice(key, Kind.CRITICAL, "The service is not well", (*alerts, seen_words(key)), seen_button(key))


def explain_button(name: str, label: str = "Explain") -> Button:
    """``explain:<id>``."""
    return Button(label, f"explain:{name}")


def seen_button(key: str) -> tuple[tuple[Button, ...], ...]:
    """``ack:<mark>``, the same for every repetition."""
    return ((Button("Seen", f"ack:{mark_of(key)}"),),)


def seen_words(key: str) -> str:
    """The same for a mail or a channel, where no button answers."""
    return f"repeats until somebody has seen it: sage alerts --ack {mark_of(key)}"
