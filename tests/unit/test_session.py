"""The promises that conftest and the settings of pytest make to every other test."""

import os
import socket

import pytest
from pytest_socket import SocketConnectBlockedError

from tests.conftest import OURS_AND_VENDORS, is_this_machine


@pytest.mark.filterwarnings("ignore:A test tried")  # pytest-socket warns of what it also raises
def test_a_connection_is_stopped_unless_its_address_is_listed():
    with socket.socket() as outside, pytest.raises(SocketConnectBlockedError):
        outside.connect(("0.0.0.0", 9))  # unlisted, and harmless should the guard ever fail


def test_a_connection_to_this_machine_passes():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_an_outside_name_is_not_looked_up():
    with pytest.raises(RuntimeError, match="this machine only"):
        socket.getaddrinfo("outside.invalid", 443)


@pytest.mark.parametrize(
    ("name", "here"),
    [("localhost", True), ("127.0.0.1", True), ("::1", True), (None, True), ("192.0.2.1", False), ("a.test", False)],
)
def test_this_machine_is_known_by_its_names(name, here):
    assert is_this_machine(name) is here


def test_no_setting_of_the_person_at_the_keyboard_is_left():
    assert [name for name in os.environ if name.startswith(OURS_AND_VENDORS)] == []
