"""Group A: who and what may trade at all."""

from dataclasses import replace
from typing import Any

import pytest

from domain.case import Mode, Pause, Provenance, Release, TradingState
from domain.orders import OrderType, Origin, Side
from policies.approval import ApprovalTerms, grant, price_shown
from tests.builders.policies import (
    NOW,
    D,
    a_case,
    a_control,
    a_policy,
    a_proposal,
    a_quote,
    a_sell,
    a_view,
    ago,
    an_account,
    an_order,
    answer,
    held,
    selling,
    verdict,
)

row = pytest.param

EXIT: dict[str, Any] = {"order": a_sell(D(50)), "positions": held(50)}
NO_TEXT: Any = 7
NOTHING: Any = None
"""What the types forbid and a damaged record may hold."""


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        row({}, "PASS", id="released"),
        row({"kill_switch": True}, "DENY KILL_SWITCH", id="engaged"),
        row({"kill_switch": None}, "DENY KILL_SWITCH", id="unknown_is_engaged"),
        row({"kill_switch": "no"}, "DENY KILL_SWITCH", id="text_is_engaged"),
        row({"readable": False}, "DENY CONTROL_UNREADABLE", id="unreadable"),
        row({"readable": None}, "DENY CONTROL_UNREADABLE", id="unreadable_unknown"),
    ],
)
def test_a1_kill_switch_stops_entries_and_exits(changes, expected):
    assert answer("A1", a_case(control=a_control(**changes))) == expected
    assert answer("A1", a_case(**EXIT, control=a_control(**changes))) == expected


FLATTEN = a_sell(D(50), origin=Origin.FLATTEN, reduce_only=True)
ORDERED = {"kill_switch": True, "flatten": "kill-3"}


@pytest.mark.parametrize(
    ("order", "changes", "a1", "a4"),
    [
        row(FLATTEN, ORDERED, "PASS", "PASS", id="all_that_is_held"),
        row(replace(FLATTEN, qty=D(20)), ORDERED, "PASS", "PASS", id="a_part"),
        row(replace(FLATTEN, qty=D(51)), ORDERED, "DENY KILL_SWITCH", "DENY HALTED", id="one_too_many"),
        row(replace(FLATTEN, qty=D("NaN")), ORDERED, "DENY KILL_SWITCH", "DENY HALTED", id="no_number"),
        row(replace(FLATTEN, side=Side.BUY), ORDERED, "DENY KILL_SWITCH", "DENY HALTED", id="more_of_it"),
        row(replace(FLATTEN, origin=Origin.MANUAL), ORDERED, "DENY KILL_SWITCH", "DENY HALTED", id="by_hand"),
        row(replace(FLATTEN, origin=Origin.AGENT), ORDERED, "DENY KILL_SWITCH", "DENY HALTED", id="of_the_agents"),
        row(replace(FLATTEN, origin=Origin.RULE), ORDERED, "DENY KILL_SWITCH", "DENY HALTED", id="of_a_rule"),
        row(FLATTEN, {"kill_switch": True}, "DENY KILL_SWITCH", "DENY HALTED", id="nobody_ordered_it"),
        row(FLATTEN, ORDERED | {"kill_switch": None}, "DENY KILL_SWITCH", "DENY HALTED", id="kill_unknown"),
        row(FLATTEN, ORDERED | {"readable": False}, "DENY CONTROL_UNREADABLE", "PASS", id="unreadable"),
        row(FLATTEN, {"kill_switch": False, "flatten": "kill-3"}, "DENY KILL_SWITCH", "DENY HALTED", id="not_killed"),
        row(FLATTEN, {}, "DENY KILL_SWITCH", "DENY HALTED", id="the_kill_is_over"),
    ],
)
def test_a1_and_a4_let_through_what_a_kill_orders_to_be_closed_and_nothing_else(order, changes, a1, a4):
    control = a_control(trading_state=TradingState.HALTED, **changes)
    case = a_case(order=order, positions=held(50), control=control)
    assert (answer("A1", case), answer("A4", case)) == (a1, a4)


@pytest.mark.parametrize("origin", [Origin.MANUAL, Origin.FLATTEN])
def test_a2_a_person_closes_in_a_mode_that_sends_nothing(origin):
    case = a_case(order=replace(FLATTEN, origin=origin), positions=held(50), control=a_control(mode=Mode.OFF))
    assert answer("A2", case) == "PASS"


