"""Every node's effect on its channels, on the records and at the broker; and that a node run again repeats nothing."""

from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from agents.decider import exit_by_rule
from domain.decisions import Action, MonitorReport, Ruling, Stance
from domain.errors import (
    ConfigurationError,
    DataQualityError,
    IntegrityError,
    ModelUnavailable,
    SourceUnavailable,
)
from domain.orders import OrderStatus
from domain.record.canonical import plain
from domain.record.entries import RecordKind
from domain.signals import CandidateKind
from domain.verdicts import Outcome
from graphs.nodes import desk, observe, outcome, read_news, review, screen
from graphs.state import CycleInput
from interfaces.acting.cycling import config_of, started
from memory.trades import TradeMemory
from tests.builders.agents import an_evidence_set, an_exit
from tests.builders.market import NOON
from tests.builders.runtime import (
    ASKED,
    BLOCKED,
    KORVA,
    NIMBO,
    OSTRE,
    SCENE,
    SHRUNK,
    TAKEN,
    Feed,
    SpyModel,
    a_cycle,
    a_runtime,
    headlines,
    rewired,
)
from trading.execution.reconciliation.reconcile import Reconciler

K = RecordKind
CALM = MonitorReport("normal", "none", (), "code")


@contextmanager
def driven(home):
    """One cycle over the scene, node by node: what each returned, and everything it left behind."""
    with a_runtime(home, model=SpyModel()) as runtime:
        cycle = started(runtime, "paper", SCENE, NOON)
        start = CycleInput(cycle_id=cycle.cycle_id, as_of=NOON, symbols=list(SCENE))
        config = config_of(runtime, cycle.cycle_id)
        steps = runtime.oversight.stream(start, config, stream_mode="updates")
        updates = [each for step in steps for each in step.items()]
        yield runtime, updates, runtime.oversight.get_state(config).values


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    with driven(tmp_path_factory.mktemp("scene")) as scene:
        yield scene


@pytest.fixture(scope="module")
def spare(tmp_path_factory):
    """The same again, for tests that run a node twice."""
    with driven(tmp_path_factory.mktemp("spare")) as scene:
        yield scene


def returned(scene, node):
    return [update for name, update in scene[1] if name == node]


def recorded(scene, kind):
    runtime, _updates, state = scene
    return runtime.deps.stores.ledger.entries(cycle_id=state["cycle_id"], kind=kind)


def test_the_nodes_run_in_the_order_of_the_drawing(scene):
    names = [name for name, _update in scene[1]]
    assert names[:4] == ["read_news", "observe", "screen", "monitor"]
    assert Counter(names[4:-5]) == {"review": 5, "exit_by_rule": 1}
    assert names[-5:] == ["gate", "park", "submit", "explain", "remember"]


def test_observe_reconciles_and_keeps_one_observation(scene):
    runtime, _updates, state = scene
    seen = runtime.deps.stores.observations.load(state["cycle_id"])
    assert returned(scene, "observe") == [{"degraded": []}]
    assert seen.control.reconciled_at == NOON
    assert set(seen.market.symbols) == set(SCENE) == {signal.symbol for signal in seen.signals}
    (entry,) = recorded(scene, K.EVIDENCE)
    assert entry.body == {"digest": seen.evidence.digest, "count": len(seen.evidence.items), "missing": []}


def test_screen_names_the_candidates_best_first_and_records_them(scene):
    (update,) = returned(scene, "screen")
    scores = [candidate.score for candidate in update["candidates"]]
    assert {candidate.symbol for candidate in update["candidates"]} == set(SCENE)
    assert scores == sorted(scores, reverse=True)
    (entry,) = recorded(scene, K.CANDIDATES)
    assert entry.body["value"] == plain(update["candidates"])


def test_monitor_asks_no_model_while_nothing_is_out_of_the_ordinary(scene):
    assert returned(scene, "monitor") == [{"monitor": CALM, "degraded": []}]
    assert len(recorded(scene, K.MONITOR)) == 1
    assert scene[0].deps.asker.model.asked("monitor") == []


