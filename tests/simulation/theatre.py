"""Processes that act one after the other on one state, and die where they are told to.

``Fills`` is a play before one broker, ``Fills/HolderSilent`` the same before two (``homes.py``).
"""

from __future__ import annotations

import gc
import os
import signal
import traceback
from typing import NamedTuple, NoReturn

from tests.builders.execution import House
from tests.builders.market import NOON
from tests.simulation.crashing import Act, Play, Watch, over_one
from tests.simulation.homes import over_two
from tests.simulation.stage import Stage


class Case(NamedTuple):
    """A behaviour of the broker and where the first and the second process die; None lets one live."""

    behaviour: str
    first: str | None = None
    second: str | None = None


def play_of(behaviour: str) -> Play:
    """What a behaviour is played as."""
    told, _, home = behaviour.partition("/")
    return over_two(told, home) if home else over_one(told)


class Theatre:
    """A stage and, made once and never used here, what a process has before it first asks its database.

    A process forks off with all of it in its memory and connects; whatever it does to it dies with it.
    """

    def __init__(self, stage: Stage, behaviour: str) -> None:
        self.stage = stage
        self.behaviour = behaviour
        self.watch = Watch()
        self.play = play_of(behaviour)
        stage.restore()
        self._house = self.play.made(stage.place, self.watch, self.play.acts[0])
        self._house.database.close()

    def acts(self, act: Act, *, kill_at: str | None = None, record: bool = False) -> Acted:
        """Let one process act on the state that is there; what it tells is what it passed, or what went wrong."""
        told, write = os.pipe()
        child = os.fork()
        if child == 0:
            self._act(act, Watch(kill_at, [] if record else None), write)
        os.close(write)
        with os.fdopen(told, encoding="utf-8") as answer:
            lines = tuple(answer.read().splitlines())
        return Acted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), lines)

    def _act(self, act: Act, watch: Watch, write: int) -> NoReturn:
        code = 1
        try:
            gc.disable()  # it would walk through everything that the parent has, and so copy it
            house = self._house_of(act)
            self.watch.become(watch)
            wrong = act.step(house) or ()
            os.write(write, "\n".join((*wrong, *(self.watch.record or ()))).encode())
            code = 0
        except BaseException:  # noqa: BLE001  # whatever it was, the parent goes on and is told
            os.write(write, traceback.format_exc().encode())
        finally:
            os._exit(code)

    def _house_of(self, act: Act) -> House:
        if self.play.anew:
            return self.play.made(self.stage.place, self.watch, act)
        self._house.clock.at = NOON + act.since
        return self._house


class Acted(NamedTuple):
    """How a process ended, as its exit code or negative for a signal, and its lines."""

    code: int
    lines: tuple[str, ...]


class Outcome(NamedTuple):
    """What is wrong after a case, empty where nothing is, and how many processes died in it."""

    wrong: tuple[str, ...]
    kills: int


def run(stage: Stage, case: Case) -> Outcome:
    """All phases of one case from start to end, without any short cut."""
    theatre = Theatre(stage, case.behaviour)
    deaths = (case.first, case.second)
    # The third act is for those who explore three deaths; here the end follows the second.
    codes = [theatre.acts(act, kill_at=point).code for act, point in zip(theatre.play.acts, deaths, strict=False)]
    wrong = [
        f"a process that was to die at {point} ended with {code}"
        for point, code in zip(deaths, codes, strict=True)
        if code != (0 if point is None else -signal.SIGKILL)
    ]
    return Outcome((*wrong, *theatre.acts(theatre.play.finish).lines), codes.count(-signal.SIGKILL))
