"""All gates, in the order in which their verdicts are listed. The order changes no outcome.

To add one: write its file beside its family (rule in words with a worked number, a frozen dataclass of limits,
``check``), add it here and its limits to ``policies/limits.py``, give it a breach in ``policies/breaches.py`` and a
table test.
"""

from __future__ import annotations

from collections.abc import Mapping

from policies.gate import Gate
from policies.gates.broker import available_qty, buying_power, self_cross, short_sale
from policies.gates.control import (
    account_age,
    account_status,
    approval,
    clock_skew,
    kill_switch,
    mode,
    paused,
    reconciled,
    trading_state,
)
from policies.gates.exposure import (
    cash_reserve,
    gross,
    net,
    open_positions,
    order_notional,
    order_qty,
    position,
    sector,
    trade_risk,
    turnover,
)
from policies.gates.loss import day_loss, drawdown
from policies.gates.market import (
    bar_age,
    collar,
    earnings,
    halt,
    liquidity,
    market_order,
    quote_age,
    session,
    spread,
)
from policies.gates.model import confidence, freshness, grounding, schema, tighten_only
from policies.gates.rate import active_orders, cooldown, duplicate, loss_streak, order_rate
from policies.gates.validity import (
    combination,
    instrument,
    min_price,
    prices,
    protective_stop,
    quantity,
    reduce_only,
    universe,
    zero_crossing,
)

GATES: tuple[Gate, ...] = (
    kill_switch.GATE,
    mode.GATE,
    paused.GATE,
    trading_state.GATE,
    account_status.GATE,
    account_age.GATE,
    reconciled.GATE,
    clock_skew.GATE,
    approval.GATE,
    instrument.GATE,
    quantity.GATE,
    prices.GATE,
    combination.GATE,
    zero_crossing.GATE,
    reduce_only.GATE,
    protective_stop.GATE,
    universe.GATE,
    min_price.GATE,
    order_notional.GATE,
    order_notional.EQUITY_GATE,
    order_qty.GATE,
    position.GATE,
    position.NOTIONAL_GATE,
    position.QTY_GATE,
    open_positions.GATE,
    open_positions.CYCLE_GATE,
    gross.GATE,
    net.GATE,
    gross.LEVERAGE_GATE,
    sector.GATE,
    trade_risk.GATE,
    cash_reserve.GATE,
    cash_reserve.SHARE_GATE,
    turnover.GATE,
    buying_power.GATE,
    short_sale.GATE,
    self_cross.GATE,
    available_qty.GATE,
    session.GATE,
    halt.GATE,
    quote_age.GATE,
    bar_age.GATE,
    collar.GATE,
    collar.ATR_GATE,
    spread.GATE,
    market_order.GATE,
    liquidity.GATE,
    earnings.GATE,
    order_rate.GATE,
    order_rate.DAY_GATE,
    active_orders.GATE,
    duplicate.GATE,
    cooldown.GATE,
    loss_streak.GATE,
    day_loss.GATE,
    day_loss.MONEY_GATE,
    drawdown.SOFT_GATE,
    drawdown.GATE,
    schema.GATE,
    grounding.GATE,
    confidence.GATE,
    freshness.GATE,
    tighten_only.GATE,
)

BY_ID: Mapping[str, Gate] = {gate.id: gate for gate in GATES}
