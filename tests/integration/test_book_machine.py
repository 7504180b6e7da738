"""A life of the books in any order of events: entries, exits, partial fills, price moves, days, money, stops, restarts.

Two desks trade on one database under the same policy. After every order a second arithmetic, which knows no gate,
says whether it was allowed on what the tables held just before (``tests/builders/arithmetic.py``).
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from domain.case import Pause, TradingState
from domain.market import Symbol
from domain.orders import OrderReport, OrderType, TimeInForce
from domain.verdicts import Outcome
from policies.codes import ReasonCode
from tests.builders.arithmetic import Books, books, breaches, is_exit
from tests.builders.execution import HandClock, House, a_house, an_exit, an_intent
from tests.builders.market import AAPL, MSFT, a_quote
from tests.builders.tally import count, examples
from trading.execution.account import read_book
from trading.execution.brokers.paper.books import PaperBooks
from trading.execution.brokers.paper.broker import PaperBroker
from trading.store.database import open_database

PROOF = "Life of the books"
XOM = Symbol("XOM")
SYMBOLS = (AAPL, MSFT, XOM)
LIMITS: dict[str, Any] = {
    "max_order_qty": 60, "max_order_notional": 7000, "max_position_qty": 90, "max_position_pct_equity": 9,
    "max_gross_exposure_pct": 20, "max_leverage": "0.25", "max_open_positions": 2, "min_cash_reserve": 80000,
    "max_orders_per_minute": 3, "max_orders_per_day": 9, "max_entries_per_day": 5, "max_active_orders": 4,
    "max_turnover_per_day": 45000, "daily_loss_limit_pct": 1, "max_drawdown_pct": 4, "max_quote_age_s": 15,
    "max_spread_pct": 2, "price_collar_pct": 3, "allow_short": False, "oversize": "reduce", "duplicate_window_s": 5,
    "max_reconcile_age_s": 900, "cooldown_after_loss_s": 60, "max_consecutive_losses": 4,
}  # fmt: skip
ONLY_FOR_ENTRIES = frozenset({ReasonCode.DUPLICATE_ORDER})
"""What may stop the exit that is tried after every step: it may be the twin of one that was sent a moment ago."""
STEPS = 30


class CountingBroker:
    """The paper broker, with how often each order was handed to it."""

    def __init__(self, paper: PaperBroker, submitted: dict[str, int]) -> None:
        self._paper = paper
        self._submitted = submitted

    def __getattr__(self, name: str) -> Any:
        return getattr(self._paper, name)

    def submit(self, approved: Any) -> OrderReport:
        """As the paper broker does it."""
        self._submitted[approved.client_order_id] = self._submitted.get(approved.client_order_id, 0) + 1
        return self._paper.submit(approved)


class BookMachine(RuleBasedStateMachine):
    """Two desks, one database, one market, one clock."""

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sage-machine-"))
        self.url = f"sqlite:///{self.folder / 'sage.db'}"
        self.clock, self.quotes = HandClock(), {symbol: a_quote(symbol) for symbol in SYMBOLS}
        self.submitted: dict[str, int] = {}
        self.houses = [self.house(), self.house()]
        self.killed, self.number, self.moves = False, 0, 0
        self.days: dict[object, Decimal] = {}
        self.sent_by_day: dict[object, int] = {}
        self.houses[0].reconciler.reconcile(now=self.clock.now())
        count(PROOF, "lives")
        for number, symbol in enumerate((AAPL, MSFT)):
            self.enter(symbol, 20 + number, number, 20, OrderType.LIMIT, TimeInForce.DAY, protected=True, fresh=True)
        self.clock.wait(seconds=61)

    def house(self) -> House:
        """A start of its own on the database, with the same market."""
        database = open_database(self.url)
        made = a_house(
            database, self.folder, limits=LIMITS, clock=self.clock,
            broker=lambda paper: CountingBroker(paper, self.submitted),
        )  # fmt: skip
        made.market.quotes.clear()
        made.market.quotes.update(self.quotes)
        return made

    def teardown(self) -> None:
        self.check_chain()
        for each in getattr(self, "houses", ()):
            each.database.close()
        shutil.rmtree(getattr(self, "folder", ""), ignore_errors=True)

    @property
    def books(self) -> Books:
        return books(self.houses[0].database)

    def show(self, symbol: Symbol, bid: Decimal, *, size: int = 500) -> None:
        """A new quote, one cent wide, for everybody."""
        shown = a_quote(symbol, bid=bid, ask=bid + Decimal("0.02"), last=bid + Decimal("0.01"), at=self.clock.now(),
                        bid_size=size, ask_size=size)  # fmt: skip
        self.quotes[symbol] = shown
        for each in self.houses:
            each.market.quotes[symbol] = shown

    def refresh(self) -> None:
        """The same prices, seen now."""
        for symbol, quote in tuple(self.quotes.items()):
            self.show(symbol, quote.bid)

    def place(self, intent: Any, desk: int) -> None:
        """Hand an intent to one of the desks, and judge by ourselves what it sent."""
        house, before, now = self.houses[desk], self.books, self.clock.now()
        quotes = dict(self.quotes)
        control = house.control.read(broker_time=now)
        house.place(intent)
        known = {line.id for line in before.sent}
        new = [line for line in self.books.sent if line.id not in known]
        assert len(new) <= 1
        for line in new:
            assert not self.killed, "sent after a kill"
            assert (line.symbol, line.side) == (intent.symbol, intent.side)
            assert line.qty <= intent.qty
            assert breaches(before, line, quotes, now, house.equity.day_start(now), LIMITS) == []
            if not is_exit(before, line):
                assert control.trading_state is TradingState.ACTIVE
                assert not any(each.scope == "global" or each.name == line.symbol for each in control.pauses)
            count(PROOF, "exits sent" if is_exit(before, line) else "entries sent")
        count(PROOF, "orders asked for")

    @rule(
        symbol=st.sampled_from(SYMBOLS), qty=st.integers(1, 150), desk=st.integers(0, 1), cents=st.integers(-60, 60),
        type=st.sampled_from((OrderType.LIMIT, OrderType.LIMIT, OrderType.MARKET, OrderType.STOP)),
        tif=st.sampled_from((TimeInForce.DAY, TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC)),
        protected=st.booleans(), fresh=st.sampled_from((True, True, True, False)),
    )  # fmt: skip
    def enter(self, symbol, qty, desk, cents, type, tif, protected, fresh):
        self.number += 1
        self.clock.wait(seconds=1)
        if fresh:
            self.refresh()
        ask = self.quotes[symbol].ask
        off = ask + Decimal(cents) / 100
        self.place(
            an_intent(
                f"dec-{self.number}", symbol=symbol, qty=qty, type=type, tif=tif, created_at=self.clock.now(),
                limit_price=off if type is OrderType.LIMIT else None,
                trigger_price=off if type is OrderType.STOP else None,
                stop_loss=ask - 5 if protected else None, take_profit=ask + 5 if protected else None,
            ),
            desk,
        )  # fmt: skip

    @rule(symbol=st.sampled_from(SYMBOLS), qty=st.integers(1, 40), desk=st.integers(0, 1), protected=st.booleans())
    def enter_a_little(self, symbol, qty, desk, protected):
        self.enter(symbol, qty, desk, 20, OrderType.LIMIT, TimeInForce.DAY, protected, fresh=True)

    @rule(qty=st.integers(1, 40), desk=st.integers(0, 1), cents=st.integers(5, 80))
    def wait_below_the_market(self, qty, desk, cents):
        self.enter(XOM, qty, desk, -cents, OrderType.LIMIT, TimeInForce.GTC, protected=True, fresh=True)

    @rule(times=st.integers(2, 6), symbol=st.sampled_from(SYMBOLS))
    def burst(self, times, symbol):
        """Both desks in turn, as fast as they can."""
        for number in range(times):
            desk = number % 2
            self.enter(symbol, 10 + number, desk, 20, OrderType.LIMIT, TimeInForce.DAY, protected=False, fresh=True)

    @rule(symbol=st.sampled_from(SYMBOLS), qty=st.integers(1, 30), desk=st.integers(0, 1), cents=st.integers(-40, 40))
    def leave(self, symbol, qty, desk, cents):
        self.number += 1
        self.clock.wait(seconds=1)
        self.refresh()
        limit = self.quotes[symbol].bid + Decimal(cents) / 100
        self.place(
            an_exit(f"dec-{self.number}", symbol=symbol, qty=qty, limit_price=limit, created_at=self.clock.now()), desk
        )

    @precondition(lambda self: self.number > 0)
    @rule(back=st.integers(0, 5), desk=st.integers(0, 1))
    def repeat(self, back, desk):
        """The same decision again, larger, at either desk: nothing new leaves."""
        number = max(1, self.number - back)
        found = self.houses[desk].orders.find(an_intent(f"dec-{number}").decision_id, "entry")
        if found is not None:
            before = self.books.sent
            self.houses[desk].place(an_intent(f"dec-{number}", qty=150, created_at=self.clock.now()))
            assert {line.id for line in self.books.sent} == {line.id for line in before}
            count(PROOF, "decisions handed in again")

    @rule(symbol=st.sampled_from(SYMBOLS), bp=st.integers(-250, 250), size=st.sampled_from((500, 500, 7, 20)))
    def move(self, symbol, bp, size):
        """A price moves, and now and then there is little of it: what works fills in part."""
        self.clock.wait(seconds=2)
        bid = max(Decimal(20), (self.quotes[symbol].bid * (10_000 + bp) / 10_000).quantize(Decimal("0.01")))
        self.refresh()
        self.show(symbol, bid, size=size)
        self.tick()

    @rule(seconds=st.sampled_from((1, 20, 61, 600)))
    def wait(self, seconds):
        self.clock.wait(seconds=seconds)
        self.refresh()
        self.tick()

    def tick(self) -> None:
        self.paper().advance(self.clock.now())
        self.houses[0].reconciler.reconcile(now=self.clock.now())

    def paper(self) -> PaperBroker:
        return self.houses[0].broker._paper

    @rule()
    def next_day(self):
        day = self.clock.now() + timedelta(days=1)
        while day.weekday() > 4:
            day += timedelta(days=1)
        self.clock.at = day.replace(hour=15, minute=0)
        self.refresh()
        self.tick()
        count(PROOF, "days")

    @rule(hours=st.sampled_from((-30, -1, 1, 30)), desk=st.integers(0, 1))
    def jump(self, hours, desk):
        """The clock is set wrong for a moment: whatever is asked then, nothing is armed anew by it."""
        true = self.clock.now()
        self.clock.at = true + timedelta(hours=hours)
        try:
            if desk:
                self.refresh()
            self.houses[desk].reconciler.reconcile(now=self.clock.now())
            self.enter_now(desk)
        finally:
            self.clock.at = true
            self.refresh()
            self.houses[0].reconciler.reconcile(now=true)
        count(PROOF, "clock jumps")

    def enter_now(self, desk: int) -> None:
        self.number += 1
        self.place(an_intent(f"dec-{self.number}", symbol=MSFT, qty=5, created_at=self.clock.now(), limit_price=None,
                             type=OrderType.MARKET), desk)  # fmt: skip

    @rule(amount=st.sampled_from((-8000, -500, 500, 8000)))
    def transfer(self, amount):
        """Money moves in or out, at the broker and in our record of it."""
        house, now = self.houses[0], self.clock.now()
        self.moves += 1
        before = house.equity.performance(now, equity=self.paper().account().equity)
        with house.database.transaction():
            PaperBooks(house.database, "paper", "USD", Decimal(100_000)).add_cash(Decimal(amount))
            house.equity.transfer(f"move-{self.moves}", Decimal(amount), at=now)
        after = house.equity.performance(now, equity=self.paper().account().equity)
        day = house.equity.day_of(now)
        if day in self.days:
            self.days[day] += amount
        if before.peak_equity is not None and after.peak_equity is not None:
            assert after.peak_equity - before.peak_equity == amount

    @rule(desk=st.integers(0, 1))
    def cancel(self, desk):
        house = self.houses[desk]
        try:
            house.desk.cancel_working()
        finally:
            left = {line.id for line in self.books.working if not line.reduce_only}
            assert not left

    @rule(
        how=st.sampled_from(("pause", "pause AAPL", "reduce", "halt", "kill by row", "kill by file")),
        desk=st.integers(0, 1),
    )
    def stop(self, how, desk):
        """Somebody stops something at one of the desks; the other one must heed it."""
        house, now = self.houses[desk], self.clock.now()
        if how.startswith("pause"):
            symbol = how.removeprefix("pause").strip()
            house.control.pause(Pause("symbol" if symbol else "global", symbol, now, "test"))
        elif how in ("reduce", "halt"):
            state = TradingState.REDUCING if how == "reduce" else TradingState.HALTED
            house.control.set_trading_state(state, by="test", at=now)
        else:
            self.kill(house, by_row=how == "kill by row")
        self.enter(AAPL, 5, 1 - desk, 0, OrderType.LIMIT, TimeInForce.DAY, protected=False, fresh=True)
        if how.startswith(("kill", "halt")):
            self.nothing_leaves(1 - desk)
        count(PROOF, f"stops: {how}")

    def nothing_leaves(self, desk: int) -> None:
        """Not even one share of what is held, which no limit would keep back."""
        for symbol in sorted(self.books.held):
            self.clock.wait(seconds=6)  # longer than the window of duplicates
            self.refresh()
            before = self.books.sent
            self.leave(symbol, 1, desk, -10)
            assert self.books.sent == before

    def kill(self, house: House, *, by_row: bool) -> None:
        now = self.clock.now()
        if by_row:
            house.control.set_killed(True, by="test", at=now)
        else:
            house.latch.engage("test", "test", now.isoformat())
        self.killed = True

    @rule()
    def owner_resumes(self):
        """Everything is lifted; no counter is."""
        now = self.clock.now()
        for each in self.houses:
            each.control.set_killed(False, by="owner", at=now)
            each.latch.release()
        for scope in (("global", ""), ("symbol", "AAPL")):
            self.houses[0].control.resume(*scope, by="owner", at=now)
        self.houses[0].control.set_trading_state(TradingState.ACTIVE, by="owner", at=now)
        self.killed = False

    @rule(desk=st.integers(0, 1))
    def restart(self, desk):
        """New objects on the same database: everything that gates count from is what it was."""
        now, old = self.clock.now(), self.houses[desk]
        before = read_book(old.broker, old.orders, old.equity, now=now)
        old.database.close()
        self.houses[desk] = house = self.house()
        assert read_book(house.broker, house.orders, house.equity, now=now) == before
        house.desk.recover()
        house.reconciler.reconcile(now=now)
        count(PROOF, "restarts")

    @invariant()
    def never_short_and_never_in_debt(self):
        if hasattr(self, "houses"):
            found = self.books
            assert all(qty >= 0 for qty in found.held.values())
            assert found.cash >= -8000 * self.moves

    @invariant()
    def nothing_was_sent_twice(self):
        assert all(times == 1 for times in getattr(self, "submitted", {}).values())

    @invariant()
    def day_starts_are_written_once(self):
        """However the clock went, the equity that a day's loss is counted from stays what it was, but for transfers."""
        if not hasattr(self, "houses"):
            return
        house, now = self.houses[0], self.clock.now()
        day = house.equity.day_of(now)
        book = read_book(house.broker, house.orders, house.equity, now=now)
        start = book.performance.day_start_equity
        if start is not None:
            assert self.days.setdefault(day, start) == start
        assert book.orders_today is not None
        assert book.orders_today >= self.sent_by_day.get(day, 0)
        self.sent_by_day[day] = book.orders_today

    @invariant()
    def what_is_held_can_be_left(self):
        """Breaches of loss, exposure and rate, pauses and REDUCING keep nobody in a position."""
        if not hasattr(self, "houses") or self.killed:
            return
        house, now, found = self.houses[1], self.clock.now(), self.books
        if house.control.read(broker_time=now).trading_state is TradingState.HALTED:
            return
        for symbol, qty in found.held.items():
            free = qty - found.selling(symbol)
            if free > 0:
                exit_ = an_exit("dec-way-out", symbol=symbol, qty=free, type=OrderType.MARKET, limit_price=None,
                                created_at=now)  # fmt: skip
                said = house.desk.preview(exit_, market=house.view())
                assert said.outcome is Outcome.PASS or set(said.codes) <= ONLY_FOR_ENTRIES, said.codes
                count(PROOF, "ways out tried")

    def check_chain(self) -> None:
        if hasattr(self, "houses"):
            assert self.houses[0].ledger.verify().ok


def test_the_books_keep_every_limit_whatever_happens():
    """I-01, I-03, I-04, I-09, I-10, I-19, I-20, I-30, I-31, I-37, I-51, I-54."""
    chosen = settings(
        max_examples=examples(15, proofs=300), stateful_step_count=STEPS, deadline=None,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large),
        phases=(Phase.explicit, Phase.generate),
    )  # fmt: skip
    run_state_machine_as_test(BookMachine, settings=chosen)
