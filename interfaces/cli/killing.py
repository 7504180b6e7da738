"""The kill itself, by the standard library and the latch alone, and the process that it starts behind itself.

    latch durable -> acknowledged -> a process of its own asks the broker to cancel open entries -> cancelled.json

Nothing here opens a database, a graph or a model, and nobody waits for the process behind.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from domain.clock import SystemClock
from domain.errors import OversightError
from policies.kill_switch import KillSwitch

REPORT = "cancelled.json"
"""What the process behind a kill has done, in the home folder."""


def kill(home: Path, reason: str, latch_name: str, program: Path, *, as_json: bool) -> int:
    """Let the latch fall: every broker adapter looks at it before it sends."""
    latch = KillSwitch(home / latch_name)
    try:
        latch.engage("owner", reason or "sage kill", SystemClock().now().isoformat())
    except OversightError as error:
        sys.stderr.write(f"sage: {error}\n")
        return error.exit_code
    told = f"Killed in {home.resolve()}: nothing is sent any more. `sage resume` is the way back.\n"
    told += f"Entries that rest at the broker are being cancelled; {REPORT} in that folder will tell.\n"
    sys.stdout.write('{"action": "kill", "kill_switch": true}\n' if as_json else told)
    sys.stdout.flush()
    start_cancelling(home, program)
    return 0


def start_cancelling(home: Path, program: Path) -> None:
    """Start the process that asks the broker to cancel open entries; the kill stands whether or not it starts."""
    words = [sys.executable, str(program), "--home", str(home), "kill", "--cancel-entries"]
    silent = subprocess.DEVNULL
    try:
        started = subprocess.Popen(  # noqa: S603  # this interpreter and this program; the home is one word of the list
            words, stdin=silent, stdout=silent, stderr=silent, start_new_session=True
        )
    except OSError as error:
        sys.stderr.write(f"sage: open entries are not cancelled: {error}\n")
        return
    started.returncode = 0  # nobody waits for it: it outlives this process, and the interpreter would complain


def reported(home: Path, work: Callable[[Path], Mapping[str, object]]) -> int:
    """Do the work and write down what came of it, whatever that was."""
    began, done = SystemClock().now().isoformat(), dict[str, object]()
    try:
        done |= work(home)
    except OversightError as error:
        done["failed"] = {"all": str(error)}
    except Exception as error:  # noqa: BLE001  # nobody sees this process: whatever stopped it has to be in its report
        done["failed"] = {"all": f"unexpected {type(error).__name__}: {error}"}
    report = {
        "started_at": began,
        "cancelled": [],
        "failed": {},
        **done,
        "finished_at": SystemClock().now().isoformat(),
    }
    draft = home / f".{REPORT}.{os.getpid()}"
    draft.write_text(f"{json.dumps(report, indent=2)}\n", encoding="utf-8")
    draft.replace(home / REPORT)
    return 1 if report["failed"] else 0
