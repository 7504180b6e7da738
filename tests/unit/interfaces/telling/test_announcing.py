"""What is told on the bus carries a key by which the one who delivers it knows what is news."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.record.alerts import AlertCode, Severity
from interfaces.telling.announcing import bare_message
from tests.builders.execution import HandClock
from tests.builders.runtime import NIMBO, a_runtime
from trading.execution.protection import Cover, Protection

D = Decimal
BARE = Protection(NIMBO, held=D(10), covered=D(0), lasting=D(0), stop=D(128), cover=Cover.NONE)


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def runtime(tmp_path, clock):
    with a_runtime(tmp_path, clock=clock) as runtime:
        yield runtime


def alert_of(runtime, holding) -> Any:
    return bare_message(runtime, holding).body


def key_of(runtime, holding):
    return alert_of(runtime, holding).key


def test_a_holding_without_its_stop_is_critical(runtime):
    alert = alert_of(runtime, BARE)
    assert (alert.severity, alert.code, alert.words) == (Severity.CRITICAL, AlertCode.UNPROTECTED, BARE.told)


def test_the_same_lack_is_news_once_a_day(runtime, clock):
    first = key_of(runtime, BARE)
    clock.at += timedelta(hours=3)
    assert key_of(runtime, BARE) == first
    clock.at += timedelta(days=1)
    assert key_of(runtime, BARE) != first


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"held": D(12)}, id="more_is_held"),
        pytest.param({"covered": D(4), "lasting": D(4), "cover": Cover.PARTLY}, id="part_of_it_is_covered"),
        pytest.param({"symbol": "KORVA"}, id="another_symbol"),
    ],
)
def test_another_lack_is_news_at_once(runtime, other):
    assert key_of(runtime, replace(BARE, **other)) != key_of(runtime, BARE)
