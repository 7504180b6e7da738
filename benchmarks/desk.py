"""Durable placement of one order, beside a bare append that is forced to the same disk in the same run.

    place     `OrderDesk.place` on SQLite: the gates and their verdicts, the permit, the INTENT row, the ledger with its
              anchor file, SUBMITTED, the paper broker, its answer
    floor     one `fdatasync` of an appended line as long as an order's record; the two take turns

What must be durable before a send by itself is measured by ``intents.py``.

Orders rest below the market, or are filled at once, which adds executions, positions, a trade and protective legs. The
limits are those of the conservative profile without the ones that count (orders, positions, turnover, duplicates): they
would stop the second order of the same kind. Every order has a decision of its own; the book grows as it would.
"""

from __future__ import annotations

import os
import secrets
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib import resources
from pathlib import Path
from statistics import quantiles
from zoneinfo import ZoneInfo

from harness.report import Report, Row, arguments
from harness.sampling import Profile, sampled
from harness.timing import Spent, middle, timed
from harness.writes import counted_writes

from domain.case import MarketView, Mode, Release
from domain.clock import FixedClock
from domain.ids import DecisionId
from domain.market import Quote, Symbol, Timeframe
from domain.money import floor_to
from domain.orders import OrderIntent, OrderStatus, OrderType, Origin, Side, TimeInForce
from policies.kill_switch import KillSwitch
from policies.permit import PermitOffice
from policies.policy import Policy, policy_from_limits
from trading.data.calendar import ExchangeCalendar
from trading.data.simulated_market import SimulatedMarket
from trading.data.view import market_view
from trading.execution.brokers.paper.broker import PaperBroker, PaperSettings
from trading.execution.desk import OrderDesk, Placement
from trading.execution.settle import Settlement
from trading.store.accounts.equity import EquityStore
from trading.store.control import ControlStore
from trading.store.database import open_database
from trading.store.ledger import SqlLedger
from trading.store.orders import OrderStore

AT = datetime(2026, 3, 17, 15, tzinfo=UTC)
COUNTING = frozenset(
    {
        "max_orders_per_minute", "max_orders_per_day", "max_active_orders", "duplicate_window_s", "max_open_positions",
        "max_turnover_per_day", "max_entries_per_cycle", "max_sector_pct_equity", "max_position_qty",
        "max_blocks_in_row", "max_orders_per_second", "max_orders_per_symbol_per_day", "max_order_to_trade_ratio",
        "max_cancels_per_day", "max_entries_per_day", "max_adds", "forbid_averaging_down",
    }
)  # fmt: skip
LINE = b"x" * 1500 + b"\n"
PROFILED = 50
TOLD = ("domain/", "policies/", "trading/")


@dataclass
class Shop:
    """A desk in a folder of its own, and the market that its orders are judged on."""

    desk: OrderDesk
    market: MarketView
    symbols: tuple[Symbol, ...]

    def intent(self, number: int, *, rests: bool) -> OrderIntent:
        """Buy one share: at the ask and a little more, or one percent below the bid."""
        symbol = self.symbols[number % len(self.symbols)]
        quote = quote_of(self.market, symbol)
        factor = Decimal("0.99") if rests else Decimal("1.001")
        limit = floor_to((quote.bid if rests else quote.ask) * factor, Decimal("0.01"))
        return OrderIntent(
            decision_id=DecisionId(f"dec-{number}-{rests}"),
            symbol=symbol,
            side=Side.BUY,
            qty=Decimal(1),
            type=OrderType.LIMIT,
            tif=TimeInForce.DAY,
            created_at=AT,
            origin=Origin.MANUAL,
            strategy="momentum",
            limit_price=limit,
            stop_loss=floor_to(limit * Decimal("0.95"), Decimal("0.01")),
        )

    def place(self, number: int, *, rests: bool) -> Spent:
        """One placement; an order that did not become what it should is a mistake here."""
        intent, results = self.intent(number, rests=rests), list[Placement]()
        spent = timed(lambda: results.append(self.desk.place(intent, market=self.market)))
        placed = results[0]
        wanted = OrderStatus.ACCEPTED if rests else OrderStatus.FILLED
        assert placed.order is not None, f"refused: {placed.evaluation}"
        assert placed.order.status is wanted, f"{placed.order.status} where {wanted} was meant: {placed.order.reason}"
        return spent


def quote_of(market: MarketView, symbol: Symbol) -> Quote:
    """The quote that is there."""
    quote = market.symbols[symbol].quote
    assert quote is not None, f"no quote of {symbol}"
    return quote


def uncounted_policy() -> Policy:
    """The conservative limits without those that count orders and what they hold."""
    text = resources.files("policies").joinpath("conservative.toml").read_text(encoding="utf-8")
    limits = tomllib.loads(text, parse_float=Decimal)["limits"]
    return policy_from_limits({name: value for name, value in limits.items() if name not in COUNTING}, "uncounted")