@pytest.mark.parametrize(
    ("symbol", "stance", "ruling", "action", "share", "codes"),
    [
        pytest.param(TAKEN, Stance.TAKE, Ruling.ALLOW, Action.TAKE, 1, (), id="taken"),
        pytest.param(ASKED, Stance.TAKE, Ruling.ALLOW, Action.TAKE, 1, (), id="taken_and_large"),
        pytest.param(SHRUNK, Stance.TAKE, Ruling.SHRINK, Action.SHRINK, "0.5", (), id="halved_by_the_inspector"),
        pytest.param(
            BLOCKED, Stance.TAKE, Ruling.BLOCK, Action.SKIP, 0, ("INSPECTOR_BLOCK",), id="blocked_by_the_inspector"
        ),
    ],
)
def test_review_leaves_what_the_roles_leave(scene, symbol, stance, ruling, action, share, codes):
    made = [decision for update in returned(scene, "review") for decision in update["decisions"]]
    (decision,) = [each for each in made if each.candidate.symbol == symbol]
    assert (decision.advice.stance, decision.inspection.ruling) == (stance, ruling)
    assert (decision.action, decision.codes) == (action, codes)
    assert decision.qty == decision.candidate.qty * type(decision.qty)(share)


def test_nobody_decides_about_what_the_inspector_has_blocked(scene):
    model = scene[0].deps.asker.model
    assert [len(model.asked(role)) for role in ("advisor", "inspector", "decider", "explainer")] == [5, 5, 4, 5]


def test_gate_rules_on_what_has_a_size_and_records_all_decisions(scene):
    (update,) = returned(scene, "gate")
    symbols = {each.decision_id: each.candidate.symbol for each in scene[2]["decisions"]}
    ruled = {symbols[each.decision_id]: (each.outcome, each.codes) for each in update["ruled"]}
    assert ruled == {
        NIMBO: (Outcome.PASS, ()),
        KORVA: (Outcome.PASS, ()),
        ASKED: (Outcome.NEED_APPROVAL, ("NOTIONAL_NEEDS_APPROVAL",)),
        SHRUNK: (Outcome.DENY, ("SPREAD_TOO_WIDE",)),
    }
    assert len(recorded(scene, K.DECISION)) == 5
    assert len([entry for entry in recorded(scene, K.VERDICTS) if entry.subject in symbols]) == 4


def test_park_stores_one_request_with_everything_a_person_is_shown(scene):
    runtime, _updates, state = scene
    (request,) = runtime.deps.stores.approvals.open(NOON)
    (decision,) = [each for each in state["decisions"] if each.candidate.symbol == ASKED]
    quote = runtime.deps.market.quote(ASKED, as_of=NOON)
    assert (request.decision_id, request.intent.symbol, request.intent.qty) == (
        decision.decision_id,
        OSTRE,
        decision.qty,
    )
    assert request.order_digest == request.intent.digest
    assert request.price == quote.ask
    assert request.expires_at == NOON + timedelta(seconds=1800), "no longer than the evidence is good for"
    assert request.reasons == ("NOTIONAL_NEEDS_APPROVAL",)


def test_submit_sends_what_passed_and_nothing_else(scene):
    runtime, _updates, state = scene
    (update,) = returned(scene, "submit")
    orders = {order.client_order_id: order for order in runtime.deps.stores.orders.of_cycle(state["cycle_id"])}
    sent = [orders[each.client_order_id] for each in update["sent"]]
    assert {order.symbol for order in sent} == {NIMBO, KORVA}
    assert all(order.status is OrderStatus.FILLED for order in sent)
    assert {position.symbol for position in runtime.deps.broker.positions()} == {NIMBO, KORVA}
    protected = {(order.symbol, order.leg) for order in orders.values() if order.parent_id is not None}
    assert protected == {(symbol, leg) for symbol in (NIMBO, KORVA) for leg in ("stop", "target")}


def test_explain_writes_one_explanation_a_decision(scene):
    _runtime, _updates, state = scene
    assert returned(scene, "explain") == [{"degraded": []}]
    told = recorded(scene, K.EXPLANATION)
    assert {entry.subject for entry in told} == {each.decision_id for each in state["decisions"]}
    assert {entry.body["source"] for entry in told} == {"scripted:spy"}