@pytest.mark.parametrize(
    ("mode", "ceiling", "paper", "expected"),
    [
        row(Mode.OFF, None, True, "DENY MODE_FORBIDS_ORDERS", id="off"),
        row(Mode.OBSERVE, None, True, "DENY MODE_FORBIDS_ORDERS", id="observe"),
        row(Mode.PAPER, None, True, "PASS", id="paper_on_paper"),
        row(Mode.PAPER, None, False, "DENY NOT_A_PAPER_ACCOUNT", id="paper_on_live"),
        row(Mode.APPROVE, None, False, "NEED_APPROVAL APPROVAL_REQUIRED", id="approve"),
        row(Mode.AUTO, None, False, "PASS", id="auto_on_live"),
        row(Mode.AUTO, "observe", True, "DENY MODE_FORBIDS_ORDERS", id="ceiling_observe"),
        row(Mode.AUTO, "paper", False, "DENY NOT_A_PAPER_ACCOUNT", id="ceiling_paper_on_live"),
        row(Mode.APPROVE, "paper", True, "NEED_APPROVAL APPROVAL_REQUIRED", id="both_count"),
        row(Mode.AUTO, "approve", True, "NEED_APPROVAL APPROVAL_REQUIRED", id="ceiling_approve"),
        row("autonomous", None, True, "DENY GATE_ERROR", id="unknown_mode"),
    ],
)
def test_a2_mode(mode, ceiling, paper, expected):
    case = a_case(control=a_control(mode=mode), account=an_account(paper=paper))
    assert answer("A2", case, **({} if ceiling is None else {"mode": ceiling})) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        row({"order": an_order(qty=D(40))}, "PASS", id="at_threshold"),
        row(
            {"order": an_order(qty=D(40), limit_price=D("200.01"))},
            "NEED_APPROVAL NOTIONAL_NEEDS_APPROVAL",
            id="above_threshold",
        ),
        row({"order": a_sell(D(50)), "positions": held(50)}, "PASS", id="exit_does_not_wait"),
        row(
            {"order": an_order(type=OrderType.MARKET), "view": a_view(quote=None)}, "DENY PRICE_UNKNOWN", id="no_quote"
        ),
        row({"order": an_order(qty=D("NaN"))}, "DENY PRICE_UNKNOWN", id="nan_qty"),
    ],
)
def test_a2_large_orders_wait_for_a_person(changes, expected):
    assert answer("A2", a_case(**changes), approval_required_above_notional="8000") == expected


@pytest.mark.parametrize(
    ("pause", "expected"),
    [
        row(Pause("global", "", NOW, "owner"), "DENY PAUSED", id="global"),
        row(Pause("strategy", "momentum", NOW, "owner"), "DENY PAUSED", id="this_strategy"),
        row(Pause("strategy", "news", NOW, "owner"), "PASS", id="other_strategy"),
        row(Pause("symbol", "AAPL", NOW, "owner"), "DENY PAUSED", id="this_symbol"),
        row(Pause("symbol", "MSFT", NOW, "owner"), "PASS", id="other_symbol"),
        row(Pause("galaxy", "", NOW, "owner"), "DENY PAUSED", id="unknown_scope"),
        row(Pause("global", "", NOW, "owner", until=ago(-1)), "DENY PAUSED", id="not_yet_over"),
        row(Pause("global", "", NOW, "owner", until=NOW), "PASS", id="over_at_its_end"),
    ],
)
def test_a3_pause(pause, expected):
    control = a_control(pauses=(pause,))
    assert answer("A3", a_case(control=control)) == expected
    assert answer("A3", a_case(**EXIT, control=control)) == "PASS RISK_REDUCING"


