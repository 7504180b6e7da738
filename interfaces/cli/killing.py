"""The kill itself, by the standard library and the latch alone, and the process that it starts behind itself.

    latch durable -> acknowledged -> a process of its own cancels open entries, and with --flatten closes what is held
                                  -> cancelled.json

Nothing here opens a database, a graph or a model. Nobody waits for the process behind a plain kill; a flatten waits for
it to tell what is left, and may be left alone at any time: the process goes on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from domain.clock import SystemClock
from domain.errors import OversightError
from policies.kill_switch import KillSwitch

REPORT = "cancelled.json"
"""What the process behind a kill has done, in the home folder."""
AGAIN = "`sage kill --flatten` again goes on with it."


def kill(home: Path, reason: str, latch_name: str, program: Path, *, as_json: bool, flatten: bool = False) -> int:
    """Let the latch fall: every broker adapter looks at it before it sends."""
    latch = KillSwitch(home / latch_name)
    try:
        trouble = latch.engage("owner", reason or "sage kill", SystemClock().now().isoformat(), flatten=flatten)
    except OversightError as error:
        sys.stderr.write(f"sage: {no_folder(home) or error}\n")
        return error.exit_code
    told = f"Killed in {home.resolve()}: nothing is sent any more. `sage resume` is the way back.\n"
    told += f"But {trouble}.\n" if trouble else ""
    told += f"Entries that rest at the broker are being cancelled; {REPORT} in that folder will tell.\n"
    if as_json:
        # One document on standard output: of a flatten it is the one that tells what is left.
        sys.stderr.write(told if flatten or trouble else "")
        told = "" if flatten else '{"action": "kill", "kill_switch": true}\n'
    sys.stdout.write(told)
    sys.stdout.flush()  # the acknowledgement is out before a process is started, which takes its time
    behind = start_cancelling(home, program)
    if flatten:
        return flattened(home, behind, as_json=as_json)
    if behind is not None:
        behind.returncode = 0  # nobody waits for it: it outlives this process, and the interpreter would complain
    return 0


def no_folder(home: Path) -> str:
    """What to do where the home cannot be one, because something else has its name; empty where it is not that."""
    there = next((path for path in (home, *home.parents) if path.exists()), home)
    if there.is_dir():
        return ""
    return (
        f"nothing was killed: {there} is no folder, so no Sage runs in it. Name the home of the one that runs "
        "with --home; where that is not at hand, stop its process and cancel open orders at the broker."
    )


def start_cancelling(home: Path, program: Path) -> subprocess.Popen[bytes] | None:
    """Start the process that cancels, and closes if so ordered; the kill stands whether or not it starts."""
    words = [sys.executable, str(program), "--home", str(home), "kill", "--cancel-entries"]
    silent = subprocess.DEVNULL
    # A session of its own: Ctrl-C or a closed terminal after the kill must not end the cancelling.
    try:
        started = subprocess.Popen(  # noqa: S603  # this interpreter and this program; the home is one word of the list
            words, stdin=silent, stdout=silent, stderr=silent, start_new_session=True
        )
    except OSError as error:
        sys.stderr.write(f"sage: open entries are not cancelled: {error}\n")
        return None
    return started


def flattened(home: Path, behind: subprocess.Popen[bytes] | None, *, as_json: bool) -> int:
    """Wait for the process behind a flatten and tell what it left; 0 where nothing is held any more."""
    try:
        if behind is not None:
            behind.wait()
        told = json.loads((home / REPORT).read_bytes()) if behind is not None else {}
        # Another kill since then has a process of its own, whose report is not about this one.
        report = told if behind is not None and told.get("pid") == behind.pid else {}
    except KeyboardInterrupt:
        sys.stderr.write(f"sage: still closing positions; {REPORT} will tell\n")
        return 130
    except (OSError, ValueError, AttributeError):
        report = {}  # no report, or one that is none: nobody knows what is held, and that is told
    left, wrong = still_held(report), report.get("left_at_default", ())
    if wrong:
        sys.stderr.write(f"sage: for this kill alone what is wrong counts as not set: {'; '.join(wrong)}\n")
    if as_json:
        document = {"action": "kill", "kill_switch": True, "note": left, **report}
        sys.stdout.write(f"{json.dumps(document)}\n")
    elif not left:
        sys.stdout.write(f"Flat: {report['flatten']['sent']} closing orders were sent and nothing is held.\n")
    if left:
        sys.stderr.write(f"sage: killed; {left.rstrip('.')}. {AGAIN}\n")
    return 1 if left else 0


def still_held(report: Mapping[str, Any]) -> str:
    """What a flatten has left and why, in a line; empty where it says that nothing is held."""
    failed = [f"{name}: {why}" for name, why in report.get("failed", {}).items()]
    found = report.get("flatten")
    if found is None:
        return "; ".join(failed) or "nobody could tell what is held"
    held = [f"{symbol} {each['qty']} still held: {each['why']}" for symbol, each in found["left"].items()]
    return "; ".join((f"closing orders sent: {found['sent']}", *held, *failed)) if held or failed else ""


def reported(home: Path, work: Callable[[Path], Mapping[str, object]]) -> int:
    """Do the work and write down what came of it; an error that nobody expected is written down, and goes on."""
    began, done = SystemClock().now().isoformat(), dict[str, object]()
    try:
        done |= work(home)
    except OversightError as error:
        done["failed"] = {"all": str(error)}
    finally:
        # Nobody sees this process: whatever stops it, an interrupt too, has to be in its report.
        stopped = sys.exception()
        if stopped is not None:
            done["failed"] = {"all": f"unexpected {type(stopped).__name__}: {stopped}"}
        write_report(home, began, done)
    return 1 if done.get("failed") else 0


def write_report(home: Path, began: str, done: Mapping[str, object]) -> None:
    """The report in its place, whole or not at all: a flatten may be reading it."""
    usual: Mapping[str, object] = {"cancelled": [], "failed": {}}
    report = {"pid": os.getpid(), "started_at": began, **usual, **done, "finished_at": SystemClock().now().isoformat()}
    draft = home / f".{REPORT}.{os.getpid()}"
    draft.write_text(f"{json.dumps(report, indent=2)}\n", encoding="utf-8")
    draft.replace(home / REPORT)
