"""Group C: what the book can lose as a whole. The ask is 200.00 and equity 100,000 throughout."""

from decimal import Decimal
from typing import Any

import pytest

from domain.orders import OrderType, Side
from domain.verdicts import Outcome
from policies.evaluate import evaluate
from tests.builders.policies import (
    MSFT,
    XOM,
    D,
    a_case,
    a_policy,
    a_sell,
    a_view,
    an_account,
    an_order,
    answer,
    held,
    selling,
    verdict,
    working,
)

row = pytest.param

NAN = Decimal("NaN")
REDUCE: dict[str, Any] = {"oversize": "reduce", "allow_short": True}
EXIT: dict[str, Any] = {"order": a_sell(D(50)), "positions": held(50)}
BROKE: dict[str, Any] = {"account": an_account(equity=None)}
NO_QUOTE: dict[str, Any] = {"order": an_order(type=OrderType.MARKET), "view": a_view(quote=None)}
OTHERS: dict[str, Any] = {"others": (a_view(MSFT), a_view(XOM))}


def buy(qty, **changes):
    return {"order": an_order(qty=D(qty), **changes)}


def short(qty, **changes):
    return {"order": an_order(qty=D(qty), side=Side.SELL, limit_price=D(200), stop_loss=D(210), **changes)}


def together(rho, **changes):
    """AAPL, moving with MSFT like that."""
    return {"view": a_view(correlations={MSFT: rho}, **changes), "others": (a_view(MSFT, correlations=None),)}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        row({**buy(50), "positions": held(100, MSFT), **OTHERS}, "PASS", id="at_limit"),
        row({**buy(51), "positions": held(100, MSFT), **OTHERS}, "REDUCE CLUSTER_EXPOSURE 50", id="one_share_over"),
        row({**buy(51), "positions": held(-100, MSFT), **OTHERS}, "REDUCE CLUSTER_EXPOSURE 50", id="shorts_add_up"),
        row({**buy(150), "positions": held(100, XOM), **OTHERS}, "PASS", id="what_moves_alone_does_not_count"),
        row({**buy(150), "positions": held(100, MSFT), **together(D("0.7"))}, "PASS", id="at_the_correlation"),
        row(
            {**buy(51), "positions": held(100, MSFT), **together(D("0.7001"))},
            "REDUCE CLUSTER_EXPOSURE 50",
            id="just_above_the_correlation",
        ),
        row({**buy(150), "positions": held(100, MSFT), **together(D("-0.9"))}, "PASS", id="against_each_other"),
        row(
            {**buy(51), "open_orders": (working(100, symbol=MSFT),), **OTHERS},
            "REDUCE CLUSTER_EXPOSURE 50",
            id="in_flight_counts",
        ),
        row(
            {**buy(51), "positions": held(100, MSFT), "open_orders": (selling(100, symbol=MSFT),), **OTHERS},
            "REDUCE CLUSTER_EXPOSURE 50",
            id="open_sells_make_no_room",
        ),
        row({**buy(1), "open_orders": (selling(200),)}, "DENY CLUSTER_EXPOSURE", id="no_smaller_order_would_help"),
        row({**buy(150), "view": a_view(correlations=None)}, "PASS", id="nothing_else_held"),
        row({**buy(1), "positions": held(1, MSFT), **together(None)}, "DENY CORRELATION_UNKNOWN", id="unknown"),
        row({**buy(1), "positions": held(1, MSFT), **together(NAN)}, "DENY CORRELATION_UNKNOWN", id="nan"),
        row({**buy(1), "positions": held(1, MSFT), **together(D("1.01"))}, "DENY CORRELATION_UNKNOWN", id="above_one"),
        row({**buy(1), "positions": held(1, MSFT), **together(D("-1.01"))}, "DENY CORRELATION_UNKNOWN", id="below_one"),
        row({**buy(1), "positions": held(1, MSFT), **together(0.9)}, "DENY CORRELATION_UNKNOWN", id="float"),
        row(
            {**buy(1), "positions": held(1, MSFT), "others": (a_view(MSFT, quote=None),)},
            "DENY EXPOSURE_UNKNOWN",
            id="holding_without_quote",
        ),
        row({**buy(1), **BROKE}, "DENY EQUITY_UNKNOWN", id="no_equity"),
        row({**EXIT, **BROKE}, "PASS RISK_REDUCING", id="exit"),
    ],
)
def test_c9_cluster(changes, expected):
    assert answer("C9", a_case(**changes), max_cluster_pct_equity="30", **REDUCE) == expected


