"""A stored cycle runs again to the same bytes; a changed record is found; a what-if tells what it would change."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import text

import composition.opening as composition
from agents.llm import ModelRequest
from agents.models.rules_llm import RulesModel
from app import main
from domain.errors import DataQualityError, IntegrityError, UsageError
from domain.ids import CycleId
from domain.record.canonical import canonical_json
from interfaces.cli.home import LATCH
from interfaces.serving.times import SimulatedTime
from interfaces.telling.runs.reproducing import Otherwise, by_role, reproduce
from policies.kill_switch import KillSwitch
from policies.policy import Policy, load_policy
from prompts.loader import read_prompts
from tests.builders.market import NOON
from tests.builders.runtime import (
    ASKED,
    BLOCKED,
    SHRUNK,
    TAKEN,
    Crash,
    CrashingDatabase,
    SpyModel,
    a_cycle,
    a_policy,
    a_runtime,
    settings_in,
)
from tests.simulation.reproduce import a_home_of
from trading.store.database import open_database


class Home(NamedTuple):
    """The stores of a home, its policy, and the one cycle that it has finished."""

    stores: Any
    policy: Policy
    cycle: CycleId


@pytest.fixture(scope="module")
def lived(tmp_path_factory) -> Path:
    """A home in which TAKEN was sent, ASKED waits, the gates refuse SHRUNK and the inspector blocks BLOCKED."""
    folder = tmp_path_factory.mktemp("lived")
    with a_runtime(folder) as runtime:
        a_cycle(runtime)
    return folder


@pytest.fixture
def home(lived, tmp_path) -> Iterator[Home]:
    """A copy of it, as another process opens it."""
    folder = tmp_path / "home"
    shutil.copytree(lived, folder)
    settings = settings_in(folder)
    with ExitStack() as stack:
        database = open_database(settings.database)
        stack.callback(database.close)
        stores = composition.stores_of(database, settings, KillSwitch(folder / LATCH))
        newest = stores.cycles.newest()
        assert newest is not None
        yield Home(stores, load_policy(settings.policy), newest)


def again(home: Home, **otherwise: Any) -> Any:
    return reproduce(home.stores, home.cycle, home.policy, Otherwise(**otherwise))


def tamper(home: Home, statement: str, **values: Any) -> None:
    """Change what is stored, as somebody with the file would; the triggers of the ledger are in nobody's way then."""
    with home.stores.database.transaction() as connection:
        connection.execute(text("DROP TRIGGER IF EXISTS ledger_no_update"))
        done = connection.execute(text(statement), {"cycle": home.cycle, **values})
        assert done.rowcount > 0


def test_ten_cycles_of_a_moody_model_run_again_to_the_same_bytes(tmp_path):
    made = a_home_of(tmp_path, seed=3, cycles=10)
    assert made.differences == ()
    assert (made.cycles, made.equal) == (10, 10)
    assert made.decisions >= 10


def test_a_cycle_that_a_crash_cut_off_at_the_send_is_reproduced_too(tmp_path):
    clock = SimulatedTime(NOON, lambda _moment: None)
    with (
        pytest.raises(Crash),
        a_runtime(tmp_path, clock=clock, database=lambda opened: CrashingDatabase(opened, 33)) as runtime,
    ):
        a_cycle(runtime)
    clock.move(NOON + timedelta(minutes=2))
    with a_runtime(tmp_path, clock=clock) as runtime:
        cycle = a_cycle(runtime)
        view = reproduce(runtime.deps.stores, cycle.cycle_id, runtime.deps.policy, Otherwise())
    assert (view.ok, view.difference) == (True, "")
    assert "7 verdicts" in view.compared


def test_an_untouched_cycle_is_equal_and_tells_its_digest(home):
    view = again(home)
    assert view.ok
    assert view.digest == view.digest_again == again(home).digest
    assert view.changes == ()
    assert "5 candidates" in view.compared


def test_last_is_the_newest_finished_cycle(home):
    assert reproduce(home.stores, "last", home.policy, Otherwise()).cycle_id == home.cycle


def test_nothing_is_written(home):
    before = home.stores.ledger.head()
    again(home, model=RulesModel(), policy=load_policy("research"))
    assert home.stores.ledger.head() == before


