"""Demo and cycle in a process whose sockets reach this machine only: no outside name is even looked up."""

import json
from textwrap import dedent

import pytest

from tests.builders.runtime import ROOT, python, sage

GUARD = """
    '''Loaded by the interpreter before anything else: every look-up and connection is noted, outside ones fail.'''
    import os, socket

    def noted(kind, host):
        with open(os.environ["NOTES"], "a") as notes:
            notes.write(f"{kind} {host}\\n")
        if str(host) not in ("127.0.0.1", "::1", "localhost", "None"):
            raise OSError(f"no network: {kind} {host}")

    true_getaddrinfo, true_connect = socket.getaddrinfo, socket.socket.connect

    def getaddrinfo(host, *arguments, **more):
        noted("name", host.decode() if isinstance(host, bytes) else host)
        return true_getaddrinfo(host, *arguments, **more)

    def connect(self, address):
        if self.family != socket.AF_UNIX:
            noted("address", address[0])
        return true_connect(self, address)

    socket.getaddrinfo = getaddrinfo
    socket.socket.connect = socket.socket.connect_ex = connect
"""


@pytest.mark.parametrize("argv", [("demo",), ("--json", "cycle")], ids=["the_demo", "a_cycle_with_every_default"])
def test_no_name_outside_this_machine_is_asked_for(tmp_path, argv):
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(dedent(GUARD))
    notes = tmp_path / "notes"
    path = f"{tmp_path / 'guard'}:{ROOT}"
    ran = sage(*argv, cwd=tmp_path, PYTHONPATH=path, NOTES=str(notes), LANGSMITH_TRACING="true", LANGSMITH_API_KEY="x")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout
    asked = set(notes.read_text().split("\n")) if notes.exists() else set()
    assert {
        line for line in asked if line and line.split()[1] not in ("127.0.0.1", "::1", "localhost", "None")
    } == set()
    if argv[0] == "--json":
        report = json.loads(ran.stdout)
        assert (report["degraded"], report["missing"]) == (None, [])
        assert report["orders"]


def test_the_guard_itself_bites(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(dedent(GUARD))
    ask = "import urllib.request; urllib.request.urlopen('http://outside.invalid/feed')"
    ran = python("-c", ask, cwd=tmp_path, PYTHONPATH=str(tmp_path), NOTES=str(tmp_path / "notes"))
    assert ran.returncode == 1
    assert (tmp_path / "notes").read_text() == "name outside.invalid\n"
