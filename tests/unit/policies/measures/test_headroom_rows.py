"""The probe of ``sage risk``, the words and percentages of its rows, and the questions that find the largest order."""

from dataclasses import replace

import pytest

from domain.case import Case, Release
from domain.ids import DecisionId
from domain.orders import OrderIntent, OrderType, Origin, Side, TimeInForce
from domain.verdicts import Outcome, Verdict
from policies.gate import BoundGate
from policies.measures.headroom import Headroom, headroom, in_the_way, largest_passing, probe, reason
from tests.builders.policies import (
    AAPL,
    MSFT,
    NOW,
    D,
    a_case,
    a_control,
    a_market,
    a_policy,
    a_proposal,
    a_quote,
    a_sell,
    a_view,
    an_account,
    an_instrument,
    an_order,
    held,
    passed,
)

row = pytest.param
RICH = an_account(buying_power=D(10) ** 15)
SHARES = a_view(instrument=an_instrument(fractionable=True))


def probed(view=None, symbol=AAPL, **given):
    case = a_case(view=view)
    return probe(NOW, case.control, case.book, case.market, symbol, **given)


def a_probe(**changes):
    order = OrderIntent(
        decision_id=DecisionId("probe"), symbol=AAPL, side=Side.BUY, qty=D(1), type=OrderType.LIMIT,
        tif=TimeInForce.DAY, created_at=NOW, origin=Origin.MANUAL, strategy="probe", limit_price=D("200.00"),
    )  # fmt: skip
    return replace(order, **changes)


BLIND = {"type": OrderType.MARKET, "limit_price": None}


@pytest.mark.parametrize(
    ("view", "given", "order"),
    [
        row(None, {}, {}, id="one_share_at_the_ask"),
        row(None, {"policy": a_policy()}, {"stop_loss": D("196.00")}, id="with_a_stop"),
        row(a_view(instrument=an_instrument(lot=D(100))), {}, {"qty": D(100)}, id="one_lot"),
        row(a_view(instrument=None), {}, {}, id="one_share_of_the_unknown"),
        row(a_view(instrument=None), {"policy": a_policy()}, {}, id="which_has_no_tick_for_a_stop"),
        row(a_view(quote=None), {"policy": a_policy()}, BLIND, id="at_market_without_a_quote"),
        row(a_view(quote=a_quote(ask=D("NaN"))), {"policy": a_policy()}, BLIND, id="at_market_with_a_broken_one"),
        row(None, {"symbol": MSFT, "policy": a_policy()}, {"symbol": MSFT, **BLIND}, id="a_symbol_nobody_knows"),
    ],
)
def test_the_probe_is_the_smallest_entry_there_is(view, given, order):
    case = a_case(view=view)
    assert probed(view, **given) == Case(NOW, a_probe(**order), case.control, case.book, case.market)


def test_the_probe_carries_what_this_process_runs():
    release = Release("c", "p", "r")
    assert (probed(release=release).release, probed().release) == (release, None)


@pytest.mark.parametrize(
    ("limits", "stop"),
    [
        row({}, "196.00", id="two_percent_where_nothing_is_set"),
        row({"min_stop_distance_pct": "1.99"}, "196.00", id="two_is_far_enough"),
        row({"min_stop_distance_pct": "3"}, "194.00", id="the_nearest_that_is_allowed"),
        row({"max_stop_distance_pct": "4"}, "196.00", id="two_is_the_middle"),
        row({"max_stop_distance_pct": "5"}, "196.00", id="two_is_near_enough"),
        row({"max_stop_distance_pct": "3"}, "197.00", id="the_middle_of_what_is_allowed"),
        row({"min_stop_distance_pct": "1", "max_stop_distance_pct": "2"}, "197.00", id="between_the_two"),
        row({"min_stop_distance_pct": "3", "max_stop_distance_pct": "4"}, "194.00", id="not_nearer_than_allowed"),
        row({"min_stop_distance_pct": "100"}, None, id="no_price_is_that_far"),
    ],
)
def test_the_stop_of_the_probe_stands_where_the_policy_allows(limits, stop):
    assert probed(policy=a_policy(**limits)).order.stop_loss == (None if stop is None else D(stop))


