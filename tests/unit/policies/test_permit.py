"""The lock: who can make an approved order, and when it is believed."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.case import Mode, TradingState
from domain.errors import IntegrityError, ManualActionError
from domain.ids import ClientOrderId
from domain.orders import ApprovedOrder, Side
from domain.record.canonical import digest
from domain.verdicts import Outcome
from policies.breaches import good_case
from policies.kill_switch import KillSwitch
from policies.permit import PermitOffice
from policies.policy import load_policy
from tests.builders.policies import NOW, D, a_case, a_control, a_policy, a_sell, an_order, held

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


def test_only_the_flatten_itself_carries_the_kill(latch):
    office = PermitOffice(KEY, latch)
    assert issued(office, control=a_control(flatten="k1")).kill == ""
    approved, evaluation = office.issue(a_case(), POLICY, ORDER_ID)
    assert approved is not None
    assert evaluation.outcome is Outcome.PASS
