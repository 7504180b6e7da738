"""Who may move the mode and the trading state, and which way."""

import pytest

from domain.case import Case, Mode, TradingState
from domain.verdicts import Outcome, Verdict
from policies.ladder import (
    ACCOUNT_LOSSES,
    REDUCING_CODES,
    Actor,
    ResumeFacts,
    is_hard_drawdown,
    mode_refusal,
    recovery_ramp,
    resume_checklist,
    state_after,
)
from tests.builders.market import at
from tests.builders.policies import D, a_case, counters, done, verdict
from tests.builders.runtime import the_calendar

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


def test_a_refusal_says_what_is_missing():
    assert mode_refusal(Mode.PAPER, Mode.AUTO, Actor.AGENT) == "only the owner moves the mode from paper to auto"
    for new in (Mode.APPROVE, Mode.AUTO):
        told = f"moving to {new} on a live account needs the owner's confirmation"
        assert mode_refusal(Mode.OBSERVE, new, Actor.OWNER, live_account=True) == told


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        row(READY, (), id="ready"),
        row(ResumeFacts(False, True, (), True), ("reconcile the book with the broker",), id="not_reconciled"),
        row(ResumeFacts(True, None, (), True), ("wait for fresh market data",), id="data_unknown"),
        row(ResumeFacts(True, True, None, True), ("find out which limits are breached",), id="breaches_unknown"),
        row(ResumeFacts(True, True, ("G1", "G3"), True), (ACCOUNT_LOSSES["G1"], ACCOUNT_LOSSES["G3"]), id="breached"),
        row(ResumeFacts(True, True, ("G3_soft", "G3"), True), (ACCOUNT_LOSSES["G3"],), id="the_hard_drawdown_says_it"),
        row(ResumeFacts(True, True, (), None), ("repair the gates that fail their self-test",), id="self_test_unknown"),
    ],
)
def test_a_resume_wants_everything_known_and_well(facts, missing):
    assert resume_checklist(facts) == missing


FRIDAY, QUARTER, HALF, FULL = "2026-03-20T15:00", D("0.25"), D("0.5"), D(1)


@pytest.mark.parametrize(
    ("resumed", "now", "share"),
    [
        row(FRIDAY, FRIDAY, QUARTER, id="at_once"),
        row(FRIDAY, "2026-03-20T19:59", QUARTER, id="the_same_session"),
        row(FRIDAY, "2026-03-22T12:00", QUARTER, id="over_the_weekend"),
        row(FRIDAY, "2026-03-23T13:29", QUARTER, id="a_minute_before_monday_opens"),
        row(FRIDAY, "2026-03-23T13:30", HALF, id="monday_opens"),
        row(FRIDAY, "2026-03-24T13:29", HALF, id="a_minute_before_tuesday_opens"),
        row(FRIDAY, "2026-03-24T13:30", FULL, id="tuesday_opens"),
        row(FRIDAY, "2027-03-24T13:30", FULL, id="a_year_later"),
        row("2026-03-21T10:00", "2026-03-23T15:00", QUARTER, id="resumed_on_saturday"),
        row("2026-03-21T10:00", "2026-03-24T15:00", HALF, id="resumed_on_saturday_the_session_after"),
        row("2026-03-21T10:00", "2026-03-25T15:00", FULL, id="resumed_on_saturday_the_third_session"),
        row("2026-04-02T15:00", "2026-04-03T15:00", QUARTER, id="good_friday_is_no_session"),
        row("2026-04-02T15:00", "2026-04-06T15:00", HALF, id="nor_is_easter"),
        row("2026-03-20T13:30", "2026-03-20T13:30", QUARTER, id="resumed_as_the_session_opens"),
        row("2026-03-20T20:00", "2026-03-23T15:00", QUARTER, id="resumed_as_the_session_closes"),
        row(FRIDAY, "2026-03-10T15:00", QUARTER, id="the_clock_went_back"),
        row(FRIDAY, "2040-01-02T15:00", None, id="beyond_the_calendar"),
    ],
)
def test_the_ramp_counts_exchange_sessions(resumed, now, share):
    assert recovery_ramp(at(resumed), at(now), the_calendar()) == share


def test_without_a_resume_there_is_no_ramp():
    assert recovery_ramp(None, at(FRIDAY), the_calendar()) == FULL