@contextmanager
def a_shop(folder: Path) -> Iterator[Shop]:
    """The desk with its stores on SQLite, reconciled, in mode paper."""
    with ExitStack() as stack:
        database = open_database(f"sqlite:///{folder / 'sage.db'}")
        stack.callback(database.close)
        latch, clock, calendar = KillSwitch(folder / "killed"), FixedClock(AT), ExchangeCalendar()
        source, policy = SimulatedMarket(7, calendar), uncounted_policy()
        ledger = SqlLedger(database, anchor=folder / "ledger.anchor")
        orders, equity = OrderStore(database), EquityStore(database, ZoneInfo("America/New_York"), calendar)
        control = ControlStore(database, ledger, latch, calendar)
        office = PermitOffice(secrets.token_bytes(32), latch)
        account = PaperSettings(starting_cash=Decimal(1_000_000), timeframe=Timeframe.DAY_1)
        broker = PaperBroker(database, source, calendar, clock, office, control, account)
        release = Release("benchmark", policy.digest, "none")
        settlement = Settlement(database, ledger, orders, control)
        desk = OrderDesk(
            database=database, ledger=ledger, orders=orders, control=control, equity=equity, settlement=settlement,
            broker=broker, office=office, policy=policy, clock=clock, release=release,
        )  # fmt: skip
        control.set_mode(Mode.PAPER, by="benchmark", at=AT)
        control.put_in_force(release, policy, by="benchmark", at=AT)
        control.mark_reconciled(AT, ())
        bars = {symbol: source.bars(symbol, Timeframe.DAY_1, as_of=AT, limit=61) for symbol in source.symbols()}
        missing: list[str] = []
        market = market_view(
            source, calendar, source.symbols(), as_of=AT, timeframe=Timeframe.DAY_1, bars=bars, report=missing.append
        )
        yield Shop(desk, market, tradable(desk, market))


def tradable(desk: OrderDesk, market: MarketView) -> tuple[Symbol, ...]:
    """Symbols of which one share passes every gate: no report due, a narrow spread."""
    found = []
    for symbol in market.symbols:
        intent = Shop(desk, market, (symbol,)).intent(0, rests=False)
        if not desk.preview(intent, market=market).codes:
            found.append(symbol)
    return tuple(found)


@contextmanager
def an_appender(folder: Path) -> Iterator[Callable[[], Spent]]:
    """One durable append to a plain file."""
    descriptor = os.open(folder / "floor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    sync = getattr(os, "fdatasync", os.fsync)

    def append() -> None:
        os.write(descriptor, LINE)
        sync(descriptor)

    try:
        yield lambda: timed(append)
    finally:
        os.close(descriptor)


def measured(folder: Path, count: int, *, rests: bool) -> tuple[list[Spent], list[Spent], float]:
    """``count`` placements and as many appends in turn, and the durable writes a placement made."""
    folder.mkdir()
    with a_shop(folder) as shop, an_appender(folder) as append:
        shop.place(0, rests=rests)
        append()
        placed, appended, writes = [], [], 0
        for number in range(1, count + 1):
            appended.append(append())
            with counted_writes() as counted:
                placed.append(shop.place(number, rests=rests))
            writes += counted.count
    return placed, appended, writes / count


def profiled(folder: Path, count: int) -> Profile:
    """Where ``count`` resting placements in a new shop spend their time."""
    folder.mkdir()
    profile = Profile()
    with a_shop(folder) as shop:
        shop.place(0, rests=True)
        with sampled(profile):
            for number in range(1, count + 1):
                shop.place(number, rests=True)
    return profile


def row(name: str, spent: Sequence[Spent], floor: Spent, writes: float, reach: float | None = None) -> Row:
    """One line of the table."""
    each = middle(spent)
    return {
        "what": name,
        "median us": round(1e6 * each.wall_s, 1),
        "p95 us": round(1e6 * quantiles([one.wall_s for one in spent], n=20)[18], 1),
        "cpu us": round(1e6 * each.cpu_s, 1),
        "durable writes": round(writes, 2),
        "x fdatasync": round(each.wall_s / floor.wall_s, 1),
        "reach x": reach,
        "first 20 us": round(1e6 * middle(spent[:20]).wall_s, 1),
        "last 20 us": round(1e6 * middle(spent[-20:]).wall_s, 1),
        "count": len(spent),
    }


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--count", type=int, default=100, help="orders of each kind")
    parser.add_argument("--folder", type=Path, help="where to write; the temporary folder if left out")
    chosen = parser.parse_args()
    report = Report("desk")
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
        rests, appends, rests_writes = measured(Path(name) / "rests", chosen.count, rests=True)
        fills, more, fills_writes = measured(Path(name) / "fills", chosen.count, rests=False)
        profile = profiled(Path(name) / "profiled", min(chosen.count, PROFILED))
    appends += more
    floor = middle(appends)
    report.add(
        "Durable placement of one order",
        [
            row("floor, append and fdatasync", appends, floor, 1),
            row("Sage, order rests at the paper broker", rests, floor, rests_writes),
            row("Sage, order is filled at once", fills, floor, fills_writes),
        ],
    )
    title = "Share of a placement that rests"
    report.add(f"{title}: functions of Sage with what they call", profile.top(15, profile.below, TOLD))
    report.add(f"{title}: functions by themselves, libraries included", profile.top(10, profile.own))
    report.write(chosen.json)


if __name__ == "__main__":
    main()