@pytest.mark.parametrize(
    ("ask", "tick", "stop"),
    [
        row("200.01", "0.01", "196.00", id="cents_are_rounded_down"),
        row("200.01", "0.05", "196.00", id="on_a_tick_of_five_cents"),
        row("200.01", "10", "190", id="on_a_tick_of_ten"),
        row("100.00", "97.99", "97.99", id="one_tick_below_the_price"),
        row("100.00", "98", None, id="no_tick_below_the_price"),
        row("200.01", "0", None, id="no_tick"),
        row("200.01", "NaN", None, id="a_tick_that_is_no_number"),
    ],
)
def test_the_stop_of_the_probe_stands_on_a_tick(ask, tick, stop):
    quote = a_quote(bid=D(ask), ask=D(ask), last=D(ask))
    view = a_view(quote=quote, instrument=an_instrument(tick=D(tick)))
    assert probed(view, policy=a_policy()).order.stop_loss == (None if stop is None else D(stop))


def rows(case, policy):
    return {line.gate: line for line in headroom(case, policy)}


NOT_THEIRS, NO_APPROVAL = "looks at orders of the agents", "looks at an approval that comes with an order"
SMALL = {"max_order_notional": "3000", "max_signal_age_s": "100", "min_price": "200", "max_spread_pct": "1"}
AGENTS = an_order(origin=Origin.AGENT)


@pytest.mark.parametrize(
    ("case", "limits", "expected"),
    [
        row(a_case(), {}, Headroom("C1", "order notional", None, None, None, "off", "USD", "not set"), id="off"),
        row(a_case(), SMALL, Headroom("C1", "order notional", D(3000), D(2000), D("33.33"), "ok", "USD", ""),
            id="a_third_left_rounded_down"),
        row(a_case(an_order(qty=D(20))), SMALL, Headroom(
            "C1", "order notional", D(3000), D(4000), D("-33.34"), "blocked", "USD",
            "The order is worth more than an order may be."), id="a_third_over_rounded_down"),
        row(a_case(), {"min_price": "200"}, Headroom("B10", "lowest price", D(200), D(200), D(0), "warning", "USD", ""),
            id="nothing_left"),
        row(a_case(), {"approval_required_above_notional": "100"}, Headroom(
            "A2", "mode", D(100), D(2000), D(-1900), "approval", "USD",
            "Orders of this size need a person's approval."), id="a_person_is_asked"),
        row(a_case(), {}, Headroom("A1", "kill switch", None, "False", None, "ok", "text", ""), id="no_figures"),
        row(a_case(), SMALL, Headroom("H6", "freshness", D(100), D(0), D(100), "ok", "seconds", ""),
            id="a_gate_of_the_agents_that_measures_other_orders_too"),
        row(a_case(), {}, Headroom("H1", "form of the answers", None, None, None, "idle", "text", NOT_THEIRS),
            id="a_gate_of_the_agents"),
        row(a_case(AGENTS), {}, Headroom(
            "H1", "form of the answers", None, None, None, "unknown", "text",
            "An order of the agents without the record of how it came about."), id="an_order_of_the_agents"),
        row(a_case(proposal=a_proposal()), {}, Headroom(
            "H1", "form of the answers", None, "AAPL", None, "ok", "text", ""), id="an_order_with_a_proposal"),
        row(a_case(), {}, Headroom("A10", "approval validity", None, None, None, "idle", "pct", NO_APPROVAL),
            id="no_approval"),
        row(a_case(a_sell(D(5)), positions=held(50)), SMALL, Headroom(
            "C1", "order notional", None, None, None, "idle", "USD", "steps aside for an order that reduces risk"),
            id="an_exit"),
        row(a_case(view=a_view(quote=None)), SMALL, Headroom(
            "E7", "spread", D(1), None, None, "unknown", "pct",
            "There is no usable quote: absent, crossed, or not positive and finite."), id="no_quote"),
    ],
)  # fmt: skip
def test_a_row(case, limits, expected):
    found = rows(case, a_policy(**limits))[expected.gate]
    assert found._replace(value=str(found.value)) == expected._replace(value=str(expected.value)) or found == expected


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("EQUITY_UNKNOWN", "unknown"),
        ("QUOTE_MISSING", "unknown"),
        ("GATE_ERROR", "unknown"),
        ("ORDER_NOTIONAL", "blocked"),
        ("UNKNOWN_ODDITY", "blocked"),
    ],
)
def test_a_refusal_for_want_of_an_input_is_told_from_a_refusal(code, state):
    policy = a_policy(max_order_notional="3000")

    def answering(case, worst, limits):
        return Verdict("C1", code, Outcome.DENY)

    changed = replace(
        policy, gates=tuple(gate._replace(check=answering) if gate.id == "C1" else gate for gate in policy.gates)
    )
    assert rows(a_case(), changed)["C1"].state == state


