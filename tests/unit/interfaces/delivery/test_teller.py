"""The teller over a real home: what is on record becomes messages once, whoever wrote it and whoever died meanwhile."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.case import TradingState
from domain.errors import RetryableError
from interfaces.delivery.post import Post
from interfaces.delivery.teller import Teller
from interfaces.service import Service
from tests.builders.execution import HandClock
from tests.builders.market import NOON
from tests.builders.runtime import KORVA, OSTRE, a_cycle, a_policy, a_runtime
from trading.store.messages.message import Kind

OPS = "slack:ops"


@pytest.fixture
def runtime(tmp_path, clock):
    with a_runtime(tmp_path / "home", clock=clock) as made:
        yield made


def post_over(runtime):
    return Post(runtime.duties.telling.outbox, runtime.duties.telling.tellings, lambda: (OPS,))


def a_teller(runtime, wall):
    return Teller(runtime, post_over(runtime), wall)


def told(runtime, *kinds):
    found = runtime.duties.telling.outbox.newest(99, kinds=kinds or tuple(Kind))
    return [letter.message.plain.partition("\n")[0] for letter in reversed(found)]


def halt(runtime, reason="daily loss"):
    runtime.deps.stores.control.tighten(TradingState.HALTED, by="gates", at=NOON, reason=reason)


def test_an_alert_is_told_once_however_often_and_by_however_many_it_is_looked_at(runtime):
    wall = HandClock()
    pair = [a_teller(runtime, wall), a_teller(runtime, wall)]
    for each in pair:
        each.look()
    halt(runtime)
    for each in (*pair, *pair):
        each.look()
    assert told(runtime, Kind.CRITICAL) == ["HALTED: no order leaves until you resume"]


def test_what_came_on_record_while_nobody_was_there_is_told_by_the_next_one(runtime):
    a_teller(runtime, HandClock()).look()
    halt(runtime)
    a_teller(runtime, HandClock(NOON + timedelta(hours=3))).look()
    assert told(runtime, Kind.CRITICAL) == ["HALTED: no order leaves until you resume"]


def test_a_home_that_is_told_about_for_the_first_time_begins_with_what_is_open(runtime):
    a_cycle(runtime, KORVA)
    halt(runtime)
    a_teller(runtime, HandClock()).look()
    assert told(runtime) == ["HALTED: no order leaves until you resume"]


def test_a_look_that_fails_half_way_tells_nothing_and_the_next_one_tells_everything(runtime):
    teller = a_teller(runtime, HandClock())
    teller.look()
    halt(runtime)

    def nobody():
        raise RetryableError("the addresses cannot be read")

    broken = Teller(runtime, post_over(runtime)._replace(addresses=nobody), HandClock())
    with pytest.raises(RetryableError):
        broken.read_on(NOON)
    assert told(runtime) == []
    teller.look()
    assert told(runtime) == ["HALTED: no order leaves until you resume"]


def test_a_cycle_tells_its_trades_its_requests_and_itself(runtime):
    wall = HandClock()
    teller = a_teller(runtime, wall)
    teller.look()
    a_cycle(runtime, KORVA, OSTRE)
    wall.wait(minutes=2)
    teller.look()
    (trade,) = runtime.duties.telling.outbox.newest(9, kinds=(Kind.TRADE,))
    assert trade.message.plain.startswith("Bought ")
    assert trade.message.plain.count("\n") >= 2, "what it bought, its stop, and the one line why"
    (wanted,) = runtime.duties.telling.outbox.newest(9, kinds=(Kind.APPROVAL,))
    (request,) = runtime.deps.stores.approvals.open(NOON)
    assert [button.label for row in wanted.message.buttons for button in row] == [
        "Approve", "Reject", "Halve", "Explain",
    ]  # fmt: skip
    assert wanted.message.buttons[0][0].callback == f"approve:{request.pending_id}"
    assert len(post_over(runtime).outbox.held(OPS)) == 1, "the cycle waits for the digest"


def test_a_resume_by_the_owner_acknowledges_what_was_critical(runtime):
    wall = HandClock()
    teller = a_teller(runtime, wall)
    teller.look()
    halt(runtime)
    teller.look()
    service = Service(runtime)
    service.resume("global", "", service.resume_plan())
    teller.look()
    assert runtime.duties.telling.outbox.unanswered(since=NOON) == ()


class Dead:
    """A broker that answers nothing while it is ``away``."""

    def __init__(self, broker):
        self._broker = broker
        self.away = False

    def __getattr__(self, name):
        if self.away:
            raise RetryableError("the broker does not answer")
        return getattr(self._broker, name)


def test_a_broker_that_goes_and_comes_back_is_told_after_two_looks_each(tmp_path):
    wall = HandClock()
    with a_runtime(tmp_path / "home") as made:
        broker = Dead(made.deps.broker)
        runtime = replace(made, deps=replace(made.deps, broker=broker))
        teller = a_teller(runtime, wall)
        heard = []
        for broker.away in (False, False, True, False, True, True, True, False, False):
            wall.wait(minutes=1)
            teller.look()
            heard.append(len(told(runtime, Kind.FAILURE)))
        assert heard == [0, 0, 0, 0, 0, 1, 1, 1, 2]
        assert told(runtime, Kind.FAILURE) == ["broker paper does not answer", "broker paper answers again"]


def test_limits_that_are_close_are_told_once_a_day(tmp_path):
    wall = HandClock()
    with a_runtime(tmp_path / "home", policy=a_policy(tmp_path, min_cash_reserve_pct=80)) as runtime:
        a_cycle(runtime, KORVA)
        teller = a_teller(runtime, wall)
        for _ in range(3):
            wall.wait(minutes=1)
            teller.look()
        (close,) = runtime.duties.telling.outbox.newest(9, kinds=(Kind.HEADROOM,))
        assert "C15_pct" in close.message.plain
