"""Accounts and holdings of several brokers as those of one. What one of them does not know, nobody knows.

Worked: 100 AAPL at 10 in one place and 50 at 13 in another are 150 at 11; one order can close 100 of them, because an
order goes to one place, so 100 are available.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from domain.book import Account, Position
from domain.errors import DataQualityError
from domain.market import Symbol
from domain.money import ZERO
from trading.execution.brokers.several.route import free

FINEST_AVERAGE = Decimal("0.000001")


def account_of(accounts: Sequence[Account]) -> Account:
    """The sum, as old as the oldest.

    Blocked is what is blocked everywhere; blocked somewhere is unknown, which keeps entries back and lets exits pass.
    Accounts of two kinds are held to the stricter one, that of cash.
    """
    numbers = [each.account_id for each in accounts]
    if len(set(numbers)) < len(numbers):
        raise DataQualityError(
            f"two brokers of SAGE_BROKER are one account ({', '.join(numbers)})",
            "Everything in it would count twice: name it once.",
        )
    currencies = {each.currency for each in accounts}
    if len(currencies) > 1:
        raise DataQualityError(
            f"the accounts are in {' and '.join(sorted(currencies))}, which cannot be added up",
            "Name brokers of one currency in SAGE_BROKER.",
        )
    blocked, kinds = {each.trading_blocked for each in accounts}, [each.kind for each in accounts]
    return Account(
        account_id="+".join(numbers),
        as_of=min(each.as_of for each in accounts),
        currency=currencies.pop(),
        paper=all(each.paper for each in accounts),
        equity=total(each.equity for each in accounts),
        cash=total(each.cash for each in accounts),
        buying_power=total(each.buying_power for each in accounts),
        trading_blocked=blocked.pop() if len(blocked) == 1 else None,
        # ``cash`` sorts before ``margin``.
        kind=None if None in kinds else min(kind for kind in kinds if kind is not None),
        settled_cash=total(each.settled_cash for each in accounts),
        maintenance_margin=total(each.maintenance_margin for each in accounts),
    )


def unknown_of(accounts: Sequence[Account], numbers: str) -> Account:
    """What is told where there is no sum: whose accounts they are and how old, and not one figure."""
    oldest = min(accounts, key=lambda each: each.as_of)
    return replace(oldest.incomplete, account_id=numbers)


def total(figures: Iterable[Decimal | None]) -> Decimal | None:
    """The sum; one unknown makes it unknown."""
    known = list(figures)
    return None if None in known else sum((each for each in known if each is not None), ZERO)


def positions_of(held: Iterable[Iterable[Position]]) -> tuple[Position, ...]:
    """Holdings by symbol. Of one that is long here and short there the larger side alone is told, never the difference:

    100 and -100 are not flat, and whoever closes has to see what there is to close.
    """
    parts: dict[Symbol, list[Position]] = {}
    for positions in held:
        for each in positions:
            parts.setdefault(each.symbol, []).append(each)
    return tuple(_joined(parts[symbol]) for symbol in sorted(parts))


def opposed(held: Iterable[Iterable[Position]]) -> list[Symbol]:
    """Symbols that are long in one place and short in another: what they come to says nothing about what they risk."""
    sides: dict[Symbol, set[bool]] = {}
    for positions in held:
        for each in positions:
            if each.qty != ZERO:
                sides.setdefault(each.symbol, set()).add(each.qty > ZERO)
    return sorted(symbol for symbol, both in sides.items() if len(both) > 1)


def _joined(parts: Sequence[Position]) -> Position:
    """One holding, of the parts on the larger side, at their average price."""
    if len(parts) == 1:
        return parts[0]
    long, short = [each for each in parts if each.qty > ZERO], [each for each in parts if each.qty < ZERO]
    same = max(long, short, key=lambda side: abs(sum((each.qty for each in side), ZERO)))
    if len(same) < 2:
        return same[0] if same else parts[0]
    qty = sum((each.qty for each in same), ZERO)
    most = max(map(free, same))
    return Position(
        symbol=parts[0].symbol,
        qty=qty,
        avg_price=(sum((each.qty * each.avg_price for each in same), ZERO) / qty).quantize(FINEST_AVERAGE),
        available_qty=(1 if qty > ZERO else -1) * most,
        opened_at=min((each.opened_at for each in same if each.opened_at is not None), default=None),
    )
