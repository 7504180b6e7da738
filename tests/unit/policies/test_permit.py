"""The lock: who can make an approved order, and when it is believed."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.book import Position
from domain.canonical import digest
from domain.case import Mode, TradingState
from domain.errors import IntegrityError, ManualActionError
from domain.ids import ClientOrderId
from domain.orders import ApprovedOrder, OrderReport, OrderStatus, Origin, Side
from domain.verdicts import Outcome
from policies.breaches import good_case
from policies.kill_switch import KillSwitch
from policies.permit import PermitOffice, closable_at
from policies.policy import load_policy
from tests.builders.policies import AAPL, MSFT, NOW, D, a_case, a_control, a_policy, a_sell, an_order, held

row = pytest.param
KEY = b"a key of at least sixteen bytes"
ORDER_ID = ClientOrderId("ord-1")
POLICY = a_policy(max_order_qty="40", oversize="reduce")


@pytest.fixture
def latch(tmp_path) -> KillSwitch:
    return KillSwitch(tmp_path / "KILL")


@pytest.fixture
def office(latch) -> PermitOffice:
    return PermitOffice(KEY, latch)


def issued(office: PermitOffice, **changes: Any) -> ApprovedOrder:
    approved, evaluation = office.issue(a_case(**changes), POLICY, ORDER_ID)
    assert approved is not None, evaluation
    return approved


def test_a_permit_carries_the_order_its_reasons_and_a_short_life(office):
    approved = issued(office)
    assert (approved.intent, approved.client_order_id) == (an_order(), ORDER_ID)
    assert approved.policy_digest == POLICY.digest
    assert approved.expires_at - approved.issued_at == timedelta(seconds=10)
    office.redeem(approved, now=NOW, control=a_control())


def test_a_cut_order_is_approved_at_the_quantity_the_gates_left(office):
    assert issued(office, order=an_order(qty=D(60))).intent.qty == 40


@pytest.mark.parametrize(
    ("case", "outcome"),
    [
        row(a_case(an_order(limit_price=None)), Outcome.DENY, id="denied"),
        row(a_case(control=a_control(mode=Mode.APPROVE)), Outcome.NEED_APPROVAL, id="waiting_for_a_person"),
        row(a_case(control=a_control(readable=False)), Outcome.DENY, id="control_unreadable"),
    ],
)
def test_without_a_pass_there_is_an_evaluation_and_no_permit(office, case, outcome):
    approved, evaluation = office.issue(case, POLICY, ORDER_ID)
    assert approved is None
    assert evaluation.outcome is outcome


@pytest.mark.parametrize(
    "forge",
    [
        row(lambda good: replace(good, intent=replace(good.intent, qty=D(10_000))), id="larger"),
        row(lambda good: replace(good, intent=replace(good.intent, symbol="MSFT")), id="another_symbol"),
        row(lambda good: replace(good, intent=replace(good.intent, side=Side.SELL)), id="another_side"),
        row(lambda good: replace(good, intent=replace(good.intent, strategy="other")), id="another_strategy"),
        row(lambda good: replace(good, intent=replace(good.intent, stop_loss=None)), id="without_its_stop"),
        row(lambda good: replace(good, client_order_id=ClientOrderId("ord-2")), id="another_order_id"),
        row(lambda good: replace(good, policy_digest="lenient"), id="another_policy"),
        row(lambda good: replace(good, case_digest="elsewhere"), id="another_case"),
        row(lambda good: replace(good, expires_at=NOW + timedelta(days=1)), id="a_longer_life"),
        row(lambda good: replace(good, seal=""), id="no_seal"),
        row(lambda good: replace(good, seal="ünreadable"), id="a_seal_that_is_not_ascii"),
        row(lambda good: replace(good, seal=None), id="none_for_a_seal"),
        row(lambda good: good.intent, id="an_intent"),
        row(lambda good: None, id="none"),
    ],
)
def test_a_forged_permit_is_refused(office, forge):
    with pytest.raises(IntegrityError, match="without a valid permit"):
        office.redeem(forge(issued(office)), now=NOW, control=a_control())


def test_an_order_built_by_hand_is_refused(office):
    good = issued(office)
    by_hand = type(good)(good.intent, ORDER_ID, POLICY.digest, "", NOW, NOW + timedelta(seconds=10), "0" * 64)
    with pytest.raises(IntegrityError, match="without a valid permit"):
        office.redeem(by_hand, now=NOW, control=a_control())


def test_a_permit_of_another_office_is_refused(office, latch):
    foreign = issued(PermitOffice(b"another key, just as long", latch))
    with pytest.raises(IntegrityError, match="without a valid permit"):
        office.redeem(foreign, now=NOW, control=a_control())


def test_a_subclass_is_not_an_approved_order(office):
    good = issued(office)
    kind = type("ApprovedOrderToo", (ApprovedOrder,), {})
    twin = kind(*(getattr(good, name) for name in ApprovedOrder.__dataclass_fields__))
    with pytest.raises(IntegrityError, match="without a valid permit"):
        office.redeem(twin, now=NOW, control=a_control())


@pytest.mark.parametrize(
    ("seconds", "good"),
    [
        row(0, True, id="at_once"),
        row(10, True, id="last_moment"),
        row(10.001, False, id="late"),
        row(-1, False, id="early"),
    ],
)
def test_a_permit_lives_ten_seconds(office, seconds, good):
    approved, now = issued(office), NOW + timedelta(seconds=seconds)
    if good:
        office.redeem(approved, now=now, control=a_control())
    else:
        with pytest.raises(IntegrityError, match="not valid at"):
            office.redeem(approved, now=now, control=a_control())


def test_a_permit_is_used_once(office):
    approved = issued(office)
    office.redeem(approved, now=NOW, control=a_control())
    with pytest.raises(IntegrityError, match="has been used"):
        office.redeem(approved, now=NOW + timedelta(seconds=10), control=a_control())


def test_of_many_threads_one_redeems(office):
    approved, results, start = issued(office), [], threading.Barrier(16)

    def redeem() -> None:
        start.wait()
        try:
            office.redeem(approved, now=NOW, control=a_control())
            results.append("sent")
        except IntegrityError:
            results.append("refused")

    threads = [threading.Thread(target=redeem) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["refused"] * 15 + ["sent"]


def test_used_permits_are_forgotten_once_they_could_not_be_used_anyway(office):
    first = issued(office)
    office.redeem(first, now=NOW, control=a_control())
    later = NOW + timedelta(seconds=60)
    second = issued(office, now=later)
    office.redeem(second, now=later, control=a_control())
    with pytest.raises(IntegrityError, match="not valid at"):
        office.redeem(first, now=later, control=a_control())
    with pytest.raises(IntegrityError, match="has been used"):
        office.redeem(second, now=later, control=a_control())


@pytest.mark.parametrize(
    "control",
    [
        row({"kill_switch": True}, id="kill_flag"),
        row({"kill_switch": None}, id="kill_flag_unknown"),
        row({"readable": False}, id="unreadable"),
        row({"trading_state": TradingState.HALTED}, id="halted"),
        row({"trading_state": TradingState.REDUCING}, id="reducing"),
        row({"trading_state": "resting"}, id="unknown_state"),
    ],
)
def test_a_stop_between_approval_and_send_wins_and_does_not_use_the_permit_up(office, control):
    approved = issued(office)
    with pytest.raises(ManualActionError):
        office.redeem(approved, now=NOW, control=a_control(**control))
    office.redeem(approved, now=NOW, control=a_control())


def test_the_latch_between_approval_and_send_wins(office, latch):
    approved = issued(office)
    latch.engage("owner", "enough", "2026-03-17T15:00:01Z")
    with pytest.raises(ManualActionError, match="kill switch"):
        office.redeem(approved, now=NOW, control=a_control())


def test_reduce_only_orders_still_leave_while_reducing_but_not_while_halted(office):
    approved = issued(office, order=a_sell(D(50), reduce_only=True), positions=held(50))
    with pytest.raises(ManualActionError, match="halted"):
        office.redeem(approved, now=NOW, control=a_control(trading_state=TradingState.HALTED))
    office.redeem(approved, now=NOW, control=a_control(trading_state=TradingState.REDUCING))


def test_a_short_key_is_refused(latch):
    with pytest.raises(IntegrityError, match="too short"):
        PermitOffice(b"short", latch)


def test_the_shipped_default_can_issue(office):
    policy = load_policy("conservative")
    assert office.issue(good_case(policy), policy, ORDER_ID).approved is not None


OVER = "2026-03-17T15:00:11+00:00"
KILLED = "the kill switch is engaged, nothing is sent. Only the owner lifts it: sage resume."


class Latched:
    """A latch in the state that a row says, with the id of the kill that ordered to close everything."""

    def __init__(self, flatten="", *, engaged=False):
        self.kill, self.set = flatten, engaged

    def engaged(self):
        return self.set

    def flatten(self):
        return self.kill


def told(act):
    with pytest.raises((IntegrityError, ManualActionError)) as refused:
        act()
    return type(refused.value), str(refused.value)


def test_every_refusal_says_what_is_wrong_and_what_to_do(office, latch):
    good = issued(office)
    forged, later = replace(good, seal=""), NOW + timedelta(seconds=11)

    def redeem(approved=good, now=NOW, **control):
        return told(lambda: office.redeem(approved, now=now, control=a_control(**control)))

    assert told(lambda: PermitOffice(b"x" * 15, latch)) == (
        IntegrityError, "the permit key is too short. Take at least 16 random bytes."
    )  # fmt: skip
    assert redeem(forged) == (
        IntegrityError, "an order without a valid permit reached a broker. Stop and look at the audit trail."
    )  # fmt: skip
    invalid = f"the permit of ord-1 is not valid at {OVER}. Pass the order through the gates again."
    assert redeem(now=later) == (IntegrityError, invalid)
    assert redeem(kill_switch=True) == (ManualActionError, KILLED)
    assert redeem(trading_state=TradingState.HALTED) == (
        ManualActionError, "trading is halted, nothing is sent. Find out why, then: sage resume."
    )  # fmt: skip
    assert redeem(trading_state=TradingState.REDUCING) == (
        ManualActionError, "only reduce-only orders are sent now. Find out why, then: sage resume."
    )  # fmt: skip
    assert told(lambda: office.look_again(good, now=NOW, control=a_control())) == (
        IntegrityError, "the permit of ord-1 has not been redeemed. Stop and look at the audit trail."
    )  # fmt: skip
    office.redeem(good, now=NOW, control=a_control())
    assert redeem() == (
        IntegrityError,
        "the permit of ord-1 has been used. An order is sent once; ask the broker what became of it.",
    )
    assert told(lambda: office.look_again(good, now=later, control=a_control())) == (IntegrityError, invalid)
    assert told(lambda: office.look_again(forged, now=NOW, control=a_control())) == (
        IntegrityError, "an order without a valid permit reached a broker. Stop and look at the audit trail."
    )  # fmt: skip
    assert told(lambda: office.look_again(good, now=NOW, control=a_control(kill_switch=True))) == (
        ManualActionError, KILLED
    )  # fmt: skip


def test_a_key_of_sixteen_bytes_is_long_enough(latch):
    assert issued(PermitOffice(b"x" * 16, latch)).seal


@pytest.mark.parametrize(
    ("seconds", "good"),
    [
        row(0, True, id="at_once"),
        row(10, True, id="last_moment"),
        row(10.001, False, id="late"),
        row(-1, False, id="early"),
    ],
)
def test_a_second_look_may_be_had_for_as_long_as_the_permit_lives(office, seconds, good):
    approved = issued(office)
    office.redeem(approved, now=NOW, control=a_control())
    now = NOW + timedelta(seconds=seconds)
    if good:
        office.look_again(approved, now=now, control=a_control())
    else:
        assert told(lambda: office.look_again(approved, now=now, control=a_control()))[0] is IntegrityError


def test_a_permit_is_remembered_to_its_last_moment_and_forgotten_after(office):
    first, second = issued(office), issued(office, order=an_order(qty=D(11)))
    office.redeem(first, now=NOW, control=a_control())
    office.redeem(second, now=NOW + timedelta(seconds=10), control=a_control())
    assert set(office._redeemed) == {first.seal, second.seal}
    third = issued(office, now=NOW + timedelta(seconds=11))
    office.redeem(third, now=NOW + timedelta(seconds=11), control=a_control())
    assert office._redeemed == {third.seal: third.expires_at}


def test_a_permit_names_what_it_was_given_for(office):
    case = a_case()
    approved = issued(office)
    assert (approved.case_digest, approved.kill) == (digest(case), "")
    assert (approved.issued_at, approved.expires_at) == (NOW, NOW + timedelta(seconds=10))
    assert len(approved.seal) == 64


FLATTEN = a_sell(D(50), reduce_only=True, origin=Origin.FLATTEN)


def a_flatten(latch, **order):
    """The permit of a sell of all 50 held that the kill k1 ordered."""
    case = a_case(
        replace(FLATTEN, **order), positions=held(50), control=a_control(kill_switch=True, flatten="k1", mode=Mode.AUTO)
    )
    office = PermitOffice(KEY, latch)
    approved, evaluation = office.issue(case, a_policy(), ORDER_ID)
    assert approved is not None, evaluation.codes
    return office, approved


@pytest.mark.parametrize(
    ("latched", "control", "closable", "refused"),
    [
        row("k1", {}, D(50), None, id="the_kill_stands_and_all_is_there_to_close"),
        row("k1", {"trading_state": TradingState.HALTED}, D(50), None, id="also_while_halted"),
        row("k1", {}, D(51), None, id="more_is_there"),
        row("k1", {}, D("49.99"), "50 AAPL cannot be proven to reduce. See `sage positions`.", id="less_is_there"),
        row("k1", {}, None, "50 AAPL cannot be proven to reduce. See `sage positions`.", id="nobody_knows"),
        row("k2", {}, D(50), "over", id="another_kill_by_the_latch"),
        row("", {}, D(50), "over", id="no_order_to_close_by_the_latch"),
        row("k1", {"flatten": "k2"}, D(50), "over", id="another_kill_by_the_database"),
        row("k1", {"kill_switch": False}, D(50), "over", id="no_kill_by_the_database"),
        row("k1", {"kill_switch": None}, D(50), "over", id="the_database_does_not_know"),
        row("k1", {"readable": False}, D(50), KILLED, id="the_database_cannot_be_read"),
    ],
)
def test_what_a_kill_ordered_to_close_leaves_while_that_kill_stands(latched, control, closable, refused):
    office, approved = a_flatten(Latched(latched, engaged=True))
    assert approved.kill == "k1"
    plane = a_control(**{"kill_switch": True, "flatten": "k1", **control})
    over = "the kill that ordered to close it is over. `sage kill --flatten` orders anew."
    if refused is None:
        office.redeem(approved, now=NOW, control=plane, closable=closable)
        office.look_again(approved, now=NOW, control=plane, closable=closable)
    else:
        expected = (ManualActionError, over if refused == "over" else refused)
        assert told(lambda: office.redeem(approved, now=NOW, control=plane, closable=closable)) == expected


def test_a_second_look_at_a_flatten_asks_what_is_left_to_close():
    office, approved = a_flatten(Latched("k1", engaged=True))
    plane = a_control(kill_switch=True, flatten="k1")
    office.redeem(approved, now=NOW, control=plane, closable=D(50))
    assert told(lambda: office.look_again(approved, now=NOW, control=plane, closable=D(49)))[0] is ManualActionError


@pytest.mark.parametrize("qty", ["0", "-1"])
def test_a_flatten_of_nothing_reduces_nothing(qty):
    office, approved = a_flatten(Latched("k1", engaged=True))
    odd = replace(approved, intent=replace(approved.intent, qty=D(qty)))
    odd = replace(odd, seal=office._seal(odd))
    plane = a_control(kill_switch=True, flatten="k1")
    assert told(lambda: office.redeem(odd, now=NOW, control=plane, closable=D(50)))[0] is ManualActionError
    whole = replace(approved, intent=replace(approved.intent, reduce_only=False))
    whole = replace(whole, seal=office._seal(whole))
    assert told(lambda: office.redeem(whole, now=NOW, control=plane, closable=D(50)))[0] is ManualActionError


def at_work(qty, filled=0, **changes):
    report = OrderReport(
        client_order_id=ClientOrderId("ord-9"), broker_id="b9", status=OrderStatus.ACCEPTED, broker_status="new",
        symbol=AAPL, side=Side.SELL, qty=D(qty), filled_qty=D(filled), avg_fill_price=None, at=NOW,
    )  # fmt: skip
    return replace(report, **changes)


@pytest.mark.parametrize(
    ("order", "positions", "working", "left"),
    [
        row({}, [50], [], 50, id="all_that_is_held"),
        row({}, [50, 5], [], 55, id="in_two_places"),
        row({}, [50], [at_work(20)], 30, id="another_exit_at_work"),
        row({}, [50], [at_work(20, 15)], 45, id="most_of_it_filled"),
        row({}, [50], [at_work(20), at_work(10)], 20, id="two_of_them"),
        row({}, [50], [at_work(20, side=Side.BUY)], 50, id="a_buy_takes_nothing"),
        row({}, [50], [at_work(20, symbol=MSFT)], 50, id="nor_does_another_symbol"),
        row({}, [50], [at_work(20, parent_id=ClientOrderId("ord-8"))], 50, id="nor_a_protective_leg"),
        row({}, [50], [at_work(20, client_order_id=ORDER_ID)], 50, id="nor_the_order_itself"),
        row({}, [50], [at_work(60)], 0, id="more_at_work_than_held"),
        row({}, [-50], [], 0, id="a_short_has_nothing_to_sell"),
        row({}, [], [], 0, id="nothing_held"),
        row({"side": Side.BUY}, [-50], [], 50, id="a_short_is_bought_back"),
        row({"side": Side.BUY}, [50], [], 0, id="a_long_is_not"),
    ],
)
def test_what_is_left_to_close(order, positions, working, left):
    _, approved = a_flatten(Latched("k1", engaged=True))
    approved = replace(approved, intent=replace(approved.intent, **order))
    others = [Position(MSFT, D(7), D(1))]
    assert closable_at(approved, [*(Position(AAPL, D(qty), D(1)) for qty in positions), *others], working) == left
