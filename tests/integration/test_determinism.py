"""The same cycle in two fresh homes: the same report and the same ledger, whichever model call comes back first."""

import time
from dataclasses import replace

import pytest

from domain.record.canonical import canonical_json
from tests.builders.execution import HandClock
from tests.builders.runtime import KORVA, LEAVING, SCENE, Feed, SpyModel, a_cycle, a_runtime, headlines

ORDERS = {"as_they_come": lambda place: 0, "in_order": lambda place: place, "in_reverse": lambda place: 9 - place}


def two_cycles(home, delay):
    """A cycle with texts and one with an exit; reports and the head of the ledger."""
    clock = HandClock()

    def late(request, answer):
        time.sleep(delay(int(request.digest, 16) % 10) / 300)
        return answer

    with a_runtime(home, model=SpyModel(late), clock=clock, news=Feed(headlines(KORVA, 4))) as runtime:
        first = a_cycle(runtime, *SCENE)
        clock.at = LEAVING
        second = a_cycle(runtime, KORVA)
        return [canonical_json(replace(report, timings_ms={})) for report in (first, second)], first.ledger_head


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    return two_cycles(tmp_path_factory.mktemp("once"), ORDERS["as_they_come"])


@pytest.mark.parametrize("order", ORDERS)
def test_a_cycle_is_a_function_of_what_it_saw(tmp_path, once, order):
    reports, head = two_cycles(tmp_path, ORDERS[order])
    assert reports == once[0]
    assert head == once[1]
