"""The screen: from signals and the book to trade candidates, in an order that never depends on the input's.

Exits and reductions come first, by symbol; then entries, best score first. At most one candidate a symbol:

    held     exit where the price is beyond the stop, or the strategy that opened the position sees its reason gone;
             else a reduction where the position has outgrown its share of equity; nothing while an exit order works
    not held the entry of the enabled strategy with the best score; none while an order works that may still open a
             position, none without a quote, in a halt, or for an instrument that may not be traded

Switching a strategy off ends its entries, never its exits. Positions nobody here opened are left to their stop.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal

from domain.book import Book, Position
from domain.case import MarketView, SymbolView
from domain.ids import CycleId, Ref, candidate_id
from domain.market import Symbol
from domain.money import ONE, ZERO
from domain.orders import Side
from domain.signals import CandidateKind, CompositeSignal, ScannerAlert, TradeCandidate
from policies.measures.worst_case import usable
from trading.portfolio.exposure import mark_of, view_of
from trading.portfolio.sizing import SizingRule, excess_qty
from trading.strategies.base import Context, StrategyBase
from trading.strategies.registry import STRATEGIES, strategies_named

STOP_REASON = "The price is beyond the protective stop."
SIZE_REASON = "The position has outgrown its share of equity."


def screen(
    *,
    cycle_id: CycleId,
    signals: Sequence[CompositeSignal],
    alerts: Sequence[ScannerAlert],
    book: Book,
    market: MarketView,
    sizing: SizingRule,
    enabled: Collection[str],
    fractional: bool = False,
) -> tuple[TradeCandidate, ...]:
    """All candidates of one cycle; ``enabled`` names the strategies that may enter."""
    entering = strategies_named(enabled)
    by_symbol = {signal.symbol: signal for signal in signals}
    contexts = {
        symbol: Context(
            as_of=market.at,
            view=view_of(market, symbol),
            signal=by_symbol.get(symbol),
            alerts=tuple(alert for alert in alerts if alert.symbol == symbol),
            equity=book.account.equity,
            sizing=sizing,
            fractional=fractional,
        )
        for symbol in sorted({*by_symbol, *book.positions})
    }
    leaving = _leaving(cycle_id, book, market, contexts)
    entries = _entries(cycle_id, book, contexts, entering)
    return (*leaving, *sorted(entries, key=lambda candidate: (-candidate.score, candidate.symbol)))


def _leaving(
    cycle: CycleId, book: Book, market: MarketView, contexts: dict[Symbol, Context]
) -> Iterator[TradeCandidate]:
    for symbol in sorted(book.positions):
        position = book.positions[symbol]
        price = _price_of(position, market, contexts[symbol])
        # Shorts are nobody's here: the strategies are long only, and a short is closed by whoever opened it.
        if position.qty <= 0 or price is None or _being_closed(symbol, book):
            continue
        candidate = _exit(cycle, position, price, contexts[symbol]) or _reduction(
            cycle, position, price, contexts[symbol]
        )
        if candidate is not None:
            yield candidate


def _price_of(position: Position, market: MarketView, context: Context) -> Decimal | None:
    """What selling would get; the last close where the quote is away, because an exit must stay possible."""
    mark = mark_of(position, market)
    return context.signal.quant.values.get("close") if mark is None and context.signal is not None else mark


def _exit(cycle: CycleId, position: Position, price: Decimal, context: Context) -> TradeCandidate | None:
    if position.stop_loss is not None and price <= position.stop_loss:
        return _sale(cycle, CandidateKind.EXIT, position, position.qty, price, STOP_REASON, ("position.stop",))
    # Among all strategies, not the enabled ones: switching one off must not trap what it bought.
    owner = next((strategy for strategy in STRATEGIES if strategy.name == position.strategy), None)
    if owner is None or not owner.should_exit(position, context):
        return None
    return _sale(cycle, CandidateKind.EXIT, position, position.qty, price, owner.exit_reason, owner.refs)


def _reduction(cycle: CycleId, position: Position, price: Decimal, context: Context) -> TradeCandidate | None:
    instrument = context.view.instrument
    if instrument is None:
        return None
    excess = excess_qty(held=position.qty, price=price, equity=context.equity, lot=instrument.lot, rule=context.sizing)
    if excess <= 0:
        return None
    return _sale(cycle, CandidateKind.REDUCE, position, excess, price, SIZE_REASON, ("position.qty",))


def _sale(
    cycle: CycleId,
    kind: CandidateKind,
    position: Position,
    qty: Decimal,
    price: Decimal,
    reason: str,
    refs: tuple[str, ...],
) -> TradeCandidate:
    """A candidate that sells; what a rule concludes is certain, so score and confidence are 1."""
    return TradeCandidate(
        candidate_id=candidate_id(cycle, position.strategy, position.symbol, kind),
        symbol=position.symbol,
        strategy=position.strategy,
        kind=kind,
        side=Side.SELL,
        qty=qty,
        entry_price=price,
        stop_loss=None,
        take_profit=None,
        score=ONE,
        confidence=ONE,
        reason=reason,
        refs=_refs(position.symbol, ("quote.bid", "position.pnl_pct", *refs)),
    )


def _entries(
    cycle: CycleId, book: Book, contexts: dict[Symbol, Context], strategies: Sequence[StrategyBase]
) -> Iterator[TradeCandidate]:
    for symbol, context in contexts.items():
        if _held(symbol, book) or _being_opened(symbol, book) or not _tradable(context.view):
            continue
        found = [entry for strategy in strategies if (entry := _entry(cycle, strategy, context)) is not None]
        if found:
            # Of equal scores the first in the order of the registry, so the input's order never decides.
            yield max(found, key=lambda candidate: candidate.score)


def _entry(cycle: CycleId, strategy: StrategyBase, context: Context) -> TradeCandidate | None:
    signal = context.signal
    if signal is None or not strategy.should_enter(signal, context):
        return None
    levels, size = strategy.levels(signal, context), strategy.compute_position_size(signal, context)
    if levels is None or size.qty <= 0:
        return None
    return TradeCandidate(
        candidate_id=candidate_id(cycle, strategy.name, signal.symbol, CandidateKind.ENTRY),
        symbol=signal.symbol,
        strategy=strategy.name,
        kind=CandidateKind.ENTRY,
        side=Side.BUY,
        qty=size.qty,
        entry_price=levels.entry,
        stop_loss=levels.stop,
        take_profit=levels.target,
        score=strategy.score(signal),
        confidence=signal.confidence,
        reason=strategy.entry_reason,
        refs=_refs(signal.symbol, ("quote.ask", "atr14", *strategy.refs)),
    )


def _tradable(view: SymbolView) -> bool:
    halted = view.status is not None and view.status.halted
    return usable(view.quote) is not None and view.instrument is not None and view.instrument.tradable and not halted


def _held(symbol: Symbol, book: Book) -> bool:
    return symbol in book.positions and book.positions[symbol].qty != 0


def _being_closed(symbol: Symbol, book: Book) -> bool:
    """A working reduce-only order that is no protective leg of an entry."""
    return any(
        # Protective legs hang on their entry and are not in the way: an exit takes their place.
        order.symbol == symbol and order.reduce_only and order.parent_id is None and order.open_qty > ZERO
        for order in book.open_orders
    )


def _being_opened(symbol: Symbol, book: Book) -> bool:
    return any(order.symbol == symbol and not order.reduce_only and order.open_qty > ZERO for order in book.open_orders)


def _refs(symbol: Symbol, names: Sequence[str]) -> tuple[Ref, ...]:
    return tuple(Ref(f"{name}@{symbol}") for name in dict.fromkeys(names))
