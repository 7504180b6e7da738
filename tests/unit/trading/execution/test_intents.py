"""From a decision to an intent: marketable limits, protection behind entries, exits that only reduce."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.decisions import Action, Decision
from domain.errors import DataQualityError
from domain.ids import CandidateId, CycleId, DecisionId
from domain.orders import OrderType, Origin, Side, TimeInForce
from domain.signals import CandidateKind, TradeCandidate
from tests.builders.market import AAPL, NOON, a_quote, an_instrument
from trading.execution.intents import intent_of, marketable_limit, qty_for
from trading.portfolio.sizing import FINEST_FRACTION

D = Decimal


def a_decision(qty="10", stop=None, **changes):
    candidate = TradeCandidate(
        CandidateId("cand-1"), AAPL, "momentum", CandidateKind.ENTRY, Side.BUY, D(20), D(100), D("95.001"),
        D("110.009"), D("0.5"), D("0.6"), "breakout", (),
    )  # fmt: skip
    return Decision(
        DecisionId("dec-1"), CycleId("cyc-1"), replace(candidate, **changes), Action.TAKE, D(qty), stop, False, (), (),
        (), "e", NOON, "rules",
    )  # fmt: skip


def test_an_entry_is_a_marketable_limit_with_its_protection():
    intent = intent_of(a_decision(), an_instrument(), a_quote(), at=NOON)
    assert (intent.type, intent.tif, intent.side, intent.qty) == (OrderType.LIMIT, TimeInForce.DAY, Side.BUY, D(10))
    assert intent.limit_price == D("100.21"), "100.01 * 1.002 = 100.21002, rounded down"
    assert (intent.stop_loss, intent.take_profit) == (D("95.01"), D("110.00")), "rounded toward the entry"
    assert (intent.reduce_only, intent.leg, intent.origin) == (False, "entry", Origin.AGENT)


def test_a_tightened_stop_of_the_decision_comes_first():
    assert intent_of(a_decision(stop=D("97.5")), an_instrument(), a_quote(), at=NOON).stop_loss == D("97.5")


@pytest.mark.parametrize("kind", [CandidateKind.EXIT, CandidateKind.REDUCE])
def test_an_exit_only_reduces_and_needs_no_protection(kind):
    decision = a_decision(kind=kind, side=Side.SELL, stop_loss=D(95), take_profit=D(110))
    intent = intent_of(decision, an_instrument(), a_quote(), at=NOON)
    assert (intent.reduce_only, intent.leg, intent.origin) == (True, "exit", Origin.RULE)
    assert (intent.stop_loss, intent.take_profit) == (None, None)
    assert intent.limit_price == D("99.80"), "99.99 * 0.998 = 99.79002, rounded up"


def test_a_quantity_is_shortened_to_whole_lots():
    assert intent_of(a_decision(qty="10.9"), an_instrument(), a_quote(), at=NOON).qty == 10


@pytest.mark.parametrize(
    ("fractionable", "allowed", "qty"),
    [
        pytest.param(True, True, "10.9", id="both_allow"),
        pytest.param(True, False, "10", id="the_policy_does_not"),
        pytest.param(False, True, "10", id="the_instrument_does_not"),
    ],
)
def test_a_fraction_needs_instrument_and_policy(fractionable, allowed, qty):
    instrument = an_instrument(fractionable=fractionable)
    intent = intent_of(a_decision(qty="10.9"), instrument, a_quote(), at=NOON, allow_fractional=allowed)
    assert intent.qty == D(qty)


@pytest.mark.parametrize(
    ("notional", "price", "changes", "allowed", "qty"),
    [
        pytest.param("1000", "187.20", {}, False, "5", id="whole_shares"),
        pytest.param("1000", "187.20", {"fractionable": True}, True, "5.341880341", id="fractions"),
        pytest.param("936.00", "187.20", {}, False, "5", id="exactly_five"),
        pytest.param("935.99", "187.20", {}, False, "4", id="a_cent_less"),
        pytest.param("1000", "187.20", {"lot": D(100)}, False, "0", id="less_than_a_lot"),
        pytest.param("1000", "187.20", {"lot": D(100), "fractionable": True}, True, "0", id="lots_are_not_split"),
        pytest.param("0", "187.20", {}, False, "0", id="nothing"),
        pytest.param("-5", "187.20", {"fractionable": True}, True, "0", id="less_than_nothing"),
    ],
)
def test_an_amount_of_money_buys_no_more_than_that(notional, price, changes, allowed, qty):
    assert qty_for(D(notional), D(price), an_instrument(**changes), allow_fractional=allowed) == D(qty)


@pytest.mark.parametrize(
    ("notional", "price"), [("NaN", "1"), ("Infinity", "1"), ("1", "0"), ("1", "NaN"), ("1", "-1")]
)
def test_an_amount_that_nobody_knows_buys_nothing(notional, price):
    with pytest.raises(DataQualityError, match="no known quantity"):
        qty_for(D(notional), D(price), an_instrument(), allow_fractional=True)


@given(st.decimals("0.01", "1000000", places=2), st.decimals("0.0001", "5000", places=4), st.booleans())
def test_whatever_the_price_an_amount_is_never_exceeded(notional, price, fractions):
    qty = qty_for(notional, price, an_instrument(fractionable=True), allow_fractional=fractions)
    step = FINEST_FRACTION if fractions else 1
    assert qty * price <= notional < (qty + step) * price


def test_no_intent_is_made_of_a_quote_without_price():
    with pytest.raises(DataQualityError, match="shows 0"):
        marketable_limit(Side.BUY, a_quote(ask="0"), D("0.01"))


@given(st.decimals("1", "900", places=2), st.sampled_from(Side), st.sampled_from([D("0.01"), D("0.05")]))
def test_a_marketable_limit_stays_inside_the_collar_and_on_the_tick(price, side, tick):
    limit = marketable_limit(side, a_quote(bid=price, ask=price), tick)
    assert abs(limit / price - 1) <= D("0.002") or abs(limit - price) < tick
    assert limit % tick == 0