@pytest.mark.parametrize(
    ("state", "changes", "expected"),
    [
        row(TradingState.ACTIVE, {}, "PASS", id="active"),
        row(TradingState.REDUCING, {}, "DENY REDUCING_ONLY", id="entry_while_reducing"),
        row(TradingState.REDUCING, EXIT, "PASS", id="exit_while_reducing"),
        row(
            TradingState.REDUCING,
            {"order": a_sell(D(51)), "positions": held(50)},
            "DENY REDUCING_ONLY",
            id="one_too_many",
        ),
        row(
            TradingState.REDUCING,
            {"order": a_sell(D(31)), "positions": held(50), "open_orders": (selling(20),)},
            "DENY REDUCING_ONLY",
            id="rest_already_selling",
        ),
        row(
            TradingState.REDUCING,
            {"order": an_order(reduce_only=True)},
            "DENY REDUCING_ONLY",
            id="a_flag_is_no_reduction",
        ),
        row(
            TradingState.REDUCING,
            {"order": an_order(side=Side.BUY, qty=D(5)), "positions": held(-5)},
            "PASS",
            id="cover_while_reducing",
        ),
        row(TradingState.HALTED, EXIT, "DENY HALTED", id="exit_while_halted"),
        row("ACTIVE?", {}, "DENY GATE_ERROR", id="unknown_state"),
    ],
)
def test_a4_trading_state(state, changes, expected):
    assert answer("A4", a_case(control=a_control(trading_state=state), **changes)) == expected


SAME = {"require_same_release": True}
OURS = Release("c1", a_policy(**SAME).digest, "r1")


@pytest.mark.parametrize(
    ("ours", "in_force", "expected", "note"),
    [
        row(OURS, OURS, "PASS", "", id="the_same"),
        row(OURS, replace(OURS, code="c2"), "DENY RELEASE_MISMATCH", "code", id="other_code"),
        row(OURS, replace(OURS, policy="p2"), "DENY RELEASE_MISMATCH", "policy", id="other_policy"),
        row(OURS, replace(OURS, prompts="r2"), "DENY RELEASE_MISMATCH", "prompts", id="other_prompts"),
        row(None, OURS, "DENY RELEASE_UNKNOWN", "", id="ours_missing"),
        row(OURS, None, "DENY RELEASE_UNKNOWN", "", id="nothing_in_force"),
        row(None, None, "DENY RELEASE_UNKNOWN", "", id="two_unknowns_are_not_the_same"),
        row(replace(OURS, code=""), replace(OURS, code=""), "DENY RELEASE_UNKNOWN", "", id="two_empty_ones_neither"),
        row(OURS, replace(OURS, prompts=NO_TEXT), "DENY RELEASE_UNKNOWN", "", id="a_number_is_no_digest"),
        row(
            replace(OURS, policy="p2"),
            replace(OURS, policy="p2"),
            "DENY RELEASE_MISMATCH",
            "another policy is loaded here",
            id="runs_another_policy_than_it_says",
        ),
    ],
)
def test_a5_release(ours, in_force, expected, note):
    case = a_case(release=ours, control=a_control(release=in_force))
    assert answer("A5", case, **SAME) == expected
    assert verdict("A5", case, **SAME).note == note
    assert answer("A5", case, require_same_release=False) == "PASS"
    assert answer("A5", replace(a_case(**EXIT), control=case.control), **SAME) == "PASS RISK_REDUCING"


@pytest.mark.parametrize(
    ("account", "limits", "entry", "exit_"),
    [
        row(an_account(), {}, "PASS", "PASS", id="fine"),
        row(an_account(trading_blocked=True), {}, "DENY ACCOUNT_BLOCKED", "DENY ACCOUNT_BLOCKED", id="blocked"),
        row(an_account(trading_blocked=None), {}, "DENY ACCOUNT_STATUS_UNKNOWN", "PASS", id="silent"),
        row(an_account(), {"account_id": "paper-1"}, "PASS", "PASS", id="right_account"),
        row(
            an_account(),
            {"account_id": "live-9"},
            "DENY ACCOUNT_MISMATCH",
            "DENY ACCOUNT_MISMATCH",
            id="wrong_account",
        ),
    ],
)
def test_a6_account_status(account, limits, entry, exit_):
    assert answer("A6", a_case(account=account), **limits) == entry
    assert answer("A6", a_case(**EXIT, account=account), **limits) == exit_


