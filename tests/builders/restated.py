"""A ``Case`` told again as a what-if document, for the oracle: what was true when an order left, judged a second time.

The oracle (``evals/gates/oracle``) shares no line with ``policies``; this module only copies figures. What a document
has no word for is left out: the release (its digest is the product's own) and the account a policy is made for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from domain.book import Performance
from domain.case import Case, Proposal, SymbolView
from domain.orders import Order, OrderIntent
from evals.gates.oracle.judge import Expected, judge
from evals.gates.oracle.schema import LIMITS

UNTOLD = frozenset({"require_same_release"})
_PLACES = Context(prec=24, rounding=ROUND_HALF_EVEN)


def judged_again(case: Case, limits: Mapping[str, Any], qty: Decimal) -> Expected:
    """The oracle's answer to the order of ``case`` at the quantity that was sent."""
    return judge(document_of(case, limits, qty))


def document_of(case: Case, limits: Mapping[str, Any], qty: Decimal) -> dict[str, Any]:
    """The case as a document; ``limits`` as they stand in the policy's file."""
    book, counters = case.book, case.book.counters
    return {
        "id": "sent",
        "clock": _told(case.now),
        "limits": {name: _limit(name, limits[name]) for name in limits if name in LIMITS and name not in UNTOLD},
        "control": {
            **_fields(case.control, "kill_switch trading_state mode readable ramp reconciled_at"),
            **_fields(case.control, "broker_time broker_open"),
            "mismatched": list(case.control.mismatched),
            "paused": [_fields(each, "scope name until") for each in case.control.pauses],
        },
        "account": {
            **_fields(book.account, "as_of currency account_id paper trading_blocked kind"),
            **_fields(book.account, "equity cash buying_power settled_cash maintenance_margin"),
            **_fields(book.performance, "day_start_equity peak_equity realized_pnl_day unrealized_pnl"),
            "last_loss_at": _last_loss(book.performance),
            **_fields(book.performance, "consecutive_losses week_start_equity month_start_equity day_peak_equity"),
            **_fields(book.performance, "strategy_pnl symbol_pnl strategy_losses"),
        },
        "positions": {
            name: _fields(each, "qty avg_price available_qty stop_loss entries")
            for name, each in book.positions.items()
        },
        "open_orders": [_working(each) for each in book.open_orders],
        "recent_orders": [
            {**_fields(each, "decision_id symbol side qty status"), "at": _told(each.created_at)}
            for each in book.recent_orders
        ],
        "orders_today": book.orders_today,
        "turnover_today": _told(book.turnover_today),
        "market": {name: _symbol(view) for name, view in case.market.symbols.items()},
        "market_wide": {"index_move_pct": _told(case.market.index_move_pct)},
        "order": _order(case.order, qty),
        "cycle_entries": case.cycle_entries,
        "counters": {name: _told(getattr(counters, name)) for name in counters.__dataclass_fields__},
        **({} if case.proposal is None else {"proposal": _proposal(case.proposal)}),
    }  # fmt: skip


def _fields(value: object, names: str) -> dict[str, Any]:
    return {name: _told(getattr(value, name)) for name in names.split()}


def _told(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{_PLACES.plus(value.quantize(Decimal('1e-12'), context=_PLACES)):f}"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): _told(each) for name, each in value.items()}
    return str(value) if isinstance(value, str) else value


def _last_loss(performance: Performance) -> Any:
    """A document cannot say "never": somebody without a loss in a row or a time of one lost long ago."""
    if performance.last_loss_at is None and performance.consecutive_losses == 0:
        return "2000-01-01T00:00:00+00:00"
    return _told(performance.last_loss_at)


def _limit(name: str, value: Any) -> Any:
    if LIMITS[name] == "num":
        return _told(Decimal(str(value)))
    return value


def _working(order: Order) -> dict[str, Any]:
    named = "decision_id symbol side qty filled_qty type limit_price status stop_loss reduce_only parent_id leg"
    return {**_fields(order, f"{named} client_order_id"), "at": _told(order.created_at)}


def _symbol(view: SymbolView) -> dict[str, Any]:
    quote, instrument = view.quote, view.instrument
    assert quote is not None
    assert instrument is not None
    listed = None if instrument.listed_on is None else instrument.listed_on.isoformat()
    return {
        **_fields(quote, "bid ask last"),
        "ts": _told(quote.at),
        **_fields(instrument, "tick lot tradable shortable fractionable sector currency asset_class"),
        **_fields(instrument, "market_cap leverage margin_rate"),
        "listed_on": listed,
        "halted": None if view.status is None else view.status.halted,
        "adv": _told(view.adv_shares),
        **_fields(view, "last_bar_end atr beta daily_sigma sigma_now recent_volume gap_pct second_price bar_fault"),
        **_fields(view, "easy_to_borrow short_restricted correlations"),
        "events": [{"kind": str(each.kind), "at": _told(each.effective_at)} for each in view.events],
        "event_kinds": sorted(map(str, view.event_kinds)),
    }


def _order(order: OrderIntent, qty: Decimal) -> dict[str, Any]:
    named = "decision_id symbol side type tif limit_price trigger_price take_profit currency created_at strategy"
    return {
        **_fields(order, f"{named} origin reduce_only extended_hours expires_at leg"),
        "qty": _told(qty),
        "stop_price": _told(order.stop_loss),
    }


def _proposal(proposal: Proposal) -> dict[str, Any]:
    """Everything but the usage of a day that is longer than the case; None where nothing is known."""
    sizes = "candidate_qty advised_qty inspected_qty quoted_price confidence dispersion calibrated"
    rest = "asked_symbol schema_valid evidence_as_of decided_at evidence_digest evidence_digest_now needs_approval"
    provenance, usage, texts = proposal.provenance, proposal.usage, proposal.texts
    return {
        **_fields(proposal, f"{sizes} {rest} signal_direction override_reason"),
        "cited": list(proposal.cited),
        "known": sorted(proposal.known),
        "provenance": None if provenance is None else _fields(provenance, "cycle_id proposer models prompts"),
        "usage": None if usage is None else _fields(usage, "calls_cycle tokens_cycle tokens_day cost_day"),
        "texts": None if texts is None else [
            _fields(each, "ref published_at first_seen_at stored suspicious") for each in texts
        ],
    }  # fmt: skip
