"""Group G: how much has been lost, by whom, and how large an order may be after a resume."""

from decimal import Decimal
from typing import Any

import pytest

from tests.builders.policies import (
    MSFT,
    D,
    a_case,
    a_control,
    a_sell,
    a_view,
    an_account,
    an_order,
    answer,
    counters,
    held,
    verdict,
)

row = pytest.param

NAN = Decimal("NaN")
EXIT: dict[str, Any] = {"order": a_sell(D(50)), "positions": held(50)}


LOSSES = [
    row({"account": an_account(equity=D("98000.01"))}, "PASS", id="one_cent_before"),
    row({"account": an_account(equity=D("98000.00"))}, "DENY DAY_LOSS", id="at_limit"),
    row({"account": an_account(equity=D(101_000))}, "PASS", id="a_gain"),
    row({"lost": counters(realized_pnl_day=D(-500), unrealized_pnl=D(-1500))}, "DENY DAY_LOSS", id="unrealised_counts"),
    row({"lost": counters(realized_pnl_day=D(-2500), unrealized_pnl=D(600))}, "PASS", id="gains_offset"),
    row({"lost": counters(realized_pnl_day=None, unrealized_pnl=NAN)}, "PASS", id="equity_is_enough"),
    row({"account": an_account(equity=None)}, "DENY EQUITY_UNKNOWN", id="no_equity"),
    row({"lost": counters(day_start_equity=None)}, "DENY EQUITY_UNKNOWN", id="no_start"),
    row({"lost": counters(day_start_equity=NAN)}, "DENY EQUITY_UNKNOWN", id="nan_start"),
    row({**EXIT, "account": an_account(equity=D(1))}, "PASS RISK_REDUCING", id="exit"),
]


@pytest.mark.parametrize(("changes", "expected"), LOSSES)
def test_g1_day_loss(changes, expected):
    assert answer("G1", a_case(**changes), daily_loss_limit_pct="2") == expected


@pytest.mark.parametrize(("changes", "expected"), LOSSES)
def test_g1_day_loss_in_money(changes, expected):
    assert answer("G1_abs", a_case(**changes), daily_loss_limit_abs="2000") == expected


def test_g1_needs_a_day_that_started_with_something():
    case = a_case(lost=counters(day_start_equity=D(0)))
    assert answer("G1", case, daily_loss_limit_pct="2") == "DENY EQUITY_UNKNOWN"


@pytest.mark.parametrize(
    ("account", "lost", "expected"),
    [
        row(an_account(equity=D("88000.01")), counters(), "PASS", id="one_cent_before"),
        row(an_account(equity=D("88000.00")), counters(), "DENY", id="at_limit"),
        row(an_account(equity=D(-5)), counters(), "DENY", id="worse_than_nothing"),
        row(an_account(equity=D(120_000)), counters(), "PASS", id="above_the_peak"),
        row(an_account(equity=None), counters(), "DENY EQUITY_UNKNOWN", id="no_equity"),
        row(an_account(), counters(peak_equity=None), "DENY EQUITY_UNKNOWN", id="no_peak"),
        row(an_account(), counters(peak_equity=D(0)), "DENY EQUITY_UNKNOWN", id="zero_peak"),
    ],
)
def test_g3_drawdown(account, lost, expected):
    case, bare = a_case(account=account, lost=lost), expected == "DENY"
    assert answer("G3", case, max_drawdown_pct="12") == ("DENY DRAWDOWN" if bare else expected)
    assert answer("G3_soft", case, soft_drawdown_pct="12") == ("DENY DRAWDOWN_SOFT" if bare else expected)


PERIODS = [
    ("G2", "week_start_equity", "weekly_loss_limit_pct", "WEEK_LOSS"),
    ("G2_month", "month_start_equity", "monthly_loss_limit_pct", "MONTH_LOSS"),
]


@pytest.mark.parametrize(
    ("equity", "start", "expected"),
    [
        row("95000.01", "100000", "PASS", id="one_cent_before"),
        row("95000.00", "100000", "DENY", id="at_limit"),
        row("-5", "100000", "DENY", id="worse_than_nothing"),
        row("101000", "100000", "PASS", id="a_gain"),
        row(None, "100000", "DENY EQUITY_UNKNOWN", id="no_equity"),
        row("NaN", "100000", "DENY EQUITY_UNKNOWN", id="nan_equity"),
        row("95000", None, "DENY EQUITY_UNKNOWN", id="no_start"),
        row("95000", "NaN", "DENY EQUITY_UNKNOWN", id="nan_start"),
        row("95000", "0", "DENY EQUITY_UNKNOWN", id="zero_start"),
    ],
)
@pytest.mark.parametrize(("gate", "field", "limit", "code"), PERIODS, ids=[each[0] for each in PERIODS])
def test_g2_loss_of_week_and_month(gate, field, limit, code, equity, start, expected):
    account = an_account(equity=None if equity is None else D(equity))
    lost = counters(**{field: None if start is None else D(start)})
    said = f"DENY {code}" if expected == "DENY" else expected
    assert answer(gate, a_case(account=account, lost=lost), **{limit: "5"}) == said
    assert answer(gate, a_case(**EXIT, account=account, lost=lost), **{limit: "5"}) == "PASS RISK_REDUCING"