@pytest.mark.parametrize(
    ("code", "note", "told"),
    [
        ("KILL_SWITCH", "", "The kill switch is engaged."),
        ("KILL_SWITCH", "by the owner", "The kill switch is engaged: by the owner"),
        ("OLD_CODE", "", "OLD_CODE"),
        ("OLD_CODE", "by the owner", "OLD_CODE: by the owner"),
    ],
)
def test_why_a_gate_objected(code, note, told):
    assert reason(Verdict("A1", code, Outcome.DENY, note=note)) == told


def asked_for(case, policy):
    """The quantities that the gates are asked about, one after the other, and the answer."""
    asked = []

    def listening(case, worst, limits):
        asked.append(case.order.qty)
        return passed("listening")

    listener = BoundGate("listening", False, listening, None, passed("listening"))
    answer = largest_passing(case, replace(policy, gates=(*policy.gates, listener)))
    return asked, answer


MOST = D(10) ** 12 - 1
CASH = a_case(account=RICH)
ODD_EXIT = a_case(a_sell(D(1)), positions=held(D("50.5")))
KILLED = a_case(control=a_control(kill_switch=True))
HALVED = [1000, 500, 250, 125, 62, 31, 15, 7, 3, 1]


@pytest.mark.parametrize(
    ("case", "limits", "asked", "answer"),
    [
        row(CASH, {"max_order_qty": "50"}, [50, 51], (50, "C2"), id="a_hint_that_holds"),
        row(CASH, {"max_order_notional": "10000", "oversize": "reduce"}, [50, 51], (50, "C1"),
            id="a_cut_is_a_quantity_like_others"),
        row(a_case(a_sell(D(1)), positions=held(50)), {}, [50, 51], (50, "B6"), id="an_exit"),
        row(ODD_EXIT, {}, [50, 51, D("50.5")], (D("50.5"), "B6"), id="an_odd_remainder"),
        row(KILLED, {}, HALVED, (0, "A1"), id="nothing_passes"),
        row(a_case(view=SHARES), {"allow_fractional": True, "max_order_qty": "7.5"},
            [7, 8, D("7.5"), D("7.500000001")], (D("7.5"), "C2"), id="a_part_that_holds"),
    ],
)  # fmt: skip
def test_the_gates_are_asked_about_each_quantity_once(case, limits, asked, answer):
    assert asked_for(case, a_policy(**limits)) == ([MOST, *asked], answer)


def limited_at(most, step=None, hint=None):
    """A policy whose one gate passes up to ``most``, and says that ``hint`` would fit."""
    policy = a_policy(allow_fractional=step is not None)

    def check(case, worst, limits):
        if case.order.qty <= most:
            return passed("C2")
        return Verdict("C2", "ORDER_QTY", Outcome.DENY, quantity=hint)

    return replace(policy, gates=(BoundGate("C2", False, check, None, passed("C2")),))


