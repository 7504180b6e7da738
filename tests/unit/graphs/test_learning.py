"""Learning from closed trades: once each, never from later, with nothing changed but the record and one folder."""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from threading import Thread

import pytest

from agents.llm import NoAnswer
from domain.decisions import Decision
from domain.record.canonical import restore
from domain.record.entries import ClosedTrade, RecordKind
from graphs.learning import learn, learning_id
from graphs.proposal import proposal_for
from memory.calibration import Forecast
from memory.reviews import LearnedTrade, calibration_at, learned
from tests.builders.learning import a_learned_trade
from tests.builders.market import NOON
from tests.builders.runtime import KORVA, NIMBO, SpyModel, a_cycle, a_runtime

ROOT = Path(__file__).parents[3]
DAY = timedelta(days=1)
LATER = NOON + 30 * DAY
SENTINEL = "-99999.9"
"""The return of the trade that must not be known yet, in percent."""


def close(runtime, symbol, *, pnl="-20", at=NOON + 2 * DAY, name="trade-1"):
    """Put on record that the decision on a symbol became a trade which closed."""
    ledger = runtime.deps.stores.ledger
    decisions = [restore(Decision, entry.body) for entry in ledger.entries(kind=RecordKind.DECISION)]
    decision = next(each for each in decisions if each.candidate.symbol == symbol)
    trade = ClosedTrade(
        name, symbol, decision.candidate.strategy, "buy", "10", "100", "98", pnl, NOON, at, decision.decision_id, "stop"
    )
    ledger.append(RecordKind.TRADE_CLOSED, name, trade, at=at, cycle_id=decision.cycle_id)


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    """A home in which two entries were decided."""
    home = tmp_path_factory.mktemp("decided")
    with a_runtime(home) as runtime:
        a_cycle(runtime, NIMBO, KORVA)
    return home


@pytest.fixture
def home(decided, tmp_path):
    return shutil.copytree(decided, tmp_path / "home")


def suggesting(target="momentum", change="review"):
    """A model whose learner always asks for a change."""

    def says(request, answer):
        if request.role != "learner":
            return answer
        reasons = [{"text": f"It brought {{trade.pnl_pct@{answer['symbol']}}}.", "weight": "low"}]
        wanted = {"subject": "strategy", "target": target, "change": change, "reasons": reasons}
        return {**answer, "suggestions": [wanted]}

    return SpyModel(says)


def on_record(runtime, kind):
    return runtime.deps.stores.ledger.entries(kind=kind)


def test_a_closed_trade_is_learned_from_once(home):
    model = SpyModel()
    with a_runtime(home, model=model) as runtime:
        close(runtime, NIMBO)
        first, again = learn(runtime.deps, LATER), learn(runtime.deps, LATER + DAY)
        assert (first.trades, first.by_code, first.waiting, first.problems) == (("trade-1",), 0, 0, ())
        assert (again.trades, again.waiting) == ((), 0)
        assert len(model.asked("learner")) == 1
        (entry,) = on_record(runtime, RecordKind.LESSON)
        lesson = restore(LearnedTrade, entry.body)
        assert (entry.subject, entry.at, lesson.decision_id) == ("trade-1", LATER, entry.cause)
        assert (lesson.review.source, lesson.lesson.symbol) == ("scripted:spy", NIMBO)
        assert {item.ref for item in lesson.evidence} == set(lesson.review.cited)
        assert len(on_record(runtime, RecordKind.CALIBRATION)) == 1
        calls = [each for each in on_record(runtime, RecordKind.MODEL_CALL) if each.cycle_id == learning_id(LATER)]
        assert [each.body["role"] for each in calls] == ["learner"]
        assert runtime.deps.stores.ledger.verify().ok


def test_a_run_that_was_cut_off_pays_no_call_twice(home):
    model = SpyModel()
    with a_runtime(home, model=model) as runtime:
        close(runtime, NIMBO)
        learn(runtime.deps, LATER)
    with a_runtime(home, model=model) as runtime:
        # a second journal of the same day finds the finished call, as after a crash before the lesson was written
        assert runtime.deps.stores.calls.of_cycle(learning_id(LATER))
        assert learn(runtime.deps, LATER).trades == ()
    assert len(model.asked("learner")) == 1


