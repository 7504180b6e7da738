"""A process to be killed in the middle of its ``at``-th model call: a cycle that asks every role, then learning.

python killed_at_call.py HOME AT
"""

import os
import signal
import threading
from datetime import timedelta
from decimal import Decimal

from agents.llm import ModelReply, ModelRequest
from domain.errors import SourceUnavailable
from interfaces.service import Service
from tests.builders.agents import an_article
from tests.builders.execution import HandClock
from tests.builders.runtime import (
    GLIMR,
    GONE,
    VERDA,
    Feed,
    ShiftedMarket,
    SpyModel,
    a_cycle,
    a_runtime,
    at_the_broker,
    the_market,
)

MOMENT = GONE + timedelta(days=1)
"""By then KORVA was bought and sold again, so that there is something to learn."""
SEEN = MOMENT - timedelta(hours=2)
NEWS = Feed(
    tuple(
        an_article(f"GLIMR beats estimates, take {n}", article_id=f"art-{n}", symbols=(GLIMR,), published_at=SEEN,
                   first_seen_at=SEEN)
        for n in range(3)
    )
)  # fmt: skip


class LameMarket(ShiftedMarket):
    """A dear GLIMR that strategies propose, and no bars of VERDA, which the monitor is asked about."""

    def __init__(self):
        super().__init__(the_market(), GLIMR=Decimal("1.5"))

    def bars(self, symbol, timeframe, *, as_of, limit):
        """The history, of all but one."""
        if symbol == VERDA:
            raise SourceUnavailable("no bars of VERDA today")
        return the_market().bars(symbol, timeframe, as_of=as_of, limit=limit)


class Doomed(SpyModel):
    """Answers as the rules do; its ``at``-th question is the last thing its process hears."""

    def __init__(self, at):
        super().__init__()
        self._at, self._heard, self._guard = at, 0, threading.Lock()

    def complete(self, request: ModelRequest) -> ModelReply:
        """Answer, or die with everybody else in this process."""
        with self._guard:
            self._heard += 1
            if self._heard == self._at:
                os.kill(os.getpid(), signal.SIGKILL)
        return super().complete(request)


def live(home, model):
    """The cycle, unless it is finished, and what is learned after it: what is held, what was learned, every call."""
    with a_runtime(
        home, clock=HandClock(MOMENT), model=model, market=LameMarket(), news=NEWS, concurrency=1
    ) as runtime:
        last = runtime.deps.stores.cycles.last("paper")
        if last.as_of != MOMENT or last.finished_at is None:
            a_cycle(runtime, GLIMR, VERDA)
        learned = Service(runtime).learn()
        assert runtime.deps.stores.ledger.verify().ok
        return at_the_broker(runtime), learned.calibration, runtime.deps.stores.calls.since(MOMENT)


def doom(home, at):
    """Live until the ``at``-th question."""
    live(home, Doomed(at))
