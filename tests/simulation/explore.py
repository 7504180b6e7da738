"""Every death at every point, and again at every point of what follows, for one behaviour of a broker.

What a process does follows from what the one before left behind. So every point of the first one kills a real process;
deaths that left the same rows and files are one state from there on. A state changes at a commit, at the anchor file
and at the broker, and that it changes nowhere else is checked by the first deaths; so from each state the next process
is killed right after each such change. What all these deaths left is worked off by a process that lives, and judged.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass, field

from tests.simulation.crashing import CHANGES, Act
from tests.simulation.stage import Kept, Stage
from tests.simulation.theatre import Theatre


@dataclass
class State:
    """What was left behind, one way there (None: that process lived), and in how many ways one gets there."""

    kept: Kept
    way: tuple[str | None, ...] = ()
    ways: int = 1


@dataclass
class Explored:
    """What was tried: points that a process passed first, ways to die, processes killed, ends that were judged."""

    behaviour: str
    points: int = 0
    ways: int = 0
    kills: int = 0
    judged: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Explored) -> None:
        """Both together."""
        self.points += other.points
        self.ways += other.ways
        self.kills += other.kills
        self.judged += other.judged
        self.wrong += other.wrong


def explore(
    stage: Stage, behaviour: str, *, deaths: int = 2, begun: dict[str, dict[str, State]] | None = None
) -> Explored:
    """All ways to die up to ``deaths`` times, one death a process.

    ``begun`` keeps what the first deaths left: plays that begin alike go on from there.
    """
    theatre, told = Theatre(stage, behaviour), Explored(behaviour)
    play, begun = theatre.play, {} if begun is None else begun
    stage.restore()
    states = {stage.mark(): State(stage.keep())}
    for number, act in enumerate(play.acts[: max(deaths, play.least)]):
        if number == 0 and play.begins in begun:
            states = begun[play.begins]
            continue
        left: dict[str, State] = {}
        for state in states.values():
            died(theatre, state, act, left, told, everywhere=number == 0, dies=number < deaths)
        states = left
        if number == 0:
            begun[play.begins] = states
    told.ways = sum(state.ways for state in states.values())
    for state in states.values():
        stage.restore(state.kept)
        told.judged += 1
        wrong = theatre.acts(play.finish).lines
        if wrong:
            named = ",".join(point or "" for point in state.way)
            told.wrong.append(f"--only '{behaviour},{named}': {'; '.join(wrong)}")
    return told


def died(
    theatre: Theatre, state: State, act: Act, left: dict[str, State], told: Explored, *, everywhere: bool, dies: bool
) -> None:
    """Run ``act`` on the state: once to its end, and, where it ``dies``, once for each point that it passed."""
    theatre.stage.restore(state.kept)
    acted = theatre.acts(act, record=True)
    if acted.code:
        told.wrong.append(f"{told.behaviour}: {(*state.way, None)} ended with {acted.code}: {acted.lines[-1:]}")
    noted(theatre, state, None, left)
    passed = acted.lines if dies else ()
    told.points = told.points or len(passed)
    last = ""
    for point in passed:
        may_change = not last or CHANGES.match(point) is not None
        if not may_change and not everywhere:
            left[last].ways += state.ways  # dead here or right after the last change: what is left is the same
            continue
        theatre.stage.restore(state.kept)
        code = theatre.acts(act, kill_at=point).code
        told.kills += code == -signal.SIGKILL
        if code != -signal.SIGKILL:
            told.wrong.append(f"{told.behaviour}: {(*state.way, point)} ended with {code}")
        # A state that changed where nothing should be able to change it would make the short cut above wrong.
        mark = noted(theatre, state, point, left)
        if mark != last and not may_change:
            told.wrong.append(f"{told.behaviour}: what outlives the process has changed before {point}, unseen")
        last = mark


def noted(theatre: Theatre, state: State, point: str | None, left: dict[str, State]) -> str:
    """The mark of the state that is there now: it is new, or there is one more way to it."""
    mark = theatre.stage.mark()
    if mark in left:
        left[mark].ways += state.ways
    else:
        left[mark] = State(theatre.stage.keep(), (*state.way, point), state.ways)
    return mark
