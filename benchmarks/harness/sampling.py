"""A sampling profiler over all threads: where the time goes, without slowing small functions down more than large ones.

Every millisecond another thread looks at the stack of each running thread; threads that wait for work are passed over,
and a moment is shared among those that run. What a line waits for (the disk, the interpreter lock) counts as its own.
"""

from __future__ import annotations

import re
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from harness.report import Row

Moments = dict[str, float]
ROOT = Path(__file__).resolve().parents[2]
EVERY_S = 0.001
_WAITS = {("threading.py", "wait"), ("thread.py", "_worker"), ("_base.py", "result"), ("threading.py", "join")}


@dataclass
class Profile:
    """Moments by function: ``own`` where it was running itself, ``below`` also where something it called was."""

    own: Moments = field(default_factory=lambda: defaultdict(float))
    below: Moments = field(default_factory=lambda: defaultdict(float))
    moments: float = 0

    def top(self, count: int, moments: Moments, inside: tuple[str, ...] = ("",)) -> list[Row]:
        """The functions with most moments, in percent of all; ``inside`` keeps those whose place begins so."""
        kept = [
            (name, share)
            for name, share in sorted(moments.items(), key=lambda each: -each[1])
            if name.startswith(inside)
        ]
        return [{"function": name, "share %": round(100 * share / self.moments, 1)} for name, share in kept[:count]]


@contextmanager
def sampled(profile: Profile) -> Iterator[Profile]:
    """Sample everything but the calling thread's profiler while the block runs."""
    stop = threading.Event()
    watcher = threading.Thread(target=_watch, args=(profile, stop), daemon=True)
    before = sys.getswitchinterval()
    # A thread keeps the interpreter for 5 ms by default, and the watcher would look that seldom.
    sys.setswitchinterval(EVERY_S / 2)
    watcher.start()
    try:
        yield profile
    finally:
        stop.set()
        watcher.join()
        sys.setswitchinterval(before)


def _watch(profile: Profile, stop: threading.Event) -> None:
    own = threading.get_ident()
    while not stop.wait(EVERY_S):
        frames = [frame for thread, frame in sys._current_frames().items() if thread != own]
        running = [frame for frame in frames if not _waits(frame)]
        for frame in running:
            _count(profile, frame, 1 / len(running))


def _waits(frame: FrameType) -> bool:
    return (Path(frame.f_code.co_filename).name, frame.f_code.co_name) in _WAITS


def _count(profile: Profile, frame: FrameType, share: float) -> None:
    profile.moments += share
    profile.own[_name(frame)] += share
    seen: set[str] = set()
    above: FrameType | None = frame
    while above is not None:
        seen.add(_name(above))
        above = above.f_back
    # Once a stack, however deep a function calls itself, or its share would pass 100 %.
    for name in seen:
        profile.below[name] += share


def _name(frame: FrameType) -> str:
    """``file:function``, told from the package or the root of the project on."""
    path = frame.f_code.co_filename.rpartition("site-packages/")[2].removeprefix(f"{ROOT}/")
    return f"{re.sub(r'^.*/lib/python3[.0-9]*/', '', path)}:{frame.f_code.co_name}"
