"""One whole cycle, an approval and a crash on PostgreSQL: tables and checkpoints both live there."""

import pytest

from interfaces.service import Service
from tests.builders.execution import HandClock, own_schema
from tests.builders.runtime import (
    KORVA,
    LEAVING,
    NIMBO,
    OSTRE,
    Crash,
    SpyModel,
    a_cycle,
    a_runtime,
    at_the_broker,
    entries_of,
)

pytestmark = pytest.mark.postgres


@pytest.fixture
def url(postgres_url):
    return own_schema(postgres_url, "whole_cycle")


def test_a_cycle_an_approval_and_an_exit(tmp_path, url):
    clock = HandClock()
    with a_runtime(tmp_path, clock=clock, database_url=url) as runtime:
        report = a_cycle(runtime, OSTRE, NIMBO, KORVA)
        assert {order.symbol for order in report.orders} == {NIMBO, KORVA}
        assert report.degraded is None
    clock.wait(minutes=2)
    with a_runtime(tmp_path, clock=clock, database_url=url) as runtime:
        (row,) = Service(runtime).pending().pending
        assert Service(runtime).approve(row.id, "owner").done
        assert OSTRE in {order.symbol for order in entries_of(runtime)}
    clock.at = LEAVING
    with a_runtime(tmp_path, clock=clock, database_url=url) as runtime:
        assert KORVA in {order.symbol for order in a_cycle(runtime, KORVA).orders}
        assert Service(runtime).verify().ok
        assert Service(runtime).status().reconciled.ok
        assert Service(runtime).explain("last", None).explanations
    assert not list(tmp_path.glob("*.db*")), "nothing is kept beside the server"


@pytest.mark.parametrize("role", ["advisor", "inspector", "decider", "explainer"])
def test_a_cycle_that_was_cut_off_is_finished_and_pays_nothing_twice(tmp_path, url, role):
    def dies(request, answer):
        return Crash(role) if request.role == role else answer

    dying, model = SpyModel(dies), SpyModel()
    with a_runtime(tmp_path, model=dying, database_url=url) as runtime, pytest.raises(Crash):
        a_cycle(runtime, NIMBO)
    with a_runtime(tmp_path, model=model, database_url=url) as runtime:
        a_cycle(runtime, NIMBO)
        assert [order.symbol for order in entries_of(runtime)] == [NIMBO]
        assert len(at_the_broker(runtime)["fills"]) == 1
    assert set(dying.answered) & set(model.calls) == set()
    assert len(dying.answered) + len(model.calls) == 4