def test_c13_is_the_same_in_whatever_order_the_book_is_told():
    small, large = working(1, symbol=MSFT), selling(200, symbol=XOM)
    found = [
        verdict("C13", a_case(**short(10), open_orders=orders, **OTHERS), max_var_pct="50", **REDUCE)
        for orders in ((small, large), (large, small))
    ]
    assert found[0] == found[1]
    assert found[0].outcome is Outcome.PASS


def test_nothing_is_offered_where_no_smaller_order_would_help():
    case = a_case(**buy(50), open_orders=(selling(150),))
    assert evaluate(case, a_policy(max_cluster_pct_equity="30", **REDUCE)).codes == ("CLUSTER_EXPOSURE",)


def test_c9_the_correlation_that_counts_as_one_is_the_policys():
    case = a_case(**buy(150), positions=held(100, XOM), **OTHERS)
    assert answer("C9", case, max_cluster_pct_equity="30", cluster_correlation="0.3") == "PASS"
    assert answer("C9", case, max_cluster_pct_equity="30", cluster_correlation="0.29") == "DENY CLUSTER_EXPOSURE"


BETAS: dict[str, Any] = {"view": a_view(beta=D(2)), "others": (a_view(MSFT, beta=D("1.2")),)}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        row({**buy(100), "positions": held(250, MSFT), **BETAS}, "PASS", id="at_limit"),
        row({**buy(101), "positions": held(250, MSFT), **BETAS}, "REDUCE BETA_EXPOSURE 100", id="one_share_over"),
        row(
            {**buy(101), "positions": held(0, XOM) | held(250, MSFT), **BETAS},
            "REDUCE BETA_EXPOSURE 100",
            id="after_one_that_is_closed",
        ),
        row({**buy(400), "positions": held(-250, MSFT), **BETAS}, "PASS", id="a_short_offsets"),
        row({**buy(401), "positions": held(-250, MSFT), **BETAS}, "REDUCE BETA_EXPOSURE 400", id="over_after_offset"),
        row({**short(101), "positions": held(-250, MSFT), **BETAS}, "REDUCE BETA_EXPOSURE 100", id="short"),
        row(
            {**buy(101), "open_orders": (working(250, symbol=MSFT),), **BETAS},
            "REDUCE BETA_EXPOSURE 100",
            id="in_flight_counts",
        ),
        row(
            {**buy(400), "positions": held(-250, MSFT), "open_orders": (working(250, symbol=MSFT),), **BETAS},
            "REDUCE BETA_EXPOSURE 250",
            id="an_offset_that_may_be_bought_back",
        ),
        row({**buy(1), "positions": held(-500, MSFT), **BETAS}, "DENY BETA_EXPOSURE", id="the_other_side_is_over"),
        row({**buy(501), "view": a_view(beta=D(-1))}, "REDUCE BETA_EXPOSURE 500", id="a_negative_beta_counts_alike"),
        row(
            {**buy(801), "positions": held(250, MSFT), **BETAS, "view": a_view(beta=D(-1))},
            "REDUCE BETA_EXPOSURE 800",
            id="a_negative_beta_offsets",
        ),
        row(
            {**buy(501), "open_orders": (working(250, symbol=MSFT),), "others": (a_view(MSFT, beta=D(-1)),)},
            "REDUCE BETA_EXPOSURE 500",
            id="an_offset_that_has_not_filled",
        ),
        row({**buy(10_000), "view": a_view(beta=D(0))}, "PASS", id="no_beta_no_exposure"),
        row({**buy(1), "view": a_view(beta=None)}, "DENY BETA_UNKNOWN", id="unknown"),
        row({**buy(1), "view": a_view(beta=NAN)}, "DENY BETA_UNKNOWN", id="nan"),
        row(
            {**buy(1), "positions": held(1, MSFT), "others": (a_view(MSFT, beta=None),)},
            "DENY BETA_UNKNOWN",
            id="unknown_of_a_holding",
        ),
        row({**buy(1), "positions": held(1, MSFT)}, "DENY EXPOSURE_UNKNOWN", id="holding_without_quote"),
        row(NO_QUOTE, "DENY PRICE_UNKNOWN", id="no_quote"),
        row({**buy(1), **BROKE}, "DENY EQUITY_UNKNOWN", id="no_equity"),
        row({**EXIT, **BROKE}, "PASS RISK_REDUCING", id="exit"),
    ],
)
def test_c10_beta(changes, expected):
    assert answer("C10", a_case(**changes), max_beta_exposure_pct="100", **REDUCE) == expected


