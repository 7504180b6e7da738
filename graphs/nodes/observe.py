"""Observe: ask every source once, as of the cycle's moment, and store what it said as one observation."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from domain.book import Book
from domain.case import MarketView
from domain.context.news import NewsReading
from domain.context.observation import Observation
from domain.errors import DataQualityError, PartlyAnswered, RetryableError
from domain.evidence import EvidenceSet
from domain.ids import CycleId
from domain.market import Bar, Symbol
from domain.orders import Order
from domain.record.entries import RecordKind
from domain.signals import CompositeSignal
from graphs.deps import CycleDeps
from graphs.record import record_once
from graphs.state import CycleNode, CycleState
from tools.catalogue import gather_evidence
from tools.environment import Environment
from trading.data.view import market_view
from trading.execution.account import ask_to_act, at_least, book_of
from trading.execution.counters import profits
from trading.scanners.registry import scan
from trading.signals.composite import composite
from trading.signals.quant import quant_signals
from trading.signals.text import text_signals

Bars = Mapping[Symbol, tuple[Bar, ...]]
Readings = Mapping[Symbol, tuple[NewsReading, ...]]


def observe(deps: CycleDeps) -> CycleNode:
    """Reconcile, send what was kept back, put lost stops back, look once; run again it finds the stored observation."""

    def node(state: CycleState) -> dict[str, Any]:
        stored = deps.stores.observations.load(state["cycle_id"])
        if stored is None:
            missing = catch_up(deps)
            seen = look(deps, state["cycle_id"], state["as_of"], state["symbols"])
            stored = deps.stores.observations.save(replace(seen, missing=(*missing, *seen.missing)))
        record_once(
            deps.stores.ledger,
            RecordKind.EVIDENCE,
            state["cycle_id"],
            {"digest": stored.evidence.digest, "count": len(stored.evidence.items), "missing": stored.missing},
            at=state["as_of"],
            cycle_id=state["cycle_id"],
        )
        return {"degraded": [f"data: {line}" for line in stored.missing]}

    return node


def catch_up(deps: CycleDeps) -> list[str]:
    """Compare, send what was kept back, put lost stops back; what of it could not be done is told.

    In this order: kept-back orders and lost stops are judged on compared books. Where one of several brokers is silent
    nothing can be compared and nothing kept back goes out; the cycle goes on for the exits at those that answer.
    """
    try:
        deps.reconciler.reconcile(now=deps.clock.now())
    except PartlyAnswered as silent:
        deps.stores.control.mark_unreconciled()
        missing = [f"broker: {silent.what}"]
    else:
        deps.desk.resume(partial(market_now, deps))
        missing = []
    deps.desk.protect(partial(market_now, deps))
    return missing


def look(deps: CycleDeps, cycle_id: CycleId, as_of: datetime, asked: Sequence[Symbol]) -> Observation:
    """Everything the sources say about the asked symbols and those we hold."""
    # As the gates will see it: where one of several brokers is silent, holdings as far as they are told, and no money.
    book = book_of(ask_to_act(deps.broker), deps.stores.orders, deps.stores.equity, now=as_of)
    as_of = max(as_of, deps.clock.now())  # the account was asked just now; nothing may look newer than the moment
    theirs = at_least(deps.broker.time)
    control = deps.stores.control.read(broker_time=theirs.at, broker_open=theirs.market_open)
    symbols = tuple(sorted({*asked, *book.positions}))
    missing: list[str] = []
    exposed = exposed_symbols(book.positions, book.open_orders)
    # What only rests as an order is no subject of this cycle, yet the gates weigh every entry against it.
    bars = bars_of(deps, sorted({*symbols, *exposed}), as_of, missing)
    market = market_of(deps, sorted({*symbols, *exposed}), as_of, bars, missing, partners=exposed)
    bars = {symbol: bars[symbol] for symbol in symbols if symbol in bars}
    readings = readings_of(deps, symbols, as_of)
    signals = {
        symbol: composite(
            quant_signals(symbol, deps.rules.timeframe, bars[symbol]),
            text_signals(symbol, readings[symbol], as_of=as_of),
            market.symbols[symbol],
            as_of=as_of,
        )
        for symbol in symbols
        if bars.get(symbol)
    }
    env = Environment(
        cycle_id=cycle_id,
        as_of=as_of,
        timeframe=deps.rules.timeframe,
        book=valued(deps, book, market, as_of),
        control=control,
        market=market,
        bars=bars,
        signals=signals,
        readings=readings,
        policy=deps.policy,
        memory=deps.memory,
        release=deps.desk.release,
    )
    evidence = gather_evidence(env, symbols)
    return seen(evidence, env, signals, bars, missing)


def seen(
    evidence: EvidenceSet,
    env: Environment,
    signals: Mapping[Symbol, CompositeSignal],
    bars: Bars,
    missing: Sequence[str],
) -> Observation:
    """The values of one look, put together."""
    return Observation(
        evidence=evidence,
        signals=tuple(signals.values()),
        alerts=scan(bars),
        market=env.market,
        book=env.book,
        control=env.control,
        missing=tuple(missing),
    )


def valued(deps: CycleDeps, book: Book, market: MarketView, now: datetime) -> Book:
    """The book with what every strategy and symbol has made, which takes the market that was not there before."""
    trades = deps.stores.orders.trades
    realized = trades.profits(deps.stores.equity.month_start(now))
    made = profits(realized, trades.lots(), trades.all_open(), market)
    performance = replace(book.performance, strategy_pnl=made.by_strategy, symbol_pnl=made.by_symbol)
    return replace(book, performance=performance)


def exposed_symbols(held: Iterable[Symbol], working: Iterable[Order]) -> frozenset[Symbol]:
    """What money is in or may be in any moment: gates compare every order with all of it."""
    return frozenset({*held, *(order.symbol for order in working)})


def market_of(
    deps: CycleDeps,
    symbols: Sequence[Symbol],
    as_of: datetime,
    bars: Bars,
    missing: list[str],
    *,
    partners: Collection[Symbol] | None = None,
) -> MarketView:
    """The symbols as the market source shows them now; what it cannot tell is None there and named in ``missing``."""
    return market_view(
        deps.market,
        deps.calendar,
        symbols,
        as_of=as_of,
        timeframe=deps.rules.timeframe,
        bars=bars,
        report=missing.append,
        partners=partners,
    )


def market_now(deps: CycleDeps, symbols: Sequence[Symbol]) -> MarketView:
    """These symbols and everything held or working, as of now: orders are priced and judged on fresh quotes."""
    held = (position.symbol for position in at_least(deps.broker.positions))
    wanted = tuple(sorted({*symbols, *exposed_symbols(held, deps.stores.orders.open())}))
    now, missing = deps.clock.now(), list[str]()
    return market_of(deps, wanted, now, bars_of(deps, wanted, now, missing), missing)


def bars_of(deps: CycleDeps, symbols: Sequence[Symbol], as_of: datetime, missing: list[str]) -> Bars:
    """The history of every symbol; one that its source cannot give is named and the others go on."""
    bars: dict[Symbol, tuple[Bar, ...]] = {}
    for symbol in symbols:
        try:
            bars[symbol] = deps.market.bars(symbol, deps.rules.timeframe, as_of=as_of, limit=deps.rules.history_bars)
        except (RetryableError, DataQualityError) as error:
            missing.append(f"{symbol} bars: {error.what}")
    return bars


def readings_of(deps: CycleDeps, symbols: Sequence[Symbol], as_of: datetime) -> Readings:
    """Read-outs of the window, by the symbols they were tagged with."""
    since = as_of - deps.rules.news_window
    return deps.stores.news.readings_by_symbol(symbols, since=since, as_of=as_of)