@pytest.mark.parametrize(
    ("most", "hint", "view"),
    [
        row("0", None, None, id="nothing"),
        row("1", None, None, id="one_share_without_a_hint"),
        row("777", None, None, id="without_a_hint"),
        row("777", "777", None, id="with_the_right_one"),
        row("777", "776", None, id="with_one_too_low_by_one"),
        row("777", "778", None, id="with_one_too_high_by_one"),
        row("777", "5", None, id="with_one_far_too_low"),
        row("777", "5000", None, id="with_one_far_too_high"),
        row("777", "-1", None, id="with_one_that_is_negative"),
        row("777", "NaN", None, id="with_one_that_is_no_number"),
        row("777", "1000000000000", None, id="with_one_that_is_beyond_all"),
        row("999999999998", None, None, id="all_but_one"),
        row("999999999999", None, None, id="all_there_are"),
        row("700", "701", a_view(instrument=an_instrument(lot=D(100))), id="in_lots"),
    ],
)
def test_the_largest_order_is_found_whatever_the_hint(most, hint, view):
    case = a_case(view=view)
    expected = None if D(most) >= MOST else "C2"
    assert largest_passing(case, limited_at(D(most), hint=None if hint is None else D(hint))) == (D(most), expected)


def halved(case, most, hint, *, step=None):
    return [float(qty) for qty in asked_for(case, limited_at(D(most), step=step, hint=D(hint)))[0]][1:]


def test_a_gap_is_halved_until_it_is_one_lot():
    assert halved(a_case(), "777", "778") == [778, 389, 583, 680, 729, 753, 765, 771, 774, 776, 777]
    upwards = halved(a_case(), "777", "776")
    assert upwards[:4] == [776, 777, 500_000_000_388, 250_000_000_582]
    assert upwards[-4:] == [791, 784, 780, 778]
    lots = a_case(view=a_view(instrument=an_instrument(lot=D(100))))
    assert halved(lots, "700", "900") == [900, 400, 600, 700, 800]


def test_a_hint_of_nothing_is_a_hint():
    def answering(gate, fitting):
        return BoundGate(
            gate, False, lambda *_: Verdict(gate, "X", Outcome.DENY, quantity=D(fitting)), None, passed(gate)
        )

    policy = replace(a_policy(), gates=(answering("C1", 0), answering("C2", 5000)))
    assert asked_for(a_case(), policy) == ([MOST, 1], (D(0), "C1"))


def test_a_gap_within_a_share_is_halved_fourteen_times():
    found = halved(a_case(view=SHARES), "7.5", "7.9", step=1)
    assert found[:7] == [7, 8, 7.9, 7.5, 7.75, 7.625, 7.5625]
    assert len(found) == 3 + 14
    assert found[-1] == 7.500061035


@pytest.mark.parametrize(
    ("most", "hint", "answer"),
    [
        row("7.5", None, "7.5", id="half_a_share_without_a_hint"),
        row("7.123456", "7.123456", "7.123456", id="to_the_last_place_with_one"),
        row("0.25", None, "0.25", id="less_than_a_share"),
        row("7", "7", "7", id="whole_shares"),
        row("7.5", "3.3", "7.5", id="with_one_too_low"),
        row("7.5", "7.3", "7.5", id="with_one_a_little_too_low"),
        row("7.5", "7.9", "7.5", id="with_one_too_high"),
    ],
)
def test_parts_of_a_share(most, hint, answer):
    found, gate = largest_passing(
        a_case(view=SHARES), limited_at(D(most), step=1, hint=None if hint is None else D(hint))
    )
    assert gate == "C2"
    assert 0 <= D(answer) - found <= D("0.00007"), "to a sixteen-thousandth of a share"


def test_the_first_gate_that_stops_is_named():
    killed = a_case(control=a_control(kill_switch=True))
    assert largest_passing(killed, a_policy(max_order_qty="0")) == (D(0), "A1")
    assert [verdict.gate for verdict in in_the_way(killed, a_policy(max_order_qty="0"))] == ["A1", "C2"]


def test_the_smallest_order_is_a_part_of_a_share_where_parts_are_allowed():
    policy = a_policy(max_order_qty="0.5", allow_fractional=True)
    assert in_the_way(a_case(view=SHARES), policy) == ()
    assert [verdict.gate for verdict in in_the_way(a_case(view=SHARES), a_policy(max_order_qty="0.5"))] == ["C2"]


def test_cuts_stand_in_the_way_as_well():
    policy = a_policy(max_order_qty="0.5", oversize="reduce")
    assert [verdict.gate for verdict in in_the_way(a_case(market=a_market()), policy)] == ["C2"]
