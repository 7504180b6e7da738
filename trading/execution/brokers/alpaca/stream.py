"""What Alpaca tells without being asked: a thread that listens to trade updates, and what becomes of each.

The stream is only faster than asking, never more reliable: after every connection the caller is told to reconcile,
because what happened in between is not repeated; and whatever cannot be applied costs the connection, so that the
reconciliation that follows makes up for it.

    twice        an execution has one name, a report that says nothing new changes nothing
    out of turn  the settlement leaves out a report that is older than what it knows; its execution still counts
    too late     an execution of a cancelled order is booked, because the shares are there
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from alpaca.trading.stream import TradingStream

from domain.errors import DataQualityError, OversightError
from domain.money import ZERO
from domain.orders import Fill, OrderReport
from domain.ports import Broker, Clock
from trading.data.vendors import alpaca_fields as fields
from trading.data.vendors.alpaca import AlpacaConfig, credentials
from trading.data.vendors.wire import MISREAD
from trading.execution.brokers.alpaca import account_wire, order_wire
from trading.execution.brokers.several.route import named
from trading.execution.settle import Settlement
from trading.store.database import Database
from trading.store.orders import OrderStore

FILLS = frozenset({"fill", "partial_fill"})
UNDONE = frozenset({"trade_bust", "trade_correct"})
CONFIRMED_S = 5.0
SILENCE_S = 20.0
LONGEST_MESSAGE = 1024 * 1024
_log = logging.getLogger(__name__)


class Update(NamedTuple):
    """One event: the order as it stood, and the execution that caused it. ``undone``: an execution was taken back."""

    report: OrderReport
    fill: Fill | None
    undone: bool = False

    def at(self, name: str) -> Update:
        """The same of the broker of that name, where a home has several; the execution keeps its own id."""
        return self._replace(report=named(name, self.report))


class Backoff(NamedTuple):
    """Seconds between attempts to connect, doubling from the first to the second."""

    first_s: float = 1.0
    longest_s: float = 30.0


def update_of(message: Any) -> Update | None:
    """A message of the stream; None for what is no trade update."""
    if not isinstance(message, dict) or message.get("stream") != "trade_updates":
        return None
    told = fields.mapping(message.get("data"), "trade update")
    event, order = told.get("event"), fields.mapping(told.get("order"), "order")
    report = order_wire.report_of(order)
    # Without figures it cannot be booked; the report still counts, and the list of activities brings the execution.
    if event not in FILLS or fields.optional(told, "qty") is None or fields.optional(told, "price") is None:
        return Update(report, None, undone=event in UNDONE)
    fill = Fill(
        # Not the stream's execution_id: the list of activities does not know it, and the fill would be booked twice.
        fill_id=account_wire.fill_id(report.broker_id, report.filled_qty),
        client_order_id=report.client_order_id,
        symbol=report.symbol,
        side=report.side,
        qty=fields.number(told, "qty"),
        price=fields.number(told, "price"),
        commission=ZERO,
        at=fields.moment(told, "timestamp"),
    )
    return Update(report, fill)


class Books:
    """Applies updates through the one settlement; nothing here changes an order by itself."""

    def __init__(
        self, database: Database, orders: OrderStore, settlement: Settlement, broker: Broker, clock: Clock
    ) -> None:
        self._database = database
        self._orders = orders
        self._settlement = settlement
        self._broker = broker
        self._clock = clock

    def apply(self, update: Update) -> None:
        """The report, then the execution."""
        report, now = update.report, self._clock.now()
        if self._orders.get(report.client_order_id) is None:
            # Perhaps an exit behind an entry of ours: only the broker can say what it hangs on.
            report = self._broker.find(report.client_order_id) or report
        # The broker was asked before: no trip to anybody while others wait for the database.
        with self._database.transaction():
            self._settlement.apply_report(report, now=now)
            if update.fill is not None:
                self._settlement.apply_fill(update.fill, self._broker, now=now)
        # Raised so that the connection is given up: the reconnection compares the books, which is what this needs.
        if update.undone:
            raise DataQualityError(f"Alpaca took back an execution of {report.symbol}", "The books are compared now.")


class _Stream(TradingStream):
    """alpaca-py's client, which says when it is connected and lets a failed update cost the connection."""

    def __init__(self, connected: Callable[[], None], **given: Any) -> None:
        super().__init__(**given)
        self._told = connected

    async def _start_ws(self) -> None:
        await super()._start_ws()  # type: ignore[no-untyped-call]
        try:
            # alpaca-py asks for the updates and does not wait. What is filled before the server listens to that is
            # told to nobody, so the books are compared behind its first word, whatever that is.
            await asyncio.wait_for(self._ws.recv(), CONFIRMED_S)  # type: ignore[attr-defined]
        except TimeoutError:
            _log.warning(
                "alpaca: the stream does not confirm that it tells updates; the books are compared all the same"
            )
        # Also where nothing is wrong with the line: without a good comparison there is nothing to build on.
        await asyncio.to_thread(self._told)

    async def _auth(self) -> None:
        try:
            await super()._auth()  # type: ignore[no-untyped-call]
        except (ValueError, AttributeError):
            _log.warning("alpaca: the stream refuses the key; check APCA_API_KEY_ID and APCA_API_SECRET_KEY")
            raise


