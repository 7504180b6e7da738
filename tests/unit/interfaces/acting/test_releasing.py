"""Releasing: what a start puts in force by itself, what waits for the owner, and the owner's word."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from domain.errors import ManualActionError
from domain.record.entries import RecordKind
from interfaces.acting import releasing
from interfaces.service import Service
from tests.builders.runtime import KORVA, NIMBO, a_cycle, a_policy, a_runtime


@pytest.fixture
def policies(tmp_path):
    """Policy files in a folder of their own, so that each start names another."""

    def made(name, **limits):
        return a_policy(tmp_path / name, **limits)

    return made


def controls(runtime):
    return [entry.body for entry in runtime.deps.stores.ledger.entries(kind=RecordKind.CONTROL)]


def in_force(runtime):
    return runtime.deps.stores.control.read().release


def sent(runtime, *symbols):
    return {order.symbol for order in a_cycle(runtime, *(symbols or (NIMBO, KORVA))).orders}


def test_the_first_start_is_the_owners_act(tmp_path):
    with a_runtime(tmp_path) as runtime:
        assert in_force(runtime) == runtime.deps.desk.release
        assert {body["by"] for body in controls(runtime) if "by" in body} == {"owner"}
        assert sent(runtime) == {NIMBO, KORVA}


def test_the_same_start_again_changes_nothing(tmp_path):
    with a_runtime(tmp_path) as runtime:
        before = controls(runtime)
    with a_runtime(tmp_path) as runtime:
        assert controls(runtime) == before


@pytest.mark.parametrize("part", ["code", "prompts"])
def test_the_newest_start_is_put_in_force_and_the_older_process_opens_nothing_more(tmp_path, part):
    with a_runtime(tmp_path) as first:
        from_elsewhere = replace(in_force(first), **{part: "0" * 64})
        stores = first.deps.stores
        found = releasing.put_in_force(
            stores.database, stores.control, from_elsewhere, first.deps.policy, at=first.deps.clock.now(), trades=True
        )
        assert not found.needs_owner
        assert in_force(first) == from_elsewhere
        report = a_cycle(first, NIMBO)
        assert report.orders == ()
        assert "RELEASE_MISMATCH" in {str(verdict.code) for verdict in report.verdicts}
    with a_runtime(tmp_path) as runtime:
        assert in_force(runtime) == runtime.deps.desk.release
        assert controls(runtime)[-1]["by"] == "start"
        assert sent(runtime, KORVA) == {KORVA}


def test_a_start_that_only_looks_puts_nothing_in_force(tmp_path):
    with a_runtime(tmp_path) as runtime:
        stores, policy = runtime.deps.stores, runtime.deps.policy
        before, newer = in_force(runtime), replace(runtime.deps.desk.release, code="0" * 64)
        releasing.put_in_force(
            stores.database, stores.control, newer, policy, at=runtime.deps.clock.now(), trades=False
        )
        assert in_force(runtime) == before


def test_a_policy_that_tightens_is_put_in_force_with_its_changes_on_record(tmp_path, policies):
    with a_runtime(tmp_path, policy=policies("a", max_entries_per_cycle=3)):
        pass
    with a_runtime(tmp_path, policy=policies("b", max_entries_per_cycle=1)) as runtime:
        assert in_force(runtime).policy == runtime.deps.policy.digest
        changes = controls(runtime)[-1]["changes"]
        assert [(each["limit"], each["old"], each["new"]) for each in changes] == [("max_entries_per_cycle", "3", "1")]
        assert len(sent(runtime)) == 1


@pytest.fixture
def loosened(tmp_path, policies):
    """A second start whose policy allows more than the one in force."""
    with a_runtime(tmp_path, policy=policies("a", max_entries_per_cycle=1)):
        pass
    with a_runtime(tmp_path, policy=policies("b", max_entries_per_cycle=3)) as runtime:
        yield runtime


def test_a_policy_that_loosens_waits_and_says_so_in_one_line(loosened):
    assert in_force(loosened).policy != loosened.deps.policy.digest
    told = Service(loosened).notice
    assert "loosens max_entries_per_cycle 1 -> 3" in told
    assert "`sage limits --accept`" in told
    assert "\n" not in told
    assert Service(loosened).status().release == told
    assert not Service(loosened).doctor().ok
    report = a_cycle(loosened, NIMBO)
    assert (report.orders, {str(v.code) for v in report.verdicts} & {"RELEASE_MISMATCH"}) == ((), {"RELEASE_MISMATCH"})


def test_a_policy_that_waits_is_not_shown_as_the_one_in_force(loosened):
    service = Service(loosened)
    view = service.limits()
    assert (view.in_force, view.waits, view.limits["max_entries_per_cycle"]) == (False, True, 3)
    other = service.limits("balanced")
    assert (other.in_force, other.waits) == (False, False), "a profile that is only shown waits for nothing"
    service.accept_policy(service.policy_change())
    view = service.limits()
    assert (view.in_force, view.waits) == (True, False)


def test_once_the_owner_accepts_it_the_next_start_trades(tmp_path, loosened, policies):
    shown = Service(loosened).policy_change()
    assert [(each.name, each.direction) for each in shown.changes] == [("max_entries_per_cycle", "looser")]
    view = Service(loosened).accept_policy(shown)
    assert view.in_force
    record = controls(loosened)[-1]
    assert (record["by"], record["replaces"]["policy"], record["policy_digest"]) == (
        "owner", shown.old_digest, shown.new_digest
    )  # fmt: skip
    assert [each["limit"] for each in record["changes"]] == ["max_entries_per_cycle"]
    with a_runtime(tmp_path, policy=policies("b", max_entries_per_cycle=3)) as runtime:
        assert Service(runtime).notice == ""
        assert sent(runtime) == {NIMBO, KORVA}


def test_what_was_shown_is_what_is_accepted(tmp_path, loosened, policies):
    shown = Service(loosened).policy_change()
    with a_runtime(tmp_path, policy=policies("c", max_entries_per_cycle=1, max_order_notional=100)):
        pass
    with pytest.raises(ManualActionError, match="another policy came into force"):
        Service(loosened).accept_policy(shown)


def test_a_policy_that_is_in_force_needs_no_word(tmp_path):
    with a_runtime(tmp_path) as runtime:
        before = controls(runtime)
        assert Service(runtime).accept_policy(Service(runtime).policy_change()).in_force
        assert controls(runtime) == before


def test_a_policy_that_leaves_gate_a5_out_gets_no_further(tmp_path, policies):
    with a_runtime(tmp_path):
        pass
    path = Path(policies("b"))
    path.write_text(re.sub(r"^require_same_release.*\n", "", path.read_text(), flags=re.MULTILINE))
    with a_runtime(tmp_path, policy=str(path)) as runtime:
        assert "require_same_release" in Service(runtime).notice
        assert sent(runtime) == set()


def test_a_stored_policy_that_was_edited_is_not_believed(tmp_path, policies):
    first = a_runtime(tmp_path, policy=policies("a", max_entries_per_cycle=1))
    with first as runtime, runtime.deps.stores.database.transaction() as connection:
        connection.exec_driver_sql('UPDATE policies SET limits = \'{"max_entries_per_cycle":"99"}\'')
    with a_runtime(tmp_path, policy=policies("b", max_entries_per_cycle=3)) as runtime:
        assert "cannot be compared with the one in force" in Service(runtime).notice
        assert sent(runtime) == set()


def test_the_digest_of_the_code_is_that_of_every_file_of_ours(tmp_path):
    def digest():
        releasing.code_digest.cache_clear()
        return releasing.code_digest(tmp_path)

    for name in ("app.py", "domain/a.py", "policies/gates/b.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("A = 1\n")
    first = digest()
    (tmp_path / "somebody_elses.py").write_text("")
    (tmp_path / "policies" / "own.toml").write_text("")
    assert digest() == first
    (tmp_path / "policies/gates/b.py").write_text("A = 2\n")
    second = digest()
    (tmp_path / "policies/gates/b.py").rename(tmp_path / "policies/gates/c.py")
    assert len({first, second, digest()}) == 3
    releasing.code_digest.cache_clear()
