"""Talking beside the lanes of the service, or alone: ``sage telegram`` answers and runs no timetable."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from domain.clock import SystemClock
from domain.errors import ConfigurationError, OversightError
from domain.market import Symbol
from interfaces.runtime import SAID_KEPT, Runtime
from interfaces.serving.life import Life

TIDY_EVERY = timedelta(days=1)
_log = logging.getLogger(__name__)


@contextmanager
def talking(runtime: Runtime, universe: tuple[Symbol, ...], life: Life) -> Iterator[None]:
    """Answer for the length of the block, where there is a bot and it is wanted."""
    talks = runtime.duties.talks if life.talks else None
    if talks is None:
        yield
        return
    told = talks.pairing(runtime)
    if told:
        life.tell(told)
    with talks.over(runtime, universe).running(life.stop):
        yield


def talk(runtime: Runtime, universe: tuple[Symbol, ...], life: Life) -> None:
    """Answer until told to stop, and nothing else."""
    if runtime.duties.talks is None:
        raise ConfigurationError("no bot is named", "Set TELEGRAM_BOT_TOKEN to the token that @BotFather told you.")
    with talking(runtime, universe, life):
        life.tell("answering by Telegram; Ctrl-C ends")
        left = life.lasting
        while not life.stop.is_set() and (left is None or left > timedelta(0)):
            tidied(runtime)
            step = TIDY_EVERY if left is None else min(left, TIDY_EVERY)
            life.stop.wait(step.total_seconds())
            left = None if left is None else left - step


def tidied(runtime: Runtime) -> None:
    """Forget what was said long ago, as the maintenance of `sage run` does; a database that is away can wait a day."""
    try:
        runtime.duties.telling.outbox.prune(SystemClock().now() - SAID_KEPT)
    except OversightError as error:
        _log.warning("old messages are not forgotten: %s", error)
