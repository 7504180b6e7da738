"""Alpaca: orders by REST, at most once each, and nothing taken for granted that Alpaca did not say.

    answer to an order                                          becomes
    the order                                                   its report
    400, 401, 403, 404, 422 in Alpaca's own form                REJECTED, with Alpaca's code and words
    422 "client_order_id must be unique"                        the order of that id, looked up
    429, 5xx, silence, a cut line, anything unreadable          RetryableError: the desk looks it up, and never resends

Exits that rest behind an entry hold its shares at Alpaca, so that another sale of them is refused. Where the order is
one to reduce, they are cancelled and it is sent again: the refusal proves that the first one never was. Protection that
is to last takes the place of what ends with the day, and of nothing else.

The client order id is always ours. The permit is redeemed after everything has been prepared and immediately before
the request leaves. Real money takes two settings that know nothing of each other, the live address with its key and
the mode ``approve`` or ``auto``; with one of them alone nothing is sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.book import Account, BrokerTime, Charge, Position, Transfer
from domain.case import Mode
from domain.errors import ConfigurationError, DataQualityError, ManualActionError, RetryableError, SourceUnavailable
from domain.ids import ClientOrderId
from domain.market import Symbol
from domain.orders import ApprovedOrder, Fill, OrderClass, OrderIntent, OrderReport, TimeInForce
from domain.ports import Clock
from domain.record.canonical import time_text
from policies.ladder import LIVE
from policies.measures.worst_case import STOP_TYPES
from policies.permit import PermitOffice, closable_at
from trading.data.vendors import alpaca_fields as fields
from trading.data.vendors.alpaca import AlpacaConfig
from trading.execution.brokers.alpaca import account_wire, order_wire
from trading.execution.brokers.alpaca.calls import DEADLINE_S, AlpacaCalls, ErrorAnswer, Refusal, meaning, refused_order
from trading.store.control import ControlStore

LOOK_UP = "It counts as exposure and is looked up by its id; it is not sent again."
MOST_ORDERS = 500
MOST_ACTIVITIES = 100
NO_MORE: Mapping[str, str] = {}
MOST_PAGES = 200
SECOND = timedelta(seconds=1)
INSUFFICIENT = "40310000"
LOOKS, LOOK_S = 10, 0.2
"""How often, and at which distance in seconds, a cancelled exit is looked for before the sale is given up."""


class AlpacaBroker:
    """``domain.ports.Broker`` at Alpaca."""

    name = "alpaca"
    # Alpaca refuses fractions in brackets and pairs.
    fractional = frozenset({OrderClass.SIMPLE})

    def __init__(
        self,
        config: AlpacaConfig,
        clock: Clock,
        office: PermitOffice,
        control: ControlStore,
        *,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._paper = account_wire.is_paper(config.trading_url, config.key_id)
        self._calls = AlpacaCalls(config, deadline_s)
        self._clock = clock
        self._office = office
        self._control = control
        # Both only save questions: a new process asks Alpaca again.
        self._names: dict[str, ClientOrderId] = {}
        self._parents: dict[ClientOrderId, ClientOrderId] = {}

    @property
    def paper(self) -> bool:
        """What address and key say; ``account`` checks it against the account's own number."""
        return self._paper

    def account(self) -> Account:
        """Account truth as of the moment of asking: Alpaca puts no time on it."""
        # Before asking: the truth may be that old, and must not look younger than it is.
        asked_at = self._clock.now()
        return account_wire.account_of(self._calls.read("/account"), asked_at, paper=self._paper)

    def positions(self) -> tuple[Position, ...]:
        """All holdings, whoever bought them. What the exits behind entries hold is free: a sale takes their place."""
        held = tuple(map(account_wire.position_of, rows(self._calls.read("/positions"), "positions")))
        # Only where orders hold shares are they asked for: it is a second trip, in every cycle.
        if all(position.available_qty in (None, position.qty) for position in held):
            return held
        return account_wire.freed(held, self.orders())

    def orders(self) -> tuple[OrderReport, ...]:
        """Every working order. Legs are listed like any other; what they hang on is asked for once."""
        listed = list(self._listed("open"))
        self._learn_parents(listed)
        # An option strategy has no symbol of its own; its legs are what executes.
        reports = (self._report(raw) for raw in listed if fields.mapping(raw, "order").get("order_class") != "mleg")
        strategies = (leg for raw in listed if raw.get("order_class") == "mleg" for leg in order_wire.with_legs(raw))
        return tuple(report for report in (*reports, *strategies) if report.status.is_open)

    def find(self, client_order_id: ClientOrderId) -> OrderReport | None:
        """The order of that id in any state; None only where Alpaca itself says that there is none."""
        try:
            raw = self._calls.get("/orders:by_client_order_id", {"client_order_id": client_order_id})
        except ErrorAnswer as refused:
            if refused.refusal.unknown_order:
                return None
            raise SourceUnavailable(
                f"Alpaca does not say what became of {client_order_id} ({refused.refusal})", LOOK_UP
            ) from None
        self._learn_parents((raw,))
        report = self._report(raw)
        if report.client_order_id != client_order_id:
            raise DataQualityError(f"asked for {client_order_id}, Alpaca told of another order", LOOK_UP)
        return report

    def submit(self, approved: ApprovedOrder) -> OrderReport:
        """Redeem the permit and send the order, once."""
        # Both before the permit: what costs time or may fail comes first, so that nothing lies between the last look
        # and the request.
        refusal = order_wire.inexpressible(approved.intent)
        body = order_wire.order_body(approved) if refusal is None else {}
        self._last_look(approved, self._office.redeem)
        if refusal is not None:
            return order_wire.rejected(approved, refusal, self._clock.now())
        report = self._sent(approved, lambda: self._calls.post("/orders", body))
        # The permit is used up; ``look_again`` asks whether it would still be good, kill and time included.
        if report.broker_status == INSUFFICIENT and approved.intent.reduce_only and self._made_room(approved):
            self._last_look(approved, self._office.look_again)
            return self._sent(approved, lambda: self._calls.post("/orders", body))
        return report

    def cancel(self, client_order_id: ClientOrderId) -> OrderReport | None:
        """Ask to cancel; the answer is the order as it stands afterwards, None for an unknown id."""
        report = self.find(client_order_id)
        if report is None or not report.status.is_open:
            return report
        try:
            self._calls.delete(f"/orders/{report.broker_id}")
        except ErrorAnswer as refused:
            # 404 and 422: it is over, or on its way there. The look-up tells which.
            if refused.refusal.status not in (404, 422):
                raise SourceUnavailable(
                    f"Alpaca does not cancel {client_order_id} ({refused.refusal})", "It may still fill; ask again."
                ) from None
        return self.find(client_order_id) or report

    def replace(self, client_order_id: ClientOrderId, approved: ApprovedOrder) -> OrderReport:
        """Put an approved order in the place of a working one: Alpaca does both in one step."""
        # A new id that is known already was sent before a crash: asking for it twice must not replace twice.
        known, old = self.find(approved.client_order_id), self.find(client_order_id)
        self._last_look(approved, self._office.redeem)
        if known is not None:
            return known
        refusal = irreplaceable(old, approved)
        if refusal is not None or old is None:
            return order_wire.rejected(approved, refusal or "there is nothing to replace", self._clock.now())
        body = order_wire.replace_body(approved, old)
        report = self._sent(approved, lambda: self._calls.patch(f"/orders/{old.broker_id}", body))
        # Alpaca names the new leg after our id, so nothing in it says any more that it is one.
        parent = self._parents.get(client_order_id)
        if parent is not None:
            self._parents[report.client_order_id] = parent
        return report

    def fills(self, *, since: datetime) -> tuple[Fill, ...]:
        """Executions after ``since``, oldest first."""
        told = [fields.mapping(raw, "activity") for raw in self._activities("FILL", since)]
        made = (account_wire.fill_of(raw, self._name_of(fields.word(raw, "order_id"))) for raw in told)
        return tuple(sorted((fill for fill in made if fill.at > since), key=lambda fill: fill.at))

    def charges(self, *, since: datetime) -> tuple[Charge, ...]:
        """The fees of regulators, which Alpaca books a day later and by the day; what was undone is left out."""
        # A fee has a day and no time: the question begins a day early, and the day decides.
        told = map(account_wire.charge_of, self._activities("FEE", since - timedelta(days=1)))
        known = [charge for charge in told if charge is not None and charge.at.date() >= since.date()]
        return tuple(sorted(known, key=lambda charge: charge.at))

    def transfers(self, *, since: datetime) -> tuple[Transfer, ...]:
        """Cash paid in or out, which Alpaca books by the day; what was undone is left out, and so are shares."""
        # As with fees: the question begins a day early, and the day decides.
        kinds = {"activity_types": ",".join(account_wire.CASH_MOVES)}
        told = self._activities("", since - timedelta(days=1), kinds)
        moved = (account_wire.transfer_of(raw, self.name) for raw in told)
        return tuple(each for each in moved if each is not None and each.day >= since.date())

    def time(self) -> BrokerTime:
        """Alpaca's own clock: it knows of a closure that no calendar has announced."""
        told = fields.mapping(self._calls.read("/clock"), "clock")
        return BrokerTime(fields.moment(told, "timestamp"), fields.flag(told, "is_open"))

    def _last_look(self, approved: ApprovedOrder, look: Callable[..., None]) -> None:
        """Permit, kill switch and mode immediately before an order leaves; ManualActionError where it may not."""
        # Asked before the control row is read: these are trips to the broker, and a kill that falls meanwhile has to
        # count.
        closable = self._closable(approved) if approved.kill else None
        now = self._clock.now()
        control = self._control.read(broker_time=now, at=now)
        if not self._paper and control.mode not in LIVE:
            raise ManualActionError(
                f"the Alpaca account is live and the mode is {control.mode}, nothing is sent",
                f"Real money takes the owner's word: sage mode {Mode.APPROVE}. For paper, change APCA_API_BASE_URL.",
            )
        look(approved, now=now, control=control, closable=closable)

    def _closable(self, approved: ApprovedOrder) -> Decimal | None:
        """What Alpaca says can be closed; None where it does not say, which proves nothing."""
        try:
            way = {order.client_order_id for order in self._in_the_way(approved.intent)}
            working = [order for order in self.orders() if order.client_order_id not in way]
            return closable_at(approved, self.positions(), working)
        except (RetryableError, DataQualityError):
            return None

    def _sent(self, approved: ApprovedOrder, send: Callable[[], Any]) -> OrderReport:
        """What became of the one request that may have placed an order."""
        try:
            raw = send()
            report = order_wire.report_of(raw)
        except ErrorAnswer as refused:
            return self._refused(approved, refused.refusal)
        # ConfigurationError too: what is no refusal in Alpaca's own form leaves the fate of the order open.
        except (SourceUnavailable, DataQualityError, ConfigurationError) as unclear:
            raise RetryableError(f"{unclear.what}: {approved.client_order_id} may have been taken", LOOK_UP) from None
        intent = approved.intent
        # An answer about another order proves nothing about this one, in either direction.
        if (report.client_order_id, report.symbol, report.side) != (
            approved.client_order_id,
            intent.symbol,
            intent.side,
        ):
            raise RetryableError(f"Alpaca confirmed another order than {approved.client_order_id}", LOOK_UP)
        self._names[report.broker_id] = report.client_order_id
        return report

    def _refused(self, approved: ApprovedOrder, refusal: Refusal) -> OrderReport:
        # Two of ours raced, or this id went out before a crash: what it became is the answer.
        if refusal.taken:
            known = self.find(approved.client_order_id)
            if known is not None:
                return known
        elif refusal.proves_absence:
            reason = refused_order(approved.intent.symbol, refusal)
            return order_wire.rejected(approved, reason, self._clock.now(), refusal.code)
        raise RetryableError(f"{meaning(refusal).what}: {approved.client_order_id} may have been taken", LOOK_UP)

    def _made_room(self, approved: ApprovedOrder) -> bool:
        """Cancel the exits that hold what is to be sold; True when they are gone and there is still time to send."""
        held, now = self._in_the_way(approved.intent), self._clock.now()
        killed = self._control.read(broker_time=now, at=now).kill_switch
        # A kill leaves protection where it is: it may be all that stands behind the holding.
        if not held or (killed and not approved.kill):
            return False
        for order in held:
            self.cancel(order.client_order_id)
        for _ in range(LOOKS):
            if not self._in_the_way(approved.intent):
                # The waiting counts: a permit that ran out meanwhile is not stretched.
                return self._clock.now() <= approved.expires_at
            time.sleep(LOOK_S)
        return False

    def _in_the_way(self, intent: OrderIntent) -> list[OrderReport]:
        """Working exits of the same shares; before protection that lasts only those that end with the day."""
        # Protection that lasts leaves its own kind alone, or two processes would go on replacing each other's stops.
        protects = intent.type in STOP_TYPES or intent.order_class is OrderClass.OCO
        working = self.orders()  # before ``pairs``: what hangs on what is learned from them
        pairs = set(self._parents.values())
        return [
            order
            for order in working
            if (order.symbol, order.side) == (intent.symbol, intent.side)
            and (order.parent_id is not None or order.client_order_id in pairs or order_wire.is_our_stop(order))
            and not (protects and order.tif is TimeInForce.GTC)
        ]

    def _report(self, raw: object) -> OrderReport:
        name = fields.mapping(raw, "order").get("client_order_id")
        parent = self._parents.get(ClientOrderId(name)) if isinstance(name, str) else None
        report = order_wire.report_of(raw, parent)
        self._names[report.broker_id] = report.client_order_id
        return report

    def _learn_parents(self, listed: Sequence[Any]) -> None:
        """Find out what the legs among these hang on: a leg alone does not tell."""
        legs = [raw for raw in listed if isinstance(raw, dict) and order_wire.may_be_leg(raw)]
        unknown = {order_wire.symbol_of(raw) for raw in legs if raw.get("client_order_id") not in self._parents}
        if not unknown:
            return
        # One page of the newest: a leg whose entry is older than that stays without a parent, and counts as an order of
        # its own, which is the stricter reading.
        for raw in self._listed("all", unknown, nested=True):
            for report in order_wire.with_legs(raw):
                if report.parent_id is not None:
                    self._parents[report.client_order_id] = report.parent_id

    def _listed(self, status: str, symbols: set[Symbol] | None = None, *, nested: bool = False) -> Iterator[Any]:
        """Orders, newest first, page by page; the last moment of a page is asked for again: ties are not lost."""
        params: dict[str, Any] = {"status": status, "limit": MOST_ORDERS, "direction": "desc"}
        params["nested"] = "true" if nested else "false"
        if symbols is not None:
            params["symbols"] = ",".join(sorted(symbols))
        seen: set[str] = set()
        for _ in range(MOST_PAGES):
            page = rows(self._calls.read("/orders", params), "orders")
            new = [raw for raw in page if fields.word(fields.mapping(raw, "order"), "id") not in seen]
            seen |= {raw["id"] for raw in new}
            yield from new
            # The list of all orders grows without end; only what works has to be complete.
            if len(page) < MOST_ORDERS or status == "all":
                return
            if not new:
                break
            # Alpaca's ``until`` leaves out what is equal to it, and orders of one basket share their second.
            params["until"] = time_text(fields.moment(page[-1], "submitted_at").replace(microsecond=0) + SECOND)
        # Half a list would count too little exposure, so it is none.
        raise DataQualityError("Alpaca lists more orders than can be read", "Cancel some in Alpaca's dashboard.")

    def _activities(self, kind: str, since: datetime, more: Mapping[str, str] = NO_MORE) -> Iterator[Any]:
        params: dict[str, Any] = {
            "after": time_text(since.astimezone(UTC)), "direction": "asc", "page_size": MOST_ACTIVITIES, **more,
        }  # fmt: skip
        path = f"/account/activities/{kind}" if kind else "/account/activities"
        for _ in range(MOST_PAGES):
            page = rows(self._calls.read(path, params), "activities")
            yield from page
            if len(page) < MOST_ACTIVITIES:
                return
            params["page_token"] = fields.word(fields.mapping(page[-1], "activity"), "id")
        raise DataQualityError("Alpaca tells more activities than can be read", "Reconcile more often.")

    def _name_of(self, order_id: str) -> ClientOrderId:
        """The client id of an order; Alpaca's own id for one that it has forgotten, which is nobody's."""
        if order_id not in self._names:
            try:
                self._report(self._calls.get(f"/orders/{order_id}"))
            except ErrorAnswer as refused:
                if not refused.refusal.unknown_order:
                    raise meaning(refused.refusal) from None
                self._names[order_id] = ClientOrderId(order_id)
        return self._names[order_id]


def irreplaceable(old: OrderReport | None, approved: ApprovedOrder) -> str | None:
    """Why an approved order cannot take the place of ``old``, or None."""
    intent = approved.intent
    if old is None or not old.status.is_open:
        return "there is no working order to take the place of"
    if (old.symbol, old.side) != (intent.symbol, intent.side):
        return f"it replaces a {old.side} of {old.symbol}"
    # A PATCH has no field for the type.
    if old.type is not intent.type:
        return f"Alpaca does not turn a {old.type} order into a {intent.type} order"
    return order_wire.inexpressible(intent)


def rows(raw: object, what: str) -> list[Any]:
    """A JSON array."""
    if not isinstance(raw, list):
        raise DataQualityError(f"Alpaca's {what} are no list", "Look at the source.")
    return raw
