"""Who is gone for certain: only a process of this machine whose number is free, dead or somebody else's."""

import os
import platform
import subprocess
import sys

import pytest

from interfaces.serving.process import is_gone, name_of, this_process, told

HOST = platform.node()


def test_this_process_is_alive_and_tells_itself():
    ours = this_process()
    assert not ours.is_gone(ours.name)
    assert told(ours.name) == f"process {os.getpid()} on {HOST}"
    assert name_of(HOST, os.getpid()) == ours.name


def test_a_process_that_was_killed_is_gone_even_before_anybody_has_asked_for_its_exit_code():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = name_of(HOST, child.pid)
    assert not is_gone(name)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead for certain, and still there as a zombie
    assert is_gone(name)
    child.communicate()
    assert is_gone(name)


def test_a_number_that_is_used_again_is_no_sign_of_life():
    host, number, _born = this_process().name.rsplit(":", 2)
    assert is_gone(f"{host}:{number}:1")


@pytest.mark.parametrize(
    "name",
    [
        # Its number differs from one test process to the next, and its name may not.
        pytest.param(f"elsewhere:{os.getpid()}:1", id="our_number_on_another_machine"),
        pytest.param("elsewhere:999999:1", id="another_machine"),
        pytest.param(f"{HOST}:x:1", id="no_number"),
        pytest.param(HOST, id="host_alone"),
        pytest.param("", id="empty"),
        pytest.param("::", id="separators"),
        pytest.param(f"{HOST}:{10**30}:1", id="no_such_number"),
    ],
)
def test_what_cannot_be_told_is_not_gone(name):
    assert not is_gone(name)
