"""A webhook: the service brings each update to an address of ours, and brings it again until we say that we have it.

    taken away -> what came meanwhile is polled -> set -> looked at every few seconds -> taken away at the end

What is brought passes the same inbox, authoriser and workers as what is polled; a kill is pulled by the thread that
reads it. What was brought late, after an outage, is told by the service's own count of what waits.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from domain.ports import Clock
from interfaces.telegram_bot.answering import LONGEST_AGE
from interfaces.telegram_bot.hearing.brought import Hook, listening
from interfaces.telegram_bot.hearing.polling import Polling
from interfaces.telegram_bot.hearing.ways import AWAY, FIRST_WAIT_S, LONGEST_WAIT_S, Hearer
from interfaces.telegram_bot.line import Line, TooFast

LOOK_S = 20.0
_log = logging.getLogger(__name__)


class Webhook:
    """Hearing by a webhook; ``listening`` it first."""

    def __init__(self, hook: Hook, line: Line, clock: Clock, *, look_s: float = LOOK_S) -> None:
        self._hook = hook
        self._line = line
        self._clock = clock
        self._look_s = look_s
        self._hearer: Hearer | None = None
        self._doubt = True
        self._looked_at = clock.now()
        self._error_at: datetime | None = None

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Listen for the length of the block; until the bot is there everything is to be brought again."""
        with listening(self._hook, self._heard) as address:
            yield address

    def open(self, hearer: Hearer) -> None:
        """From now on kills are pulled, and everything else as soon as the service was greeted."""
        self._hearer = hearer

    def hear(self, hearer: Hearer, stop: threading.Event) -> None:
        """Set the webhook, see that it stays set, and take it away at the end."""
        try:
            Polling(self._line, self._clock).drain(hearer, stop)
            self._set(stop)
            while not stop.wait(self._look_s):
                self._look()
                hearer.look_again()
        finally:
            # Deaf first: what is brought from now on is refused, and brought again to whoever comes next.
            self._hearer = None
            with suppress(*AWAY):
                self._line.unhook()

    def _heard(self, update: object) -> bool:
        hearer = self._hearer
        return hearer is not None and hearer.heard(update, stale=self._may_be_old())

    def _may_be_old(self) -> bool:
        """Whether what comes now may have lain at the service while it could not reach us, or we not it."""
        return self._doubt or self._clock.now() - self._looked_at > LONGEST_AGE

    def _set(self, stop: threading.Event) -> None:
        wait_s = FIRST_WAIT_S
        while not stop.is_set():
            try:
                self._line.hook(self._hook.url, self._hook.secret)
            except TooFast as limited:
                stop.wait(limited.seconds)
            except AWAY as error:
                _log.warning("the webhook is not set: %s", error)
                stop.wait(wait_s)
                wait_s = min(LONGEST_WAIT_S, wait_s * 2)
            else:
                self._doubt, self._looked_at = False, self._clock.now()
                _log.info("updates are brought to %s", self._hook.url)
                return

    def _look(self) -> None:
        """Whether the webhook is still ours, and whether the service reaches it."""
        try:
            found = self._line.hooked()
            if found.url != self._hook.url:
                _log.warning("somebody has changed the webhook of this bot: it is set again")
                self._line.hook(self._hook.url, self._hook.secret)
        except AWAY as error:
            self._doubt = True
            _log.warning("the webhook cannot be looked at: %s", type(error).__name__)
            return
        failed = found.error_at is not None and found.error_at != self._error_at
        if failed:
            _log.warning("Telegram does not reach the webhook: %s", found.error)
        self._error_at = found.error_at
        self._doubt = found.pending > 0 and (self._doubt or failed)
        self._looked_at = self._clock.now()
