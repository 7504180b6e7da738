"""Group C, and what of D and G limits a quantity: exposure, risk, cash and margin on the worst case.

Volatility and value at risk are compared by their squares, so that no root is ever rounded:
VaR <= v E  <=>  2.326347874^2 sum_ij P_i P_j s_i s_j rho_ij <= (v E)^2.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from evals.gates.oracle import exposure as worst
from evals.gates.oracle.exposure import PERCENT, ZERO, amount, equity, gross, known, notional, own, seen
from evals.gates.oracle.hours import session_after, session_at
from evals.gates.oracle.reading import View
from evals.gates.oracle.rule import Rule, seconds

_DAYS_A_YEAR = 252
# Of the normal distribution at 99 %: its quantile, and its density there divided by 1 %.
_VAR, _SHORTFALL = Fraction("2.326347874"), Fraction("2.665214220")
_CLOSE_WINDOW = Fraction(3600)
_CLUSTER = Fraction(7, 10)
# A night is 17.5 hours long, one with a holiday 41.5: what is closed longer counts as a week-end.
_WEEKEND_S = 36 * 3600


def _net(view: View, limit: Fraction) -> bool:
    both = [worst.sides(view, name) for name in worst.symbols(view)]
    most = max(abs(sum((up for up, _ in both), ZERO)), abs(sum((down for _, down in both), ZERO)))
    return most <= limit * PERCENT * equity(view)


def _sector(view: View, limit: Fraction) -> bool:
    mine = known(own(view).get("sector"))
    sectors = {name: known(seen(view, name).get("sector")) for name in worst.symbols(view)}
    held = sum((worst.worst(view, name) for name, sector in sectors.items() if sector == mine), ZERO)
    return held <= limit * PERCENT * equity(view)


def _cluster(view: View, limit: Fraction) -> bool:
    near = view.limits.get("cluster_correlation", _CLUSTER)
    told, mine = own(view).get("correlations") or {}, view.order["symbol"]
    names = {
        name
        for name in worst.symbols(view)
        if name == mine or amount(told.get(name, (seen(view, name).get("correlations") or {}).get(mine))) > near
    }
    return sum((worst.worst(view, name) for name in names), ZERO) <= limit * PERCENT * equity(view)


def _beta(view: View, limit: Fraction) -> bool:
    up = down = ZERO
    for name in worst.symbols(view):
        beta = amount(seen(view, name).get("beta"))
        rise, fall = worst.sides(view, name)
        up, down = up + beta * rise, down + beta * fall
    return max(abs(up), abs(down)) <= limit * PERCENT * equity(view)


def _risk_to_stop(view: View, limit: Fraction) -> bool:
    cost = worst.price(view, view.order, view.order["trigger"])
    return view.qty * abs(cost - amount(view.order["stop_loss"])) <= limit * PERCENT * equity(view)


def _heat(view: View, limit: Fraction) -> bool:
    lost = ZERO
    for name, position in view.positions.items():
        shares, stop, value = amount(position.get("qty")), position.get("stop_loss"), worst.quote(view, name, "ask")
        if shares > 0:
            lost += shares * max(value - (stop or ZERO), ZERO)
        elif shares < 0:
            lost += -shares * max(known(stop) - value, ZERO)
    for each in view.working:
        cost, stop = worst.price(view, each), each.get("stop_loss")
        lost += worst.left(each) * abs(cost - (stop or ZERO))
    cost = worst.price(view, view.order, view.order["trigger"])
    lost += view.qty * abs(cost - (view.order["stop_loss"] or ZERO))
    return lost <= limit * PERCENT * equity(view)


def _variance(view: View) -> Fraction:
    names = sorted(worst.symbols(view))
    sigma = {name: amount(seen(view, name).get("daily_sigma")) for name in names}

    def rho(first: str, second: str) -> Fraction:
        if first == second:
            return Fraction(1)
        told = (view.market[first].get("correlations") or {}).get(second)
        return amount((view.market[second].get("correlations") or {}).get(first) if told is None else told)

    books = ({name: worst.sides(view, name)[side] * sigma[name] for name in names} for side in (0, 1))
    # The worse of the two sides; the square of it, so that no root is rounded.
    return max(sum(book[a] * book[b] * rho(a, b) for a in names for b in names) for book in books) or ZERO


def _tail(factor: Fraction) -> Any:
    return lambda view, limit: factor**2 * _variance(view) <= (limit * PERCENT * equity(view)) ** 2


def _volatility(view: View, limit: Fraction) -> bool:
    sigma = amount(own(view).get("daily_sigma"))
    if sigma <= 0:
        return False
    position = worst.worst(view, view.order["symbol"])
    return bool((position * sigma) ** 2 * _DAYS_A_YEAR <= (limit * PERCENT * equity(view)) ** 2)


def _same_way(view: View) -> dict[str, Any] | None:
    position, way = worst.held(view), 1 if view.order["side"] == "buy" else -1
    return view.positions[view.order["symbol"]] if position * way > 0 else None


def _adds(view: View, limit: int) -> bool:
    position = _same_way(view)
    return position is None or bool(known(position.get("entries")) - 1 < limit)


def _not_down(view: View, wanted: bool) -> bool:
    position = _same_way(view)
    if position is None or not wanted:
        return True
    cost, average = worst.price(view, view.order, view.order["trigger"]), amount(position.get("avg_price"))
    return bool(cost >= average if view.order["side"] == "buy" else cost <= average)


def _at_close(view: View, limit: Fraction, *, weekend: bool) -> bool:
    session = session_at(view.now)
    window = amount(view.limits.get("close_window_s", _CLOSE_WINDOW))
    if session is None or seconds(session[1] - view.now) > window:
        return True
    if weekend and seconds(session_after(view.now)[0] - session[1]) <= _WEEKEND_S:
        return True
    return gross(view) <= limit * PERCENT * equity(view)


def _margin(view: View, limit: Fraction) -> bool:
    def rate(name: str) -> Fraction:
        told = seen(view, name).get("margin_rate")
        return Fraction(1) if told is None else amount(told)

    used = amount(view.account.get("maintenance_margin")) + notional(view) * rate(view.order["symbol"])
    for each in view.working:
        if each["side"] == "buy":
            used += worst.left(each) * worst.price(view, each) * rate(each["symbol"])
    return used <= limit * PERCENT * equity(view)


def _settled(view: View, wanted: bool) -> bool:
    if not wanted or view.order["side"] == "sell" or known(view.account.get("kind")) != "cash":
        return True
    return worst.reserved(view) + notional(view) <= amount(view.account.get("settled_cash"))


def _cash_left(view: View) -> Fraction:
    spent = notional(view) if view.order["side"] == "buy" else ZERO
    return amount(view.account.get("cash")) - worst.reserved(view) - spent


def _ramp(view: View, _: Any) -> bool:
    ramp, limits = amount(view.control["ramp"]), view.limits
    if ramp >= 1:
        return True
    caps = [ramp * limits["max_order_notional"]] if "max_order_notional" in limits else []
    if "max_order_pct_equity" in limits:
        caps.append(ramp * limits["max_order_pct_equity"] * PERCENT * equity(view))
    if caps:
        return bool(notional(view) <= min(caps))
    return gross(view) <= ramp * equity(view)


def _counted(view: View) -> int:
    return len(worst.symbols(view))


def _share(measure: Any) -> Any:
    return lambda view, limit: measure(view) <= limit * PERCENT * equity(view)


def _position(view: View) -> Fraction:
    return worst.worst(view, view.order["symbol"])


RULES = (
    Rule("C1", "max_order_notional", lambda view, limit: notional(view) <= limit, size=True),
    Rule("C1", "max_order_pct_equity", _share(notional), size=True),
    Rule("C2", "max_order_qty", lambda view, limit: view.qty <= limit, size=True),
    Rule("C3", "max_position_pct_equity", _share(_position), size=True),
    Rule("C3", "max_position_notional", lambda view, limit: _position(view) <= limit, size=True),
    Rule("C3", "max_position_qty", lambda view, limit: worst.worst_qty(view) <= limit, size=True),
    Rule("C4", "max_open_positions", lambda view, limit: _counted(view) <= limit),
    Rule("C4", "max_entries_per_cycle", lambda view, limit: (view.top.get("cycle_entries") or 0) < limit),
    Rule("C4", "max_entries_per_day", lambda view, limit: known((view.top.get("counters") or {}).get("entries_today"))
         < limit, ("ENTRIES_TODAY", "COUNTERS_UNKNOWN")),
    Rule("C5", "max_gross_exposure_pct", _share(gross), size=True),
    Rule("C6", "max_net_exposure_pct", _net, size=True),
    Rule("C7", "max_leverage", lambda view, limit: gross(view) <= limit * equity(view), size=True),
    Rule("C8", "max_sector_pct_equity", _sector, size=True),
    Rule("C9", "max_cluster_pct_equity", _cluster, ("CLUSTER_EXPOSURE", "CORRELATION_UNKNOWN"), size=True),
    Rule("C10", "max_beta_exposure_pct", _beta, ("BETA_EXPOSURE", "BETA_UNKNOWN"), size=True),
    Rule("C11", "max_loss_per_trade_pct", _risk_to_stop, size=True),
    Rule("C12", "max_heat_pct", _heat, ("HEAT", "HEAT_UNKNOWN"), size=True),
    Rule("C13", "max_var_pct", _tail(_VAR), ("VALUE_AT_RISK", "VOLATILITY_UNKNOWN", "CORRELATION_UNKNOWN"), size=True),
    Rule("C13", "max_es_pct", _tail(_SHORTFALL),
         ("EXPECTED_SHORTFALL", "VOLATILITY_UNKNOWN", "CORRELATION_UNKNOWN"), size=True),
    Rule("C14", "target_volatility_pct", _volatility, ("VOLATILITY_SIZE", "VOLATILITY_UNKNOWN"), size=True),
    Rule("C15", "min_cash_reserve", lambda view, limit: _cash_left(view) >= limit, size=True),
    Rule("C15", "min_cash_reserve_pct", lambda view, limit: _cash_left(view) >= limit * PERCENT * equity(view),
         size=True),
    Rule("C16", "max_adds", _adds, ("ADDS", "ENTRIES_UNKNOWN")),
    Rule("C16", "forbid_averaging_down", _not_down, ("AVERAGING_DOWN",)),
    Rule("C17", "max_overnight_gross_pct", lambda view, limit: _at_close(view, limit, weekend=False),
         ("OVERNIGHT_EXPOSURE",), size=True),
    Rule("C17", "max_weekend_gross_pct", lambda view, limit: _at_close(view, limit, weekend=True),
         ("WEEKEND_EXPOSURE",), size=True),
    Rule("C18", "max_turnover_per_day", lambda view, limit: known(view.top.get("turnover_today")) + notional(view)
         <= limit, size=True),
    Rule("D1", "max_buying_power_pct", lambda view, limit: worst.reserved(view) + worst.need(view)
         <= limit * PERCENT * known(view.account.get("buying_power")), size=True),
    Rule("D2", "max_margin_use_pct", _margin, ("MARGIN", "MARGIN_UNKNOWN"), size=True),
    Rule("D7", "require_settled_cash", _settled, ("SETTLED_CASH", "CASH_UNKNOWN", "ACCOUNT_KIND_UNKNOWN"), size=True),
    Rule("G6", None, _ramp, ("RECOVERY_RAMP", "RAMP_UNKNOWN"), size=True),
)  # fmt: skip
