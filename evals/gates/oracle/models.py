"""Group H: what the models did on the way to an order. Orders of people and of fixed rules are not judged here."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from evals.gates.oracle.control import approved
from evals.gates.oracle.exposure import PERCENT, known, own
from evals.gates.oracle.reading import View
from evals.gates.oracle.rule import Rule, agents

_USAGE = ("MODEL_BUDGET", "USAGE_UNKNOWN")


def _agents_only(holds: Any) -> Any:
    return lambda view, limit: not agents(view) or holds(view, limit, known(view.proposal))


def _tightened(view: View, _: Any, told: dict[str, Any]) -> bool:
    candidate, advised, inspected = (known(told.get(f"{role}_qty")) for role in ("candidate", "advised", "inspected"))
    return bool(candidate >= advised >= inspected >= view.qty)


def _near_quote(view: View, limit: Fraction, told: dict[str, Any]) -> bool:
    price = told.get("quoted_price")
    return price is None or abs(price / known(own(view).get("last")) - 1) <= limit * PERCENT


def _sure(view: View, limit: Fraction) -> bool:
    # A bare confidence in the order is judged whoever sent it; an order without any is a person's.
    if view.proposal is None:
        return not agents(view)
    confidence = known(view.proposal.get("confidence"))
    return bool(limit <= confidence <= 1)


def _not_against(view: View, wanted: bool, told: dict[str, Any]) -> bool:
    return not wanted or _agrees(view, told) or bool(told["override_reason"])


def _agrees(view: View, told: dict[str, Any]) -> bool:
    return bool(known(told.get("signal_direction")) == (1 if view.order["side"] == "buy" else -1))


def _split(view: View, limit: Fraction, told: dict[str, Any]) -> bool:
    candidate, advised, inspected = (known(told.get(f"{role}_qty")) for role in ("candidate", "advised", "inspected"))
    spread = max(abs(advised - inspected) / candidate, told.get("dispersion") or 0)
    return spread <= limit or approved(view)


def _calibrated(view: View, wanted: bool, told: dict[str, Any]) -> bool:
    figure, least = told.get("calibrated"), view.limits.get("min_confidence")
    paper = view.control["mode"] == "paper"
    return not wanted or paper or figure is None or least is None or bool(figure >= least)


def _proven(view: View, wanted: bool, told: dict[str, Any]) -> bool:
    paper = view.control["mode"] == "paper"
    return not wanted or paper or told.get("calibrated") is not None or approved(view)


def _quiet(view: View, wanted: bool, told: dict[str, Any]) -> bool:
    return not wanted or approved(view) or not any(each["suspicious"] for each in known(told.get("texts")))


def _released(kind: str, *, families: bool) -> Any:
    def holds(_: View, allowed: list[str], told: dict[str, Any]) -> bool:
        names = list((known(told.get("provenance")).get(kind) or {}).values())
        return bool(names) and all(name in allowed or (families and name.split(":", 1)[0] in allowed) for name in names)

    return _agents_only(holds)


def _spent(name: str) -> Any:
    return _agents_only(lambda _, limit, told: known(known(told.get("usage")).get(name)) <= limit)


RULES = (
    Rule("H1", None, _agents_only(lambda view, _, told: told["schema_valid"]
         and str(told["asked_symbol"]).upper() == view.order["symbol"])),
    Rule("H2", None, _agents_only(lambda _, __, told: set(told["cited"]) <= set(told["known"]))),
    Rule("H2", "quoted_price_tolerance_pct", _agents_only(_near_quote)),
    Rule("H3", "min_confidence", _sure),
    Rule("H3", "require_calibration", _agents_only(_calibrated), ("UNCALIBRATED", "CONFIDENCE_TOO_LOW")),
    Rule("H3", "require_calibration", _agents_only(_proven), ("UNCALIBRATED",), asks=True),
    Rule("H4", "max_disagreement", _agents_only(_split), ("DISAGREEMENT", "ROLE_MISSING"), asks=True),
    Rule("H5", "require_signal_agreement", _agents_only(_not_against), ("AGAINST_SIGNAL", "SIGNAL_UNKNOWN")),
    Rule("H5", "require_signal_agreement", _agents_only(
         lambda view, wanted, told: not wanted or _agrees(view, told) or approved(view)), ("AGAINST_SIGNAL",),
         asks=True),
    Rule("H6", None, _agents_only(lambda _, __, told: told["evidence_digest"] == told["evidence_digest_now"])),
    Rule("H7", "forbid_suspicious_texts", _agents_only(
         lambda _, wanted, told: not wanted or told.get("texts") is not None), ("NEWS_UNKNOWN",)),
    Rule("H7", "forbid_suspicious_texts", _agents_only(_quiet), ("SUSPICIOUS_TEXT", "NEWS_UNKNOWN"), asks=True),
    Rule("H8", "released_models", _released("models", families=True), ("MODEL_NOT_RELEASED", "PROVENANCE_MISSING")),
    Rule("H8", "released_prompts", _released("prompts", families=False), ("PROMPT_NOT_RELEASED", "PROVENANCE_MISSING")),
    Rule("H9", "max_calls_per_cycle", _spent("calls_cycle"), _USAGE),
    Rule("H9", "max_tokens_per_cycle", _spent("tokens_cycle"), _USAGE),
    Rule("H9", "max_tokens_per_day", _spent("tokens_day"), _USAGE),
    Rule("H9", "max_model_cost_per_day", _spent("cost_day"), _USAGE),
    Rule("H10", None, _agents_only(_tightened), size=False),
)  # fmt: skip
