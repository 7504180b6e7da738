"""What charts are drawn from: points, not pictures, as of now. And the newest cycle, as it was reported."""

from __future__ import annotations

from datetime import datetime

from domain.errors import DataQualityError, RetryableError, UsageError
from domain.market import Quote, Symbol, parse_symbol
from domain.record.canonical import restore
from interfaces.acting.controlling import known_name
from interfaces.runtime import Runtime
from interfaces.telling.looking import account_of, last_report, positions
from interfaces.views.charts import EquityView, PricesView
from interfaces.views.cycles import CycleReport
from trading.portfolio.periods import until_now

MOST_BARS = 60


def last_cycle(runtime: Runtime) -> CycleReport | None:
    """The newest finished cycle; None before the first."""
    stored = last_report(runtime)
    return None if stored is None else restore(CycleReport, stored)


def equity(runtime: Runtime) -> EquityView:
    """Every day with what it began and ended with, today as the broker tells it now where it does."""
    store, now = runtime.deps.stores.equity, runtime.deps.clock.now()
    account, _why = account_of(runtime)
    seen = None if account is None else account.equity
    start = store.performance(now, equity=seen).day_start_equity
    currency = "" if account is None else account.currency
    return EquityView(now, until_now(store.days(), store.day_of(now), start, seen), currency)


def prices(runtime: Runtime, name: str) -> PricesView:
    """The newest bars of a symbol with our fills in their time; UsageError where nobody knows it."""
    symbol = parse_symbol(known_name(runtime, "symbol", name))
    deps, now = runtime.deps, runtime.deps.clock.now()
    try:
        bars = deps.market.bars(symbol, deps.rules.timeframe, as_of=now, limit=MOST_BARS)
    except (RetryableError, DataQualityError) as error:
        raise UsageError(f"there are no prices of {symbol}: {error.what}", "Try again later.") from error
    if not bars:
        raise UsageError(f"there are no prices of {symbol}", "Choose another symbol.")
    # By the time of the fill, which the ledger has no order of: one that was missed is written down late.
    fills = tuple(one for one in deps.stores.orders.fills_since(bars[0].start) if one.symbol == symbol)
    holding = next((one for one in positions(runtime).positions if one.symbol == symbol), None)
    instrument = deps.market.instrument(symbol)
    currency = "" if instrument is None else instrument.currency
    return PricesView(now, symbol, bars, fills, holding, currency, quote_of(runtime, symbol, now))


def quote_of(runtime: Runtime, symbol: Symbol, now: datetime) -> Quote | None:
    """Its own quote; one that is only made of a bar says no more than the bar does."""
    try:
        quote = runtime.deps.market.quote(symbol, as_of=now)
    except (RetryableError, DataQualityError):
        return None  # the bars are worth a picture without it
    return None if quote is None or quote.modelled else quote
