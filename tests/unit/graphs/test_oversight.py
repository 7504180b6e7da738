"""The wiring: what is drawn, where each router leads, and how far one cycle may reach."""

from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from langgraph.errors import GraphRecursionError
from langgraph.types import Send

from domain.decisions import MonitorReport
from domain.ids import CycleId
from domain.money import ONE
from domain.signals import CandidateKind
from domain.verdicts import Outcome
from graphs.approval import after_pause
from graphs.oversight import after_gate, after_park, fan_out
from graphs.state import CycleInput, Ruled, joined
from interfaces.acting.cycling import RECURSION_LIMIT, config_of
from tests.builders.agents import a_candidate, an_exit
from tests.builders.market import NOON
from tests.builders.runtime import SCENE, SpyModel, a_cycle, a_runtime

DRAWN = Path(__file__).parent / "drawn"
PASS, REDUCE, ASK, DENY = Outcome.PASS, Outcome.REDUCE, Outcome.NEED_APPROVAL, Outcome.DENY
CALM = MonitorReport("normal", "none", (), "code")


@pytest.mark.parametrize("name", ["oversight", "approval"])
def test_the_graph_is_the_one_that_is_drawn(tmp_path, name):
    with a_runtime(tmp_path) as runtime:
        graph = {"oversight": runtime.oversight, "approval": runtime.approval}[name]
        assert graph.get_graph().draw_mermaid() == (DRAWN / f"{name}.mmd").read_text(encoding="utf-8")


def ruled(*outcomes: Outcome) -> Any:
    return {"ruled": [Ruled(f"dec-{n}", outcome, ONE, ()) for n, outcome in enumerate(outcomes)]}


@pytest.mark.parametrize(
    ("outcomes", "first", "then"),
    [
        pytest.param((), "explain", "explain", id="nothing_decided"),
        pytest.param((DENY,), "explain", "explain", id="all_denied"),
        pytest.param((PASS,), "submit", "submit", id="one_passes"),
        pytest.param((REDUCE,), "submit", "submit", id="one_is_cut"),
        pytest.param((DENY, PASS), "submit", "submit", id="one_of_two_passes"),
        pytest.param((ASK,), "park", "explain", id="one_waits_for_a_person"),
        pytest.param((ASK, DENY), "park", "explain", id="one_waits_one_is_denied"),
        pytest.param((PASS, ASK), "park", "submit", id="one_waits_one_passes"),
        pytest.param((ASK, REDUCE, DENY), "park", "submit", id="all_kinds"),
    ],
)
def test_what_waits_is_parked_before_what_passes_is_sent(outcomes, first, then):
    assert (after_gate(ruled(*outcomes)), after_park(ruled(*outcomes))) == (first, then)


@pytest.mark.parametrize(("approval", "next_node"), [(None, "explain"), (object(), "submit")], ids=["no", "yes"])
def test_only_a_yes_leads_to_the_desk(approval, next_node):
    state: Any = {"approval": approval}
    assert after_pause(state) == next_node


@pytest.mark.parametrize(
    ("kinds", "reviews"),
    [
        pytest.param((), 0, id="no_candidate"),
        pytest.param((CandidateKind.EXIT,), 0, id="an_exit"),
        pytest.param((CandidateKind.REDUCE,), 0, id="a_reduction"),
        pytest.param((CandidateKind.ENTRY,), 1, id="an_entry"),
        pytest.param((CandidateKind.EXIT, CandidateKind.ENTRY, CandidateKind.ENTRY), 2, id="all_kinds"),
    ],
)
def test_every_entry_gets_a_branch_and_exits_go_past_the_roles(kinds, reviews):
    made = {CandidateKind.ENTRY: a_candidate}
    candidates = [made.get(kind, an_exit)(candidate_id=f"cand-{n}", kind=kind) for n, kind in enumerate(kinds)]
    state: Any = {"cycle_id": "cyc-1", "as_of": NOON, "monitor": CALM, "candidates": candidates}
    *branches, last = cast(list[Any], fan_out(state))
    assert last == "exit_by_rule"
    assert all(isinstance(branch, Send) and branch.node == "review" for branch in branches)
    assert [branch.arg["candidate"].kind for branch in branches] == [CandidateKind.ENTRY] * reviews
    assert all(branch.arg.keys() == {"cycle_id", "as_of", "monitor", "candidate"} for branch in branches)


def test_parallel_branches_are_joined_in_order_and_change_neither_list():
    left: list[object] = ["a"]
    right: list[object] = ["b", "c"]
    assert joined(left, right) == ["a", "b", "c"]
    assert (left, right) == (["a"], ["b", "c"])


@pytest.mark.parametrize(
    ("bound", "in_work"), [pytest.param(1, 1, id="one_after_the_other"), pytest.param(2, 4, id="one_ready_for_each")]
)
def test_no_more_questions_are_open_at_once_than_the_settings_allow(tmp_path, bound, in_work):
    model = SpyModel(pause_s=0.02)
    with a_runtime(tmp_path, model=model, concurrency=bound) as runtime:
        report = a_cycle(runtime)
        assert config_of(runtime, report.cycle_id)["max_concurrency"] == in_work
    assert len(model.asked("advisor")) == len(SCENE), "there was enough to do at once"
    assert model.peak == bound


def test_a_cycle_has_a_limit_of_steps_of_its_own_with_room_to_spare(tmp_path):
    with a_runtime(tmp_path) as runtime:
        config = config_of(runtime, a_cycle(runtime).cycle_id)
        steps = runtime.oversight.get_state(config).metadata["step"]
        assert config["recursion_limit"] == RECURSION_LIMIT
        assert steps < RECURSION_LIMIT / 2
        start = CycleInput(cycle_id=CycleId("cyc-short"), as_of=NOON + timedelta(seconds=1), symbols=[])
        with pytest.raises(GraphRecursionError):
            runtime.oversight.invoke(start, {"configurable": {"thread_id": "cyc-short"}, "recursion_limit": 3})


def test_the_state_stays_small_because_the_big_things_are_named_by_id(tmp_path):
    with a_runtime(tmp_path) as runtime:
        state = runtime.oversight.get_state(config_of(runtime, a_cycle(runtime).cycle_id)).values
        _kind, stored = runtime.oversight.checkpointer.serde.dumps_typed(state)
    inputs, made = {"cycle_id", "as_of", "symbols"}, {"candidates", "monitor", "decisions", "ruled", "sent", "degraded"}
    assert state.keys() == inputs | made
    assert len(stored) < 40_000, "bars, evidence, texts and answers of five candidates are in the database"