SOURCES = [
    ("G4", "strategy_pnl", "momentum", "max_strategy_loss_pct", "STRATEGY_LOSS"),
    ("G4_symbol", "symbol_pnl", "AAPL", "max_symbol_loss_pct", "SYMBOL_LOSS"),
]


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        row(D("-2999.99"), "PASS", id="one_cent_before"),
        row(D("-3000.00"), "DENY", id="at_limit"),
        row(D(5000), "PASS", id="a_gain"),
        row(None, "DENY COUNTERS_UNKNOWN", id="listed_without_a_result"),
        row(NAN, "DENY COUNTERS_UNKNOWN", id="nan"),
        row(-4000.0, "DENY COUNTERS_UNKNOWN", id="a_float"),
    ],
)
@pytest.mark.parametrize(("gate", "field", "name", "limit", "code"), SOURCES, ids=[each[0] for each in SOURCES])
def test_g4_loss_of_a_strategy_and_in_a_symbol(gate, field, name, limit, code, result, expected):
    lost = counters(**{field: {name: result, "another": D(-90_000)}})
    said = f"DENY {code}" if expected == "DENY" else expected
    assert answer(gate, a_case(lost=lost), **{limit: "3"}) == said
    assert answer(gate, a_case(**EXIT, lost=lost), **{limit: "3"}) == "PASS RISK_REDUCING"


@pytest.mark.parametrize(("gate", "field", "name", "limit", "code"), SOURCES, ids=[each[0] for each in SOURCES])
def test_g4_what_is_not_listed_has_made_nothing_and_what_is_not_known_denies(gate, field, name, limit, code):
    assert answer(gate, a_case(lost=counters(**{field: {"another": D(-9000)}})), **{limit: "3"}) == "PASS"
    assert answer(gate, a_case(lost=counters(**{field: None})), **{limit: "3"}) == "DENY COUNTERS_UNKNOWN"
    poor = a_case(account=an_account(equity=None), lost=counters(**{field: {name: D(-1)}}))
    assert answer(gate, poor, **{limit: "3"}) == "DENY EQUITY_UNKNOWN"


@pytest.mark.parametrize(
    ("equity", "peak", "expected"),
    [
        row(D("101000.01"), D(102_000), "PASS", id="one_cent_before"),
        row(D("101000.00"), D(102_000), "DENY GIVE_BACK", id="at_limit"),
        row(D(99_000), D(102_000), "DENY GIVE_BACK", id="more_than_all_of_it"),
        row(D(100_000), D("100499.99"), "PASS", id="a_small_profit_protects_nothing"),
        row(D(100_000), D("100500.00"), "DENY GIVE_BACK", id="a_profit_counts_from_half_a_percent"),
        row(D(103_000), D(102_000), "PASS", id="the_account_is_newer_than_the_record"),
        row(D(99_000), D(100_000), "PASS", id="no_profit_at_all"),
        row(D(99_000), D(99_500), "PASS", id="a_record_below_the_start"),
        row(None, D(102_000), "DENY EQUITY_UNKNOWN", id="no_equity"),
        row(D(100_000), None, "DENY EQUITY_UNKNOWN", id="no_peak"),
        row(D(100_000), NAN, "DENY EQUITY_UNKNOWN", id="nan_peak"),
    ],
)
def test_g5_give_back(equity, peak, expected):
    account, lost = an_account(equity=equity), counters(day_peak_equity=peak)
    assert answer("G5", a_case(account=account, lost=lost), max_give_back_pct="50") == expected
    exit_case = a_case(**EXIT, account=account, lost=lost)
    assert answer("G5", exit_case, max_give_back_pct="50") == "PASS RISK_REDUCING"


def test_g5_an_account_newer_than_the_record_has_given_nothing_back():
    case = a_case(account=an_account(equity=D(103_000)), lost=counters(day_peak_equity=D(102_000)))
    assert verdict("G5", case, max_give_back_pct="50").value == 0


def test_g5_the_policy_says_from_which_profit_on():
    case = a_case(account=an_account(equity=D(100_010)), lost=counters(day_peak_equity=D(100_100)))
    assert answer("G5", case, max_give_back_pct="50", give_back_from_pct="0.1") == "DENY GIVE_BACK"
    assert answer("G5", case, max_give_back_pct="50", give_back_from_pct="0.2") == "PASS"
    flat = a_case(account=an_account(), lost=counters())
    assert answer("G5", flat, max_give_back_pct="50", give_back_from_pct="0") == "PASS"
    nothing = a_case(lost=counters(day_start_equity=D(0), day_peak_equity=D(10)))
    assert answer("G5", nothing, max_give_back_pct="50") == "DENY EQUITY_UNKNOWN"


