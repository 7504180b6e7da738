"""A cycle in a home of two brokers, one of which takes every question and answers none."""

import socket
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.clock import SystemClock
from domain.errors import OversightError
from domain.orders import OrderStatus, Side
from interfaces.acting import slicing
from interfaces.acting.slicing import SliceRequest
from interfaces.scheduler.jobs import JobKind
from interfaces.serving.vitals import Vitals
from interfaces.serving.work import WORK, Worker
from tests.builders.alpaca import DEADLINE_S, a_config
from tests.builders.execution import HandClock
from tests.builders.runtime import KORVA, LEAVING, a_cycle, a_runtime, entries_of
from trading.execution.algos.base import AlgoKind
from trading.execution.brokers.alpaca.broker import AlpacaBroker
from trading.execution.brokers.several.route import place_of

TWO = "paper:a,paper:b"


class Silence:
    """Listens, and never says a word; ``asked`` counts the questions that have come."""

    def __init__(self, listening: socket.socket, stack: ExitStack) -> None:
        self._listening, self._stack, self._count = listening, stack, 0
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.setblocking(False)

    @property
    def asked(self) -> int:
        """How many questions wait for their answer, or waited in vain."""
        while True:
            try:
                self._stack.enter_context(self._listening.accept()[0])
            except BlockingIOError:
                return self._count
            self._count += 1


@contextmanager
def a_silence():
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening, ExitStack() as stack:
        yield Silence(listening, stack)


def silenced(runtime, clock, silence):
    """Put a broker that hangs in the place of the second one."""
    first, second = runtime.deps.broker._broker.seats
    office, control = first.broker._office, runtime.deps.stores.control
    config = a_config(silence)
    second.broker = AlpacaBroker(config, clock, office, control, deadline_s=DEADLINE_S)


@pytest.mark.parametrize("job", [JobKind.RECONCILE, JobKind.ALGO_STEP, JobKind.REPORT])
def test_a_job_of_the_service_waits_for_who_hangs_once_too(tmp_path, job):
    clock = HandClock()
    with a_silence() as silence, a_runtime(tmp_path, clock=clock, broker=TWO, start_cash=50_000) as runtime:
        a_cycle(runtime, KORVA)
        sold = SliceRequest(AlgoKind.TWAP, KORVA, Side.SELL, Decimal(40), timedelta(minutes=30), reduce_only=True)
        slicing.start(runtime, sold)
        silenced(runtime, clock, silence)
        clock.wait(minutes=2)
        nobody: Any = None  # neither an inbox nor a run: these jobs ask neither
        worker = Worker(runtime, (KORVA,), Vitals(SystemClock(), lambda: False), nobody, lambda: False)
        for minutes in range(1, 3):
            with suppress(OversightError):  # the comparison ends with the first silence
                WORK[job](worker, nobody, lambda: None)
            assert silence.asked == minutes


def test_an_exit_by_rule_goes_out_in_the_cycle_and_who_hangs_is_waited_for_once(tmp_path):
    clock = HandClock()
    with a_runtime(tmp_path, clock=clock, broker=TWO, start_cash=50_000) as runtime:
        a_cycle(runtime, KORVA)
        (held,) = entries_of(runtime)
        assert (held.status, place_of(held.broker_id or "")) == (OrderStatus.FILLED, "paper:a")
    clock.at = LEAVING
    with a_silence() as silence, a_runtime(tmp_path, clock=clock, broker=TWO, start_cash=50_000) as runtime:
        silenced(runtime, clock, silence)
        report = a_cycle(runtime, KORVA)
        (order,) = report.orders
        assert (order.symbol, order.side) == (KORVA, Side.SELL)
        assert order.filled_qty > 0
        assert silence.asked == 1, "the time limit is paid once"
        assert "paper:b does not answer" in report.degraded
        a_cycle(runtime, KORVA)
        assert silence.asked == 2, "the next cycle asks again"
