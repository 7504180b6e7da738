"""A policy that is read again while the process lives: tighter at once, looser after a word, unreadable never."""

import re

import pytest

from domain.orders import Side
from domain.record.alerts import AlertCode
from domain.record.entries import RecordKind
from interfaces.acting.rereading import reread
from tests.builders.execution import HandClock
from tests.builders.runtime import KORVA, LEAVING, NIMBO, a_cycle, a_runtime
from trading.bus.messages import BusTopic

row = pytest.param


def rewritten(home, **limits):
    """The policy file of the home with other figures."""
    path = home / "policy.toml"
    text = path.read_text()
    for name, value in limits.items():
        text, found = re.subn(rf"(?m)^{name} = \S+", f"{name} = {value}", text)
        assert found == 1
    path.write_text(text)


def reloads(runtime):
    entries = runtime.deps.stores.ledger.entries(kind=RecordKind.CONTROL)
    return [entry.body["changes"] for entry in entries if entry.body.get("by") == "reload"]


def alerts(runtime):
    return [alert.code for alert in runtime.deps.stores.control.alerts.open()]


def heard(runtime):
    return [message.body.code for message in runtime.bus.history(BusTopic.RISK_ALERT)]


def test_nothing_happens_while_the_file_stays_as_it_is(tmp_path):
    with a_runtime(tmp_path) as runtime:
        head = runtime.deps.stores.ledger.head()
        found = reread(runtime)
        assert (found.changed, found.told) == (False, "")
        assert runtime.deps.stores.ledger.head() == head


def test_what_tightens_is_in_force_at_once_and_on_record(tmp_path):
    with a_runtime(tmp_path) as runtime:
        assert [order.symbol for order in a_cycle(runtime, NIMBO).orders] == [NIMBO]
        rewritten(tmp_path, max_entries_per_cycle=0)
        found = reread(runtime)
        assert found.changed
        assert runtime.deps.policy.limits["max_entries_per_cycle"] == 0
        assert runtime.deps.stores.control.policy_in_force().digest == runtime.deps.policy.digest
        assert [[change["limit"] for change in changes] for changes in reloads(runtime)] == [["max_entries_per_cycle"]]
        assert heard(runtime) == alerts(runtime) == [AlertCode.POLICY_TIGHTENED]
        assert a_cycle(runtime, KORVA).orders == ()
        assert not reread(runtime).changed, "once"


def test_what_loosens_waits_and_the_old_policy_stays(tmp_path):
    with a_runtime(tmp_path) as runtime:
        rewritten(tmp_path, max_entries_per_cycle=9)
        for _ in range(2):
            found = reread(runtime)
            assert not found.changed
            assert "sage limits --accept" in found.told
        assert alerts(runtime) == [AlertCode.POLICY_WAITS], "the same words are one alert"
        assert reloads(runtime) == []
        assert [order.symbol for order in a_cycle(runtime, NIMBO).orders] == [NIMBO], "the old one goes on"


@pytest.mark.parametrize("spoilt", [row("profile = ", id="cut"), row("", id="empty"), row(None, id="gone")])
def test_what_cannot_be_read_stops_entries_until_it_can(tmp_path, spoilt):
    with a_runtime(tmp_path) as runtime:
        path = tmp_path / "policy.toml"
        before = path.read_text()
        path.unlink() if spoilt is None else path.write_text(spoilt)
        found = reread(runtime)
        assert not found.changed
        assert "nothing is entered until this one can be read" in found.told
        report = a_cycle(runtime, NIMBO)
        assert report.orders == ()
        assert "RELEASE_UNKNOWN" in {str(verdict.code) for verdict in report.verdicts}
        assert alerts(runtime) == [AlertCode.POLICY_UNREADABLE]
        path.write_text(before)
        assert reread(runtime).told == ""
        assert [order.symbol for order in a_cycle(runtime, KORVA).orders] == [KORVA]


def test_exits_go_on_while_the_policy_cannot_be_read(tmp_path):
    clock = HandClock()
    with a_runtime(tmp_path, clock=clock) as runtime:
        a_cycle(runtime, KORVA)
        (tmp_path / "policy.toml").write_text("")
        clock.at = LEAVING
        reread(runtime)
        assert [order.side for order in a_cycle(runtime, KORVA).orders] == [Side.SELL]


def test_a_process_of_older_code_does_not_put_itself_in_force_again(tmp_path):
    with a_runtime(tmp_path) as runtime:
        control = runtime.deps.stores.control
        newer = control.read().release
        with runtime.deps.stores.database.transaction():
            control.put_in_force(
                type(newer)("newer code", newer.policy, newer.prompts), runtime.deps.policy, by="start",
                at=runtime.deps.clock.now(),
            )  # fmt: skip
        rewritten(tmp_path, max_entries_per_cycle=0)
        reread(runtime)
        assert control.read().release.code == "newer code"
        assert reloads(runtime) == []
