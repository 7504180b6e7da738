"""The oracle: what the catalogue of gates says about a what-if case, computed from the JSON alone.

It shares no line and no type with the product: exact fractions, plain dicts, its own exchange hours. One broken rule
that denies makes DENY with nothing left; otherwise a broken size rule cuts the order to the largest whole-lot quantity
that every size rule passes (``"oversize": "reduce"``; nothing left, or no such limit: DENY); then what waits for a
person makes NEED_APPROVAL; a cut order is REDUCE, any other PASS. Worked number: cap 2,000 at 100.00, 25 ordered, lot
10: 20 pass, REDUCE to 20.

Read into the catalogue where it leaves a choice:

 1. Inclusive: value == limit passes, minimum waits and distances included. Losses, loss streaks and counts of what
    already happened deny when they reach their limit. A blackout includes both its ends, a wash sale its last day.
    Error and slippage shares (F9) and model budgets (H9) are <=. A time may lie ahead by ``max_clock_skew_s``.
 2. A missing, crossed or non-positive quote denies new exposure with no limit set; a locked one (bid == ask) passes.
 3. Buys cost their limit, even above the ask; a stop buy max(ask, trigger) (1 + slip). Sells count
    max(bid (1 + slip), limit). The collar looks at the limit, for a market order at the ask (1 + slip) or bid
    (1 - slip), against ``last``; the spread at the middle.
 4. Gross sums max(|up|, |down|) of each symbol, net takes the larger of |sum up| and |sum down|.
 5. Nothing but kill switch, blocked account, HALTED, form of the order (quantity, lot, prices, tick, currency, type,
    time in force, expiry), a halted symbol, duplicates (the same decision, or the same order within the window), the
    collar, ``available_qty``, a restricted symbol and a real account in mode paper stands before a closing order; of
    these, what cannot be measured (no quote) lets it go. All of an odd lot may be closed.
 6. An order opposite to the position that is larger than what is left to close is denied (B6), or cut to it and then
    judged as the exit it has become. What already works in its direction is taken off first.
 7. An approval is judged on the quantity that was ordered; for what a cut leaves of it there is none, and a person may
    be asked again. Expired, future-dated, for another order, nameless or beyond the price band: DENY, a person is not
    asked by showing a wrong yes. Its age may equal its time to live. The band compares ``last`` with the price seen.
 8. A final quantity is stated for PASS, REDUCE and DENY ("0"); while a person is awaited none is (null).
 9. Unreconciled, mismatched, closed market, no session: deny new exposure without any limit. ``mode`` is the lower of
    control and policy; off and observe deny, approve asks, paper wants a paper account (auto takes either).
10. Open positions count symbols held or worked on, this order's included. Minute and second windows are half-open.
11. ``halted`` null or absent denies unless require_trading_status is false. ``last_loss_at`` must be known for its
    cool-down.
12. Day loss is day_start_equity less equity; cases keep realised and unrealised figures in line with it.
13. max_adv_pct and max_turnover_per_day look at this order (and turnover so far), not at open orders.
14. A lower-case ticker is its upper-case self; anything else that only looks like one is unreadable.
15. A bare order.confidence is judged by min_confidence whatever the origin; other H rules judge agent orders only.
16. A role that enlarges, or an order above what was inspected, is denied (H10), not cut.
17. No entry passes require_same_release, because no case can state the digest of its own limits; an exit does.
18. News counts its age from publication, listings theirs in UTC days; the middle is compared with a second source.
19. An order that enlarges nothing but closes more than ``available_qty`` allows is denied, or cut to it (D8).
20. Session edges and calendar follow regular hours; with extended_hours allowed, 04:00 to 20:00 New York on weekdays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from evals.gates.oracle import control, form, market, models, pace, size
from evals.gates.oracle.exposure import ZERO, Unknown, closes, held, own, working
from evals.gates.oracle.reading import Misnamed, Unreadable, View, read
from evals.gates.oracle.rule import Rule

RULES: tuple[Rule, ...] = (
    *control.RULES, *form.RULES, *size.RULES, *market.RULES, *pace.RULES,
    *models.RULES,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come out; ``codes_any`` None where no code is agreed on, ``gates`` for whoever looks into it."""

    verdict: str
    final_qty: str | None
    codes_any: tuple[str, ...] | None = None
    gates: tuple[str, ...] = ()


