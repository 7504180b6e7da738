from datetime import timedelta
from decimal import Decimal

import pytest

from domain.book import Account
from domain.context.news import NewsEvent, NewsReading, SocialPost, Strength, Topic
from domain.decisions import Advice, Explanation, Inspection, Phase, Ruling, Stance, Statement
from domain.errors import DataQualityError, UsageError
from domain.ids import CandidateId, ClientOrderId, DecisionId, Ref
from domain.market import Bar, EventKind, MarketEvent, Timeframe
from domain.orders import Fill, Order, OrderStatus, OrderType, Origin, Side, TimeInForce
from domain.record.alerts import Alert, AlertCode, Severity
from domain.signals import CandidateKind, CompositeSignal, QuantSignals, Regime, TextSignals, TradeCandidate
from domain.verdicts import Evaluation, Outcome, Verdict
from tests.builders.vendors import AAPL, DAY, NOW, an_article
from trading.bus.messages import BODIES, BusNotice, BusTopic, Message, from_wire, message_order, to_wire

D = Decimal
QUANT = QuantSignals(AAPL, Timeframe.DAY_1, NOW, {"rsi14": D("55.5"), "sma50": None}, Regime.TREND_UP, D("0.4"))
TEXT = TextSignals(AAPL, NOW, D("0.1"), 2, 0, "earnings", 0, NOW)
ORDER = Order(
    ClientOrderId("ord-1"), DecisionId("dec-1"), AAPL, Side.BUY, D(10), OrderType.LIMIT, TimeInForce.DAY,
    OrderStatus.SUBMITTED, NOW, NOW, "momentum", Origin.AGENT, limit_price=D("101.5"),
)  # fmt: skip
SAMPLES = {
    Bar: Bar(AAPL, Timeframe.DAY_1, NOW - DAY, NOW, D(1), D(3), D("0.5"), D(2), D(100), "test"),
    MarketEvent: MarketEvent(None, EventKind.MACRO, NOW, NOW + DAY),
    SocialPost: SocialPost("p-1", AAPL, "to the <b>moon</b>", "someone", 3, NOW, NOW, "test"),
    type(an_article()): an_article(),
    NewsReading: NewsReading(
        "d", "a-1", NOW, NOW, (NewsEvent(AAPL, Topic.RATING, -1, Strength.HIGH, (0, 5)),), True, False, "rules"
    ),
    QuantSignals: QUANT,
    CompositeSignal: CompositeSignal(AAPL, Timeframe.DAY_1, NOW, QUANT, TEXT, 1, D("0.3"), D("0.6"), ("gap",)),
    TradeCandidate: TradeCandidate(
        CandidateId("cand-1"), AAPL, "momentum", CandidateKind.ENTRY, Side.BUY, D(10), D("101.5"), D(95), None,
        D("0.3"), D("0.6"), "why", (Ref("rsi14@AAPL"),),
    ),
    Evaluation: Evaluation(
        Outcome.DENY, D(0), ("NO_QUOTE",), (Verdict("C1", "NO_QUOTE", Outcome.DENY, limit=D(5), margin=None),), "p"
    ),
    Order: ORDER,
    Fill: Fill("f-1", ClientOrderId("ord-1"), AAPL, Side.BUY, D(10), D("101.25"), D("0.35"), NOW),
    Account: Account("acc", NOW, "USD", True, D(1000), None, None, False),
    Advice: Advice(
        CandidateId("cand-1"), AAPL, Stance.REDUCE, 1, D("0.5"), D("0.5"), "days", None, None,
        (Statement("RSI stands at {rsi14@AAPL}"),), (), (Ref("rsi14@AAPL"),), "rules",
    ),
    Inspection: Inspection(CandidateId("cand-1"), AAPL, Ruling.BLOCK, D(0), (), (), "rules"),
    Explanation: Explanation(DecisionId("dec-1"), AAPL, Phase.BEFORE, (Statement("Because."),), "template"),
    BusNotice: BusNotice("alpaca", "away since 15:00"),
    Alert: Alert(Severity.CRITICAL, AlertCode.KILLED, "owner: odd fills", "alr-1", NOW),
}  # fmt: skip


@pytest.mark.parametrize("topic", BusTopic)
def test_what_every_topic_carries_survives_the_wire(topic):
    sent = Message(topic, NOW, SAMPLES[BODIES[topic]], "cyc-1", "5-0")
    wire = to_wire(sent)
    assert all(isinstance(value, str) for value in wire.values())
    assert from_wire(topic, "5-0", wire) == sent


@pytest.mark.parametrize("topic", BusTopic)
def test_a_topic_carries_nothing_but_its_own_kind(topic):
    with pytest.raises(DataQualityError, match="carries a"):
        Message(topic, NOW, timedelta(1))


@pytest.mark.parametrize(
    "changes",
    [{"body": "{"}, {"body": "[]"}, {"body": "{}"}, {"body": "[" * 100_000}, {"at": "noon"}, {"at": "2026-03-17"}],
    ids=["half_json", "other_json", "empty", "deep", "no_time", "day_only"],
)
def test_a_message_that_no_sage_wrote_is_refused(changes):
    wire = to_wire(Message(BusTopic.ERROR_BROKER, NOW, BusNotice("a", "b")))
    with pytest.raises(DataQualityError):
        from_wire(BusTopic.ERROR_BROKER, "1-0", wire | changes)


@pytest.mark.parametrize("missing", ["at", "cause", "body"])
def test_a_message_without_a_field_is_refused(missing):
    wire = to_wire(Message(BusTopic.ERROR_BROKER, NOW, BusNotice("a", "b")))
    with pytest.raises(DataQualityError):
        from_wire(BusTopic.ERROR_BROKER, "1-0", {name: value for name, value in wire.items() if name != missing})


@pytest.mark.parametrize("bad", ["", "1", "-", "$", "1-", "(1-0", "１-0", "1-0-0", "9" * 40 + "-0"])
def test_only_what_the_bus_gave_is_an_id(bad):
    with pytest.raises(UsageError):
        message_order(bad)


def test_ids_sort_as_numbers():
    assert sorted(["10-0", "9-1", "9-10", "9-2"], key=message_order) == ["9-1", "9-2", "9-10", "10-0"]