REPLACED = "UPDATE {table} SET body = replace(body, :was, :now) WHERE cycle_id = :cycle AND {where}"
TAMPERED = {
    "an_answer": ("model_calls", "1=1", '\\"stance\\": \\"take\\"', '\\"stance\\": \\"skip\\"', "model_calls"),
    "a_recorded_answer": ("ledger", "kind='model_call'", '\\"take\\"', '\\"skip\\"', "model_calls"),
    "a_quantity": ("ledger", "kind='decision'", '"qty":"46"', '"qty":"45"', "decisions"),
    "a_verdict": ("ledger", "kind='verdicts'", '"outcome":"PASS"', '"outcome":"REDUCE"', "verdicts"),
    "a_candidate": ("ledger", "kind='candidates'", '"side":"buy"', '"side":"sell"', "candidates"),
    "the_monitor": ("ledger", "kind='monitor'", '"state":"normal"', '"state":"alarm"', "monitor"),
    "an_explanation": ("ledger", "kind='explanation'", '"weight":"high"', '"weight":"low"', "explanations"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_changed_record_is_found(home, name):
    table, where, was, now, place = TAMPERED[name]
    tamper(home, REPLACED.format(table=table, where=where), was=was, now=now)
    view = again(home)
    assert not view.ok
    assert view.digest != view.digest_again
    assert view.difference.startswith(place) or name in ("an_answer", "a_recorded_answer")


def test_an_order_that_was_changed_is_found(home):
    tamper(home, "UPDATE orders SET qty = qty + 1 WHERE cycle_id = :cycle AND parent_id IS NULL")
    assert again(home).difference.startswith("orders")


def test_a_call_that_was_taken_out_is_found(home):
    tamper(home, 'DELETE FROM model_calls WHERE cycle_id = :cycle AND body LIKE \'%"role":"advisor"%\'')
    assert not again(home).ok


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        pytest.param("UPDATE observations SET body = replace(body, 'NIMBO', 'NIMBU') WHERE cycle_id = :cycle",
                     "observation", id="observation"),
        pytest.param("UPDATE judged_cases SET body = replace(body, 'NIMBO', 'NIMBU') WHERE cycle_id = :cycle",
                     "judged case", id="case"),
        pytest.param("UPDATE case_parts SET body = replace(body, 'NIMBO', 'NIMBU') WHERE :cycle <> ''",
                     "judged case", id="part"),
    ],
)  # fmt: skip
def test_what_the_cycle_saw_cannot_be_changed_unseen(home, statement, what):
    tamper(home, statement)
    with pytest.raises((IntegrityError, DataQualityError), match=what):
        again(home)


def test_a_cycle_of_an_older_release_is_refused_in_one_line(home):
    tamper(home, REPLACED.format(table="ledger", where="kind='verdicts'"), was='"case":', now='"base":')
    with pytest.raises(UsageError, match="without all that a second run needs"):
        again(home)


@pytest.mark.parametrize("name", ["cyc-unknown", "", "NIMBO"])
def test_a_cycle_that_is_not_there_is_refused(home, name):
    with pytest.raises(UsageError, match="there is no cycle"):
        reproduce(home.stores, name, home.policy, Otherwise())


def test_another_policy_changes_what_the_gates_say_and_nothing_else(home, tmp_path):
    tight = load_policy(a_policy(tmp_path / "tight", approval_required_above_notional=100))
    view = again(home, policy=tight)
    rows = {row.symbol: row for row in view.changes}
    assert view.ok
    assert (rows[TAKEN].was.outcome, rows[TAKEN].would_be.outcome) == ("PASS", "NEED_APPROVAL")
    assert rows[TAKEN].would_be.qty == rows[TAKEN].was.qty
    assert "NOTIONAL_NEEDS_APPROVAL" in rows[TAKEN].would_be.codes
    assert not rows[BLOCKED].changed


def test_the_policy_of_then_changes_nothing(home):
    assert not any(row.changed for row in again(home, policy=home.policy).changes)


def test_another_model_changes_what_the_roles_say(home):
    view = again(home, model=SpyModel(timid))
    assert view.ok
    assert {row.would_be.action for row in view.changes} == {"skip"}
    assert {row.would_be.outcome for row in view.changes} == {"never judged"}
    assert {TAKEN, ASKED, SHRUNK} <= {row.symbol for row in view.changes if row.changed}


def timid(request: ModelRequest, answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "stance": "skip", "size_fraction": 0} if request.role == "advisor" else answer


def test_a_model_that_takes_what_was_left_meets_the_gates_of_then(home):
    row = next(row for row in again(home, model=SpyModel(bold)).changes if row.symbol == BLOCKED)
    assert row.was.outcome == "never judged"
    assert row.would_be.outcome == "DENY"
    assert row.would_be.qty > 0


def bold(request: ModelRequest, answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "ruling": "allow", "max_fraction": 1} if request.role == "inspector" else answer


def test_another_prompt_is_what_is_asked(home, tmp_path):
    words = "Be brave."
    for name in ("advisor", "decider"):
        path = tmp_path / f"{name}.md"
        source = (files("prompts") / f"{name}.md").read_text(encoding="utf-8")
        path.write_text(source.replace("# System\n", f"# System\n\n{words}\n"), encoding="utf-8")
    model = SpyModel()
    again(home, model=model, prompts=by_role(read_prompts(tmp_path)))
    assert {request.role for request in model.requests if request.system.startswith(words)} == {"advisor", "decider"}


def test_the_view_is_json(home):
    told = json.loads(canonical_json(again(home, policy=load_policy("research"))))
    assert (told["ok"], told["cycle_id"]) == (True, home.cycle)


def test_the_command_line_tells_it(lived, tmp_path, capsys):
    shutil.copytree(lived, tmp_path / "home")
    asked = ["reproduce", "last", "--home", str(tmp_path / "home")]
    assert main(asked) == 0
    assert "equal" in capsys.readouterr().out
    assert main([*asked, "--policy", "research", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["asked"][0].startswith("policy research")
    assert any(row["changed"] for row in told["changes"])
    assert main([*asked, "--blind"]) == 0
    assert "blind:rules" in capsys.readouterr().out
    assert main(["reproduce", "cyc-none", "--home", str(tmp_path / "home")]) == 2
    assert "there is no cycle cyc-none" in capsys.readouterr().err