QUARTER = D("0.25")


def ramped(ramp, qty=10, **changes):
    """A buy of ``qty`` at 200.00 so soon after a resume."""
    return a_case(an_order(qty=D(qty)), control=a_control(ramp=ramp), **changes)


@pytest.mark.parametrize(
    ("ramp", "qty", "limits", "expected"),
    [
        row(D(1), 500, {"max_order_notional": "10000"}, "PASS", id="at_full_size_other_gates_judge"),
        row(QUARTER, 12, {"max_order_notional": "9600"}, "PASS", id="at_limit"),
        row(QUARTER, 13, {"max_order_notional": "9600"}, "DENY RECOVERY_RAMP", id="one_share_over"),
        row(QUARTER, 13, {"max_order_notional": "9600", "oversize": "reduce"}, "REDUCE RECOVERY_RAMP 12", id="reduced"),
        row(QUARTER, 12, {"max_order_notional": "9599.99"}, "DENY RECOVERY_RAMP", id="one_cent_over"),
        row(QUARTER, 25, {"max_order_pct_equity": "20"}, "PASS", id="share_of_equity_at_limit"),
        row(QUARTER, 26, {"max_order_pct_equity": "20"}, "DENY RECOVERY_RAMP", id="share_of_equity_over"),
        row(
            QUARTER,
            25,
            {"max_order_notional": "9600", "max_order_pct_equity": "20"},
            "DENY RECOVERY_RAMP",
            id="the_smaller_size_counts",
        ),
        row(
            QUARTER,
            25,
            {"max_order_notional": "90000", "max_order_pct_equity": "19"},
            "DENY RECOVERY_RAMP",
            id="whichever_it_is",
        ),
        row(QUARTER, 125, {}, "PASS", id="without_a_size_a_share_of_equity"),
        row(QUARTER, 126, {}, "DENY RECOVERY_RAMP", id="without_a_size_and_over"),
        row(QUARTER, 126, {"oversize": "reduce"}, "REDUCE RECOVERY_RAMP 125", id="without_a_size_reduced"),
        row(D(0), 1, {"max_order_notional": "10000"}, "DENY RECOVERY_RAMP", id="nothing_yet"),
        row(None, 1, {}, "DENY RAMP_UNKNOWN", id="missing"),
        row(NAN, 1, {}, "DENY RAMP_UNKNOWN", id="nan"),
        row(D("1.01"), 1, {}, "DENY RAMP_UNKNOWN", id="more_than_all"),
        row(D("-0.1"), 1, {}, "DENY RAMP_UNKNOWN", id="negative"),
        row(1, 1, {}, "DENY RAMP_UNKNOWN", id="not_a_decimal"),
    ],
)
def test_g6_recovery_ramp(ramp, qty, limits, expected):
    assert answer("G6", ramped(ramp, qty), **limits) == expected


def test_g6_everything_held_counts_whether_or_not_a_size_is_set():
    case = ramped(QUARTER, 1, positions=held(200, MSFT), others=(a_view(MSFT),))
    assert answer("G6", case) == "DENY RECOVERY_RAMP"
    assert answer("G6", case, max_order_notional="10000") == "DENY RECOVERY_RAMP"


@pytest.mark.parametrize(
    ("case", "limits", "expected"),
    [
        row(ramped(QUARTER, account=an_account(equity=None)), {}, "DENY EQUITY_UNKNOWN", id="no_equity"),
        row(
            ramped(QUARTER, account=an_account(equity=None)),
            {"max_order_notional": "90000", "max_order_pct_equity": "90"},
            "DENY EQUITY_UNKNOWN",
            id="no_equity_for_the_share",
        ),
        row(
            ramped(QUARTER, account=an_account(equity=None)),
            {"max_order_notional": "90000"},
            "DENY EQUITY_UNKNOWN",
            id="no_equity_for_all_of_it",
        ),
        row(ramped(QUARTER, positions=held(1, MSFT)), {}, "DENY EXPOSURE_UNKNOWN", id="a_holding_without_a_quote"),
        row(ramped(QUARTER, "NaN"), {"max_order_notional": "90000"}, "DENY EXPOSURE_UNKNOWN", id="nan_quantity"),
        row(a_case(**EXIT, control=a_control(ramp=None)), {}, "PASS RISK_REDUCING", id="exit"),
    ],
)
def test_g6_what_is_not_known_denies_and_exits_go(case, limits, expected):
    assert answer("G6", case, **limits) == expected


def test_g6_shows_the_size_that_is_left():
    found = verdict("G6", ramped(QUARTER, 10), max_order_notional="10000")
    assert (found.limit, found.value, found.margin) == (D(2500), D(2000), D(500))
