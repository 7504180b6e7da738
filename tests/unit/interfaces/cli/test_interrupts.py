"""Ctrl-C: remembered where its exception is lost, at once the second time, and left to whoever runs us from outside."""

import signal
import subprocess
import sys

import pytest

from interfaces.cli.console import Terminal
from interfaces.cli.interrupts import INTERRUPTED, Interrupts

LOST = """
import signal
from interfaces.cli.interrupts import Interrupts
signal.signal(signal.SIGINT, signal.default_int_handler)
interrupts = Interrupts()
interrupts.begun = {begun}
with interrupts.heard():
    for _ in range({times}):
        try:
            signal.raise_signal(signal.SIGINT)
        except BaseException:
            pass
    print("went on")
"""


@pytest.fixture
def usual():
    """As at a terminal; a shell has what runs in the background ignore Ctrl-C, and Sage leaves it at that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def test_work_that_goes_on_after_a_lost_interrupt_ends_where_it_tells_how_it_goes(usual, capsys):
    interrupts = Interrupts()
    interrupts.begun = True
    terminal = Terminal(still_wanted=interrupts.check)
    with interrupts.heard():
        terminal.progress("before")
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is usual
    with pytest.raises(KeyboardInterrupt):
        terminal.progress("after")
    with terminal.working("long work") as at, pytest.raises(KeyboardInterrupt):
        at("one more step")
    terminal.note("stopped after so much")  # whoever has caught it tells how far it came
    assert capsys.readouterr().err.split() == ["before", "stopped", "after", "so", "much"]


@pytest.mark.parametrize(("begun", "times", "code"), [(True, 1, 0), (True, 2, INTERRUPTED), (False, 1, INTERRUPTED)])
def test_the_second_ends_the_process_whatever_catches_it_and_so_does_the_first_before_anything_has_begun(
    begun, times, code
):
    done = subprocess.run([sys.executable, "-c", LOST.format(begun=begun, times=times)], check=False, timeout=60)
    assert done.returncode == code


def test_a_program_that_runs_commands_keeps_what_ctrl_c_means_to_it():
    def own(_number, _frame):
        raise LookupError

    before = signal.signal(signal.SIGINT, own)
    try:
        with Interrupts().heard(), pytest.raises(LookupError):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