def test_remember_puts_every_call_on_record(scene):
    calls = scene[0].deps.stores.calls.of_cycle(scene[2]["cycle_id"])
    assert returned(scene, "remember") == [{"degraded": []}]
    assert [entry.subject for entry in recorded(scene, K.MODEL_CALL)] == [
        call.call_id for call in sorted(calls, key=lambda call: call.request_digest)
    ]
    assert len(calls) == len(scene[0].deps.asker.model.calls) == 19


NODES = {
    "read_news": read_news.read_news,
    "observe": observe.observe,
    "screen": screen.screen,
    "monitor": screen.monitor,
    "exit_by_rule": screen.exit_by_rule,
    "gate": desk.gate,
    "park": desk.park,
    "submit": desk.submit,
    "explain": outcome.explain,
    "remember": outcome.remember,
}


@pytest.mark.parametrize("name", NODES)
def test_a_node_that_runs_again_repeats_nothing(spare, name):
    """What a crash between a node's effects and its checkpoint leads to (I-57)."""
    runtime, _updates, state = spare
    stores, model = runtime.deps.stores, runtime.deps.asker.model
    before = (stores.ledger.head(), stores.orders.newest(99), stores.approvals.open(NOON), len(model.calls))
    held = runtime.deps.broker.positions()
    NODES[name](runtime.deps)(state)
    if name == "gate":  # a second look at what was sent meanwhile says duplicate, and that is a new fact
        before = (stores.ledger.head(), *before[1:])
    assert (stores.ledger.head(), stores.orders.newest(99), stores.approvals.open(NOON), len(model.calls)) == before
    assert runtime.deps.broker.positions() == held


def test_a_node_without_its_observation_says_so(scene):
    lost: Any = {**scene[2], "cycle_id": "cyc-lost"}
    with pytest.raises(IntegrityError, match="cyc-lost has no observation"):
        screen.screen(scene[0].deps)(lost)


def test_a_text_is_read_once_however_many_cycles_see_it(tmp_path):
    model = SpyModel()
    with a_runtime(tmp_path, model=model, news=Feed(headlines(NIMBO, 3))) as runtime:
        a_cycle(runtime, NIMBO)
        a_cycle(runtime, NIMBO)
        readings = observe.readings_of(runtime.deps, [NIMBO], NOON)[NIMBO]
    assert len(model.asked("reader")) == len(readings) == 3


def test_a_text_that_could_not_be_read_counts_for_nothing_and_is_read_next_time(tmp_path):
    away = ModelUnavailable("the model is away")
    failing = SpyModel(lambda request, answer: answer if request.role != "reader" else away)
    with a_runtime(tmp_path, news=Feed(headlines(NIMBO, 2))) as runtime:
        with pytest.raises(ModelUnavailable):  # only what agents.llm names is an answer that did not come
            a_cycle(rewired(runtime, asker=replace(runtime.deps.asker, model=failing)), NIMBO)
        model = SpyModel(lambda request, answer: answer if request.role != "reader" else "nonsense")
        report = a_cycle(rewired(runtime, asker=replace(runtime.deps.asker, model=model)), NIMBO)
        assert report.degraded == "reader: 2 texts unread:garbage"
        again = a_cycle(runtime, NIMBO)
        assert again.degraded is None
        assert observe.readings_of(runtime.deps, [NIMBO], NOON)[NIMBO]


@pytest.mark.parametrize(
    "error",
    [
        SourceUnavailable("the wire is down", "Wait."),
        DataQualityError("the wire sends rubbish", "Look at it."),
        ConfigurationError("the wire refuses the key", "Renew it."),
    ],
    ids=["away", "rubbish", "key_refused"],
)
def test_a_news_source_that_fails_is_named_and_the_cycle_goes_on(tmp_path, error):
    with a_runtime(tmp_path, news=Feed(error=error)) as runtime:
        report = a_cycle(runtime, NIMBO)
    assert report.degraded == f"news: {error}"
    assert [order.symbol for order in report.orders] == [NIMBO]


def test_a_symbol_whose_bars_are_away_is_named_and_the_others_go_on(tmp_path):
    class Patchy:
        def __init__(self, market):
            self._market = market

        def __getattr__(self, name):
            return getattr(self._market, name)

        def bars(self, symbol, timeframe, *, as_of, limit):
            if symbol == KORVA:
                raise SourceUnavailable("no bars today", "Wait.")
            return self._market.bars(symbol, timeframe, as_of=as_of, limit=limit)

    with a_runtime(tmp_path) as runtime:
        report = a_cycle(rewired(runtime, market=Patchy(runtime.deps.market)), NIMBO, KORVA)
    assert [candidate.symbol for candidate in report.candidates] == [NIMBO]
    assert "KORVA bars: no bars today" in report.missing
    assert "KORVA bars: no bars today" in report.degraded
    assert report.monitor.request != "halt"