@pytest.mark.parametrize(
    ("as_of", "trades"),
    [
        pytest.param(NOON + 2 * DAY - timedelta(seconds=1), (), id="a_second_before_the_close"),
        pytest.param(NOON + 2 * DAY, ("trade-1",), id="at_the_close"),
        pytest.param(NOON + 3 * DAY, ("trade-1", "trade-2"), id="after_both"),
    ],
)
def test_nothing_is_learned_from_the_future(home, as_of, trades):
    model = SpyModel()
    with a_runtime(home, model=model) as runtime:
        close(runtime, KORVA, at=NOON + 3 * DAY, name="trade-2", pnl="-999999")
        close(runtime, NIMBO)
        found = learn(runtime.deps, as_of)
        assert found.trades == trades
        outcomes = [each.count for each in found.calibration.tallies]
        assert outcomes == [len(trades)] * (2 if trades else 0)
        told = json.dumps([entry.body for entry in on_record(runtime, RecordKind.LESSON)])
        assert (SENTINEL in told) is (len(trades) == 2)
        # the earlier trade is reviewed as of its own close, whenever that is done
        assert [SENTINEL in request.user for request in model.asked("learner")] == [False, True][: len(trades)]


def test_the_forecasts_of_a_trade_are_scored_by_role_and_model(home):
    with a_runtime(home) as runtime:
        close(runtime, NIMBO, pnl="30")
        close(runtime, KORVA, pnl="-30", name="trade-2")
        learn(runtime.deps, LATER)
        ledger = runtime.deps.stores.ledger
        said = [forecast for lesson in learned(ledger) for forecast in lesson.forecasts]
        assert {(each.role, each.model) for each in said} == {("advisor", "rules:rules"), ("signal", "code")}
        tally = calibration_at(ledger, LATER).of("advisor", "rules:rules")
        assert (tally.count, tally.won, tally.proven) == (2, 1, False)
        assert calibration_at(ledger, LATER - timedelta(seconds=1)).tallies == ()


def test_a_model_that_is_away_leaves_the_lesson_of_code_for_good(home):
    away = SpyModel(lambda request, answer: NoAnswer("network", "away") if request.role == "learner" else answer)
    with a_runtime(home, model=away) as runtime:
        close(runtime, NIMBO)
        found = learn(runtime.deps, LATER)
        assert (found.trades, found.by_code) == (("trade-1",), 1)
        assert learn(runtime.deps, LATER).trades == ()


def test_what_the_budget_of_a_day_does_not_reach_waits_for_the_next(home):
    with a_runtime(home, max_calls_per_cycle=1) as runtime:
        close(runtime, NIMBO)
        close(runtime, KORVA, name="trade-2", at=NOON + 3 * DAY)
        first = learn(runtime.deps, LATER)
        assert (first.trades, first.waiting) == (("trade-1",), 1)
        assert any("budget" in problem for problem in first.problems)
        assert learn(runtime.deps, LATER + DAY).trades == ("trade-2",)


def test_two_runs_at_once_write_one_lesson(home):
    with a_runtime(home) as runtime, a_runtime(home) as other:
        close(runtime, NIMBO)
        runs = [Thread(target=learn, args=(each.deps, LATER)) for each in (runtime, other)]
        for run in runs:
            run.start()
        for run in runs:
            run.join()
        assert len(on_record(runtime, RecordKind.LESSON)) == 1
        assert runtime.deps.stores.ledger.verify().ok


def test_a_suggestion_becomes_files_in_one_folder(home):
    with a_runtime(home, model=suggesting()) as runtime:
        close(runtime, NIMBO)
        found = learn(runtime.deps, LATER)
        (name,) = found.proposals
        text = (home / "proposals" / name / "PULL_REQUEST.md").read_text()
        assert text.startswith("# ai-proposed: review strategy momentum")
        assert learn(runtime.deps, LATER).proposals == ()
        close(runtime, KORVA, name="trade-2")
        assert learn(runtime.deps, LATER + DAY).proposals == (name,)