STOPPED: dict[str, Any] = {"positions": held(100, MSFT, stop_loss=D(170)), "others": (a_view(MSFT),)}
ENTERING: dict[str, Any] = {"open_orders": (working(100, symbol=XOM, limit_price=D(150), stop_loss=D(130)),)}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        row({**buy(100), **STOPPED, **ENTERING}, "PASS", id="at_limit"),
        row({**buy(101), **STOPPED, **ENTERING}, "REDUCE HEAT 100", id="one_share_over"),
        row({**buy(30), "positions": held(0), "open_orders": ()}, "PASS", id="alone"),
        row({**buy(30, stop_loss=None)}, "PASS", id="without_stop_its_whole_value"),
        row({**buy(31, stop_loss=None)}, "REDUCE HEAT 30", id="without_stop_one_share_over"),
        row({**buy(31, stop_loss=D(200))}, "REDUCE HEAT 30", id="a_stop_at_the_price_is_none"),
        row({**buy(31, stop_loss=NAN)}, "REDUCE HEAT 30", id="nan_stop"),
        row({**buy(100), "positions": held(25, MSFT), **OTHERS}, "PASS", id="a_holding_without_stop"),
        row({**buy(101), "positions": held(25, MSFT), **OTHERS}, "REDUCE HEAT 100", id="a_holding_without_stop_over"),
        row(
            {**buy(101), "positions": held(25, MSFT, stop_loss=D(201)), **OTHERS},
            "REDUCE HEAT 100",
            id="a_holding_below_its_stop",
        ),
        row(
            {**buy(101), "positions": held(25, MSFT, stop_loss=D(200)), **OTHERS},
            "REDUCE HEAT 100",
            id="a_holding_at_its_stop",
        ),
        row(
            {**buy(101), "open_orders": (working(25, symbol=MSFT, limit_price=D(200), stop_loss=D(200)),), **OTHERS},
            "REDUCE HEAT 100",
            id="open_with_its_stop_at_its_price",
        ),
        row(
            {**buy(101), "positions": held(20, MSFT), **OTHERS}
            | {"open_orders": (working(5, symbol=MSFT), selling(5, symbol=MSFT))},
            "REDUCE HEAT 100",
            id="a_holding_bought_and_sold",
        ),
        row({**buy(101), "open_orders": (working(25, symbol=MSFT),), **OTHERS}, "REDUCE HEAT 100", id="open_no_stop"),
        row(
            {**buy(101), "positions": held(100, MSFT, stop_loss=D(150)), "open_orders": (selling(100, symbol=MSFT),)}
            | OTHERS,
            "REDUCE HEAT 100",
            id="an_exit_that_works_makes_no_room",
        ),
        row(
            {**buy(101), "open_orders": (working(100, symbol=MSFT, stop_loss=D(150), filled_qty=D(0)),), **OTHERS},
            "REDUCE HEAT 100",
            id="open_with_stop",
        ),
        row(
            {**buy(101), "open_orders": (working(200, symbol=MSFT, stop_loss=D(150), filled_qty=D(100)),), **OTHERS},
            "REDUCE HEAT 100",
            id="partially_filled_rest_counts",
        ),
        row(
            {**buy(101), "positions": held(-100, MSFT, stop_loss=D(250)), **OTHERS}, "REDUCE HEAT 100", id="short_stop"
        ),
        row({**buy(1), "positions": held(-1, MSFT), **OTHERS}, "DENY HEAT_UNKNOWN", id="short_without_stop"),
        row({**buy(1), "open_orders": (selling(1, symbol=MSFT),), **OTHERS}, "DENY HEAT_UNKNOWN", id="opening_short"),
        row(
            {**buy(101), "open_orders": (selling(100, symbol=MSFT, limit_price=D(200), stop_loss=D(250)),), **OTHERS},
            "REDUCE HEAT 100",
            id="opening_short_with_stop",
        ),
        row(
            {**buy(1), "open_orders": (selling(1, symbol=MSFT, stop_loss=D(200)),), **OTHERS},
            "DENY HEAT_UNKNOWN",
            id="opening_short_with_its_stop_on_the_wrong_side",
        ),
        row({**short(600)}, "PASS", id="short_at_limit"),
        row({**short(601)}, "REDUCE HEAT 600", id="short_over"),
        row({**buy(1, side=Side.SELL, stop_loss=None)}, "DENY HEAT_UNKNOWN", id="short_order_without_stop"),
        row({**buy(1), "positions": held(1, MSFT)}, "DENY HEAT_UNKNOWN", id="holding_without_quote"),
        row({**buy(1), "positions": held(NAN, MSFT)}, "DENY HEAT_UNKNOWN", id="nan_holding"),
        row({**buy(1), "positions": held(300, MSFT), **OTHERS}, "DENY HEAT", id="nothing_left"),
        row(NO_QUOTE, "DENY HEAT_UNKNOWN", id="no_quote"),
        row({**buy(1), **BROKE}, "DENY EQUITY_UNKNOWN", id="no_equity"),
        row({**EXIT, **BROKE}, "PASS RISK_REDUCING", id="exit"),
    ],
)
def test_c12_heat(changes, expected):
    assert answer("C12", a_case(**changes), max_heat_pct="6", **REDUCE) == expected