def test_a6_shows_any_account_id_as_text():
    nameless = a_case(account=an_account(account_id=float("nan")))
    assert verdict("A6", nameless).value == "nan"
    assert answer("A6", nameless, account_id="paper-1") == "DENY ACCOUNT_MISMATCH"


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        row(ago(30), "PASS", id="at_limit"),
        row(ago(30.001), "DENY ACCOUNT_STALE", id="a_millisecond_over"),
        row(ago(-2), "PASS", id="clock_ahead_as_far_as_allowed"),
        row(ago(-2.001), "DENY ACCOUNT_STALE", id="future"),
        row(NOW.replace(tzinfo=None), "DENY GATE_ERROR", id="no_zone"),
    ],
)
def test_a6_account_age(as_of, expected):
    case = a_case(account=an_account(as_of=as_of))
    assert answer("A6_age", case, max_account_age_s="30", max_clock_skew_s="2") == expected
    assert answer(
        "A6_age", replace(a_case(**EXIT), book=replace(case.book, positions=held(50))), max_account_age_s="30"
    )


@pytest.mark.parametrize(
    ("changes", "limits", "expected"),
    [
        row({}, {}, "PASS", id="reconciled"),
        row({"reconciled_at": None}, {}, "DENY NOT_RECONCILED", id="never"),
        row({"mismatched": ("AAPL",)}, {}, "DENY POSITION_MISMATCH", id="this_symbol_differs"),
        row({"mismatched": ("MSFT",)}, {}, "PASS", id="another_symbol_differs"),
        row({"reconciled_at": ago(300)}, {"max_reconcile_age_s": "300"}, "PASS", id="at_limit"),
        row({"reconciled_at": ago(301)}, {"max_reconcile_age_s": "300"}, "DENY NOT_RECONCILED", id="one_second_over"),
        row({"reconciled_at": ago(9999)}, {}, "PASS", id="any_age_without_limit"),
    ],
)
def test_a7_reconciled(changes, limits, expected):
    assert answer("A7", a_case(control=a_control(**changes)), **limits) == expected
    assert answer("A7", a_case(**EXIT, control=a_control(**changes)), **limits) == "PASS RISK_REDUCING"


@pytest.mark.parametrize(
    ("broker_time", "expected"),
    [
        row(ago(2), "PASS", id="behind_at_limit"),
        row(ago(-2), "PASS", id="ahead_at_limit"),
        row(ago(2.001), "DENY CLOCK_SKEW", id="behind"),
        row(ago(-2.001), "DENY CLOCK_SKEW", id="ahead"),
        row(None, "DENY CLOCK_SKEW", id="unknown"),
    ],
)
def test_a8_clock_skew(broker_time, expected):
    assert answer("A8", a_case(control=a_control(broker_time=broker_time)), max_clock_skew_s="2") == expected


ROLES = {"advisor": "hosted:large", "inspector": "hosted:large", "decider": "hosted:small"}
RECORD = Provenance("cyc-1", "momentum", ROLES, dict.fromkeys(ROLES, "9f3a"))
AUTHORITY = {"require_provenance": True}


def without(role):
    return {name: text for name, text in ROLES.items() if name != role}


@pytest.mark.parametrize(
    ("record", "expected", "value"),
    [
        row(RECORD, "PASS", "momentum", id="complete"),
        row(replace(RECORD, models={**ROLES, "reader": ""}), "PASS", "momentum", id="others_may_be_silent"),
        row(None, "DENY PROVENANCE_MISSING", "the whole record", id="missing"),
        row(replace(RECORD, cycle_id=""), "DENY PROVENANCE_MISSING", "cycle", id="no_cycle"),
        row(replace(RECORD, cycle_id=NOTHING), "DENY PROVENANCE_MISSING", "cycle", id="cycle_none"),
        row(replace(RECORD, proposer=" "), "DENY PROVENANCE_MISSING", "proposer", id="blank_proposer"),
        row(replace(RECORD, proposer="news"), "DENY NOT_AUTHORISED", "news", id="of_another_strategy"),
        *(
            row(
                replace(RECORD, **{part: without(role)}),
                "DENY PROVENANCE_MISSING",
                f"{part[:-1]} of the {role}",
                id=f"no_{part[:-1]}_of_the_{role}",
            )
            for part in ("models", "prompts")
            for role in ROLES
        ),
        row(replace(RECORD, models={**ROLES, "decider": ""}), "DENY PROVENANCE_MISSING", "model of the decider",
            id="empty_model"),
        row(replace(RECORD, prompts=NOTHING), "DENY GATE_ERROR", None, id="no_prompts_at_all"),
    ],
)  # fmt: skip
def test_a9_the_agents_say_how_an_order_was_made(record, expected, value):
    case = a_case(an_order(origin=Origin.AGENT), proposal=a_proposal(provenance=record))
    assert answer("A9", case, **AUTHORITY) == expected
    assert verdict("A9", case, **AUTHORITY).value == value
    assert answer("A9", case, require_provenance=False) == "PASS"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        row({"order": an_order(origin=Origin.AGENT)}, "DENY PROVENANCE_MISSING", id="agents_without_a_proposal"),
        row({"order": an_order(origin=Origin.MANUAL)}, "PASS", id="a_person"),
        row({"order": an_order(origin=Origin.RULE)}, "DENY NOT_AUTHORISED", id="a_rule_that_enters"),
        row({"order": an_order(origin=Origin.RULE, reduce_only=True)}, "DENY NOT_AUTHORISED", id="a_flag_is_no_exit"),
        row({"order": a_sell(D(50), origin=Origin.RULE), "positions": held(50)}, "PASS RISK_REDUCING", id="exit"),
        row({"order": a_sell(D(51), origin=Origin.RULE), "positions": held(50)}, "DENY NOT_AUTHORISED", id="too_much"),
        row({"order": an_order(origin="robot")}, "DENY GATE_ERROR", id="unknown_origin"),
    ],
)  # fmt: skip
def test_a9_who_may_ask_for_what(changes, expected):
    assert answer("A9", a_case(**changes), **AUTHORITY) == expected