def test_a_folder_that_is_a_link_is_told_and_the_lessons_stay(home, tmp_path):
    (home / "proposals").symlink_to(tmp_path)
    with a_runtime(home, model=suggesting()) as runtime:
        close(runtime, NIMBO)
        found = learn(runtime.deps, LATER)
        assert (found.trades, found.proposals) == (("trade-1",), ())
        assert any("is a link" in problem for problem in found.problems)


_WATCHING: list[set[str]] = []


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook stays for good, so it only looks while somebody watches."""
    if not _WATCHING:
        return
    if event == "open":
        path, mode, flags = (*arguments, None, None, None)[:3]
        writes = set(str(mode or "")) & set("wax+") or (isinstance(flags, int) and flags & 0o3)
        if writes and isinstance(path, (str, bytes, Path)):
            _WATCHING[-1].add(str(path))
    elif event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.link", "os.truncate"):
        _WATCHING[-1].update(str(each) for each in arguments[:2] if isinstance(each, (str, bytes, Path)))


sys.addaudithook(_watch)


@contextmanager
def files_touched() -> Iterator[set[str]]:
    _WATCHING.append(set())
    try:
        yield _WATCHING[-1]
    finally:
        _WATCHING.pop()


def test_the_watch_sees_what_is_written(tmp_path):
    with files_touched() as touched:
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "b").write_text("x")
        (tmp_path / "a" / "b").replace(tmp_path / "c")
    assert {str(tmp_path / "a"), str(tmp_path / "a" / "b"), str(tmp_path / "c")} <= touched


@pytest.mark.parametrize("target", ["momentum", "../../policies/conservative.toml", "/etc/hosts"])
def test_learning_writes_below_proposals_and_nowhere_else(home, target):
    """The database and the memory are opened before; whatever Python opens for writing while it learns is seen."""
    with a_runtime(home, model=suggesting(target)) as runtime:
        close(runtime, NIMBO)
        runtime.deps.memory.remembered()
        with files_touched() as touched:
            found = learn(runtime.deps, LATER)
    assert found.trades == ("trade-1",)
    allowed = (str(home / "proposals"), str(home / "ledger.anchor"))
    assert {path for path in touched if not path.startswith(allowed)} == set()
    assert bool(found.proposals) is (target == "momentum")
    assert any(path.startswith(str(home / "proposals")) for path in touched) is (target == "momentum")


def proven(role, model):
    """Two hundred outcomes of a role that knows what it says: of 0.8 eight in ten win, of 0.2 two."""
    said = [(Decimal("0.8"), number % 10 < 8) for number in range(100)]
    said += [(Decimal("0.2"), number % 10 < 2) for number in range(100)]
    return [Forecast(role, model, probability, won) for probability, won in said]


def worth(decision, seen, deps):
    """What the gates are told a decision's confidence is worth."""
    made = proposal_for(decision, seen, deps)
    assert made is not None
    return made.calibrated


def test_the_gate_is_told_what_the_confidence_has_proven_to_be_worth(home):
    with a_runtime(home) as runtime:
        close(runtime, NIMBO)
        ledger, deps = runtime.deps.stores.ledger, runtime.deps
        (entry,) = (
            each for each in on_record(runtime, RecordKind.DECISION) if each.body["candidate"]["symbol"] == NIMBO
        )
        decision = restore(Decision, entry.body)
        seen = deps.stores.observations.load(decision.cycle_id)
        assert decision.advice is not None
        learn(deps, NOON)
        assert worth(decision, seen, deps) is None
        for number, forecast in enumerate(proven("advisor", decision.advice.source)):
            a_lesson = replace(a_learned_trade(1), closed_at=NOON - 2 * DAY, forecasts=(forecast,))
            ledger.append(RecordKind.LESSON, f"old-{number}", a_lesson, at=NOON - DAY)
        learn(deps, NOON)
        tally = calibration_at(ledger, NOON).of("advisor", decision.advice.source)
        assert tally.proven
        assert worth(decision, seen, deps) == tally.calibrated(decision.advice.confidence) is not None
        other = replace(decision, advice=replace(decision.advice, source="hosted:another"))
        assert worth(other, seen, deps) is None
        assert worth(decision, seen, replace(deps, calibration=None)) is None
