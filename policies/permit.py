"""Permits: the one place where an approved order is made, and where it is believed.

``issue`` evaluates a case and, if it passes, seals the order with a key that never leaves this office. ``redeem`` is
called by a broker adapter immediately before the order leaves: it checks the seal, the life, that the permit has not
been used, and once more that nobody has pulled the kill switch meanwhile. An order built by hand, changed after it was
approved, approved by another office, expired, or shown twice is an IntegrityError; a stop is a ManualActionError.

    permit of                          good while
    any order                          nobody has killed or halted, and while reducing only if it is reduce-only
    the flatten that a kill ordered    that very kill stands, and the broker's own figures prove that it only reduces
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, Protocol

from domain.book import Position
from domain.case import Case, Control, TradingState
from domain.errors import IntegrityError, ManualActionError
from domain.ids import ClientOrderId
from domain.money import ZERO
from domain.orders import ApprovedOrder, OrderReport, Origin
from domain.record.canonical import canonical_json
from domain.record.case_text import case_digest
from domain.verdicts import Evaluation, Outcome
from policies.evaluate import evaluate
from policies.measures.standing import Standing
from policies.policy import Policy

# From the gates to the adapter takes milliseconds; what is older was judged on a picture that no longer holds.
LIFE = timedelta(seconds=10)
# 128 bits: nobody finds a key of that length by trying.
SHORTEST_KEY = 16


class Latch(Protocol):
    """What the office asks of the kill switch."""

    def engaged(self) -> bool:
        """True while it is set or cannot be read."""
        ...

    def flatten(self) -> str:
        """Id of the kill that is engaged, where its owner ordered to close everything; else empty."""
        ...


class Issued(NamedTuple):
    """The gates' answer, and the sealed order with the quantity they left of it; None where they do not allow it."""

    approved: ApprovedOrder | None
    evaluation: Evaluation


