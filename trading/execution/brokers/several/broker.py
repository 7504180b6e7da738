"""Several brokers behind the one port: desk, gates, reconciliation and kill see a single broker.

    account, positions, orders, fills   of all of them together; their time is that of the clock furthest behind
    submit                              one of them, by ``route.py``; never where the order may be at another already
    find                                all are asked: an order never arrived only where each of them says so
    cancel, replace                     the one that has the order

One that does not answer makes the whole unknown: what the others said travels in ``PartlyAnswered``, for those who only
want to close something, and an entry is not sent. One that is named no longer, while something of ours is there, is one
that never answers. Each adapter redeems the permit itself, immediately before the order
leaves, so there is still one look at the kill switch and one path to a broker. All are asked in turn and in the
caller's own thread, because a caller may hold a transaction that a paper broker takes part in.

An order tells where it is by its ``broker_id``: ``alpaca:second/61e69015-…``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import reduce
from typing import TypeVar

from domain.book import Account, BrokerTime, Charge, Position, Transfer
from domain.errors import (
    ConfigurationError,
    DataQualityError,
    ManualActionError,
    NoAnswer,
    OversightError,
    PartlyAnswered,
    RetryableError,
    SourceUnavailable,
)
from domain.ids import ClientOrderId
from domain.money import HUNDRED, ZERO
from domain.orders import ApprovedOrder, Fill, OrderClass, OrderIntent, OrderReport, Side
from domain.ports import Broker
from trading.execution.brokers.several import sums
from trading.execution.brokers.several.route import Terms, Venue, holders, named, route
from trading.execution.brokers.several.silence import forget, partly, remember, said, silence_of, unproven
from trading.store.accounts.known_brokers import KnownBrokers, Stake

T = TypeVar("T")
R = TypeVar("R")
SILENT = (RetryableError, DataQualityError)
"""What a seat raises where it cannot say: no answer, or one that cannot be read."""
NAMED_NO_LONGER = "SAGE_BROKER names it no longer, and orders or holdings of this home are there"
LATELY = 50
"""So many calls of this process count in the share of those that failed."""


class Seat:
    """One of the brokers: its name in this home, its terms, and how it has answered lately."""

    def __init__(self, name: str, broker: Broker, terms: Terms | None = None) -> None:
        self.name = name
        self.broker = broker
        self.terms = Terms() if terms is None else terms
        self._failed: deque[bool] = deque(maxlen=LATELY)

    @property
    def error_pct(self) -> Decimal:
        """The share of its calls that failed lately."""
        failed = tuple(self._failed)  # other threads ask meanwhile
        return HUNDRED * sum(failed) / len(failed) if failed else ZERO

    def ask(self, question: Callable[[Broker], T]) -> T:
        """Its answer; what it raises goes through.

        A key that is refused is no answer here: what stops a home of one broker must not stop what is done at others.
        """
        try:
            answer = question(self.broker)
        except SILENT:
            self._failed.append(True)
            raise
        except ConfigurationError as refused:
            self._failed.append(True)
            raise SourceUnavailable(refused.what, refused.remedy) from None
        self._failed.append(False)
        return answer

    def named(self, report: OrderReport) -> OrderReport:
        """The report with this broker's name in front of the order's number there."""
        return named(self.name, report)


class SeveralBrokers:
    """``domain.ports.Broker`` over others, all of them paper or all of them live."""

    def __init__(
        self, seats: Sequence[Seat], *, missing: Sequence[str] = (), known: KnownBrokers | None = None
    ) -> None:
        """``missing`` are those that nobody can ask any more; ``known`` keeps the accounts' numbers over starts."""
        kinds = {seat.broker.paper for seat in seats}
        if len(kinds) != 1:
            told = ", ".join(f"{each.name} {'paper' if each.broker.paper else 'live'}" for each in seats)
            raise ConfigurationError(
                f"a home trades on paper or with real money, not both: {told or 'no broker'}",
                "Name brokers of one sort in SAGE_BROKER, and take a home of its own for the others.",
            )
        self._seats = tuple(seats)
        self._paper = kinds.pop()
        # All of these only save questions: a new process asks the brokers again.
        self._where: dict[ClientOrderId, Seat] = {}
        self._away: dict[str, OversightError] = {}
        self._missing = {name: SourceUnavailable(NAMED_NO_LONGER, "Name it again.", asked=False) for name in missing}
        self._known = known
        self._numbers = {} if known is None else known.numbers()
        self._stakes: Mapping[str, Stake] = {}
        self._names = (*(seat.name for seat in self._seats), *self._missing)
        self._held: Mapping[str, Sequence[Position]] = {}

    @property
    def seats(self) -> tuple[Seat, ...]:
        """The brokers in the order in which they were named."""
        return self._seats

    @property
    def name(self) -> str:
        """All names, as in the setting."""
        return ", ".join(seat.name for seat in self._seats)

    @property
    def stakes(self) -> Mapping[str, Stake]:
        """What each account was worth, by its number, when all of them were last asked for theirs."""
        return self._stakes

    @property
    def parts(self) -> Mapping[str, Sequence[Position] | None]:
        """What each held when it was last asked; None of one that does not answer, because the sum is without it."""
        return {name: None if name in self._away else self._held.get(name) for name in self._names}

    @property
    def paper(self) -> bool:
        """True where no real money is behind any of them."""
        return self._paper

    @property
    def fractional(self) -> frozenset[OrderClass]:
        """What every one of them takes in fractions, because any of them may get it."""
        return reduce(frozenset.__and__, (seat.broker.fractional for seat in self._seats))

    def account(self) -> Account:
        """The sum of the accounts; a part of it has no figures."""
        told, silent = self._asked(lambda broker: broker.account())
        self._remember({seat.name: account.account_id for seat, account in told.items()})
        accounts = tuple(told.values())
        # By the numbers that are known from before: a policy may be written for these accounts alone.
        unknown = sums.unknown_of(accounts, "+".join(self._numbers.get(name, "unknown") for name in self._names))
        try:
            whole = sums.account_of(accounts)
        except DataQualityError as clash:
            # Exits need no sum.
            raise PartlyAnswered(clash.what, unknown, clash.remedy) from None
        if silent:
            raise partly(silent, unknown)
        self._stakes = {
            each.account_id: Stake(seat.name, each.equity) for seat, each in told.items() if each.equity is not None
        }
        return whole

    def positions(self) -> tuple[Position, ...]:
        """All holdings, each symbol once."""
        return self._whole(lambda broker: broker.positions(), self._joined)

    def orders(self) -> tuple[OrderReport, ...]:
        """Every working order of all of them."""
        return self._whole(lambda broker: broker.orders(), self._reports)

    def find(self, client_order_id: ClientOrderId) -> OrderReport | None:
        """The order from whoever has it; None where every one of them proves that it never arrived."""
        known = self._where.get(client_order_id)
        if known is not None:
            report = self._asked(lambda broker: broker.find(client_order_id), [known])[0][known]
            if report is not None:
                return known.named(report)
        found, silent = self._found(client_order_id)
        if found is None and silent:
            raise unproven(client_order_id, silent)
        return found

    def submit(self, approved: ApprovedOrder) -> OrderReport:
        """Send an approved order to one of them; where it is known already, that one answers what it became."""
        order_id, intent = approved.client_order_id, approved.intent
        # Where it was once sent it stays, in this process; for every other the brokers themselves are asked.
        seat = self._where.get(order_id)
        if seat is None:
            # An exit only goes where as much is held, wherever else it may be, and its permit must not run out while
            # one is waited for that was silent just now.
            asked = [
                each for each in self._seats if not (intent.reduce_only and each.name in self._away)
            ] or self._seats
            found, silent = self._found(order_id, asked)
            if found is None and silent and not intent.reduce_only:
                raise unproven(order_id, silent)
            seat = self._chosen(intent, asked) if found is None else self._where[order_id]
            self._where[order_id] = seat
        return seat.named(seat.ask(lambda broker: broker.submit(approved)))

    def cancel(self, client_order_id: ClientOrderId) -> OrderReport | None:
        """Ask the one that has it; who was silent just now comes last, and keeps no order at another one working."""
        known, silent = self._where.get(client_order_id), dict[str, OversightError](self._missing)
        for seat in sorted(self._seats, key=lambda each: (each is not known, each.name in self._away)):
            try:
                told, _ = self._asked(lambda broker: broker.cancel(client_order_id), [seat], anyway=True)
            except SILENT as error:
                silent[seat.name] = error
                continue
            report = told[seat]
            if report is not None:
                self._where[client_order_id] = seat
                return seat.named(report)
        if silent:
            raise unproven(client_order_id, silent)
        return None

    def replace(self, client_order_id: ClientOrderId, approved: ApprovedOrder) -> OrderReport:
        """Where the old order is the new one goes; one that nobody has is refused by the first, as it would alone."""
        new_id = approved.client_order_id
        known = self.find(new_id) if new_id in self._where else self._found(new_id)[0]
        old = self.find(client_order_id) if known is None else None
        seat = self._where[new_id] if known is not None else self._seats[0]
        seat = seat if old is None else self._where[client_order_id]
        self._where[new_id] = seat
        return seat.named(seat.ask(lambda broker: broker.replace(client_order_id, approved)))

    def fills(self, *, since: datetime) -> tuple[Fill, ...]:
        """Executions of all of them after ``since``, oldest first."""
        return self._whole(
            lambda broker: broker.fills(since=since),
            lambda told: tuple(sorted((each for fills in told.values() for each in fills), key=lambda fill: fill.at)),
        )

    def charges(self, *, since: datetime) -> tuple[Charge, ...]:
        """Fees of all of them that no execution carries, oldest first."""
        return self._whole(
            lambda broker: broker.charges(since=since),
            lambda told: tuple(sorted((each for some in told.values() for each in some), key=lambda fee: fee.at)),
        )

    def transfers(self, *, since: datetime) -> tuple[Transfer, ...]:
        """Money paid in or out at any of them, oldest first, each with the name of its broker here."""
        return self._whole(
            lambda broker: broker.transfers(since=since),
            lambda told: tuple(
                sorted(
                    (replace(each, broker=seat.name) for seat, some in told.items() for each in some),
                    key=lambda moved: moved.day,
                )
            ),
        )

    def time(self) -> BrokerTime:
        """The clock furthest behind: what never arrived by that one never did by any. Closed where one says so."""
        return self._whole(lambda broker: broker.time(), _furthest_behind)

    def _asked(
        self, question: Callable[[Broker], T], seats: Sequence[Seat] = (), *, anyway: bool = False
    ) -> tuple[dict[Seat, T], dict[str, OversightError]]:
        """Who answered what, and who did not, of all of them or of these; raises where nobody did.

        Who let its time run out in this cycle already is only asked ``anyway``.
        """
        told, silent, skipped = dict[Seat, T](), dict[str, OversightError](), dict[str, OversightError]()
        for seat in seats or self._seats:
            before = None if anyway else silence_of(seat.name)
            if before is not None:
                skipped[seat.name] = NoAnswer(before.what, before.remedy, asked=False)
                continue
            try:
                told[seat] = seat.ask(question)
                forget(seat.name)
            except SILENT as error:
                silent[seat.name] = error
                if isinstance(error, NoAnswer):  # whatever else it says has cost no time
                    remember(seat.name, error)
        # Of a seat that was left out nothing new is known.
        answered = {seat.name for seat in told}
        self._away = {name: error for name, error in self._away.items() if name not in answered} | silent
        # Nor of one that was not asked: it may have answered another thread meanwhile.
        silent |= skipped
        if not told:
            raise next(iter(silent.values()))
        return told, silent | self._missing

    def _remember(self, numbers: Mapping[str, str]) -> None:
        """Keep the numbers of accounts for a process that may not be told them."""
        new = {name: number for name, number in numbers.items() if self._numbers.get(name) != number}
        self._numbers |= new
        if new and self._known is not None:
            self._known.remember(new)

    def _whole(self, question: Callable[[Broker], T], join: Callable[[dict[Seat, T]], R]) -> R:
        told, silent = self._asked(question)
        joined = join(told)
        if silent:
            raise partly(silent, joined)
        return joined

    def _joined(self, told: Mapping[Seat, Sequence[Position]]) -> tuple[Position, ...]:
        self._held = {seat.name: held for seat, held in told.items()}
        return sums.positions_of(told.values())

    def _reports(self, told: Mapping[Seat, Sequence[OrderReport]]) -> tuple[OrderReport, ...]:
        self._where |= {each.client_order_id: seat for seat, reports in told.items() for each in reports}
        return tuple(seat.named(each) for seat, reports in told.items() for each in reports)

    def _found(
        self, order_id: ClientOrderId, seats: Sequence[Seat] = ()
    ) -> tuple[OrderReport | None, dict[str, OversightError]]:
        """The order from whoever has it, and who did not answer; from then on it is known where it is."""
        told, silent = self._asked(lambda broker: broker.find(order_id), seats)
        found = {seat: report for seat, report in told.items() if report is not None}
        if len(found) > 1:
            raise DataQualityError(
                f"{order_id} is known at {' and at '.join(seat.name for seat in found)}",
                "Cancel one of them there: the id of an order is ours, and goes to one broker.",
            )
        for seat, report in found.items():
            self._where[order_id] = seat
            return seat.named(report), silent
        return None, silent

    def _chosen(self, intent: OrderIntent, asked: Sequence[Seat]) -> Seat:
        """Where a new order goes; raises ManualActionError where it goes nowhere, and nothing has left."""
        told, silent = self._asked(lambda broker: broker.positions(), asked)
        held = {seat: {each.symbol: each for each in positions} for seat, positions in told.items()}
        here = {seat.name: positions[intent.symbol] for seat, positions in held.items() if intent.symbol in positions}
        if not intent.reduce_only:
            may_open(silent, told.values())
        try:
            closing = holders(intent, here)
        except ManualActionError as nowhere:
            away = self._away | silent
            raise ManualActionError(f"{nowhere.what}; {said(away)}" if away else nowhere.what, nowhere.remedy) from None
        if closing:
            return self._cheapest(intent, [seat for seat in self._seats if seat.name in closing])
        working, without_orders = self._asked(lambda broker: broker.orders())
        accounts, without_account = self._asked(lambda broker: broker.account())
        may_open(without_orders | without_account, ())
        busy = {seat for seat, orders in working.items() if any(each.symbol == intent.symbol for each in orders)}
        at_home = busy | {seat for seat in self._seats if seat.name in here}
        trade = [seat for seat in self._seats if seat.terms.trades(intent.symbol) and (not at_home or seat in at_home)]
        pay = [seat for seat in trade if can_pay(intent, accounts[seat], working[seat])]
        # Where nobody seems able to pay, the broker itself says so: it knows better what its open orders hold.
        return self._cheapest(intent, pay or trade)

    def _cheapest(self, intent: OrderIntent, seats: Sequence[Seat]) -> Seat:
        venues = {Venue(each.name, each.terms, each.error_pct): each for each in seats}
        chosen = route(venues, intent.qty, price_of(intent))
        if chosen is None:
            raise ManualActionError(
                f"no broker takes {intent.symbol}", "Nothing was sent; `symbols` in sage.toml says where it may be."
            )
        return venues[chosen]


