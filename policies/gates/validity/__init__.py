"""Group B: its gates, in the order in which their verdicts are listed."""

from __future__ import annotations

from policies.gate import Gate
from policies.gates.validity import (
    combination,
    expiry,
    instrument,
    leveraged_fund,
    listing,
    min_price,
    prices,
    protective_stop,
    quantity,
    reduce_only,
    universe,
    zero_crossing,
)

GATES: tuple[Gate, ...] = (
    instrument.GATE,
    quantity.GATE,
    prices.GATE,
    combination.GATE,
    expiry.GATE,
    zero_crossing.GATE,
    reduce_only.GATE,
    protective_stop.GATE,
    universe.GATE,
    min_price.GATE,
    listing.AGE_GATE,
    listing.CAP_GATE,
    leveraged_fund.GATE,
)
