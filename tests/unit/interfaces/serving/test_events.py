"""Events: which count, which have been seen already, and what of the bus and of our own look becomes one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.case import TradingState
from domain.context.news import NewsEvent, NewsReading, Strength, Topic
from domain.errors import SourceUnavailable
from domain.market import Symbol
from domain.orders import Fill, Side
from domain.record.alerts import Alert, AlertCode, Severity
from interfaces.scheduler.jobs import Trigger
from interfaces.serving.events import Inbox, Lookout, is_strong
from tests.builders.execution import HandClock
from tests.builders.market import NOON
from tests.builders.runtime import NIMBO, Feed, a_runtime, headlines
from trading.bus.messages import BusTopic, Message

LATER = NOON + timedelta(minutes=5)


def an_inbox(*wanted):
    heard: list[str] = []
    return Inbox(frozenset(wanted or Trigger), heard.append), heard


def a_reading(strength=Strength.HIGH, *, suspicious=False):
    event = NewsEvent(Symbol("NIMBO"), Topic.EARNINGS, 1, strength, (0, 5))
    return NewsReading("d" * 64, "art-1", NOON, NOON, (event,), suspicious, False, "rules")


def an_alert(code):
    return Alert(Severity.WARNING, code, "odd", "key", NOON)


def test_what_nobody_wants_does_not_count():
    inbox, heard = an_inbox(Trigger.FILL)
    inbox.add(Trigger.NEWS, NOON)
    inbox.add(Trigger.FILL, NOON)
    inbox.add(Trigger.FILL, NOON)
    assert (inbox.waiting(), heard) == (((NOON, Trigger.FILL),), ["fill"]), "one event, told twice"


def test_a_cycle_uses_up_what_it_could_see():
    inbox, _ = an_inbox()
    inbox.add(Trigger.FILL, NOON)
    inbox.add(Trigger.ALERT, LATER)
    inbox.use_up(NOON)
    assert inbox.waiting() == ((LATER, Trigger.ALERT),)


@pytest.mark.parametrize(
    ("topic", "body", "found"),
    [
        pytest.param(
            BusTopic.TRADE_EXECUTED,
            Fill("f-1", "ord-1", NIMBO, Side.BUY, 1, 1, 0, NOON),  # type: ignore[arg-type]
            [Trigger.FILL],
            id="a_fill_in_another_process",
        ),
        pytest.param(BusTopic.RISK_ALERT, an_alert(AlertCode.UNPROTECTED), [Trigger.BREACH], id="a_bare_position"),
        pytest.param(BusTopic.RISK_ALERT, an_alert(AlertCode.POLICY_WAITS), [], id="nothing_to_trade_on"),
        pytest.param(BusTopic.SIGNAL_NEWS_NLP, a_reading(), [Trigger.NEWS], id="strong_news"),
        pytest.param(BusTopic.SIGNAL_NEWS_NLP, a_reading(Strength.MEDIUM), [], id="other_news"),
    ],
)
def test_what_the_bus_tells(tmp_path, topic, body, found):
    inbox, _ = an_inbox()
    with a_runtime(tmp_path) as runtime:
        inbox.listen(runtime)
        runtime.bus.publish(Message(topic, NOON, body))
    assert [trigger for _, trigger in inbox.waiting()] == found


def test_a_text_that_talks_to_machines_starts_nothing():
    assert is_strong(a_reading())
    assert not is_strong(a_reading(suspicious=True))


def test_a_stop_of_trading_is_told_once(tmp_path):
    inbox, _ = an_inbox()
    with a_runtime(tmp_path) as runtime:
        lookout = Lookout(runtime, (), inbox)
        lookout.look(NOON)
        runtime.deps.stores.control.tighten(TradingState.REDUCING, by="test", at=NOON, reason="odd")
        lookout.look(LATER)
        lookout.look(LATER + timedelta(minutes=1))
    assert inbox.waiting() == ((LATER, Trigger.BREACH),)


def test_our_own_look_reads_new_texts_once(tmp_path):
    """The texts are two hours older than noon."""
    inbox, _ = an_inbox(Trigger.NEWS)
    clock = HandClock(NOON - timedelta(minutes=118))
    with a_runtime(tmp_path, clock=clock, news=Feed(headlines(NIMBO, 2))) as runtime:
        lookout = Lookout(runtime, (NIMBO,), inbox)
        lookout.look(clock.at + timedelta(hours=1))
        assert runtime.deps.stores.news.readings_by_symbol([NIMBO], since=NOON - timedelta(days=1), as_of=NOON)[NIMBO]
        before = len(runtime.deps.stores.calls.newest_faults(99, since=None))
        lookout.look(clock.at + timedelta(hours=2))
        assert len(runtime.deps.stores.calls.newest_faults(99, since=None)) == before, "nothing is read twice"


class Forgetful(Feed):
    """Away the first time it is asked."""

    def articles(self, symbols, *, since, as_of):
        failed, self._error = self._error, None
        if failed is not None:
            raise failed
        return super().articles(symbols, since=since, as_of=as_of)


def test_what_a_failed_look_could_not_see_the_next_one_sees(tmp_path):
    inbox, _ = an_inbox(Trigger.NEWS)
    told_at = NOON - timedelta(minutes=2)
    news = Forgetful(
        [
            replace(each, headline="NIMBO beats: record sales", published_at=told_at, first_seen_at=told_at)
            for each in headlines(NIMBO, 1)
        ],
        SourceUnavailable("the feed is away"),
    )
    with a_runtime(tmp_path, clock=HandClock(NOON), news=news) as runtime:
        lookout = Lookout(runtime, (NIMBO,), inbox)
        lookout.look(NOON)
        assert inbox.waiting() == ()
        lookout.look(NOON + timedelta(minutes=6))
    assert inbox.waiting() == ((told_at, Trigger.NEWS),)
