"""What travels on the bus: a closed list of topics, and for each the one kind of value it carries.

A message is a fact that happened, never a command with an effect of its own: the ledger is the record, the bus tells
whoever listens. It may arrive twice, so a subscriber that acts must recognise what it has seen, by ``id`` or content.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from domain.book import Account
from domain.clock import parse_time
from domain.context.news import NewsArticle, NewsReading, SocialPost
from domain.decisions import Advice, Explanation, Inspection
from domain.errors import DataQualityError, UsageError
from domain.market import Bar, MarketEvent
from domain.orders import Fill, Order
from domain.record.alerts import Alert
from domain.record.canonical import canonical_json, restore, time_text
from domain.signals import CompositeSignal, QuantSignals, TradeCandidate
from domain.verdicts import Evaluation


class BusTopic(StrEnum):
    """Every topic there is."""

    MARKET_BAR = "market.bar"
    NEWS_ARTICLE = "news.article"
    SOCIAL_POST = "social.post"
    CALENDAR_EVENT = "calendar.event"
    SIGNAL_QUANT = "signal.quant"
    SIGNAL_NEWS_NLP = "signal.news_nlp"
    SIGNAL_SOCIAL = "signal.social"
    SIGNAL_COMPOSITE = "signal.composite"
    STRATEGY_TRADE_CANDIDATE = "strategy.trade_candidate"
    RISK_TRADE_APPROVED = "risk.trade_approved"
    RISK_TRADE_BLOCKED = "risk.trade_blocked"
    RISK_ALERT = "risk.alert"
    TRADE_SUBMITTED = "trade.submitted"
    TRADE_EXECUTED = "trade.executed"
    TRADE_REJECTED = "trade.rejected"
    PORTFOLIO_UPDATED = "portfolio.updated"
    AI_SIGNAL_ADVICE = "ai.signal_advice"
    AI_RISK_WARNING = "ai.risk_warning"
    AI_EXPLANATION = "ai.explanation"
    CONTROL_KILL_SWITCH_ACTIVATED = "control.kill_switch_activated"
    CONTROL_RESUME_TRADING = "control.resume_trading"
    ERROR_INGESTION = "error.ingestion"
    ERROR_BROKER = "error.broker"
    TELEGRAM_ALERT = "telegram.alert"


@dataclass(frozen=True, slots=True)
class BusNotice:
    """A few words about something that has no richer value: ``subject`` is the id or name it is about."""

    subject: str
    text: str


BODIES: Mapping[BusTopic, type] = MappingProxyType(
    {
        BusTopic.MARKET_BAR: Bar,
        BusTopic.NEWS_ARTICLE: NewsArticle,
        BusTopic.SOCIAL_POST: SocialPost,
        BusTopic.CALENDAR_EVENT: MarketEvent,
        BusTopic.SIGNAL_QUANT: QuantSignals,
        BusTopic.SIGNAL_NEWS_NLP: NewsReading,
        BusTopic.SIGNAL_SOCIAL: NewsReading,
        BusTopic.SIGNAL_COMPOSITE: CompositeSignal,
        BusTopic.STRATEGY_TRADE_CANDIDATE: TradeCandidate,
        BusTopic.RISK_TRADE_APPROVED: Evaluation,
        BusTopic.RISK_TRADE_BLOCKED: Evaluation,
        BusTopic.RISK_ALERT: Alert,
        BusTopic.TRADE_SUBMITTED: Order,
        BusTopic.TRADE_EXECUTED: Fill,
        BusTopic.TRADE_REJECTED: Order,
        BusTopic.PORTFOLIO_UPDATED: Account,
        BusTopic.AI_SIGNAL_ADVICE: Advice,
        BusTopic.AI_RISK_WARNING: Inspection,
        BusTopic.AI_EXPLANATION: Explanation,
        BusTopic.CONTROL_KILL_SWITCH_ACTIVATED: BusNotice,
        BusTopic.CONTROL_RESUME_TRADING: BusNotice,
        BusTopic.ERROR_INGESTION: BusNotice,
        BusTopic.ERROR_BROKER: BusNotice,
        BusTopic.TELEGRAM_ALERT: BusNotice,
    }
)
"""The kind of value that each topic carries."""

# Redis' own form; the bus in memory uses it too, so that ids compare alike on both.
_ID = re.compile(r"([0-9]{1,19})-([0-9]{1,19})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Message:
    """One fact. ``cause`` is the id it follows from; ``id`` is given by the bus and grows within a topic."""

    topic: BusTopic
    at: datetime
    body: object
    cause: str = ""
    id: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.body, BODIES[self.topic]):
            raise DataQualityError(
                f"{self.topic} carries a {BODIES[self.topic].__name__}, not a {type(self.body).__name__}",
                "Publish it on its own topic.",
            )

    def numbered(self, message_id: str) -> Message:
        """The same message with the id that the bus gave it."""
        return dataclasses.replace(self, id=message_id)


def message_order(message_id: str) -> tuple[int, int]:
    """What ids sort by: ``"1526919030474-55"`` -> (1526919030474, 55). Raises UsageError for anything else."""
    parts = _ID.fullmatch(message_id)
    if parts is None:
        raise UsageError(f"{message_id[:40]!r} is no id of a message", "Use one that the bus gave.")
    return int(parts[1]), int(parts[2])


def to_wire(message: Message) -> dict[str, str]:
    """The message as flat text fields."""
    return {"at": time_text(message.at), "cause": message.cause, "body": canonical_json(message.body)}


def from_wire(topic: BusTopic, message_id: str, fields: Mapping[str, str]) -> Message:
    """The inverse of ``to_wire``; raises DataQualityError for what no Sage has written."""
    try:
        body: object = restore(BODIES[topic], json.loads(fields["body"]))
        return Message(topic, parse_time(fields["at"]), body, fields["cause"], message_id)
    # ``restore`` raises DataQualityError by itself; these are what JSON and a missing field raise before it.
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise DataQualityError(f"a message on {topic} cannot be read ({type(error).__name__})") from error