def pair(rho, mine="0.01", other="0.02"):
    """AAPL at 1 % a day beside MSFT at 2 %."""
    views: dict[str, Any] = {"view": a_view(daily_sigma=D(mine), correlations={MSFT: rho})}
    return {**views, "others": (a_view(MSFT, daily_sigma=D(other), correlations=None),), "positions": held(250, MSFT)}


HALF, OPPOSED = D("0.5"), D("-0.5")


def test_c13_the_worked_number():
    case = a_case(**buy(100), **pair(HALF))
    found = verdict("C13", case, max_var_pct="3")
    assert (found.value, found.outcome) == (D("2.59051136"), Outcome.PASS)
    assert verdict("C13_es", case, max_es_pct="3").value == D("2.96785696")


# 3 % of 100,000 over 2.326347874 is a root of 1,289.575: (w + 500)^2 <= 1,289.575^2 - 1,000^2 + 500^2 gives w <= 455.8,
# which are 227 shares at 2.00 each. At 2.665214220 the root is 1,125.62, w <= 219.0 and so 109 shares.
@pytest.mark.parametrize(
    ("changes", "var", "es"),
    [
        row({**buy(109), **pair(HALF)}, "PASS", "PASS", id="at_limit_of_es"),
        row({**buy(110), **pair(HALF)}, "PASS", "REDUCE EXPECTED_SHORTFALL 109", id="one_share_over_es"),
        row({**buy(227), **pair(HALF)}, "PASS", "REDUCE EXPECTED_SHORTFALL 109", id="at_limit_of_var"),
        row(
            {**buy(228), **pair(HALF)},
            "REDUCE VALUE_AT_RISK 227",
            "REDUCE EXPECTED_SHORTFALL 109",
            id="one_share_over_var",
        ),
        row({**short(100), **pair(HALF)}, "PASS", "PASS", id="a_short_hedges"),
        row({**buy(727), **pair(OPPOSED)}, "PASS", "REDUCE EXPECTED_SHORTFALL 609", id="what_goes_the_other_way"),
        row({**buy(1), **pair(HALF, other="0.03")}, "DENY VALUE_AT_RISK", "DENY EXPECTED_SHORTFALL", id="already_over"),
        row(
            {**buy(500), **pair(D("-0.9"), other="0.03")},
            "DENY VALUE_AT_RISK",
            "DENY EXPECTED_SHORTFALL",
            id="no_hedge_passes_for_its_size",
        ),
        row({**buy(1), **pair(None)}, *["DENY CORRELATION_UNKNOWN"] * 2, id="no_correlation"),
        row({**buy(1), **pair(D(2))}, *["DENY CORRELATION_UNKNOWN"] * 2, id="absurd_correlation"),
        row({**buy(1), **pair(HALF, other="NaN")}, *["DENY VOLATILITY_UNKNOWN"] * 2, id="nan_deviation"),
        row({**buy(1), **pair(HALF, mine="0")}, *["DENY VOLATILITY_UNKNOWN"] * 2, id="no_deviation"),
        row({**buy(1), "positions": held(1, MSFT)}, *["DENY EXPOSURE_UNKNOWN"] * 2, id="holding_without_quote"),
        row({**buy(1), "positions": held(NAN)}, *["DENY EXPOSURE_UNKNOWN"] * 2, id="nan_position"),
        row(NO_QUOTE, *["DENY PRICE_UNKNOWN"] * 2, id="no_quote"),
        row({**buy(1), **BROKE}, *["DENY EQUITY_UNKNOWN"] * 2, id="no_equity"),
        row({**EXIT, **BROKE}, *["PASS RISK_REDUCING"] * 2, id="exit"),
    ],
)
def test_c13_value_at_risk_and_expected_shortfall(changes, var, es):
    assert answer("C13", a_case(**changes), max_var_pct="3", **REDUCE) == var
    assert answer("C13_es", a_case(**changes), max_es_pct="3", **REDUCE) == es


