"""Whatever models answer, nothing reaches the broker that a limit forbids, and the next candidate is still served.

The path is the product's own: review nodes, gates, desk, paper broker. Each example is undone, so that all start from
the same books. An order that was sent is judged a second time by the oracle, which shares no line with ``policies``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from agents.calls.budget import Budget
from agents.monitor import watch
from agents.reader import read
from domain.case import Case, TradingState
from domain.decisions import Action, Decision
from domain.market import Symbol
from domain.money import floor_to
from domain.orders import Order
from domain.signals import TradeCandidate
from domain.verdicts import Outcome
from graphs.nodes import desk, observe, read_news, review, screen
from graphs.nodes.observe import market_now
from graphs.state import Ruled
from interfaces.acting.cycling import started
from tests.builders.agents import Answer, an_article
from tests.builders.hostile import FAILURES, HostileModel, answers, strings, whole
from tests.builders.market import NOON
from tests.builders.restated import judged_again
from tests.builders.runtime import KORVA, NIMBO, SCENE, a_policy, a_runtime
from tests.builders.tally import count, examples
from tools.control import act_on

PROOF = "Hostile model outputs"
ROLES = ("advisor", "inspector", "decider")
MODEL_LIMITS = {"approval_required_above_notional": 10**9, "max_spread_pct": 5}
"""No person in between, or hardly an order of the scene would be sent."""

QUICK = (Phase.explicit, Phase.generate)
"""A failing example is told as it was found: making it smaller would take minutes of cycles."""


class Undone(Exception):
    """Ends an example without a trace."""


class WatchingOffice:
    """The office that makes permits, and the case it looked at last."""

    def __init__(self, office: Any) -> None:
        self._office = office
        self.case: Case | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._office, name)

    def issue(self, case: Case, *given: Any) -> Any:
        """As the office does it."""
        self.case = case
        return self._office.issue(case, *given)


@dataclass(frozen=True)
class Stage:
    """A start of the product, with one observation of its scene and the market at that moment."""

    runtime: Any
    office: WatchingOffice
    limits: dict[str, Any]
    state: dict[str, Any]
    candidates: dict[Symbol, TradeCandidate]
    market: Any

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text("the stage")  # a failing example names its scene; the market would fill pages

    @property
    def seen(self) -> Any:
        return self.runtime.deps.stores.observations.load(self.state["cycle_id"])

    def orders(self) -> dict[str, Order]:
        """Every order on record that is no protective leg."""
        found = self.runtime.deps.stores.orders.newest(999)
        return {order.client_order_id: order for order in found if order.parent_id is None}

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Everything inside is one transaction that is rolled back."""
        try:
            with self.runtime.deps.stores.database.transaction():
                yield
                raise Undone
        except Undone:
            pass


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    home = tmp_path_factory.mktemp("hostile")
    policy = a_policy(home, **MODEL_LIMITS)
    with a_runtime(home, policy=policy) as runtime:
        cycle = started(runtime, "paper", SCENE, NOON)
        state: Any = {"cycle_id": cycle.cycle_id, "as_of": NOON, "symbols": list(SCENE)}
        for node in (read_news.read_news, observe.observe, screen.screen, screen.monitor):
            state |= node(runtime.deps)(state)
        found = {candidate.symbol: candidate for candidate in state["candidates"]}
        office = WatchingOffice(runtime.deps.desk._office)
        runtime.deps.desk._office = office
        limits = tomllib.loads(Path(policy).read_text(encoding="utf-8"), parse_float=Decimal)["limits"]
        yield Stage(runtime, office, limits, state, found, market_now(runtime.deps, sorted(found)))


@dataclass(frozen=True)
class Ending:
    """What became of one candidate."""

    decision: Decision
    ruled: Ruled | None
    codes: tuple[str, ...]
    order: Order | None
    model: HostileModel


def carried_out(stage: Stage, candidate: TradeCandidate, script: dict[str, Sequence[Answer]]) -> Ending:
    """Review, gates and desk, as the graph runs them."""
    model = HostileModel(script)
    # each case stands alone: what failed in the one before must not have the model left alone in this one
    asker = replace(stage.runtime.deps.asker, model=model, budget=Budget(50, 500_000), breaker=None)
    deps = replace(stage.runtime.deps, asker=asker)
    state: Any = {**stage.state, "candidate": candidate}
    (decision,) = review.review(deps)(state)["decisions"]
    ruled = desk.judge(deps, decision, stage.seen, stage.market)
    if ruled is None or ruled.outcome not in desk.ALLOWED:
        return Ending(decision, ruled, (), None, model)
    (sent,) = desk.send(deps, [decision], stage.seen, stage.market)
    (again,) = desk.send(deps, [decision], stage.seen, stage.market)
    assert again.client_order_id == sent.client_order_id
    return Ending(decision, ruled, sent.codes, stage.orders().get(sent.client_order_id), model)


