"""A trading life from one seed: clock, broker, database, model, owner and a second process, and what must always hold.

Everything random is drawn from one generator, nothing reads the machine's time, so a seed that fails fails again. What
dies in it is the process as we see it: its objects are dropped at a point of the send path and built anew on what the
database holds. ``tests/simulation/crash.py`` kills real ones; here everything meets everything else.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from agents.llm import BadAnswer
from agents.outputs import DecisionOutput, parse
from composition.brokers import inner
from domain.case import Pause, TradingState
from domain.errors import OversightError
from domain.ids import ClientOrderId, client_order_id
from domain.market import Symbol
from domain.orders import Order, OrderIntent, OrderStatus
from tests.builders.execution import House, a_house, an_exit, an_intent
from tests.builders.market import AAPL, MSFT
from tests.simulation.crashing import WATCHED
from tests.simulation.driver import Moment, opened
from tests.simulation.lives.chance import (
    AWAY,
    CLOCK,
    CRASH,
    KILL,
    TWIN,
    WILD,
    Due,
    answer,
    garbage,
    trouble,
)
from tests.simulation.lives.faults import Faults
from tests.simulation.lives.holds import always, at_the_end, ours_now
from tests.simulation.lives.market_side import LATEST, Memory, Moods, MoodyBroker, OurClock, side_by_side
from tests.simulation.stage import Stage
from trading.execution.brokers.several.broker import SeveralBrokers
from trading.execution.brokers.several.route import Terms
from trading.execution.changes import OrderChange

S = OrderStatus
MOST = 60
LIMITS = {"max_order_qty": 1000, "max_position_qty": MOST, "max_clock_skew_s": 5, "price_collar_pct": 10}
STEPS = 14
EVERY_TWO = 7
"""Every seventh life has two brokers."""
PEACE = 12
"""How many cycles it takes at most until all is settled: each look-up may fail twice before."""
JUMPS_S = (-7_200, -600, -30, 20, 90, 600, 7_200)


class Crash(BaseException):
    """The process is gone: nothing of ours catches this."""


class World:
    """One life. ``live`` runs it and raises AssertionError with the seed and the step where something does not hold."""

    def __init__(self, seed: int, stage: Stage) -> None:
        self.seed = seed
        self.two = seed % EVERY_TWO == EVERY_TWO - 1
        self.rng = random.Random(seed)
        self.place = stage.place
        self.faults = Faults(stage.place, self._count)
        self.clock = OurClock()
        self.exchange = Memory()
        self.moods = Moods(self.rng, self.clock)
        self.decisions = 0
        self.wishes: dict[ClientOrderId, OrderIntent] = {}
        self.excused: set[ClientOrderId] = set()
        self.due: Due | None = None
        self.points: tuple[str, ...] = ()
        self.statuses: dict[ClientOrderId, S] = {}
        self.met: Counter[tuple[str, str]] = Counter()
        self.log: list[str] = []
        self.paused: set[Symbol] = set()
        self.met["two brokers", "no order"] += self.two
        self.first = self.rng.choice("ab") if self.two else ""
        self.house = self._start()

    def live(self) -> None:
        """Steps in trouble, then peace, then everything is settled."""
        for _ in range(STEPS):
            self._step()
            self._holds()
        self._calm()
        wrong = ["there was no peace"]
        for number in range(PEACE):
            self.clock.wait(minutes=1)
            for broker in inner(self.house.broker):
                broker.later()  # type: ignore[attr-defined]
            try:
                self._cycle()
                self._finish_what_was_begun()
            except OversightError as error:  # a broker that still answers rubbish; the next cycle asks again
                self.log.append(f"  in peace: {error}")
            self._holds()
            wrong = list(at_the_end(self.house, self.exchange, ours_now(self.house), self.wishes))
            # Never after the first cycle: what is still to come at the exchange comes between two of them.
            if number > 0 and not wrong:
                break
        self._must(wrong)

    def _calm(self) -> None:
        """Everything is well again, and the owner lifts what stands."""
        self.moods.peace, self.due = True, None
        self._tell_all()
        self._owner_lifts()
        # Long enough for whatever was sent by a clock that was ahead.
        self.clock.wait(seconds=60 + (max(JUMPS_S) if self.clock.jumped else 0))
        self._too_late()

    def _finish_what_was_begun(self) -> None:
        """A decision whose step did not end is asked for again, as a cycle does that goes on."""
        for name, intent in self.wishes.items():
            if self.house.orders.get(name) is None:
                self._place(intent)

    def _step(self) -> None:
        steps: tuple[Callable[[], None], ...] = (
            *(self._enter,) * 8, self._leave, self._leave, self._again, self._change, self._cancel, self._cycle,
            self._cycle, self._happen, self._happen, self._happen, self._happen, self._wait, self._restart, self._wild,
            self._nonsense, self._pause, self._halt,
        )  # fmt: skip
        step = self.rng.choice(steps)
        if self.rng.random() < 0.3:
            self._owner_lifts()
        self.due = trouble(self.rng, self.points)
        self.log.append(f"{step.__name__} {self.due}")
        if isinstance(self.house.broker, SeveralBrokers):
            for seat in self.house.broker.seats:
                seat.terms = Terms(cost_bp=Decimal(self.rng.randint(1, 9)))
        self.moods.away = self.due is not None and self.due.kind == AWAY
        if self.moods.away and self.two:
            self.moods.who = self.rng.choice((("a",), ("b",), ("a", "b")))
        if self.moods.away:
            self._count(AWAY)
        try:
            step()
        except Crash:
            self._restart()
        except OversightError as error:
            self.log.append(f"  {type(error).__name__}: {error}")
        self.due, self.moods.away = None, False
        self.faults.over()

    def _enter(self) -> None:
        """What a model wants, where its answer can be read; a cycle begins by looking at the broker."""
        if self.rng.random() < 0.3:
            self._cycle()
        output = parse("decider", answer(self.rng))
        assert isinstance(output, DecisionOutput)
        if output.action != "skip":
            self._wish(an_intent, symbol=Symbol(output.symbol), qty=int(output.size_fraction * 80), take_profit=None)

    def _nonsense(self) -> None:
        """What cannot be read is no decision."""
        text = garbage(self.rng)
        self._count("model garbage")
        try:
            parse("decider", text)
        except BadAnswer:
            return
        self._must([f"garbage was taken for a decision: {text!r}"])

    def _wild(self) -> None:
        """What has come past every schema and is absurd."""
        name = self.rng.choice(tuple(WILD))
        self._count(f"model wants {name}")
        self._wish(an_intent, **{"take_profit": None, **WILD[name]})

    def _leave(self) -> None:
        held = self.house.orders.trades.positions()
        if held:
            symbol = self.rng.choice(sorted(held))
            self._wish(an_exit, symbol=symbol, qty=max(held[symbol], Decimal(1)))

    def _wish(self, make: Callable[..., OrderIntent], **what: Any) -> None:
        self.decisions += 1
        intent = make(f"d-{self.decisions}", **what)
        if intent.qty.is_finite():
            self.wishes[client_order_id(intent.decision_id, intent.leg)] = intent
        self._place(intent)  # what has no figure cannot even be written down: the caller gets an error

    def _place(self, intent: OrderIntent) -> None:
        """A wish is for a paused symbol all the time or not at all: nobody lifts anything in the middle of it."""
        sent = len(self.exchange.books.posts)
        covers = self.exchange.positions().get(intent.symbol, 0) < 0  # after a sale that filled too much
        held_back = intent.symbol in self.paused and not intent.reduce_only and not covers
        try:
            self.house.place(intent)
        finally:
            name = client_order_id(intent.decision_id, intent.leg)
            if held_back and name in self.exchange.books.posts[sent:]:
                self._must([f"{name} was sent though {intent.symbol} is paused"])

    def _again(self) -> None:
        """A decision that was made before, as a step that runs twice would send it."""
        if self.wishes:
            self._count("model repeats itself")
            self._place(self.rng.choice(tuple(self.wishes.values())))

    def _change(self) -> None:
        working = [each for each in self.house.orders.open() if each.status is S.ACCEPTED and each.parent_id is None]
        if working:
            order = self.rng.choice(working)
            price = Decimal(self.rng.randint(10_000, 10_020)) / 100
            self.house.desk.replace(order.client_order_id, OrderChange(limit_price=price), market=self.house.view())

    def _cancel(self) -> None:
        working = [order for order in self.house.orders.open() if order.parent_id is None]
        if working:
            self.house.desk.cancel(self.rng.choice(working).client_order_id, by="owner")

    def _cycle(self, house: House | None = None) -> None:
        """What every cycle does first; one broken part does not keep the next cycle from it."""
        mine = house or self.house
        mine.desk.recover()
        mine.reconciler.reconnected(self.clock.now())
        ours, theirs = mine.orders.trades.positions(), self.exchange.positions()
        differ = {name for name in {*ours, *theirs} if ours.get(name, 0) != theirs.get(name, 0)}
        unsaid = differ - set(mine.control.read().mismatched)
        self._must(f"{name} differs and nobody says so" for name in unsaid)
        mine.desk.resume(lambda _symbols: mine.view())
        mine.desk.protect(lambda _symbols: mine.view())

    def _happen(self) -> None:
        """Something at the exchange, whoever of us is looking."""
        self.exchange.price = Decimal(self.rng.randint(9_980, 10_020)) / 100
        self._too_late()
        if self.rng.random() < 0.2:
            self._tell_all()
        due = self.exchange.due()
        working = [name for name, order in sorted(self.exchange.books.orders.items()) if order.status.is_open]
        if due and self.rng.random() < 0.6:
            name = self.rng.choice(due)
            self._count(f"broker {self.moods.of[name]}, later", self.statuses.get(name))
            with self.exchange.changing() as books:
                books.begun.append(name)
            label = self.exchange.sent_to.get(name, "")
            sides = {each.label: each for each in inner(self.house.broker) if isinstance(each, MoodyBroker)}
            self.moods.script(name).later(sides[label], name)
        elif working:
            name = self.rng.choice(working)
            order = self.exchange.books.orders[name]
            left = int(order.qty - order.filled_qty)
            if self.rng.random() < 0.6 and left > 0:
                hidden = self.rng.random() < 0.3
                self.exchange.fill(name, Decimal(self.rng.randint(1, left)), self.clock.at, hidden=hidden)
            else:
                self.exchange.end(name, self.rng.choice((S.CANCELED, S.EXPIRED)), self.clock.at)

    def _tell_all(self) -> None:
        """Executions that nobody was told of are told."""
        with self.exchange.changing() as books:
            books.hidden.clear()

    def _too_late(self) -> None:
        """What hung for longer than anything hangs does not arrive; where our clock had jumped we may not know."""
        with self.exchange.changing() as books:
            waiting = books.held_back
            books.held_back = [each for each in waiting if self.clock.at <= each.expires_at + LATEST]
            for each in books.held_back:
                ours = self.statuses.get(each.client_order_id)
                if ours is not None and not ours.is_open:
                    # What opens nothing may be sent by a clock that is off, and be given up once it is right again.
                    fits = self.clock.jumped and each.intent.reduce_only
                    self._must([] if fits else [f"{each.client_order_id} was given up too early"])
                    self.excused.add(each.client_order_id)

    def _wait(self) -> None:
        self.clock.wait(seconds=self.rng.randint(1, 90))

    def _pause(self) -> None:
        symbol = self.rng.choice((AAPL, MSFT))
        self._count("paused")
        self.house.control.pause(Pause("symbol", symbol, since=self.clock.now(), by="owner", reason="simulated"))
        self.paused.add(symbol)
        self._wish(an_intent, symbol=symbol, qty=5, take_profit=None)

    def _halt(self) -> None:
        state = self.rng.choice((TradingState.REDUCING, TradingState.HALTED))
        self._count(f"{state}")
        self.house.control.set_trading_state(state, by="owner", at=self.clock.now())

    def _owner_lifts(self) -> None:
        """Resume after a kill, a pause, a halt or an incident, and set the clock."""
        self.clock.off = timedelta(0)
        self.house.latch.release(by="owner", at_text="later")
        for symbol in sorted(self.paused):
            self.house.control.resume("symbol", symbol, by="owner", at=self.clock.now())
            self.paused.discard(symbol)
        if self.house.control.read().trading_state is not TradingState.ACTIVE:
            self.house.control.set_trading_state(TradingState.ACTIVE, by="owner", at=self.clock.now())

    def _restart(self) -> None:
        self.due = None
        self.faults.over()
        self.house.database.close()
        self.log.append("  restarted")
        if self.two:  # and may name its brokers in another order
            self.first = self.rng.choice("ab")
        self.house = self._start()
        # As a real start does: nothing is entered before the first comparison.
        self.house.control.mark_unreconciled()

    def _start(self, *, twin: bool = False) -> House:
        # A twin meets no trouble of its own: it is the trouble.
        hook = None if twin else self._moment
        database = opened(self.place.url, hook, lock_wait_s=0 if self.faults.on_file else 15)

        def behind(paper: Any) -> Any:
            if not self.two:
                return MoodyBroker(self.moods, self.exchange, paper._office, paper._control)
            return side_by_side(self.moods, self.exchange, paper, self.first)

        house = a_house(database, self.place.folder, limits=LIMITS, broker=behind, clock=self.clock)
        if not twin:
            self._watch(house)
        return house

    def _watch(self, house: House) -> None:
        names = ["wire:sent", "wire:answered"]
        for of, methods in WATCHED.items():
            target = getattr(house, of)
            for method in methods:
                names.append(f"{of}.{method}")
                setattr(target, method, self._passing(getattr(target, method), names[-1]))
        for broker in inner(house.broker):
            broker.passing = self._at_the_wire  # type: ignore[attr-defined]
        self.points = tuple(names)

    def _passing(self, method: Callable[..., Any], name: str) -> Callable[..., Any]:
        def watched(*given: Any, **named: Any) -> Any:
            reply = method(*given, **named)
            for told in given:
                if isinstance(told, Order):
                    self.statuses[told.client_order_id] = told.status
            if name == "orders.claim" and reply:
                self.statuses[given[0]] = given[2]
            self._at(name)
            return reply

        return watched

    def _at_the_wire(self, point: str) -> None:
        if point == "wire:sent":
            name = self.exchange.books.posts[-1]
            self._count(f"broker {self.moods.of[name]}", self.statuses.get(name))
            self._must(["sent though the kill switch was engaged"] if self.house.latch.engaged() else [])
        self._at(point)

    def _moment(self, moment: Moment, connection: Any) -> None:
        self._at(moment, connection)

    def _at(self, point: str, connection: Any = None) -> None:
        if self.due is None or not self.due.strikes(point):
            return
        kind, self.due = self.due.kind, None
        self.log.append(f"  {kind} strikes at {point}")
        if kind == CRASH:
            self._count(CRASH)
            raise Crash
        if kind == KILL:
            self._count(KILL)
            self.house.latch.engage("owner", "simulated", "now")
        elif kind == CLOCK:
            self._count(CLOCK)
            self.clock.jump(timedelta(seconds=self.rng.choice(JUMPS_S)))
        elif kind == TWIN and self.faults.on_file:
            self._count(TWIN)
            self._twin()
        elif connection is not None:
            self.faults.strike(kind, connection)

    def _twin(self) -> None:
        """Another process on the same database, in the middle of what ours does."""
        twin = self._start(twin=True)
        steps: list[Callable[[], object]] = [lambda: self._cycle(twin)]
        if self.wishes:
            wish = self.rng.choice(tuple(self.wishes.values()))
            steps += [lambda: twin.place(wish), lambda: self._cycle(twin)]
        try:
            self.rng.choice(steps)()
        except OversightError as error:
            self.log.append(f"    the twin: {type(error).__name__}")
        twin.database.close()

    def _count(self, fault: str, status: S | None = None) -> None:
        """A fault met orders in these states, or the one it was about."""
        states = {each for each in self.statuses.values() if each.is_open} if status is None else {status}
        self.met.update((fault, state.value) for state in states)
        if not states:
            self.met[fault, "no order"] += 1

    def _must(self, wrong: Iterable[str]) -> None:
        found = list(wrong)
        if found:
            told = "\n".join((*found, *self.log[-14:]))
            raise AssertionError(f"seed {self.seed}: {told}")

    def _holds(self) -> None:
        ours = ours_now(self.house)
        self.statuses = {name: order.status for name, order in ours.items()}
        self._must(always(self.house, self.exchange, ours, self.excused, MOST))


def live(seed: int, stage: Stage) -> World:
    """One whole life, from where trading starts."""
    stage.restore()
    world = World(seed, stage)
    try:
        world.live()
    finally:
        world.faults.over()
        world.house.database.close()
    return world