def can_pay(intent: OrderIntent, account: Account, working: Sequence[OrderReport]) -> bool:
    """Gate D1 again, over one account alone: the sum may have what no single one has."""
    price, power = price_of(intent), account.buying_power
    if price is None:
        return True  # what it costs at most nobody knows; the broker itself decides
    reserved = sums.total(_reserved(each) for each in working if each.side is Side.BUY and each.parent_id is None)
    if power is None or reserved is None or not (power.is_finite() and reserved.is_finite()):
        return False
    return reserved + intent.qty * price <= power


def price_of(order: OrderIntent | OrderReport) -> Decimal | None:
    """What a share costs at most; None for a market order."""
    return order.trigger_price if order.limit_price is None else order.limit_price


def _reserved(order: OrderReport) -> Decimal | None:
    price = price_of(order)
    return None if price is None else (order.qty - order.filled_qty) * price


def may_open(silent: Mapping[str, OversightError], held: Iterable[Sequence[Position]]) -> None:
    """ManualActionError where not all is known, or where parts of a holding stand against each other."""
    if silent:
        raise ManualActionError(f"nothing is opened while {said(silent)}", "Exits go on where there is an answer.")
    both = sums.opposed(held)
    if both:
        raise ManualActionError(
            f"nothing is opened while {both[0]} is held long at one broker and short at another",
            "Close both: `sage close` takes the larger part first.",
        )


def _furthest_behind(told: Mapping[Seat, BrokerTime]) -> BrokerTime:
    said = {each.market_open for each in told.values()} - {None}
    return BrokerTime(min(each.at for each in told.values()), None if not said else False not in said)
