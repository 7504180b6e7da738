"""Cases of group A and of approvals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.gates.tables.base import AGENT, COVER, DROP, EXIT, Row, ago, table

_YES: Mapping[str, Any] = {"by": "owner", "order_digest": "MATCH", "at": ago(60), "price": "100.00"}
_ASKED = {
    "L/approval_required_above_notional": "9999.99", "L/approval_ttl_s": "900", "L/approval_price_band_pct": "0.5",
}  # fmt: skip
_RELEASE = {"code": "c1", "policy": "p1", "prompts": "r1"}
_MODEL = {"H/provenance/models": {"advisor": "m", "inspector": "m", "decider": "m"}}


def _paused(scope: str, name: str, **more: Any) -> dict[str, Any]:
    return {"C/paused": [{"scope": scope, "name": name, **more}]}


ROWS: tuple[Row, ...] = (
    *table("A1", {}, off=("P", {}), on=("D", {"C/kill_switch": True}),
           exit_on=("D", {**EXIT, "C/kill_switch": True}), cover_on=("D", {**COVER, "C/kill_switch": True}),
           unreadable=("D", {"C/readable": False}), exit_unreadable=("D", {**EXIT, "C/readable": False}),
           account_blocked=("D", {"A/trading_blocked": True}), exit_blocked=("D", {**EXIT, "A/trading_blocked": True}),
           block_unknown=("D", {"A/trading_blocked": None}), switch_text=("D", {"C/kill_switch": "false"}),
           switch_number=("D", {"C/kill_switch": 0}), halted=("D", {"C/trading_state": "HALTED"}),
           exit_halted=("D", {**EXIT, "C/trading_state": "HALTED"}),
           cover_halted=("D", {**COVER, "C/trading_state": "HALTED"}),
           state_wrong=("D", {"C/trading_state": "RUNNING"}), state_number=("D", {"C/trading_state": 1})),
    *table("A2", {}, auto=("P", {"C/mode": "auto"}), off=("D", {"C/mode": "off"}), observe=("D", {"C/mode": "observe"}),
           policy_observe=("D", {"L/mode": "observe"}), policy_off=("D", {"L/mode": "off"}),
           paper=("P", {"C/mode": "paper"}), approve=("A", {"C/mode": "approve", "L/approval_ttl_s": "900"}),
           policy_approve=("A", {"L/mode": "approve", "L/approval_ttl_s": "900"}),
           approved=("P", {"C/mode": "approve", "L/approval_ttl_s": "900", "O/approval": _YES}),
           wrong_digest=("D", {"C/mode": "approve", "L/approval_ttl_s": "900",
                               "O/approval": {**_YES, "order_digest": "0" * 64}}),
           role_asks=("A", {**AGENT, "H/needs_approval": True}),
           role_asked_and_approved=("P", {**AGENT, "H/needs_approval": True, "L/approval_ttl_s": "900",
                                          "O/approval": _YES}),
           mode_wrong=("D", {"L/mode": "live"})),
    *table("A3", {}, everything=("D", _paused("global", "")), this_symbol=("D", _paused("symbol", "AAPL")),
           other_symbol=("P", _paused("symbol", "MSFT")), this_strategy=("D", _paused("strategy", "case")),
           other_strategy=("P", _paused("strategy", "trend")),
           lifted=("P", _paused("symbol", "AAPL", until=ago(1))),
           still=("D", _paused("symbol", "AAPL", until=ago(-1))),
           exit_paused=("P", {**EXIT, **_paused("global", "")}),
           cover_paused=("P", {**COVER, **_paused("symbol", "AAPL")})),
    *table("A4", {"C/trading_state": "REDUCING"}, entry=("D", {}), one_share=("D", {"O/qty": "1"}),
           exit=("P", EXIT), partial_exit=("P", {**EXIT, "O/qty": "1"}), cover=("P", COVER),
           more_than_held=("D", {**EXIT, "O/qty": "51"}), add_to_long=("D", {"P": {"qty": "50", "avg_price": "90.00"}}),
           exit_cut=("R:50", {**EXIT, "O/qty": "51", "L/oversize": "reduce", "C/trading_state": "ACTIVE"})),
    *table("A5", {"L/require_same_release": True}, unknown=("D", {}), ours_unknown=("D", {"C/release": _RELEASE}),
           owners_unknown=("D", {"release": _RELEASE}),
           other_code=("D", {"release": _RELEASE, "C/release": {**_RELEASE, "code": "c2"}}),
           other_prompts=("D", {"release": _RELEASE, "C/release": {**_RELEASE, "prompts": "r2"}}),
           other_policy=("D", {"release": _RELEASE, "C/release": {**_RELEASE, "policy": "p2"}}),
           exit_unknown=("P", EXIT), cover_unknown=("P", COVER)),
    *table("A6", {"L/mode": "paper"}, paper_account=("P", {}), real_account=("D", {"A/paper": False}),
           unknown_account=("D", {"A/paper": None}), exit_real=("D", {**EXIT, "A/paper": False}),
           paper_text=("D", {"A/paper": "yes"})),
    *table("A6", {"L/max_account_age_s": "60"}, at_limit=("P", {"A/as_of": ago(60)}),
           one_second_over=("D", {"A/as_of": ago(61)}), one_second_under=("P", {"A/as_of": ago(59)}),
           millisecond_over=("D", {"A/as_of": ago(60.001)}), future=("D", {"A/as_of": ago(-1)}),
           far_future=("D", {"A/as_of": ago(-86400)}), missing=("D", {"A/as_of": DROP}), null=("D", {"A/as_of": None}),
           no_zone=("D", {"A/as_of": "2026-03-17T14:59:50"}), exit_old=("P", {**EXIT, "A/as_of": ago(6000)}),
           other_zone=("P", {"A/as_of": "2026-03-17T10:59:30-04:00"})),
    *table("A7", {}, not_reconciled=("D", {"A/broker_reconciled": False}), unknown=("D", {"A/broker_reconciled": DROP}),
           exit=("P", {**EXIT, "A/broker_reconciled": False}), mismatch=("D", {"C/mismatched": ["AAPL"]}),
           other_mismatch=("P", {"C/mismatched": ["MSFT"]}), exit_mismatch=("P", {**EXIT, "C/mismatched": ["AAPL"]})),
    *table("A7", {"L/max_reconcile_age_s": "300"}, now=("P", {}), at_limit=("P", {"C/reconciled_at": ago(300)}),
           one_second_over=("D", {"C/reconciled_at": ago(301)}), future=("D", {"C/reconciled_at": ago(-1)}),
           exit_old=("P", {**EXIT, "C/reconciled_at": ago(999)}), null=("D", {"C/reconciled_at": None})),
    *table("A8", {"L/max_clock_skew_s": "2"}, same=("P", {}), at_limit=("P", {"C/broker_time": ago(2)}),
           one_over=("D", {"C/broker_time": ago(3)}), ahead_at_limit=("P", {"C/broker_time": ago(-2)}),
           ahead_over=("D", {"C/broker_time": ago(-3)}), millisecond_over=("D", {"C/broker_time": ago(2.001)}),
           unknown=("D", {"C/broker_time": None}), exit=("P", {**EXIT, "C/broker_time": ago(60)})),
    *table("A9", {"L/require_provenance": True}, complete=("P", AGENT), manual=("P", {}),
           no_provenance=("D", {**AGENT, "H/provenance": None}),
           no_cycle=("D", {**AGENT, "H/provenance/cycle_id": ""}),
           other_proposer=("D", {**AGENT, "H/provenance/proposer": "somebody"}),
           no_proposer=("D", {**AGENT, "H/provenance/proposer": ""}),
           no_inspector=("D", {**AGENT, "H/provenance/models": {"advisor": "m", "decider": "m"}}),
           empty_prompt=("D", {**AGENT, "H/provenance/prompts": {"advisor": "p", "inspector": "p", "decider": ""}}),
           rule_entry=("D", {"O/origin": "rule"}), rule_exit=("P", {**EXIT, "O/origin": "rule"}),
           rule_cover=("P", {**COVER, "O/origin": "rule"}), other_models=("P", {**AGENT, **_MODEL})),
    *table("A10", _ASKED, one_cent_over=("A", {}), at_limit=("P", {"L/approval_required_above_notional": "10000.00"}),
           under=("P", {"O/qty": "99"}), approved=("P", {"O/approval": _YES}),
           other_order=("D", {"O/approval": {**_YES, "order_digest": "f" * 64}}),
           at_ttl=("P", {"O/approval": {**_YES, "at": ago(900)}}),
           expired=("D", {"O/approval": {**_YES, "at": ago(901)}}),
           from_the_future=("D", {"O/approval": {**_YES, "at": ago(-5)}}),
           nameless=("D", {"O/approval": {**_YES, "by": ""}}), moved=("D", {"O/approval": {**_YES, "price": "90.00"}}),
           denied_too=("D", {"L/max_order_qty": "50"}), approved_but_denied=("D", {"O/approval": _YES,
                                                                                  "C/kill_switch": True}),
           approved_and_cut=("R:89", {"O/approval": _YES, "L/max_order_qty": "89", "L/oversize": "reduce",
           "L/approval_required_above_notional": "8950"}), approved_and_cut_asks=("A", {"O/approval": _YES,
           "L/max_order_qty": "90", "L/oversize": "reduce", "L/approval_required_above_notional": "8950"}),
           wrong_and_cut=("D", {"O/approval": {**_YES, "order_digest": "f" * 64}, "L/max_order_qty": "50",
           "L/oversize": "reduce"}),
           approved_but_large=("D", {"O/approval": _YES, "L/max_order_notional": "9000"}),
           cut_below=("R:50", {"L/oversize": "reduce", "L/max_order_qty": "50"}),
           cut_above=("A", {"L/oversize": "reduce", "L/max_order_qty": "110", "O/qty": "200"}),
           market_order=("A", {"O/type": "market", "O/limit_price": None}), exit=("P", {**EXIT,
                         "L/approval_required_above_notional": "1.00"}),
           slippage_over=("A", {"O/type": "market", "O/limit_price": None, "O/qty": "99", "L/market_slippage_pct": "1",
                                "L/approval_required_above_notional": "9905.00"})),
)  # fmt: skip
