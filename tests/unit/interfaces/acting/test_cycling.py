"""Running cycles: claimed once, resumed before anything new, exits by rule, halts that last."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from agents.llm import NoAnswer
from domain.case import TradingState
from domain.decisions import Action
from domain.errors import IntegrityError, RetryableError, SourceUnavailable, UsageError
from domain.ids import CycleId
from domain.orders import OrderStatus, Side
from domain.record.entries import RecordKind
from domain.signals import CandidateKind
from interfaces.acting import cycling
from interfaces.service import Service
from tests.builders.execution import HandClock
from tests.builders.market import NOON
from tests.builders.runtime import (
    BLOCKED,
    KORVA,
    LEAVING,
    NIMBO,
    SCENE,
    Crash,
    ShiftedMarket,
    SpyModel,
    a_cycle,
    a_runtime,
    at_the_broker,
    entries_of,
    rewired,
    symbol_in,
    the_market,
)
from trading.store.cycles import CycleRecord


def test_a_cycle_reports_all_it_saw_and_did_and_stores_its_report(tmp_path):
    told: list[str] = []
    with a_runtime(tmp_path, model=SpyModel()) as runtime:
        report = a_cycle(runtime, progress=told.append)
        stored = runtime.deps.stores.cycles.get(report.cycle_id)
    assert {seen.symbol for seen in report.seen} == {each.symbol for each in report.candidates} == set(SCENE)
    assert len(report.advice) == len(report.inspections) == len(report.decisions) == len(report.explanations) == 5
    assert (report.as_of, report.model, report.degraded, report.missing) == (NOON, "scripted:spy", None, ())
    assert (report.model_calls.count, report.model_calls.tokens_in) == (19, 1900)
    assert (stored.finished_at, stored.report["cycle_id"]) == (NOON, report.cycle_id)
    assert report.timings_ms.keys() >= {"observe", "screen", "review", "gate", "submit", "explain", "remember"}
    assert told == [f"{name.replace('_', ' ')} done" for name in told_nodes(told)]


def told_nodes(told):
    return [line.removesuffix(" done") for line in told]


def test_two_cycles_at_one_moment_have_ids_of_their_own_and_trade_once(tmp_path):
    with a_runtime(tmp_path) as runtime:
        first, second = a_cycle(runtime, NIMBO), a_cycle(runtime, NIMBO)
        assert first.cycle_id != second.cycle_id
        assert (len(first.orders), second.candidates, second.orders) == (1, (), ())
        started = runtime.deps.stores.ledger.entries(kind=RecordKind.CYCLE_STARTED)
        finished = runtime.deps.stores.ledger.entries(kind=RecordKind.CYCLE_FINISHED)
    assert [entry.subject for entry in started] == [entry.subject for entry in finished]


def test_time_does_not_go_back(tmp_path):
    with a_runtime(tmp_path) as runtime:
        a_cycle(runtime, NIMBO)
        head = runtime.deps.stores.ledger.head()
        with pytest.raises(UsageError, match="lies before the last cycle of this home"):
            a_cycle(runtime, NIMBO, as_of=NOON - timedelta(seconds=1))
        assert runtime.deps.stores.ledger.head() == head


def test_of_two_processes_one_gets_the_next_cycle(tmp_path):
    with a_runtime(tmp_path) as runtime:
        taken = CycleRecord(CycleId("cyc-taken"), "paper", 1, NOON, NOON)
        stores = runtime.deps.stores

        class Late:
            """A store that learns of the other process only when it claims."""

            def __getattr__(self, name):
                return getattr(stores.cycles, name)

            def next_sequence(self, account):
                return 1

        stores.cycles.start(taken)
        late = rewired(runtime, stores=replace(stores, cycles=Late()))
        with pytest.raises(RetryableError, match="another process has just started"):
            cycling.started(late, "paper", SCENE, NOON)
        assert stores.ledger.entries(kind=RecordKind.CYCLE_STARTED) == ()


def test_two_processes_at_once_trade_once(tmp_path):
    reports, failed, together = [], [], threading.Barrier(2)

    def cycle():
        with a_runtime(tmp_path) as runtime:
            together.wait(30)
            try:
                reports.append(a_cycle(runtime, NIMBO))
            except RetryableError as error:
                failed.append(error)

    with a_runtime(tmp_path):
        pass  # the home exists before the two meet in it
    threads = [threading.Thread(target=cycle) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(reports) + len(failed) == 2
    assert reports
    with a_runtime(tmp_path) as runtime:
        assert [order.symbol for order in entries_of(runtime)] == [NIMBO]
        assert [symbol for symbol, _qty, _price in at_the_broker(runtime)["held"]] == [NIMBO]
        assert runtime.deps.stores.ledger.verify().ok


@pytest.mark.parametrize("lost", [False, True], ids=["with_its_checkpoints", "without"])
def test_a_cycle_that_was_cut_off_is_finished_first(tmp_path, lost):
    def dies(request, answer):
        return Crash("at the decider") if request.role == "decider" else answer

    told: list[str] = []
    dying = SpyModel(dies)
    with a_runtime(tmp_path, model=dying) as runtime, pytest.raises(Crash):
        a_cycle(runtime, NIMBO)
    if lost:
        for path in tmp_path.glob("checkpoints.db*"):
            path.unlink()
    model = SpyModel()
    with a_runtime(tmp_path, model=model) as runtime:
        cut_off = runtime.deps.stores.cycles.last("paper")
        report = a_cycle(runtime, KORVA, progress=told.append)
        assert (report.cycle_id, report.as_of) == (cut_off.cycle_id, NOON)
        assert [order.symbol for order in entries_of(runtime)] == [NIMBO], "its own symbols, not the new ones"
        assert told[0] == f"resuming cycle {cut_off.cycle_id}"
        assert [request.role for request in model.requests] == ["decider", "explainer"]
        assert a_cycle(runtime, KORVA).cycle_id != cut_off.cycle_id


def test_checkpoints_of_a_database_that_was_put_back_are_forgotten(tmp_path):
    """The ids of the first cycle come again, and with them a thread that somebody else has finished."""
    with a_runtime(tmp_path) as runtime:
        first = a_cycle(runtime, NIMBO)
    for path in (*tmp_path.glob("sage.db*"), tmp_path / "ledger.anchor"):
        path.unlink()
    with a_runtime(tmp_path) as runtime:
        again = a_cycle(runtime, NIMBO)
        assert len(entries_of(runtime)) == 1
    assert again.cycle_id == first.cycle_id
    assert [len(report.decisions) for report in (first, again)] == [1, 1]
    # The journal of kills outlives the database, so the second ledger begins with another record of it.
    assert replace(again, timings_ms={}, ledger_head="") == replace(first, timings_ms={}, ledger_head="")


def test_a_cycle_whose_start_is_not_on_record_cannot_go_on(tmp_path):
    with a_runtime(tmp_path) as runtime:
        runtime.deps.stores.cycles.start(CycleRecord(CycleId("cyc-strange"), "paper", 1, NOON, NOON))
        with pytest.raises(IntegrityError, match="the start of cycle cyc-strange is not on record"):
            a_cycle(runtime, NIMBO)


def holding(home, clock, *symbols):
    with a_runtime(home, clock=clock) as runtime:
        a_cycle(runtime, *symbols)


def test_an_exit_by_rule_asks_no_model_and_goes_out(tmp_path):
    clock, model = HandClock(), SpyModel(lambda _request, _answer: Crash("nobody is to be asked"))
    holding(tmp_path, clock, KORVA)
    clock.at = LEAVING
    with a_runtime(tmp_path, clock=clock, model=model) as runtime:
        report = a_cycle(runtime, KORVA)
    (candidate,), (decision,), (order,) = report.candidates, report.decisions, report.orders
    assert (candidate.kind, decision.action, decision.source) == (CandidateKind.EXIT, Action.TAKE, "rule")
    assert (order.symbol, order.side, order.reduce_only, order.leg) == (KORVA, Side.SELL, True, "exit")
    assert order.filled_qty > 0
    assert model.calls == []
    assert [told.source for told in report.explanations] == ["template"]


@pytest.mark.parametrize("state", [TradingState.ACTIVE, TradingState.REDUCING])
def test_exits_go_on_where_entries_may_not(tmp_path, state):
    clock = HandClock()
    holding(tmp_path, clock, KORVA)
    clock.at = LEAVING
    with a_runtime(tmp_path, clock=clock) as runtime:
        Service(runtime).pause("global", "", None)
        runtime.deps.stores.control.set_trading_state(state, by="owner", at=LEAVING)
        report = a_cycle(runtime, KORVA)
    assert [(order.symbol, order.side) for order in report.orders] == [(KORVA, Side.SELL)]


def test_a_held_position_is_looked_at_although_nobody_asked_for_it(tmp_path):
    clock = HandClock()
    holding(tmp_path, clock, KORVA)
    clock.at = LEAVING
    with a_runtime(tmp_path, clock=clock) as runtime:
        report = a_cycle(runtime, NIMBO)
    assert KORVA in {order.symbol for order in report.orders}


def test_the_inspectors_block_ends_an_entry(tmp_path):
    with a_runtime(tmp_path) as runtime:
        report = a_cycle(runtime, BLOCKED)
    (decision,) = report.decisions
    assert (decision.action, decision.qty, decision.codes) == (Action.SKIP, 0, ("INSPECTOR_BLOCK",))
    assert (report.orders, report.verdicts, report.pending) == ((), (), ())


def asks(request_word):
    """A monitor that asks for this whenever it is asked."""
    return SpyModel(
        lambda request, answer: (
            {**answer, "request": request_word, "state": "alarm"} if request.role == "monitor" else answer
        )
    )


class PatchyMarket(ShiftedMarket):
    """A market that gives the monitor something to worry about: one symbol has no bars."""

    def bars(self, symbol, timeframe, *, as_of, limit):
        if symbol == KORVA:
            raise SourceUnavailable("no bars", "Wait.")
        return the_market().bars(symbol, timeframe, as_of=as_of, limit=limit)


def test_a_halt_by_the_monitor_lasts_until_a_person_resumes(tmp_path):
    market = PatchyMarket(the_market())
    with a_runtime(tmp_path, model=asks("halt"), market=market) as runtime:
        report = a_cycle(runtime, NIMBO, KORVA)
        assert report.monitor.request == "halt"
        assert [decision.codes for decision in report.decisions] == [("MONITOR_HALT",)]
        assert report.orders == ()
    with a_runtime(tmp_path) as runtime:
        assert runtime.deps.stores.control.read().trading_state is TradingState.REDUCING
        denied = a_cycle(runtime, NIMBO)
        assert denied.orders == ()
        assert "REDUCING_ONLY" in {str(verdict.code) for verdict in denied.verdicts}
        Service(runtime).resume("global", "")
        assert [order.symbol for order in a_cycle(runtime, NIMBO).orders] == [NIMBO]


def test_tighten_halves_the_entries_of_this_cycle_and_nothing_lasts(tmp_path):
    with a_runtime(tmp_path, model=asks("tighten"), market=PatchyMarket(the_market())) as runtime:
        report = a_cycle(runtime, NIMBO, KORVA)
        (candidate,), (order,) = report.candidates, report.orders
        assert order.qty == candidate.qty / 2
        assert runtime.deps.stores.control.read().trading_state is TradingState.ACTIVE


def test_a_cycle_without_a_candidate_still_reports(tmp_path):
    with a_runtime(tmp_path, model=SpyModel()) as runtime:
        report = a_cycle(runtime, NIMBO, as_of=NOON)
        quiet = a_cycle(runtime, NIMBO)
    assert report.orders
    assert (quiet.candidates, quiet.decisions, quiet.verdicts, quiet.orders) == ((), (), (), ())
    assert quiet.model_calls.count == 0


def test_a_skip_by_the_advisor_costs_two_questions(tmp_path):
    def skips(request, answer):
        return {**answer, "stance": "skip"} if request.role == "advisor" and symbol_in(request) == NIMBO else answer

    model = SpyModel(skips)
    with a_runtime(tmp_path, model=model) as runtime:
        report = a_cycle(runtime, NIMBO)
    assert [request.role for request in model.requests] == ["advisor", "explainer"]
    assert [(each.action, each.codes) for each in report.decisions] == [(Action.SKIP, ("ADVISOR_SKIP",))]


def test_what_rested_at_the_broker_meets_the_market_before_the_next_cycle(tmp_path):
    clock = HandClock()
    holding(tmp_path, clock, NIMBO)
    clock.at = NOON + timedelta(days=28)
    with a_runtime(tmp_path, clock=clock) as runtime:
        a_cycle(runtime, NIMBO)
        entry = entries_of(runtime)[-1]
        legs = [order for order in runtime.deps.stores.orders.newest(9) if order.parent_id == entry.client_order_id]
        assert all(order.status in (OrderStatus.CANCELED, OrderStatus.FILLED) or order.open_qty for order in legs)
        assert runtime.deps.stores.control.read().mismatched == ()


def test_models_that_answer_nonsense_stop_new_entries_in_the_very_cycle(tmp_path):
    """Of all answers most cannot be used: what the few good ones lead to is not sent either."""

    def says(request, answer):
        return answer if symbol_in(request) == NIMBO else "nonsense"

    with a_runtime(tmp_path, model=SpyModel(says)) as runtime:
        report = a_cycle(runtime)
        assert runtime.deps.stores.control.read().trading_state is TradingState.REDUCING
        assert report.orders == ()
        assert "model answers could not be used" in Service(runtime).status().why
        Service(runtime).resume("global", "")
        assert runtime.deps.stores.control.read().trading_state is TradingState.ACTIVE


def test_models_that_are_away_stop_nothing_by_themselves(tmp_path):
    with a_runtime(tmp_path, model=SpyModel(lambda _request, _answer: NoAnswer("network", "away"))) as runtime:
        a_cycle(runtime)
        assert runtime.deps.stores.control.read().trading_state is TradingState.ACTIVE
