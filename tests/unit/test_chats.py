"""The bot that the settings name: which are taken, which are refused in one line, and that none is loaded without."""

import threading

import pytest

import chats
from domain.errors import ConfigurationError
from interfaces.service import Service
from interfaces.serving.life import Life
from interfaces.views.state import State
from settings import load_settings
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
