"""Delivering what is in the outbox: one thread a carrier, so that a mail server that hangs holds up no chat.

    nudged, or a second later -> claim the next message -> carry it -> write down what became of it -> until none is due

Several processes may deliver from one outbox; whoever claims a message carries it.
"""

from __future__ import annotations

import html
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from domain.errors import OversightError
from domain.ports import Clock
from trading.store.messages.message import Carrier, Message
from trading.store.messages.outbox import Letter, OutboxStore, Rate

LOOK_S = 1.0
"""How often a thread looks by itself: for what other processes have put, and for what is to be tried again."""
PACES: Mapping[str, Rate] = {
    "telegram": Rate(1.0, 20),  # a chat takes about one a second, and a short burst
    "slack": Rate(1.0, 5),
    "mail": Rate(1.0, 30),
}
"""What each carrier lets through to one recipient."""
ANY_PACE = Rate(1.0, 10)
PERHAPS_TWICE = "Perhaps a repetition: the answer to the first attempt was lost."
_log = logging.getLogger(__name__)


class Deliverer:
    """The outbox, emptied by the carriers of this process; what no carrier here can take is left to another one's."""

    def __init__(
        self,
        outbox: OutboxStore,
        carriers: Sequence[Carrier],
        clock: Clock,
        *,
        paces: Mapping[str, Rate] = PACES,
        look_s: float = LOOK_S,
    ) -> None:
        self._outbox = outbox
        self._carriers = tuple(carriers)
        self._clock = clock
        self._paces = paces
        self._look_s = look_s
        self._awake = {carrier.name: threading.Event() for carrier in carriers}

    @property
    def carriers(self) -> tuple[str, ...]:
        """The carriers by name."""
        return tuple(self._awake)

    def nudge(self) -> None:
        """Something was put: look now."""
        for event in self._awake.values():
            event.set()

    def deliver_due(self, now: datetime) -> int:
        """Carry everything that is due now, on this thread; how many arrived."""
        return sum(self._empty(carrier, lambda: now, lambda: False) for carrier in self._carriers)

    @contextmanager
    def running(self, *, broken: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Deliver for the length of the block; what is under way at its end comes to its end.

        A thread that meets what nobody expected says that it is ``broken``, and the end of the block raises it.
        """
        over = threading.Event()
        with ThreadPoolExecutor(max(1, len(self._carriers)), thread_name_prefix="deliver") as pool:
            working = [pool.submit(self._live, carrier, over, broken) for carrier in self._carriers]
            try:
                yield
            finally:
                over.set()
                self.nudge()
        for each in working:
            each.result()

    def _live(self, carrier: Carrier, over: threading.Event, broken: Callable[[], None]) -> None:
        awake = self._awake[carrier.name]
        try:
            while not over.is_set():
                awake.clear()  # before the look: a nudge that comes while it lasts is not lost
                try:
                    self._empty(carrier, self._clock.now, over.is_set)
                except OversightError as error:
                    _log.warning("%s: %s", carrier.name, error)
                if not over.is_set():
                    awake.wait(self._look_s)
        finally:
            if not over.is_set():
                broken()

    def _empty(self, carrier: Carrier, now: Callable[[], datetime], stopping: Callable[[], bool]) -> int:
        """Until nothing is due; every message is a round of its own, so a stop waits for one attempt at most."""
        arrived, pace = 0, self._paces.get(carrier.name, ANY_PACE)
        while not stopping():
            letter = self._outbox.claim(carrier.name, now(), pace)
            if letter is None:
                break
            receipt = carrier.carry(worded(letter))
            if not receipt.sent:
                _log.warning("%s did not take a message: %s", carrier.name, receipt.words)
            # A crash before this leaves the claim: whoever finds it sends again and says so (decision 0015).
            self._outbox.settle(letter, receipt, now())
            arrived += receipt.sent
        return arrived


def worded(letter: Letter) -> Message:
    """The message as it is sent; one that may have arrived already says so. An edit does no harm twice."""
    message = letter.message
    if not letter.doubtful or message.replaces:
        return message
    return replace(
        message,
        html=f"{message.html}\n<i>{html.escape(PERHAPS_TWICE)}</i>",
        plain=f"{message.plain}\n{PERHAPS_TWICE}",
    )
