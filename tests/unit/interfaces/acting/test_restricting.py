"""The restricted list: nothing new of its symbols, exits as ever, and nobody but the owner shortens it."""

from datetime import timedelta

import pytest

from domain.errors import ManualActionError, UsageError
from domain.orders import Side
from interfaces.service import Service
from tests.builders.execution import HandClock
from tests.builders.runtime import KORVA, LEAVING, NIMBO, a_cycle, a_runtime

PERSON = "telegram:12"


def test_nothing_new_of_a_restricted_symbol_until_it_is_allowed(tmp_path):
    with a_runtime(tmp_path) as runtime:
        service = Service(runtime)
        view = service.restrict("nimbo", None, "a rumour", PERSON)
        assert view.note == "NIMBO is restricted: new entries stop, exits go on"
        report = a_cycle(runtime, NIMBO, KORVA)
        assert {order.symbol for order in report.orders} == {KORVA}
        assert {verdict.symbol for verdict in report.verdicts if str(verdict.code) == "PAUSED"} == {NIMBO}
        (lock,) = service.locks().locks
        assert (lock.name, lock.by, lock.reason, lock.until) == (NIMBO, PERSON, "a rumour", None)
        assert service.allow("NIMBO", "owner").paused == ()
        assert {order.symbol for order in a_cycle(runtime, NIMBO).orders} == {NIMBO}


def test_what_is_held_of_a_restricted_symbol_is_sold_as_ever(tmp_path):
    clock = HandClock()
    with a_runtime(tmp_path, clock=clock) as runtime:
        a_cycle(runtime, KORVA)
        Service(runtime).restrict("KORVA", None, "", "owner")
        clock.at = LEAVING
        assert [(order.symbol, order.side) for order in a_cycle(runtime, KORVA).orders] == [(KORVA, Side.SELL)]


def test_a_restriction_ends_by_itself_and_is_listed_no_more(tmp_path):
    clock = HandClock()
    with a_runtime(tmp_path, clock=clock) as runtime:
        Service(runtime).restrict("NIMBO", timedelta(hours=2), "", "owner")
        clock.wait(minutes=119)
        assert [lock.reason for lock in Service(runtime).locks().locks] == ["no reason given"]
        clock.wait(minutes=1)
        assert Service(runtime).locks().locks == ()


@pytest.mark.parametrize(
    ("standing", "wanted", "allowed"),
    [
        pytest.param(None, 2, False, id="for_ever_by_two_hours"),
        pytest.param(4, 2, False, id="four_hours_by_two"),
        pytest.param(2, 4, True, id="two_hours_by_four"),
        pytest.param(2, 2, True, id="the_same_again"),
        pytest.param(2, None, True, id="two_hours_by_for_ever"),
    ],
)
@pytest.mark.parametrize("use", ["restrict", "pause"])
def test_only_the_owner_shortens_what_stands(tmp_path, use, standing, wanted, allowed):
    def put(runtime, hours, by):
        lasting = None if hours is None else timedelta(hours=hours)
        if use == "restrict":
            return Service(runtime).restrict("NIMBO", lasting, "", by)
        return Service(runtime).pause("symbol", "NIMBO", lasting, "", by)

    with a_runtime(tmp_path) as runtime:
        before = put(runtime, standing, "owner").paused
        if allowed:
            assert put(runtime, wanted, PERSON).paused[0].by == PERSON
        else:
            with pytest.raises(ManualActionError, match=r"symbol NIMBO is paused until .+ already"):
                put(runtime, wanted, PERSON)
            assert Service(runtime).locks().locks == before
        assert put(runtime, wanted, "owner").paused[0].by == "owner"


@pytest.mark.parametrize(("name", "why"), [("NOSUCH", "there is no symbol"), ("NIMBO", "NIMBO is not restricted")])
def test_what_is_not_on_the_list_cannot_be_taken_off(tmp_path, name, why):
    with a_runtime(tmp_path) as runtime, pytest.raises(UsageError, match=why):
        Service(runtime).allow(name, "owner")


def test_a_lock_of_a_symbol_or_strategy_is_lifted_by_its_name_and_a_pause_of_everything_is_not(tmp_path):
    with a_runtime(tmp_path) as runtime:
        service = Service(runtime)
        service.restrict("NIMBO", None, "a rumour", PERSON)
        service.pause("strategy", "momentum", None)
        service.pause("global", "", None)
        assert service.unlock("nimbo", "owner").note == "NIMBO may be entered again"
        assert service.unlock("Momentum", "owner").note == "momentum may be entered again"
        for name in ("", "global", "all", "NIMBO", "NOSUCH"):
            with pytest.raises(UsageError, match="is not locked") as refused:
                service.unlock(name, "owner")
            assert "`sage resume`" in refused.value.remedy
        assert [lock.scope for lock in service.locks().locks] == ["global"]