@dataclass(frozen=True)
class Scene:
    """Which candidate, how much larger than code would have it, and what the roles answer about it."""

    symbol: Symbol
    factor: int
    script: dict[str, Sequence[Answer]]
    words: frozenset[str]


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Two answers a role, a second one for the repair turn; ``words`` say of what kinds they are."""
    symbol = draw(st.sampled_from((NIMBO, KORVA)))
    drawn = {role: [draw(answers(role, symbol, (f"quote.ask@{symbol}",))) for _ in range(2)] for role in ROLES}
    script: dict[str, Sequence[Answer]] = {role: [answer for _, answer in pair] for role, pair in drawn.items()}
    words = frozenset(word for pair in drawn.values() for word, _ in pair)
    return Scene(symbol, draw(st.sampled_from((1, 1, 1, 2, 5, 50, 2000))), script, words)


def willing(candidate: TradeCandidate) -> dict[str, Sequence[Answer]]:
    """All three roles support all of it."""
    return {role: [whole(role, candidate.symbol, candidate.refs)] for role in ROLES}


def check_order(stage: Stage, ending: Ending, candidate: TradeCandidate, before: dict[str, Order]) -> None:
    """I-01, I-10, I-13, I-14, I-28: what was sent is the candidate or less of it, and breaks no limit."""
    order, decision, case = ending.order, ending.decision, stage.office.case
    assert order is not None
    assert case is not None
    assert set(stage.orders()) - set(before) == {order.client_order_id}
    assert (order.symbol, order.side) == (candidate.symbol, candidate.side)
    assert 0 < order.qty <= decision.qty <= candidate.qty
    if len(ending.model.asked) > len(ROLES):
        assert order.qty < candidate.qty
    assert order.stop_loss is not None
    assert candidate.stop_loss is not None
    assert order.stop_loss >= candidate.stop_loss
    quote = stage.market.symbols[candidate.symbol].quote
    assert order.limit_price == floor_to(quote.ask * Decimal("1.002"), Decimal("0.01"))
    found = judged_again(case, stage.limits, order.qty)
    assert (found.verdict, found.gates) == ("PASS", ())


@settings(max_examples=examples(300, proofs=20_000), phases=QUICK)
@given(scene=scenes())
def test_no_answer_gets_an_order_past_a_limit(stage, scene):
    """I-01, I-10, I-14, I-27, I-28, I-29, I-49."""
    known = stage.candidates[scene.symbol]
    candidate = replace(known, qty=known.qty * scene.factor)
    with stage.undone():
        before, ending = stage.orders(), carried_out(stage, candidate, scene.script)
        if ending.order is not None:
            check_order(stage, ending, candidate, before)
        else:
            assert set(stage.orders()) == set(before)
            assert reasons_of(ending)
            assert (ending.decision.qty == 0) == (ending.ruled is None)
        assert all(ending.model.asked.count(role) <= 2 for role in ROLES)
        check_next(stage, scene.symbol, ending)
    tell(ending, scene.words)


def reasons_of(ending: Ending) -> tuple[object, ...]:
    """Codes on record; a decider that asks for a share of nothing gives its own reasons instead."""
    decision, ruled = ending.decision, ending.ruled
    own = decision.reasons if decision.action is Action.SKIP and ":" in decision.source else ()
    return (*decision.codes, *own, *(() if ruled is None else ruled.codes), *ending.codes)


def check_next(stage: Stage, symbol: Symbol, ending: Ending) -> None:
    """I-29: the candidate after it is served, unless what was sent has taken its room."""
    if ending.order is not None:
        return
    other = stage.candidates[KORVA if symbol == NIMBO else NIMBO]
    assert carried_out(stage, other, willing(other)).order is not None
    count(PROOF, "next candidates served after one that failed")


def tell(ending: Ending, words: frozenset[str]) -> None:
    count(PROOF, "examples")
    for word in words:
        count(PROOF, f"examples with an answer of the kind '{word}'")
    if ending.order is not None:
        count(PROOF, "orders sent")
        if ending.ruled is not None and ending.ruled.outcome is Outcome.REDUCE:
            count(PROOF, "orders sent smaller than decided, because of a limit")
    elif ending.ruled is None:
        count(PROOF, "examples that ended before the gates, with a recorded reason")
    else:
        count(PROOF, "examples that the gates stopped")


def test_whole_answers_are_sent(stage):
    """The proof would hold for a system that sends nothing; this one sends."""
    candidate = stage.candidates[NIMBO]
    with stage.undone():
        before, ending = stage.orders(), carried_out(stage, candidate, willing(candidate))
        check_order(stage, ending, candidate, before)
        assert ending.order is not None
        assert ending.order.qty == candidate.qty


@pytest.mark.parametrize("missing", ROLES)
@pytest.mark.parametrize(
    "failure", [pytest.param(each, id=f"{n}_{type(each).__name__}") for n, each in enumerate(FAILURES)]
)
def test_a_role_that_fails_leaves_no_order_and_a_reason(stage, missing, failure):
    """I-29, I-49: for each role alone, with the two others as willing as can be."""
    candidate = stage.candidates[NIMBO]
    with stage.undone():
        ending = carried_out(stage, candidate, {**willing(candidate), missing: [failure]})
        assert ending.order is None
        assert ending.decision.qty == 0
        assert ending.decision.codes[0] == f"{missing.upper()}_MISSING"


@settings(max_examples=examples(60, proofs=2_000))
@given(answer=st.one_of(strings(), st.sampled_from(FAILURES), strings().map(lambda text: {"request": text})))
def test_a_monitor_that_says_anything_only_tightens(stage, answer):
    """I-35, I-49: of all it may say nothing loosens, and what it cannot say in its form counts as caution."""
    seen = replace(stage.seen, missing=("a source is away",))
    with stage.undone():
        control, deps = stage.runtime.deps.stores.control, stage.runtime.deps
        control.set_trading_state(TradingState.REDUCING, by="test", at=NOON)
        asker = replace(deps.asker, model=HostileModel({"monitor": [answer]}), budget=Budget(50, 500_000), breaker=None)
        report = watch(asker, seen)
        assert report.request in {"tighten", "halt"}
        act_on(report, control, at=NOON)
        assert control.read().trading_state is not TradingState.ACTIVE


@settings(max_examples=examples(60, proofs=2_000))
@given(
    answer=st.one_of(
        strings(), st.sampled_from(FAILURES), strings().map(lambda text: {"events": [], "suspicious": text})
    )
)
def test_a_reader_that_says_anything_leaves_no_event_that_the_text_does_not_hold(stage, answer):
    """I-60: what does not fit its form is no reading, and nothing of it goes on."""
    with stage.undone():
        asker = replace(
            stage.runtime.deps.asker, model=HostileModel({"reader": [answer]}), budget=Budget(50, 500_000), breaker=None
        )
        reading = read(asker, stage.state["cycle_id"], an_article(symbols=(NIMBO,)))
        assert reading.events == ()


@pytest.mark.parametrize(
    "asks",
    [
        pytest.param({"decider": {"ask_approval": True}}, id="decider"),
        pytest.param({"inspector": {"ruling": "ask"}}, id="inspector"),
    ],
)
def test_an_order_that_a_role_wants_a_person_to_see_waits(stage, asks):
    candidate = stage.candidates[NIMBO]
    said: dict[str, Sequence[Answer]] = {
        role: [whole(role, NIMBO, candidate.refs) | asks.get(role, {})] for role in ROLES
    }
    with stage.undone():
        ending = carried_out(stage, candidate, said)
        assert ending.decision.needs_approval
        assert ending.ruled is not None
        assert ending.ruled.outcome is Outcome.NEED_APPROVAL
        assert ending.order is None


def test_every_refusal_is_on_record(stage):
    """I-29: an answer that brought nothing is stored as it came, with what was wrong with it."""
    candidate = stage.candidates[NIMBO]
    with stage.undone():
        ending = carried_out(stage, candidate, {role: ["no JSON at all"] for role in ROLES})
        calls = stage.runtime.deps.stores.calls
        stored = calls.of_cycle(stage.state["cycle_id"])
        assert [call.response for call in stored if call.subject == candidate.candidate_id] == ["no JSON at all"] * 2
        assert set(calls.newest_faults(2)) == {"garbage"}
        assert ending.decision.codes == ("ADVISOR_MISSING",)