def judge(case: object) -> Expected:
    """Verdict, final quantity and codes of a case."""
    try:
        return judge_view(read(case))
    except Misnamed:
        return Expected("DENY", "0", ("CASE_INVALID",), ("case",))
    except Unreadable:
        # A number that is none may as well be refused by the gate that looks at it, under its own code.
        return Expected("DENY", "0", None, ("case",))


def judge_view(view: View) -> Expected:
    """The same for a case that could be read."""
    # Item 6: first cut to what may be closed, and judged as that; entries would meet rules that exits pass.
    if view.limits.get("oversize") == "reduce" and (rest := _closing_part(view)) > 0:
        return _cut(view, rest)
    broken = _broken(view)
    fixed = [rule for rule in broken if not rule.size and not rule.asks]
    if fixed:
        return _denied(broken)
    sized = [rule for rule in broken if rule.size]
    qty = _largest(view) if sized else view.qty
    if qty <= 0 or (sized and view.limits.get("oversize") != "reduce"):
        return _denied(broken)
    asking = [rule for rule in _broken(replace(view, qty=qty)) if rule.asks]
    if asking:
        return Expected("NEED_APPROVAL", None, _codes(asking), _gates(asking))
    return Expected("REDUCE" if sized else "PASS", decimal(qty), None, _gates(sized))


def _cut(view: View, rest: Fraction) -> Expected:
    """An order beyond what is left to close, judged as the exit that it is cut to."""
    closing = judge_view(replace(view, qty=rest))
    return replace(closing, verdict="REDUCE") if closing.verdict == "PASS" else closing


def decimal(value: Fraction) -> str:
    """A quantity as a plain decimal: 10, 0.5."""
    if value.denominator == 1:
        return str(value.numerator)
    return f"{Decimal(value.numerator) / value.denominator:f}"


def _broken(view: View) -> list[Rule]:
    closing = closes(view)
    return [rule for rule in RULES if rule.fails(view, closing=closing)]


def _denied(broken: list[Rule]) -> Expected:
    denying = [rule for rule in broken if not rule.asks]
    return Expected("DENY", "0", _codes(denying), _gates(denying))


def _closing_part(view: View) -> Fraction:
    """Whole lots that are left to close, when the order is larger than that; else nothing."""
    try:
        sign = 1 if view.order["side"] == "sell" else -1
        rest = held(view) * sign - working(view, view.order["side"])
        lot = own(view).get("lot") or Fraction(1)
    except Unknown:
        return ZERO
    return rest // lot * lot if 0 < rest < view.qty and view.qty % lot == 0 else ZERO


def _largest(view: View) -> Fraction:
    """The largest whole-lot quantity up to the order's that no size rule minds; smaller always passes, too."""
    lot = (view.market.get(view.order["symbol"]) or {}).get("lot") or Fraction(1)
    # Halving, because size rules are monotonic: what a lot breaks, more lots break too.
    low, high = 0, int(view.qty / lot)
    while low < high:
        middle = (low + high + 1) // 2
        if any(rule.size for rule in _broken(replace(view, qty=middle * lot))):
            high = middle - 1
        else:
            low = middle
    return low * lot


def _codes(rules: list[Rule]) -> tuple[str, ...] | None:
    return tuple(dict.fromkeys(code for rule in rules for code in rule.codes)) or None


def _gates(rules: list[Rule]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{rule.gate}:{rule.limit}" if rule.limit else rule.gate for rule in rules))
