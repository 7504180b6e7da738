"""Closing: everything, or some symbols, at once and by orders of the owner.

    no kill       orders by hand, which pass the gates as exits do: while paused, while reducing, in a loss
    a kill stands a plain order would pass nothing, so closing everything is a kill that orders it (decision 0011)

Nothing is bought or opened on this way, and what is still held afterwards is named with the reason.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from functools import partial

from domain.errors import DataQualityError, ManualActionError, RetryableError, UsageError
from domain.market import Symbol
from domain.orders import Origin
from graphs.nodes.observe import market_now
from interfaces.acting.slicing import check_time, settled
from interfaces.runtime import Runtime
from trading.execution.flatten import Flattened, Hands, flatten
from trading.execution.settle import Settlement


def close(runtime: Runtime, only: Sequence[Symbol]) -> str:
    """Close these symbols, or all; the answer is what was done. Raises ManualActionError where something is left."""
    check_time(runtime)
    if runtime.kill_switch.engaged() or runtime.deps.stores.control.read().kill_switch:
        raise ManualActionError(
            "the kill switch is engaged, and stops orders by hand", "`sage kill --flatten` closes everything under it."
        )
    settled(runtime)
    hands = hands_of(runtime, Origin.MANUAL, only)
    held = {each.symbol for each in hands.held()}
    unknown = [symbol for symbol in only if symbol not in held]
    if unknown:
        raise UsageError(f"{', '.join(unknown)}: nothing is held", "See `sage positions`.")
    # Named after the moment: another order to close takes out what this one left working, and sells what is held then.
    done = flatten(hands, f"by hand {runtime.deps.clock.now().isoformat()}")
    if done.left:
        raise ManualActionError(done.told, "Ask again to go on with it, or see `sage orders`.")
    of = f" of {', '.join(only)}" if only else ""
    return f"nothing is held any more{of}; closing orders sent: {done.sent}"


def closed(runtime: Runtime, order: str) -> Flattened:
    """Close everything that the present kill orders to be closed."""
    return flatten(hands_of(runtime), order)


def go_on_closing(runtime: Runtime) -> None:
    """Go on with a flatten that the present kill has ordered: a crash or a slow market may have left something."""
    ordered = runtime.kill_switch.flatten()
    if not ordered:
        return
    try:
        closed(runtime, ordered)
    except (RetryableError, DataQualityError) as error:
        logging.getLogger(__name__).warning("positions are not closed: %s", error.what)


def hands_of(runtime: Runtime, origin: Origin = Origin.FLATTEN, only: Sequence[Symbol] = ()) -> Hands:
    """What a flatten works with in this process."""
    deps, stores = runtime.deps, runtime.deps.stores
    settlement = Settlement(stores.database, stores.ledger, stores.orders, stores.control)
    market = partial(market_now, deps)
    meant = frozenset(only) or None
    return Hands(deps.desk, deps.broker, stores.orders, settlement, deps.clock, market, time.sleep, origin, meant)
