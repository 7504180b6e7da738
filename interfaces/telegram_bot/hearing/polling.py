"""Long polling: updates are asked for, and asking on confirms those before.

    poll -> handed over with the offset -> written down -> poll on from there

What the first polls bring lay at the service while nobody was there, until one brings less than a full batch; so does
what comes after an outage. A press among it has no time of its own and counts as old.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import wait
from contextlib import suppress
from typing import Any

from telegram.error import Conflict

from domain.errors import OversightError
from domain.ports import Clock
from interfaces.telegram_bot.answering import LONGEST_AGE
from interfaces.telegram_bot.hearing.ways import AWAY, FIRST_WAIT_S, FULL_BATCH, LONGEST_WAIT_S, Hearer
from interfaces.telegram_bot.line import Line, TooFast

POLL_S = 25
KILL_LOOK_S = 0.5
"""How often kills are looked for while what came with them cannot be written down."""
_log = logging.getLogger(__name__)


class Polling:
    """The usual way; it needs no address that the world can reach."""

    def __init__(self, line: Line, clock: Clock, *, poll_s: int = POLL_S) -> None:
        self._line = line
        self._clock = clock
        self._poll_s = poll_s

    def open(self, hearer: Hearer) -> None:
        """Nothing comes by itself."""

    def hear(self, hearer: Hearer, stop: threading.Event) -> None:
        """Poll until told to stop."""
        self.unhook()
        self._poll(hearer, stop, drain=False)

    def drain(self, hearer: Hearer, stop: threading.Event) -> None:
        """Poll until nothing is left that came while nobody was there."""
        self.unhook()
        self._poll(hearer, stop, drain=True)

    def unhook(self) -> None:
        """Take a webhook away that an earlier start has left: beside one nobody may poll."""
        with suppress(*AWAY):
            self._line.unhook()

    def _poll(self, hearer: Hearer, stop: threading.Event, *, drain: bool) -> None:
        stale, wait_s, offset, heard = True, FIRST_WAIT_S, hearer.offset(), self._clock.now()
        while not stop.is_set() and (stale or not drain):
            try:
                found = self._line.updates(offset, 0 if stale else self._poll_s, stop)
                now, before = self._clock.now(), offset
                stale = stale or now - heard > LONGEST_AGE  # an outage, or the machine was asleep
                offset = self._taken(hearer, found, offset, stop, stale=stale)
                hearer.look_again()
                stale, wait_s, heard = stale and len(found) >= FULL_BATCH, FIRST_WAIT_S, now
                if found and offset == before:
                    stop.wait(wait_s)  # nothing but what cannot even be confirmed: it comes again at once
            except Conflict as conflict:
                self._shared(conflict)
                stop.wait(LONGEST_WAIT_S / 6)
            except TooFast as limited:
                stop.wait(limited.seconds)
            except OversightError as error:
                _log.warning("updates: %s", error)
                stop.wait(FIRST_WAIT_S)  # no longer, because the next kill comes with what could not be written down
            except AWAY as error:
                _log.warning("updates: %s", type(error).__name__)
                stop.wait(wait_s)
                wait_s = min(LONGEST_WAIT_S, wait_s * 2)

    def _taken(self, hearer: Hearer, found: Sequence[Any], offset: int, stop: threading.Event, *, stale: bool) -> int:
        """While a database keeps a batch waiting, kills are heard all the same."""
        taking = hearer.taking(found, offset, stale=stale)
        while not wait([taking], KILL_LOOK_S).done and not stop.is_set():
            with suppress(*AWAY):
                hearer.pull_kills(self._line.updates(offset, 0, stop))
        return taking.result()

    def _shared(self, conflict: Conflict) -> None:
        if "webhook" not in str(conflict).lower():
            _log.warning("another bot asks with the same token; only one of them is handed each update")
            return
        _log.warning("a webhook is set for this bot, and the settings say polling: it is taken away")
        self.unhook()
