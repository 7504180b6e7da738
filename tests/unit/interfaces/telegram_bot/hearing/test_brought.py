"""What is brought to the webhook, over real HTTP: who is heard, and that nothing else does anything."""

import socket
import struct
import threading
from http.client import HTTPConnection, HTTPException
from typing import Any

import pytest

from domain.errors import ConfigurationError
from interfaces.telegram_bot.hearing import brought
from interfaces.telegram_bot.hearing.brought import LONGEST_BODY, SECRET_HEADER, Hook, listening

SECRET = "a-secret-of-the-hook-0123456789"
HOOK = Hook("https://sage.example.com/telegram", "127.0.0.1", 0, "/telegram", SECRET)
KNOWN = {SECRET_HEADER: SECRET}
UPDATE = b'{"update_id": 1}'


HEARD: list[object] = []


@pytest.fixture(scope="module")
def there():
    """The address of a listener that has no database where an update says so."""

    def hear(update):
        HEARD.append(update)
        return update != {"update_id": 503}

    with listening(HOOK, hear) as address:
        yield address.removeprefix("http://").removesuffix("/telegram")


@pytest.fixture
def heard():
    """What was heard in this test."""
    HEARD.clear()
    return HEARD


def asked(there, method="POST", path="/telegram", body=UPDATE, headers=KNOWN):
    connection = HTTPConnection(there, timeout=10)
    try:
        connection.request(method, path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


REFUSED: dict[str, tuple[int, dict[str, Any]]] = {
    "another path": (404, {"path": "/"}),
    "a longer path": (404, {"path": "/telegram/"}),
    "a query": (404, {"path": "/telegram?x=1"}),
    "another path, and no secret": (404, {"path": "/admin", "headers": {}}),
    "to look": (405, {"method": "GET", "body": None}),
    "to put": (405, {"method": "PUT"}),
    "to delete": (405, {"method": "DELETE"}),
    "to look elsewhere": (404, {"method": "GET", "path": "/metrics", "body": None}),
    "a method that is none": (501, {"method": "BREW"}),
    "no secret": (401, {"headers": {}}),
    "an empty secret": (401, {"headers": {SECRET_HEADER: ""}}),
    "a wrong secret": (401, {"headers": {SECRET_HEADER: SECRET[:-1] + "8"}}),
    "the beginning of the secret": (401, {"headers": {SECRET_HEADER: SECRET[:-1]}}),
    "a secret that is no ASCII": (401, {"headers": {SECRET_HEADER: "\xff\xfe"}}),
    "a wrong secret, and too much": (401, {"headers": {}, "body": b" " * (2 * LONGEST_BODY)}),
    "too much": (413, {"body": b" " * (LONGEST_BODY + 1)}),
    "no length": (411, {"body": iter([UPDATE])}),
    "nothing": (400, {"body": b""}),
    "no JSON": (400, {"body": b"\xff\xfe<html>"}),
    "half of it": (400, {"body": UPDATE[:-3]}),
    "nesting without end": (400, {"body": b"[" * 200_000}),
    "a number without end": (400, {"body": b"1" * 100_000}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_nobody_else_is_heard(there, heard, name):
    status, request = REFUSED[name]
    assert asked(there, **request) == status
    assert heard == []


@pytest.mark.parametrize(("body", "status"), [(UPDATE, 200), (b'{"update_id": 503}', 503), (b"[]", 200)])
def test_what_the_service_brings_is_heard_and_told_whether_it_is_kept(there, heard, body, status):
    assert asked(there, body=body) == status
    assert len(heard) == 1


def test_two_secrets_and_two_lengths_are_none(there, heard):
    for twice in (
        f"{SECRET_HEADER}: {SECRET}\r\n{SECRET_HEADER}: {SECRET}",
        f"{SECRET_HEADER}: {SECRET}\r\nContent-Length: 3",
    ):
        host, port = there.split(":")
        with socket.create_connection((host, int(port)), timeout=10) as line:
            line.sendall(
                f"POST /telegram HTTP/1.1\r\nHost: x\r\n{twice}\r\nContent-Length: 16\r\n\r\n".encode() + UPDATE
            )
            assert line.recv(100).split()[1] in (b"401", b"411")
    assert heard == []


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(b"POST /telegram HTTP/1.1\r\nX: ", id="headers"),
        pytest.param(b"POST /admin HTTP/1.1\r\nContent-Length: 999999\r\n\r\n", id="what_nobody_wants"),
        pytest.param(
            f"POST /telegram HTTP/1.1\r\n{SECRET_HEADER}: {SECRET}\r\nContent-Length: 9999\r\n\r\n".encode(), id="body"
        ),
    ],
)
def test_who_drips_is_cut_off(there, heard, monkeypatch, first):
    monkeypatch.setattr(brought, "LONGEST_S", 0.3)
    host, port = there.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(first)
        assert any(was_cut_off(line) for _ in range(100))
    assert heard == []


def was_cut_off(line):
    threading.Event().wait(0.05)
    try:
        line.sendall(b"a")
    except OSError:
        return True
    return False


def test_there_is_room_for_so_many_and_again_once_they_are_gone(there, heard, monkeypatch):
    monkeypatch.setattr(brought, "MOST_AT_ONCE", 2)
    host, port = there.split(":")
    silent = [socket.create_connection((host, int(port)), timeout=10) for _ in range(2)]
    with pytest.raises((OSError, HTTPException)):
        asked(there)
    for line in silent:
        line.close()
    for _ in range(200):
        try:
            assert asked(there) == 200
            break
        except (OSError, HTTPException):
            threading.Event().wait(0.05)
    assert heard == [{"update_id": 1}]


def test_who_hangs_up_fills_no_log(there, capfd):
    host, port = there.split(":")
    line = socket.create_connection((host, int(port)), timeout=10)
    line.sendall(b"POST /tele")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closed by a reset
    line.close()
    assert asked(there) == 200
    threading.Event().wait(0.2)
    assert capfd.readouterr().err == ""


def test_a_port_that_is_taken_is_one_clear_line(there):
    with (
        pytest.raises(ConfigurationError, match="cannot listen"),
        listening(HOOK._replace(port=int(there.split(":")[1])), lambda _update: True),
    ):
        raise AssertionError("two listen on one port")
