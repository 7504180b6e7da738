"""The balance: what the broker says beside what our own record says, each with its age.

Our record of equity is what was written down after fills and cycles; its holdings are those of the fills we know, at
the prices of now. A broker that does not answer leaves its column empty, and ours stays.
"""

from __future__ import annotations

from decimal import Decimal

from interfaces.runtime import Runtime
from interfaces.telling.looking import account_of, positions
from interfaces.views.state import BalanceRow, BalanceView


def balance(runtime: Runtime) -> BalanceView:
    """Equity, cash, what may be bought for, and the worth of each holding."""
    deps, now = runtime.deps, runtime.deps.clock.now()
    account, why = account_of(runtime)
    held, last = positions(runtime), deps.stores.equity.newest()
    seen = account is not None
    rows = (
        BalanceRow("equity", account.equity if account else None, None if last is None else last.equity),
        BalanceRow("cash", account.cash if account else None),
        BalanceRow("buying power", account.buying_power if account else None),
        *(
            BalanceRow(
                each.symbol,
                worth(each.broker_qty, each.market_price) if seen else None,
                worth(each.qty, each.market_price),
                each.as_of,
                each.stale,
            )
            for each in held.positions
        ),
    )
    return BalanceView(
        as_of=now,
        currency=account.currency if account else "",
        rows=rows,
        broker_at=account.as_of if account else None,
        recorded_at=None if last is None else last.at,
        compared_at=held.compared_at,
        note=why,
    )


def worth(qty: Decimal | None, price: Decimal | None) -> Decimal | None:
    """Money that a holding stands for; None where either is unknown."""
    return None if qty is None or price is None else qty * price