class PermitOffice:
    """Issues and redeems permits under one key; a permit is good for one send, here and within ``life``."""

    def __init__(self, key: bytes, latch: Latch, life: timedelta = LIFE) -> None:
        # A key that can be guessed seals whatever anybody likes.
        if len(key) < SHORTEST_KEY:
            raise IntegrityError("the permit key is too short", f"Take at least {SHORTEST_KEY} random bytes.")
        self._key = key
        self._latch = latch
        self._life = life
        self._redeemed: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def issue(
        self, case: Case, policy: Policy, client_order_id: ClientOrderId, standing: Standing | None = None
    ) -> Issued:
        """Put the case before the gates and seal what they let through; ``standing`` is as for ``evaluate``."""
        evaluation = evaluate(case, policy, standing)
        if evaluation.outcome not in (Outcome.PASS, Outcome.REDUCE):
            return Issued(None, evaluation)
        draft = ApprovedOrder(
            intent=replace(case.order, qty=evaluation.final_qty),
            client_order_id=client_order_id,
            policy_digest=policy.digest,
            case_digest=case_digest(case),
            issued_at=case.now,
            expires_at=case.now + self._life,
            seal="",
            kill=case.control.flatten if case.order.origin is Origin.FLATTEN else "",
        )
        return Issued(replace(draft, seal=self._seal(draft)), evaluation)

    def redeem(
        self, approved: ApprovedOrder, *, now: datetime, control: Control, closable: Decimal | None = None
    ) -> None:
        """Allow this one send, now; raises when the permit is not good or sending has been stopped.

        ``closable`` is what the broker itself says can be closed on that side; only a flatten needs it.
        """
        name = self._sealed(approved)
        if not approved.issued_at <= now <= approved.expires_at:
            raise IntegrityError(f"{name} is not valid at {now.isoformat()}", "Pass the order through the gates again.")
        with self._lock:
            # Looked up and marked under one lock: two threads with one permit must not both send.
            if approved.seal in self._redeemed:
                raise IntegrityError(
                    f"{name} has been used", "An order is sent once; ask the broker what became of it."
                )
            self._stop_if_told(approved, control, closable)
            # Inclusive, as the check above: at its last moment a permit could still be shown again.
            self._redeemed = {seal: until for seal, until in self._redeemed.items() if until >= now}
            self._redeemed[approved.seal] = approved.expires_at

    def look_again(
        self, approved: ApprovedOrder, *, now: datetime, control: Control, closable: Decimal | None = None
    ) -> None:
        """Before the same order is sent anew because the broker refused it at first; raises like ``redeem``."""
        name = self._sealed(approved)
        if not approved.issued_at <= now <= approved.expires_at:
            raise IntegrityError(f"{name} is not valid at {now.isoformat()}", "Pass the order through the gates again.")
        with self._lock:
            # What was never allowed a first time does not go out a second time.
            if approved.seal not in self._redeemed:
                raise IntegrityError(f"{name} has not been redeemed", "Stop and look at the audit trail.")
            self._stop_if_told(approved, control, closable)

    def _sealed(self, approved: ApprovedOrder) -> str:
        # The exact type: a subclass could show one order to the seal and another to the broker.
        if type(approved) is not ApprovedOrder or not self._is_ours(approved):
            remedy = "Stop and look at the audit trail."
            raise IntegrityError("an order without a valid permit reached a broker", remedy)
        return f"the permit of {approved.client_order_id}"

    def _stop_if_told(self, approved: ApprovedOrder, control: Control, closable: Decimal | None) -> None:
        if control.readable is True and approved.kill:
            return self._stop_flatten(approved, control, closable)
        # The latch besides the database: a kill may fall where no database can be reached (I-33).
        if self._latch.engaged() or control.kill_switch is not False or control.readable is not True:
            raise ManualActionError(
                "the kill switch is engaged, nothing is sent", "Only the owner lifts it: sage resume."
            )
        if control.trading_state is TradingState.HALTED:
            raise ManualActionError("trading is halted, nothing is sent", "Find out why, then: sage resume.")
        if control.trading_state is not TradingState.ACTIVE and not approved.intent.reduce_only:
            raise ManualActionError("only reduce-only orders are sent now", "Find out why, then: sage resume.")
        return None

    def _stop_flatten(self, approved: ApprovedOrder, control: Control, closable: Decimal | None) -> None:
        """The kill must be the one that ordered it, to the latch as to the database, and the order must be an exit."""
        if not (approved.kill == control.flatten == self._latch.flatten() and control.kill_switch is True):
            raise ManualActionError("the kill that ordered to close it is over", "`sage kill --flatten` orders anew.")
        if not approved.intent.reduce_only or closable is None or not ZERO < approved.intent.qty <= closable:
            raise ManualActionError(
                f"{approved.intent.qty} {approved.intent.symbol} cannot be proven to reduce", "See `sage positions`."
            )

    def _is_ours(self, approved: ApprovedOrder) -> bool:
        # As bytes: of text that is not ASCII compare_digest makes an error instead of a no.
        return hmac.compare_digest(self._seal(approved).encode(), str(approved.seal).encode())

    def _seal(self, approved: ApprovedOrder) -> str:
        # Every field but the seal itself: what it left out could be changed after the gates.
        text = canonical_json(
            [
                approved.intent, approved.client_order_id, approved.policy_digest, approved.case_digest,
                approved.issued_at, approved.expires_at, approved.kill,
            ]
        )  # fmt: skip
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def closable_at(approved: ApprovedOrder, positions: Iterable[Position], working: Iterable[OrderReport]) -> Decimal:
    """What is left to close on the order's side by the broker's own figures, other working exits taken off.

    With 50 held and a sell of 20 at work 30 are left to sell and nothing to buy. A protective leg behind another order
    takes nothing: the exit takes its place.
    """
    intent = approved.intent
    held = sum((each.qty for each in positions if each.symbol == intent.symbol), ZERO)
    others = (
        each.qty - each.filled_qty
        for each in working
        if (each.symbol, each.side, each.parent_id) == (intent.symbol, intent.side, None)
        and each.client_order_id != approved.client_order_id
    )
    return max(ZERO, -intent.side.sign * held - sum(others, ZERO))
