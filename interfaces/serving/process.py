"""This process by a name that no other one ever has, and how to tell that another one is gone.

``host:number:birth``. The birth is the kernel's own count at which a process began, so that a number that is used again
is no sign of life of its former owner. What runs on another machine cannot be told: its leases have to run out.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

from trading.store.scheduling.leases import Process

_DEAD = frozenset("ZXx")
_BEGAN = 19
"""Place of the starting time behind the name in ``/proc/PID/stat`` (field 22, see proc(5))."""


def this_process() -> Process:
    """This process."""
    return Process(name_of(platform.node(), os.getpid()), is_gone)


def name_of(host: str, number: int) -> str:
    """The name of a process of this machine."""
    return f"{host}:{number}:{_stat(number)[1]}"


def is_gone(name: str) -> bool:
    """True only where that is certain: it ran on this machine, and its number is free or somebody else's."""
    host, number, born = _parts(name)
    if host != platform.node() or not number.isdecimal():
        return False
    try:
        # Signal 0 is sent to nobody; it only asks whether somebody is there.
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    # There, but another user's; or a number that no kernel gives, which proves nothing.
    except (PermissionError, OverflowError):
        return False
    state, now = _stat(int(number))
    # Dead, but nobody has asked for its exit code yet: in a container that may take for ever.
    return state in _DEAD or bool(born and now and born != now)


def told(name: str) -> str:
    """The name for people: ``process 4711 on desk``."""
    host, number, _ = _parts(name)
    return f"process {number} on {host}" if number else name


def _parts(name: str) -> tuple[str, str, str]:
    host, number, born = ["", "", *name.rsplit(":", 2)][-3:]
    return host, number, born


def _stat(number: int) -> tuple[str, str]:
    """State and birth of a process as the kernel tells them; empty where it does not."""
    try:
        # Behind the last bracket: the name of a process may hold brackets and blanks.
        stat = Path(f"/proc/{number}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        return stat[0], stat[_BEGAN]
    except (OSError, IndexError):
        return "", ""