def denied(*codes):
    return [Verdict("X1", code, Outcome.DENY) for code in codes]


@pytest.mark.parametrize(
    ("state", "verdicts", "after"),
    [
        row(ACTIVE, denied("ORDER_NOTIONAL", "QUOTE_STALE"), ACTIVE, id="sizes_and_quotes_move_nothing"),
        row(ACTIVE, denied("DAY_LOSS"), REDUCING, id="day_loss_reduces"),
        row(ACTIVE, denied("LOSS_STREAK"), REDUCING, id="losing_streak_reduces"),
        row(ACTIVE, denied("DRAWDOWN_SOFT"), REDUCING, id="soft_drawdown_reduces"),
        row(ACTIVE, denied("WEEK_LOSS"), REDUCING, id="week_loss_reduces"),
        row(ACTIVE, denied("MONTH_LOSS"), REDUCING, id="month_loss_reduces"),
        row(ACTIVE, denied("REJECTS_IN_ROW"), REDUCING, id="rejects_in_a_row_reduce"),
        row(ACTIVE, denied("API_ERRORS"), REDUCING, id="failing_calls_reduce"),
        row(ACTIVE, denied("SLIPPAGE"), REDUCING, id="slippage_reduces"),
        row(ACTIVE, denied("STRATEGY_LOSS", "SYMBOL_LOSS"), ACTIVE, id="one_strategy_or_symbol_moves_nothing"),
        row(ACTIVE, denied("GIVE_BACK", "RECOVERY_RAMP", "COOLDOWN"), ACTIVE, id="no_loss_moves_nothing"),
        row(ACTIVE, denied("DRAWDOWN_SOFT", "DRAWDOWN"), REDUCING, id="the_deepest_drawdown_leaves_exits"),
        row(HALTED, denied("DRAWDOWN"), HALTED, id="a_halt_of_a_person_stays"),
        row(
            ACTIVE, denied("EQUITY_UNKNOWN", "COUNTERS_UNKNOWN", "RAMP_UNKNOWN"), ACTIVE, id="not_knowing_moves_nothing"
        ),
        row(HALTED, denied("DAY_LOSS"), HALTED, id="never_up"),
        row(REDUCING, [], REDUCING, id="not_even_when_all_is_well"),
        row(ACTIVE, [Verdict("G3", "DRAWDOWN", Outcome.PASS)], ACTIVE, id="a_pass_moves_nothing"),
    ],
)
def test_breached_limits_move_the_state_down_by_themselves(state, verdicts, after):
    assert state_after(state, verdicts) is after


BREACHED: list[tuple[str, Case, dict[str, str]]] = [
    ("G1", a_case(lost=counters(day_start_equity=D(200_000))), {"daily_loss_limit_pct": "2"}),
    ("G2", a_case(lost=counters(week_start_equity=D(200_000))), {"weekly_loss_limit_pct": "5"}),
    ("G2_month", a_case(lost=counters(month_start_equity=D(200_000))), {"monthly_loss_limit_pct": "8"}),
    ("G3_soft", a_case(lost=counters(peak_equity=D(200_000))), {"soft_drawdown_pct": "8"}),
    ("G3", a_case(lost=counters(peak_equity=D(200_000))), {"max_drawdown_pct": "12"}),
    ("F7", a_case(lost=counters(consecutive_losses=4)), {"max_consecutive_losses": "4"}),
    ("F8", a_case(counts=done(rejects_in_row=5)), {"max_rejects_in_row": "5"}),
    ("F9", a_case(counts=done(api_error_pct=D(21))), {"max_api_error_pct": "20"}),
    ("F9_slippage", a_case(counts=done(slippage_pct=D(1))), {"max_slippage_pct": "0.3"}),
]


@pytest.mark.parametrize(("gate", "case", "limits"), BREACHED, ids=[each[0] for each in BREACHED])
def test_what_a_breached_gate_says_moves_the_state(gate, case, limits):
    found = verdict(gate, case, **limits)
    assert is_hard_drawdown([found]) is (gate == "G3")
    assert state_after(ACTIVE, [found]) is REDUCING


def test_every_code_that_moves_the_state_is_said_by_one_of_these_gates():
    said = {verdict(gate, case, **limits).code for gate, case, limits in BREACHED}
    assert said == REDUCING_CODES