def test_a_decision_without_a_usable_quote_is_denied_by_name(scene):
    runtime, _updates, state = scene
    decision = next(each for each in state["decisions"] if each.candidate.symbol == TAKEN)
    seen = runtime.deps.stores.observations.load(state["cycle_id"])
    blind = replace(seen.market, symbols={})
    said: Any = desk.judge(runtime.deps, decision, seen, blind)
    assert (said.outcome, said.qty, said.codes) == (Outcome.DENY, 0, ("QUOTE_MISSING",))


@pytest.mark.parametrize("kind", [CandidateKind.EXIT, CandidateKind.REDUCE])
def test_what_takes_risk_off_is_sent_first(scene, kind):
    entry = scene[2]["decisions"][0]
    leaving = exit_by_rule(an_exit(kind=kind), an_evidence_set(), at=NOON)
    assert desk.in_sending_order([entry, leaving]) == [leaving, entry]


def test_a_review_without_an_advisor_asks_nobody_else(tmp_path):
    model = SpyModel(lambda request, answer: "nonsense" if request.role == "advisor" else answer)
    with a_runtime(tmp_path, model=model) as runtime:
        report = a_cycle(runtime, NIMBO)
    assert {request.role for request in model.requests} == {"advisor", "explainer"}
    assert [(d.action, d.codes) for d in report.decisions] == [(Action.SKIP, ("ADVISOR_MISSING",))]


def test_a_memory_out_of_reach_is_named_and_nothing_depends_on_it(tmp_path):
    (tmp_path / "memory").write_text("no folder")
    with a_runtime(tmp_path) as runtime:
        assert isinstance(runtime.deps.memory, TradeMemory)
        report = a_cycle(runtime, NIMBO)
    assert report.degraded is None or "memory" in report.degraded
    assert [order.symbol for order in report.orders] == [NIMBO]


def test_a_broker_that_does_not_answer_stops_the_cycle_and_the_next_one_finishes_it(tmp_path):
    class Away(Reconciler):
        def __init__(self):
            pass

        def reconcile(self, now):
            raise SourceUnavailable("the broker is away", "Wait.")

    with a_runtime(tmp_path) as runtime:
        with pytest.raises(SourceUnavailable):
            a_cycle(rewired(runtime, reconciler=Away()), NIMBO)
        assert runtime.deps.stores.orders.newest(9) == ()
        report = a_cycle(runtime, NIMBO)
    assert [order.symbol for order in report.orders] == [NIMBO]


def test_the_inspector_is_not_asked_about_what_nobody_advised(scene):
    model = scene[0].deps.asker.model
    before = len(model.calls)
    entry: Any = None
    assert review.inspect(entry, None, []) is None
    assert len(model.calls) == before


@pytest.mark.parametrize(
    ("counters", "performance", "told"),
    [
        pytest.param({"api_error_pct": Decimal(25)}, {}, "failed broker calls", id="the_broker"),
        pytest.param({"rejects_in_row": 9}, {"consecutive_losses": 9}, "losing streak, rejections in a row", id="two"),
        pytest.param({}, {"peak_equity": Decimal(10**9)}, "soft drawdown, drawdown", id="money"),
    ],
)
def test_trading_that_moves_down_says_which_limit_is_reached_in_words(tmp_path, counters, performance, told):
    with driven(tmp_path) as (runtime, _updates, state):
        seen = runtime.deps.stores.observations.load(state["cycle_id"])
        book = replace(
            seen.book,
            counters=replace(seen.book.counters, **counters),
            performance=replace(seen.book.performance, **performance),
        )
        desk.tighten_if_breached(runtime.deps, replace(seen, book=book))
        body = runtime.deps.stores.ledger.entries(kind=K.CONTROL)[-1].body
    assert (body["by"], body["reason"]) == ("limits", f"a limit is reached: {told}")