LIMITS: dict[str, Any] = {"mode": "approve", "approval_ttl_s": "120", "approval_price_band_pct": "0.5"}
TERMS = ApprovalTerms(D(120), D("0.5"), a_policy(**LIMITS).digest)
YES = grant(an_order(), by="owner", at=NOW, price=price_shown(a_quote(), Side.BUY), terms=TERMS)


@pytest.mark.parametrize(
    ("approval", "changes", "expected"),
    [
        row(YES, {}, "PASS", id="valid"),
        row(replace(YES, at=ago(120), expires_at=NOW), {}, "PASS", id="last_second"),
        row(replace(YES, at=ago(120.001)), {}, "DENY APPROVAL_EXPIRED", id="expired_by_policy"),
        row(replace(YES, at=ago(5), expires_at=ago(1)), {}, "DENY APPROVAL_EXPIRED", id="expired_by_itself"),
        row(replace(YES, at=ago(-1)), {}, "DENY APPROVAL_EXPIRED", id="future"),
        row(YES, {"order": an_order(qty=D(11))}, "DENY APPROVAL_MISMATCH", id="other_quantity"),
        row(YES, {"order": an_order(stop_loss=D(180))}, "DENY APPROVAL_MISMATCH", id="other_stop"),
        row(replace(YES, by=""), {}, "DENY APPROVAL_MISMATCH", id="by_nobody"),
        row(replace(YES, policy_digest="old"), {}, "DENY APPROVAL_POLICY_CHANGED", id="other_policy"),
        row(YES, {"view": a_view(quote=a_quote(ask=D("201.00")))}, "PASS", id="price_at_band"),
        row(
            YES, {"view": a_view(quote=a_quote(ask=D("201.01")))}, "DENY APPROVAL_PRICE_MOVED", id="price_one_cent_over"
        ),
        row(YES, {"view": a_view(quote=None)}, "DENY APPROVAL_PRICE_MOVED", id="no_quote"),
        row(replace(YES, price=None), {}, "DENY APPROVAL_PRICE_MOVED", id="no_price_seen"),
    ],
)
def test_a10_approval_validity(approval, changes, expected):
    assert answer("A10", a_case(approval=approval, **changes), **LIMITS) == expected


def test_a_valid_approval_ends_the_wait_and_none_is_needed_without_one():
    assert answer("A2", a_case(approval=YES), **LIMITS) == "PASS"
    assert answer("A10", a_case(), **LIMITS) == "PASS"


def test_an_approved_exit_goes_out_without_a_quote():
    order = a_sell(D(50))
    yes = grant(order, by="owner", at=NOW, price=price_shown(a_quote(), Side.SELL), terms=TERMS)
    case = a_case(order, positions=held(50), approval=yes, view=a_view(quote=None))
    assert yes.price == D("199.90")
    assert answer("A10", case, **LIMITS) == "PASS"