class TradeUpdates:
    """Listens until it is stopped. ``on_connect`` reconciles; both callbacks run one after the other, in one thread."""

    def __init__(
        self,
        config: AlpacaConfig,
        *,
        on_update: Callable[[Update], None],
        on_connect: Callable[[], None],
        url: str | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        keys = credentials(config)
        # A line that is dead without being closed is found by a ping that nobody answers; ``max_queue`` and
        # ``max_size`` bound what a flood can take.
        limits = {"ping_interval": SILENCE_S / 2, "ping_timeout": SILENCE_S, "max_queue": 1024}
        self._stream = _Stream(
            on_connect,
            **keys,
            url_override=url or stream_url(config.trading_url),
            websocket_params=limits | {"max_size": LONGEST_MESSAGE, "close_timeout": 1, "open_timeout": SILENCE_S},
        )
        # No parameter sets them.
        self._stream._reconnect_min_backoff, self._stream._reconnect_max_backoff = backoff or Backoff()
        self._on_update = on_update
        self._stopped = threading.Event()
        self._stream.subscribe_trade_updates(self._hear)
        self._thread = threading.Thread(target=self._stream.run, name="alpaca-trade-updates", daemon=True)

    def start(self) -> None:
        """Begin to listen, in a thread of its own."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Close the line and end the thread."""
        self._stopped.set()
        # Again and again: the loop may not run yet, and alpaca-py looks at its queue between two messages only.
        for _ in range(int(timeout_s * 10)):
            if not self._thread.is_alive():
                return
            loop: asyncio.AbstractEventLoop | None = getattr(self._stream, "_loop", None)
            if loop is not None and loop.is_running():
                asyncio.run_coroutine_threadsafe(self._end(), loop)
            self._thread.join(0.1)

    async def _end(self) -> None:
        await self._stream.stop_ws()
        await self._stream.close()

    async def _hear(self, message: Any) -> None:
        if self._stopped.is_set():
            return
        try:
            update = update_of(message)
            if update is not None:
                # Off the loop: a wait for the database would keep the pings from being answered.
                await asyncio.to_thread(self._on_update, update)
        except (OversightError, *MISREAD) as error:
            _log.warning("alpaca: an update was not applied, reconciling: %s", error)
            await self._stream.close()


def stream_url(trading_url: str) -> str:
    """The stream of the same account: ``https://paper-api.alpaca.markets`` -> ``wss://paper-api…/stream``."""
    address = trading_url.rstrip("/").removesuffix("/v2")
    return f"ws{address.removeprefix('http')}/stream"
