"""Announcing: what a cycle did, told on the bus to whoever listens. The ledger is the record; nobody waits for this."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agents.record import Record
from domain.case import Control
from domain.decisions import Ruling
from domain.errors import RetryableError
from domain.ids import DecisionId
from domain.record.alerts import Alert, AlertCode, Severity
from domain.verdicts import Outcome
from interfaces.runtime import Runtime
from trading.bus.messages import BusNotice, BusTopic, Message
from trading.execution.guard import protection_of_books
from trading.execution.protection import BARE, Protection

Records = Mapping[DecisionId, Record]
"""What is on record of each decision of a cycle."""


def announce_cycle(runtime: Runtime, state: Mapping[str, Any], records: Records) -> str | None:
    """Publish what a finished cycle produced; the answer says why that failed, where it did."""
    try:
        for message in told(runtime, state, records):
            runtime.bus.publish(message)
    except RetryableError as error:
        return f"bus: {error.what}"
    announce_alerts(runtime)
    return None


def announce_control(runtime: Runtime, control: Control, note: str) -> None:
    """Publish a kill or a resume; a bus that is away stops neither."""
    topic = BusTopic.CONTROL_KILL_SWITCH_ACTIVATED if control.kill_switch else BusTopic.CONTROL_RESUME_TRADING
    try:
        runtime.bus.publish(Message(topic, runtime.deps.clock.now(), BusNotice("control", note)))
    except RetryableError as error:
        logging.getLogger(__name__).warning("the bus did not take a control notice: %s", error.what)


def announce_bare(runtime: Runtime, holdings: Iterable[Protection]) -> None:
    """Publish holdings that have lost their planned stop; a bus that is away leaves the record and the log."""
    try:
        for each in holdings:
            runtime.bus.publish(bare_message(runtime, each))
    except RetryableError as error:
        logging.getLogger(__name__).warning("the bus did not take an alert: %s", error.what)


def bare_message(runtime: Runtime, holding: Protection) -> Message:
    """One holding without its planned stop: news once a day, and again where another part of it is bare."""
    at = runtime.deps.clock.now()
    key = f"protection:{holding.symbol}:{holding.cover.value}:{holding.missing.normalize():f}:{at:%Y-%m-%d}"
    return Message(BusTopic.RISK_ALERT, at, Alert(Severity.CRITICAL, AlertCode.UNPROTECTED, holding.told, key, at))


def announce_alerts(runtime: Runtime) -> None:
    """Publish the alerts that came on record since this process last did; they stay on record whatever the bus says."""
    # Taken before they are published: a bus that is away hears of none of them later, and the record has them all.
    fresh = runtime.deps.stores.control.alerts.fresh()
    try:
        for alert in fresh:
            runtime.bus.publish(Message(BusTopic.RISK_ALERT, alert.at, alert, alert.key))
    except RetryableError as error:
        logging.getLogger(__name__).warning("the bus did not take an alert: %s", error.what)


def told(runtime: Runtime, state: Mapping[str, Any], records: Records) -> Iterator[Message]:
    """One message a candidate, piece of advice, warning, ruling of the gates, order and fill, in that order.

    Last, one for every holding without its planned stop: until it has one, every cycle says so again.
    """
    at = runtime.deps.clock.now()
    for candidate in state["candidates"]:
        yield Message(BusTopic.STRATEGY_TRADE_CANDIDATE, at, candidate, state["cycle_id"])
    for decision in state["decisions"]:
        yield from of_decision(runtime, records[decision.decision_id])
    for holding in protection_of_books(runtime.deps.stores.orders).values():
        if holding.cover in BARE:
            yield bare_message(runtime, holding)


def of_decision(runtime: Runtime, record: Record) -> Iterator[Message]:
    """What the roles, the gates and the broker made of one decision."""
    decision, at, cause = record.decision, runtime.deps.clock.now(), record.decision.decision_id
    if decision.advice is not None:
        yield Message(BusTopic.AI_SIGNAL_ADVICE, at, decision.advice, cause)
    if decision.inspection is not None and decision.inspection.ruling is not Ruling.ALLOW:
        yield Message(BusTopic.AI_RISK_WARNING, at, decision.inspection, cause)
    if record.evaluation is not None:
        blocked = record.evaluation.outcome is Outcome.DENY
        topic = BusTopic.RISK_TRADE_BLOCKED if blocked else BusTopic.RISK_TRADE_APPROVED
        yield Message(topic, at, record.evaluation, cause)
    if record.order is not None:
        yield Message(BusTopic.TRADE_SUBMITTED, at, record.order, cause)
    for fill in record.fills:
        yield Message(BusTopic.TRADE_EXECUTED, at, fill, cause)
