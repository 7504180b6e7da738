"""The bot that the settings name: which are taken, which are refused in one line, and that none is loaded without."""

import threading
from typing import Any

import pytest

import composition.chats as chats
from domain.errors import ConfigurationError
from interfaces.service import Service
from interfaces.serving.life import Life
from interfaces.views.state import State
from settings.reading import load_settings
from tests.builders.runtime import a_runtime, python
from tests.servers.telegram_api import TOKEN


def settings_with(**changes):
    return load_settings(**{"telegram_bot_token": TOKEN, **changes})


def test_a_token_alone_is_a_bot_that_nobody_owns():
    access = chats.access_of(settings_with())
    assert access is not None
    assert (access.url, access.bot_id, access.owners, access.groups) == (
        "https://api.telegram.org",
        123456789,
        frozenset(),
        frozenset(),
    )


def test_owners_and_groups_are_numbers():
    access = chats.access_of(settings_with(telegram_owner_ids=" 4711, 4712 ,", telegram_groups="-1001234:17,-5:0"))
    assert access is not None
    assert access.owners == {4711, 4712}
    assert access.groups == {(-1001234, 17), (-5, 0)}


@pytest.mark.parametrize(
    "changes",
    [
        {"telegram_bot_token": "secret-without-a-number"},
        {"telegram_bot_token": "12:short"},
        {"telegram_bot_token": "12:with space in it"},
        {"telegram_owner_ids": "@ann"},
        {"telegram_owner_ids": "-5"},
        {"telegram_owner_ids": "4711;4712"},
        {"telegram_groups": "-1001234"},
        {"telegram_groups": "1234:1"},
        {"telegram_api_base_url": "api.telegram.org"},
    ],
    ids=str,
)
def test_what_is_no_setting_is_refused_by_its_name_and_no_token_is_told(changes):
    with pytest.raises(ConfigurationError, match="TELEGRAM_") as refused:
        chats.access_of(settings_with(**changes))
    assert "secret" not in str(refused.value)
    assert TOKEN not in str(refused.value)


def test_without_a_token_there_is_no_bot_and_the_command_says_what_to_set(tmp_path):
    assert chats.talks_of(load_settings()) is None
    with a_runtime(tmp_path) as runtime, pytest.raises(ConfigurationError, match="no bot is named"):
        Service(runtime).talk((), Life(threading.Event()))


def test_the_token_is_among_the_secrets_of_every_log():
    assert TOKEN in settings_with().secrets
    assert TOKEN not in repr(settings_with())


def test_the_doctor_tells_the_code_until_there_is_an_owner(tmp_path):
    def row(**changes):
        with a_runtime(tmp_path, **changes) as runtime:
            return next(one for one in Service(runtime).doctor().checks if one.name == "telegram")

    assert row().state is State.OFF
    unowned = row(telegram_bot_token=TOKEN)
    assert unowned.state is State.TIGHT
    assert "/start " in unowned.detail
    assert row(telegram_bot_token=TOKEN) == unowned  # the same code, told again
    assert row(telegram_bot_token=TOKEN, telegram_owner_ids="5").state is State.OK


def test_a_command_without_a_bot_loads_nothing_of_it(tmp_path):
    code = "import sys, app; app.main(['--home', sys.argv[1], 'status']); print('telegram' in sys.modules)"
    assert python("-c", code, str(tmp_path)).stdout.splitlines()[-1] == "False"


HOOKED = {"telegram_webhook_url": "https://sage.example.com/hooks/tg", "telegram_webhook_secret": "0123456789abcdef_-"}


def test_a_webhook_is_listened_for_on_this_machine_at_the_path_of_its_address():
    assert chats.hook_of(settings_with()) is None
    hook = chats.hook_of(settings_with(**HOOKED))
    assert hook is not None
    assert (hook.host, hook.port, hook.path) == ("127.0.0.1", 8688, "/hooks/tg")
    other = {"telegram_webhook_listen": "[::1]:9000", "telegram_webhook_path": "/"}
    hook = chats.hook_of(settings_with(**HOOKED, **other))
    assert hook is not None
    assert (hook.host, hook.port, hook.path) == ("::1", 9000, "/")


@pytest.mark.parametrize(
    ("listen", "state"),
    [
        ("127.0.0.1:8688", State.OK),
        ("[::1]:8688", State.OK),
        ("0.0.0.0:8688", State.TIGHT),
        ("10.0.0.5:1", State.TIGHT),
    ],
)
def test_the_doctor_warns_of_a_listener_that_others_reach_without_tls(tmp_path, listen, state):
    at = {"telegram_bot_token": TOKEN, "telegram_owner_ids": "5", "telegram_webhook_listen": listen, **HOOKED}
    with a_runtime(tmp_path, **at) as runtime:
        row = next(one for one in Service(runtime).doctor().checks if one.name == "telegram")
    assert (row.state, "proxy that ends TLS" in row.remedy) == (state, state is State.TIGHT)


@pytest.mark.parametrize(
    "changes",
    [
        {"telegram_webhook_secret": None},
        {"telegram_webhook_secret": ""},
        {"telegram_webhook_secret": "short"},
        {"telegram_webhook_secret": "with spaces in it, and long"},
        {"telegram_webhook_secret": "x" * 257},
        {"telegram_webhook_url": "http://sage.example.com/x"},
        {"telegram_webhook_url": "https:///x"},
        {"telegram_webhook_url": "https://sage.example.com:9443/x"},
        {"telegram_webhook_url": "https://me:word@sage.example.com/x"},
        {"telegram_webhook_url": "https://sage.example.com/x?y=1"},
        {"telegram_webhook_listen": "127.0.0.1"},
        {"telegram_webhook_listen": ":8688"},
        {"telegram_webhook_listen": "127.0.0.1:99999"},
        {"telegram_webhook_path": "telegram"},
        {"telegram_webhook_path": "/a b"},
    ],
    ids=str,
)
def test_a_webhook_that_is_not_in_order_is_refused_and_no_secret_is_told(changes):
    wanted = {**HOOKED, **changes}
    with pytest.raises(ConfigurationError, match=r"TELEGRAM_WEBHOOK|webhook") as refused:
        chats.hook_of(settings_with(**{name: value for name, value in wanted.items() if value is not None}))
    assert not wanted["telegram_webhook_secret"] or wanted["telegram_webhook_secret"] not in str(refused.value)


def test_without_its_secret_no_webhook_starts_and_the_doctor_and_all_other_commands_go_on(tmp_path):
    wrong: dict[str, Any] = {"telegram_bot_token": TOKEN, "telegram_webhook_url": HOOKED["telegram_webhook_url"]}
    with a_runtime(tmp_path, **wrong) as runtime:
        service = Service(runtime)
        row = next(one for one in service.doctor().checks if one.name == "telegram")
        assert (row.state, "TELEGRAM_WEBHOOK_SECRET is missing" in row.detail) == (State.FAILED, True)
        with pytest.raises(ConfigurationError, match="TELEGRAM_WEBHOOK_SECRET is missing"):
            service.talk((), Life(threading.Event()))
        assert service.status().mode
    with a_runtime(tmp_path, **wrong, telegram_webhook_secret=HOOKED["telegram_webhook_secret"]) as runtime:
        row = next(one for one in Service(runtime).doctor().checks if one.name == "telegram")
        assert "brought to https://sage.example.com/hooks/tg, and listened for on 127.0.0.1:8688/hooks/tg" in row.detail
        assert HOOKED["telegram_webhook_secret"] not in str(Service(runtime).config())