def test_c13_what_is_working_counts_on_the_side_that_makes_it_worse():
    base: dict[str, Any] = {**buy(10), **pair(HALF), "positions": {}}
    value: dict[str, Any] = {
        name: verdict("C13", a_case(**base, open_orders=orders), max_var_pct="50").value
        for name, orders in {
            "none": (),
            "buying": (working(250, symbol=MSFT),),
            "both": (working(250, symbol=MSFT), selling(250, symbol=MSFT)),
        }.items()
    }
    assert value["none"] == D("0.0465269575")
    assert value["none"] < value["buying"] <= value["both"]


def test_c13_three_symbols_need_every_pair():
    views: dict[str, Any] = {"view": a_view(), "others": (a_view(MSFT, correlations={}), a_view(XOM, correlations={}))}
    case = a_case(**buy(1), **views, positions={**held(1, MSFT), **held(1, XOM)})
    assert answer("C13", case, max_var_pct="50") == "DENY CORRELATION_UNKNOWN"
    known = a_case(**buy(1), **OTHERS, positions={**held(1, MSFT), **held(1, XOM)})
    assert answer("C13", known, max_var_pct="50") == "PASS"


def test_c13_every_pair_counts_twice():
    # Three weights of 400: 3 x 160,000 + 2 x 160,000 x (0.8 + 0.3 + 0.2) = 896,000.
    case = a_case(**buy(100), **OTHERS, positions={**held(100, MSFT), **held(100, XOM)})
    assert verdict("C13", case, max_var_pct="50").value == D("2.20205755")


def test_c13_correlations_that_contradict_each_other_deny():
    # Two that move alike cannot both be long against a third that moves with one and against the other.
    views: dict[str, Any] = {
        "view": a_view(correlations={MSFT: D(1), XOM: D(1)}),
        "others": (a_view(MSFT, correlations={XOM: D(-1)}), a_view(XOM, correlations={})),
    }
    case = a_case(**buy(1), **views, positions={**held(10, MSFT), **held(10, XOM), **held(-15)})
    assert answer("C13", case, max_var_pct="50", allow_short=True) == "PASS RISK_REDUCING"
    case = a_case(**short(1), **views, positions={**held(10, MSFT), **held(10, XOM), **held(-15)})
    assert answer("C13", case, max_var_pct="50", allow_short=True) == "DENY CORRELATION_UNKNOWN"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        row(buy(236), "PASS", id="at_limit"),
        row(buy(237), "REDUCE VOLATILITY_SIZE 236", id="one_share_over"),
        row({**buy(37), "positions": held(200)}, "REDUCE VOLATILITY_SIZE 36", id="holding_counts"),
        row({**buy(37), "open_orders": (working(200),)}, "REDUCE VOLATILITY_SIZE 36", id="in_flight_counts"),
        row({**buy(1), "open_orders": (selling(237),)}, "DENY VOLATILITY_SIZE", id="no_smaller_order_would_help"),
        row({**buy(473), "view": a_view(daily_sigma=D("0.01"))}, "REDUCE VOLATILITY_SIZE 472", id="calmer"),
        row(short(237), "REDUCE VOLATILITY_SIZE 236", id="short"),
        row({**buy(1), "view": a_view(daily_sigma=None)}, "DENY VOLATILITY_UNKNOWN", id="unknown"),
        row({**buy(1), "view": a_view(daily_sigma=D(0))}, "DENY VOLATILITY_UNKNOWN", id="zero"),
        row({**buy(1), "view": a_view(daily_sigma=NAN)}, "DENY VOLATILITY_UNKNOWN", id="nan"),
        row({**buy(1), "view": a_view(daily_sigma=0.02)}, "DENY VOLATILITY_UNKNOWN", id="float"),
        row({**buy(1), "positions": held(NAN)}, "DENY POSITION_UNKNOWN", id="nan_position"),
        row(NO_QUOTE, "DENY POSITION_UNKNOWN", id="no_quote"),
        row({**buy(1), **BROKE}, "DENY EQUITY_UNKNOWN", id="no_equity"),
        row({**EXIT, **BROKE}, "PASS RISK_REDUCING", id="exit"),
    ],
)
def test_c14_position_by_volatility(changes, expected):
    assert answer("C14", a_case(**changes), target_volatility_pct="15", **REDUCE) == expected
