"""The market of a what-if case: what our own sources would have shown at its clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from domain.case import MarketView, SymbolView
from domain.market import (
    AssetClass,
    EventKind,
    Instrument,
    MarketEvent,
    Quote,
    Session,
    Symbol,
    Timeframe,
    TradingStatus,
)
from domain.money import ZERO
from domain.ports import Calendar
from policies.whatif.fields import EPOCH, NAN, Fields, decimals_of, known, refused, text_of, word_of

SOURCE = "case"
Calendars = Callable[[str], Calendar]


def read_market(top: Fields, now: datetime, calendars: Calendars) -> MarketView:
    """Every symbol of the case, and the sessions around its clock."""
    name = top.text("market_calendar")
    calendar = calendars(name) if name else None
    session = None if calendar is None else calendar.session_at(now)
    following = None if calendar is None else calendar.session_after(now)
    views = top.by_symbol("market", lambda raw, path: _Row(Fields(raw, path), now))
    wide = top.inner("market_wide") or Fields({})
    opens, closes = wide.moment("next_open"), wide.moment("next_close")
    if opens is not None and closes is not None:
        following = Session(opens.date(), opens, closes)
    view = MarketView(
        at=now,
        calendar=name,
        session=session,
        symbols={symbol: row.view(symbol) for symbol, row in known(views).items()},
        index_move_pct=wide.number("index_move_pct"),
        next_session=following,
    )
    wide.close()
    return view


class _Row:
    """One symbol, read once its name is known to be the only one of its kind."""

    def __init__(self, fields: Fields, now: datetime) -> None:
        self._fields = fields
        self._now = now

    def view(self, symbol: Symbol) -> SymbolView:
        fields = self._fields
        at = fields.moment("ts")
        events, kinds = self._events(symbol)
        halted = fields.flag("halted")
        correlations = fields.by_symbol("correlations", decimals_of)
        view = SymbolView(
            instrument=_instrument(fields, symbol),
            quote=_quote(fields, symbol, at),
            status=None if halted is None else TradingStatus(symbol, at or self._now, halted),
            last_bar_end=fields.moment("last_bar_end", at),
            timeframe=Timeframe.DAY_1,
            atr=fields.number("atr"),
            adv_shares=fields.number("adv"),
            events=events,
            event_kinds=kinds,
            beta=fields.number("beta"),
            daily_sigma=fields.number("daily_sigma"),
            sigma_now=fields.number("sigma_now"),
            correlations=correlations,
            recent_volume=fields.number("recent_volume"),
            gap_pct=fields.number("gap_pct"),
            bar_fault=_fault(fields),
            second_price=fields.number("second_price"),
            easy_to_borrow=fields.flag("easy_to_borrow"),
            short_restricted=fields.flag("short_restricted"),
        )
        fields.close()
        return view

    def _events(self, symbol: Symbol) -> tuple[tuple[MarketEvent, ...], frozenset[EventKind]]:
        fields = self._fields
        found = [_event(row, symbol) for row in fields.rows("events")]
        earnings = fields.moment("next_earnings")
        if earnings is not None:
            found.append(MarketEvent(symbol, EventKind.EARNINGS, EPOCH, earnings, source=SOURCE))
        if not fields.has("event_kinds"):
            # A report that is said to be null is none; one that nobody mentions is unknown.
            return tuple(found), frozenset({EventKind.EARNINGS} if fields.has("next_earnings") else ())
        path = fields.path("event_kinds")
        return tuple(found), frozenset(word_of(name, path, EventKind) for name in fields.texts("event_kinds"))


def _instrument(fields: Fields, symbol: Symbol) -> Instrument | None:
    """What may be traded; unknown without a tick, a lot, and a word on whether it trades at all."""
    tick, lot, tradable = fields.number("tick"), fields.number("lot"), fields.flag("tradable")
    made = Instrument(
        symbol=symbol,
        name=symbol,
        asset_class=fields.word("asset_class", AssetClass, AssetClass.EQUITY) or AssetClass.EQUITY,
        currency=fields.text("currency", "unknown currency of the instrument"),
        tick=NAN if tick is None else tick,
        lot=NAN if lot is None else lot,
        sector=fields.text("sector") or None,
        tradable=tradable is True,
        fractionable=fields.flag("fractionable", default=True) is True,
        shortable=fields.flag("shortable", default=True) is True,
        listed_on=fields.day("listed_on"),
        market_cap=fields.number("market_cap"),
        leverage=fields.number("leverage"),
        margin_rate=fields.number("margin_rate"),
    )
    whole = tick is not None and tick > ZERO and lot is not None and lot > ZERO and tradable is not None
    return made if whole else None


def _quote(fields: Fields, symbol: Symbol, at: datetime | None) -> Quote | None:
    bid, ask, last = fields.number("bid"), fields.number("ask"), fields.number("last")
    if bid is None and ask is None and last is None:
        return None
    return Quote(
        symbol=symbol,
        bid=NAN if bid is None else bid,
        ask=NAN if ask is None else ask,
        last=NAN if last is None else last,
        at=at or EPOCH,
        source=SOURCE,
    )


def _fault(fields: Fields) -> str | None:
    if not fields.has("bar_fault"):
        return ""
    fault: Any = fields.raw("bar_fault")
    return None if fault is None else text_of(fault, fields.path("bar_fault"))


def _event(fields: Fields, symbol: Symbol) -> MarketEvent:
    kind, at = word_of(fields.raw("kind"), fields.path("kind"), EventKind), fields.moment("at")
    if at is None:
        raise refused(fields.path("at"), None, "the time of the event")
    fields.close()
    return MarketEvent(symbol, kind, EPOCH, at, source=SOURCE)
