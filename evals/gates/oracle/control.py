"""Group A: who and what may act at all, and the approvals that a person gives."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from evals.gates.oracle.exposure import PERCENT, amount, closes, known, notional, own
from evals.gates.oracle.reading import View
from evals.gates.oracle.rule import Rule, age, agents, fresh

_LADDER = ("off", "observe", "paper", "approve", "auto")
_ROLES = ("advisor", "inspector", "decider")


def mode(view: View) -> str:
    """The lower of what the owner switched on and what the policy allows."""
    return str(min(view.control["mode"], view.limits.get("mode", "auto"), key=_LADDER.index))


def approved(view: View) -> bool:
    """True for a yes to exactly this order, in time, and near the price that was seen."""
    given = view.order.get("approval")
    # Of a cut order nobody has seen the quantity, so a yes to the whole of it is none.
    if given is None or view.qty != view.order["qty"]:
        return False
    if not given.get("by") or given.get("order_digest") != "MATCH" or given.get("at") is None:
        return False
    if not fresh(view, given["at"], amount(view.limits.get("approval_ttl_s"))):
        return False
    band, seen = view.limits.get("approval_price_band_pct"), given.get("price")
    if band is None:
        return True
    return seen is not None and abs(amount(own(view).get("last")) / seen - 1) <= band * PERCENT


def _alive(view: View, _: Any) -> bool:
    killed = known(view.control.get("kill_switch")) or not view.control["readable"]
    return not killed and view.account["trading_blocked"] is not True


def _paused(view: View) -> bool:
    mine = {("strategy", view.order["strategy"]), ("symbol", view.order["symbol"])}
    return any(
        (each["scope"] == "global" or (each["scope"], each.get("name")) in mine)
        and (each.get("until") is None or each["until"] > view.now)
        for each in view.control["paused"]
    )


def _same_release(view: View, _: Any) -> bool:
    # The digest of the policy in force is the product's own; no case can state it, so an entry never gets this far.
    return bool(known(view.top.get("release")) == known(view.control.get("release")))


def _provenance(view: View, _: Any) -> bool:
    if view.order["origin"] == "manual":
        return True
    if view.order["origin"] == "rule":
        return closes(view)
    told = known(known(view.proposal).get("provenance"))
    named = all((told.get(kind) or {}).get(role) for kind in ("models", "prompts") for role in _ROLES)
    return bool(told.get("cycle_id")) and told.get("proposer") == view.order["strategy"] and named


def _reconciled(view: View, _: Any) -> bool:
    at = view.control["reconciled_at"]
    return age(view, at) >= 0 and view.order["symbol"] not in view.control["mismatched"]


def _needs_no_person(view: View, _: Any) -> bool:
    asked = view.proposal is not None and view.proposal["needs_approval"]
    return approved(view) or not (asked or mode(view) == "approve")


def _signal_in_time(view: View, limit: Fraction) -> bool:
    evidence = view.proposal["evidence_as_of"] if view.proposal is not None and agents(view) else view.now
    return fresh(view, view.order["created_at"], limit) and fresh(view, evidence, limit)


RULES = (
    Rule("A1", None, _alive, always=True),
    Rule("A1", None, lambda view, _: view.account["trading_blocked"] is not None),
    Rule("A1", None, lambda view, _: known(view.control.get("trading_state")) != "HALTED", always=True),
    Rule("A2", None, lambda view, _: mode(view) not in {"off", "observe"}),
    Rule("A2", None, _needs_no_person, asks=True),
    Rule("A3", None, lambda view, _: not _paused(view)),
    Rule("A4", None, lambda view, _: known(view.control.get("trading_state")) == "ACTIVE"),
    Rule("A5", "require_same_release", _same_release, ("RELEASE_UNKNOWN", "RELEASE_MISMATCH")),
    Rule("A6", None, lambda view, _: mode(view) != "paper" or view.account.get("paper") is True, always=True),
    Rule("A6", "max_account_age_s", lambda view, limit: fresh(view, view.account.get("as_of"), limit)),
    Rule("A7", None, _reconciled),
    Rule("A7", "max_reconcile_age_s", lambda view, limit: fresh(view, view.control["reconciled_at"], limit)),
    Rule("A8", "max_clock_skew_s", lambda view, limit: abs(age(view, view.control["broker_time"])) <= limit),
    Rule("A9", "require_provenance", _provenance, ("PROVENANCE_MISSING", "NOT_AUTHORISED")),
    Rule("A10", None, lambda view, _: view.order.get("approval") is None or view.qty != view.order["qty"]
         or approved(view)),
    Rule("A10", "approval_required_above_notional", lambda view, limit: notional(view) <= limit or approved(view),
         asks=True),
    Rule("H6", "max_signal_age_s", _signal_in_time),
)  # fmt: skip
