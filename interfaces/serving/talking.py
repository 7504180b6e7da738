"""Talking beside the lanes of the service, or alone: ``sage telegram`` answers and runs no timetable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from domain.errors import ConfigurationError
from domain.market import Symbol
from interfaces.runtime import Runtime
from interfaces.serving.life import Life

if TYPE_CHECKING:
    from interfaces.service import Service  # which offers this use case among the others

LOOK_S = 1.0


@contextmanager
def talking(service: Service, runtime: Runtime, universe: tuple[Symbol, ...], life: Life) -> Iterator[None]:
    """Answer for the length of the block, where there is a bot and it is wanted."""
    talks = runtime.duties.talks if life.talks else None
    if talks is None:
        yield
        return
    told = talks.pairing(runtime)
    if told:
        life.tell(told)
    with talks.over(service, runtime, universe).running(life.stop):
        yield


def talk(service: Service, runtime: Runtime, universe: tuple[Symbol, ...], life: Life) -> None:
    """Answer until told to stop, and nothing else."""
    if runtime.duties.talks is None:
        raise ConfigurationError("no bot is named", "Set TELEGRAM_BOT_TOKEN to the token that @BotFather told you.")
    with talking(service, runtime, universe, life):
        life.tell("answering by Telegram; Ctrl-C ends")
        life.stop.wait(None if life.lasting is None else life.lasting.total_seconds())
