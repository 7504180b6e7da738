"""The figures of one candidate, and of what became of it."""

from decimal import Decimal

import pytest

from domain.orders import Fill, Side
from domain.signals import CandidateKind
from domain.verdicts import Evaluation, Outcome, Verdict
from tests.builders.signals import AAPL, CYCLE, NOW, a_book, a_market, a_position, a_signal, an_open_order, d
from tools.outcome import gate_evidence, order_evidence
from tools.plan import plan_evidence
from trading.portfolio.sizing import SizingRule
from trading.strategies.screen import screen


def shown(items):
    assert {item.symbol for item in items} <= {AAPL}
    return {item.ref: item.value for item in items}


def a_candidate(signal, book):
    (found,) = screen(
        cycle_id=CYCLE,
        signals=(signal,),
        alerts=(),
        book=book,
        market=a_market(),
        sizing=SizingRule(),
        enabled=("momentum",),
    )
    return found


def test_the_plan_of_an_entry():
    found = shown(plan_evidence(a_candidate(a_signal(), a_book()), as_of=NOW))
    assert found == {
        "plan.qty@AAPL": 89,
        "plan.entry@AAPL": d("100.01"),
        "plan.stop@AAPL": d("95.01"),
        "plan.target@AAPL": d("110.01"),
        "plan.notional@AAPL": d("8900.89"),
        "plan.risk@AAPL": d("445"),
        "plan.reward_risk@AAPL": d("2"),
    }


def test_the_plan_of_an_exit_has_no_protection():
    candidate = a_candidate(a_signal(), a_book(a_position(stop_loss=d(150))))
    found = shown(plan_evidence(candidate, as_of=NOW))
    assert candidate.kind is CandidateKind.EXIT
    assert found["plan.notional@AAPL"] == d("4999.5")
    assert [found[f"plan.{name}@AAPL"] for name in ("stop", "target", "risk", "reward_risk")] == [None] * 4


def test_every_verdict_by_name_and_what_it_measured():
    evaluation = Evaluation(
        Outcome.REDUCE,
        d(20),
        ("POSITION_LIMIT",),
        (
            Verdict("C3", "POSITION_LIMIT", Outcome.REDUCE, d(10), d("12.5"), d("-2.5"), d(20)),
            Verdict("A1", "OK", Outcome.PASS),
            Verdict("C4", "OK", Outcome.PASS, 10, 3, d(7)),
            Verdict("A2", "OK", Outcome.PASS, None, "paper"),
        ),
        "digest",
    )
    items = gate_evidence(AAPL, evaluation, at=NOW)
    names = {ref: value for ref, value in shown(items).items() if ref.endswith(".name@AAPL")}
    assert list(names.values()) == ["position share of equity", "kill switch", "open positions", "mode"]
    reasons = {ref: value for ref, value in shown(items).items() if ref.endswith(".reason@AAPL")}
    assert reasons["gate.A1.reason@AAPL"] == "The gate has no objection"
    assert reasons["gate.C3.reason@AAPL"] == "position limit", "a code that is not in the list speaks for itself"
    assert {ref: value for ref, value in shown(items).items() if ref not in {**names, **reasons}} == {
        "gate.C3.limit@AAPL": d(10), "gate.C3.value@AAPL": d("12.5"), "gate.C3.margin@AAPL": d("-2.5"),
        "gate.C4.limit@AAPL": 10, "gate.C4.value@AAPL": 3, "gate.C4.margin@AAPL": d(7),
        "gate.A2.limit@AAPL": None, "gate.A2.value@AAPL": "paper", "gate.A2.margin@AAPL": None,
    }  # fmt: skip
    units: dict[str, str] = {item.ref: item.unit for item in items}
    assert units["gate.C3.limit@AAPL"] == units["gate.C3.margin@AAPL"] == "pct"
    assert units["gate.C4.value@AAPL"] == "count"
    assert units["gate.A2.value@AAPL"] == units["gate.C3.name@AAPL"] == "text"


def a_fill(number, qty, price, commission):
    return Fill(f"fill-{number}", an_open_order().client_order_id, AAPL, Side.BUY, d(qty), d(price), d(commission), NOW)


@pytest.mark.parametrize(
    ("fills", "qty", "price", "commission"),
    [
        pytest.param([("10", "100", "0.5")], "10", "100", "0.5", id="at_once"),
        pytest.param([("4", "100", "0.2"), ("6", "101", "0.3")], "10", "100.6", "0.5", id="in_parts"),
        pytest.param([("1", "100", "0"), ("2", "101", "0")], "3", "100.666667", "0", id="a_mean_without_end"),
        pytest.param([("1", "123456789.123457", "0")], "1", "123456789.123457", "0", id="more_digits_than_a_float"),
    ],
)
def test_what_was_filled(fills, qty, price, commission):
    found = shown(order_evidence(an_open_order(), [a_fill(number, *fill) for number, fill in enumerate(fills)]))
    assert found == {
        "order.qty@AAPL": 10, "order.limit@AAPL": 100,
        "fill.qty@AAPL": d(qty), "fill.price@AAPL": d(price), "fill.commission@AAPL": d(commission),
    }  # fmt: skip


def test_an_order_without_fill_has_no_fill_figures():
    assert shown(order_evidence(an_open_order(limit_price=None), ())) == {
        "order.qty@AAPL": Decimal(10),
        "order.limit@AAPL": None,
    }
