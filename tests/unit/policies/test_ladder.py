"""Who may move the mode and the trading state, and which way."""

from itertools import product

import pytest

from domain.case import Mode, TradingState
from domain.verdicts import Outcome, Verdict
from policies.ladder import Actor, ResumeFacts, mode_refusal, resume_checklist, state_after, state_refusal

row = pytest.param
ACTIVE, REDUCING, HALTED = TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED
OTHERS = (Actor.PERSON, Actor.AGENT, Actor.RULE)
READY = ResumeFacts(reconciled=True, data_fresh=True, breaches=(), self_test_ok=True)


@pytest.mark.parametrize(
    ("old", "new", "anyone"),
    [
        row(Mode.AUTO, Mode.AUTO, True, id="nowhere"),
        row(Mode.AUTO, Mode.OFF, True, id="auto_to_off"),
        row(Mode.AUTO, Mode.APPROVE, True, id="auto_to_approve"),
        row(Mode.AUTO, Mode.PAPER, True, id="auto_to_paper"),
        row(Mode.PAPER, Mode.OBSERVE, True, id="paper_to_observe"),
        row(Mode.APPROVE, Mode.OBSERVE, True, id="approve_to_observe"),
        row(Mode.APPROVE, Mode.PAPER, False, id="approve_to_paper"),
        row(Mode.PAPER, Mode.APPROVE, False, id="paper_to_approve"),
        row(Mode.OBSERVE, Mode.PAPER, False, id="observe_to_paper"),
        row(Mode.APPROVE, Mode.AUTO, False, id="approve_to_auto"),
        row(Mode.OFF, Mode.OBSERVE, False, id="off_to_observe"),
    ],
)
def test_down_is_open_to_all_and_up_to_the_owner(old, new, anyone):
    for actor in OTHERS:
        assert (mode_refusal(old, new, actor) is None) is anyone
        assert (mode_refusal(old, new, actor, confirmed=True, live_account=True) is None) is anyone
    assert mode_refusal(old, new, Actor.OWNER) is None


def test_real_money_starts_to_move_only_with_a_confirmation():
    assert mode_refusal(Mode.PAPER, Mode.AUTO, Actor.OWNER, live_account=True) is not None
    assert mode_refusal(Mode.PAPER, Mode.AUTO, Actor.OWNER, live_account=True, confirmed=True) is None
    assert mode_refusal(Mode.OFF, Mode.PAPER, Actor.OWNER, live_account=True) is None


@pytest.mark.parametrize(("old", "new"), list(product((ACTIVE, REDUCING, HALTED), repeat=2)))
def test_only_the_owner_moves_the_trading_state_up_and_only_with_an_empty_checklist(old, new):
    states = (HALTED, REDUCING, ACTIVE)
    up = states.index(new) > states.index(old)
    for actor in OTHERS:
        assert (state_refusal(old, new, actor) is not None) is up
    assert state_refusal(old, new, Actor.OWNER) is None
    refusal = state_refusal(old, new, Actor.OWNER, ("reconcile",))
    assert (refusal is not None) is up


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        row(READY, (), id="ready"),
        row(ResumeFacts(False, True, (), True), ("reconcile the book with the broker",), id="not_reconciled"),
        row(ResumeFacts(True, None, (), True), ("wait for fresh market data",), id="data_unknown"),
        row(ResumeFacts(True, True, None, True), ("find out which limits are breached",), id="breaches_unknown"),
        row(ResumeFacts(True, True, ("G1", "G3"), True), ("resolve the breach of G1, G3",), id="breached"),
        row(ResumeFacts(True, True, (), None), ("repair the gates that fail their self-test",), id="self_test_unknown"),
    ],
)
def test_a_resume_wants_everything_known_and_well(facts, missing):
    assert resume_checklist(facts) == missing


def denied(*codes):
    return [Verdict("X1", code, Outcome.DENY) for code in codes]


@pytest.mark.parametrize(
    ("state", "verdicts", "after"),
    [
        row(ACTIVE, denied("ORDER_NOTIONAL", "QUOTE_STALE"), ACTIVE, id="sizes_and_quotes_move_nothing"),
        row(ACTIVE, denied("DAY_LOSS"), REDUCING, id="day_loss_reduces"),
        row(ACTIVE, denied("LOSS_STREAK"), REDUCING, id="losing_streak_reduces"),
        row(ACTIVE, denied("DRAWDOWN_SOFT"), REDUCING, id="soft_drawdown_reduces"),
        row(ACTIVE, denied("DRAWDOWN_SOFT", "DRAWDOWN"), HALTED, id="drawdown_halts"),
        row(ACTIVE, denied("EQUITY_UNKNOWN", "COUNTERS_UNKNOWN"), ACTIVE, id="not_knowing_moves_nothing"),
        row(HALTED, denied("DAY_LOSS"), HALTED, id="never_up"),
        row(REDUCING, [], REDUCING, id="not_even_when_all_is_well"),
        row(ACTIVE, [Verdict("G3", "DRAWDOWN", Outcome.PASS)], ACTIVE, id="a_pass_moves_nothing"),
    ],
)
def test_breached_loss_limits_move_the_state_down_by_themselves(state, verdicts, after):
    assert state_after(state, verdicts) is after
