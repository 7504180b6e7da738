"""Permits: the one place where an approved order is made, and where it is believed.

``issue`` evaluates a case and, if it passes, seals the order with a key that never leaves this office. ``redeem`` is
called by a broker adapter immediately before the order leaves: it checks the seal, the life, that the permit has not
been used, and once more that nobody has pulled the kill switch meanwhile. An order built by hand, changed after it was
approved, approved by another office, expired, or shown twice is an IntegrityError; a stop is a ManualActionError.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from domain.canonical import canonical_json, digest
from domain.case import Case, Control, TradingState
from domain.errors import IntegrityError, ManualActionError
from domain.ids import ClientOrderId
from domain.orders import ApprovedOrder
from domain.verdicts import Evaluation, Outcome
from policies.evaluate import evaluate
from policies.policy import Policy

LIFE = timedelta(seconds=10)
SHORTEST_KEY = 16


class Latch(Protocol):
    """What the office asks of the kill switch."""

    def engaged(self) -> bool:
        """True while it is set or cannot be read."""
        ...


class Issued(NamedTuple):
    """The gates' answer, and the sealed order with the quantity they left of it; None where they do not allow it."""

    approved: ApprovedOrder | None
    evaluation: Evaluation


class PermitOffice:
    """Issues and redeems permits under one key; a permit is good for one send, here and within ``life``."""

    def __init__(self, key: bytes, latch: Latch, life: timedelta = LIFE) -> None:
        if len(key) < SHORTEST_KEY:
            raise IntegrityError("the permit key is too short", f"Take at least {SHORTEST_KEY} random bytes.")
        self._key = key
        self._latch = latch
        self._life = life
        self._redeemed: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def issue(self, case: Case, policy: Policy, client_order_id: ClientOrderId) -> Issued:
        """Put the case before the gates and seal what they let through."""
        evaluation = evaluate(case, policy)
        if evaluation.outcome not in (Outcome.PASS, Outcome.REDUCE):
            return Issued(None, evaluation)
        draft = ApprovedOrder(
            intent=replace(case.order, qty=evaluation.final_qty),
            client_order_id=client_order_id,
            policy_digest=policy.digest,
            case_digest=digest(case),
            issued_at=case.now,
            expires_at=case.now + self._life,
            seal="",
        )
        return Issued(replace(draft, seal=self._seal(draft)), evaluation)

    def redeem(self, approved: ApprovedOrder, *, now: datetime, control: Control) -> None:
        """Allow this one send, now; raises when the permit is not good or sending has been stopped."""
        if type(approved) is not ApprovedOrder or not self._is_ours(approved):
            remedy = "Stop and look at the audit trail."
            raise IntegrityError("an order without a valid permit reached a broker", remedy)
        name = f"the permit of {approved.client_order_id}"
        if not approved.issued_at <= now <= approved.expires_at:
            raise IntegrityError(f"{name} is not valid at {now.isoformat()}", "Pass the order through the gates again.")
        with self._lock:
            if approved.seal in self._redeemed:
                raise IntegrityError(
                    f"{name} has been used", "An order is sent once; ask the broker what became of it."
                )
            self._stop_if_told(approved, control)
            self._redeemed = {seal: until for seal, until in self._redeemed.items() if until >= now}
            self._redeemed[approved.seal] = approved.expires_at

    def _stop_if_told(self, approved: ApprovedOrder, control: Control) -> None:
        if self._latch.engaged() or control.kill_switch is not False or control.readable is not True:
            raise ManualActionError(
                "the kill switch is engaged, nothing is sent", "Only the owner lifts it: sage resume."
            )
        if control.trading_state is TradingState.HALTED:
            raise ManualActionError("trading is halted, nothing is sent", "Find out why, then: sage resume.")
        if control.trading_state is not TradingState.ACTIVE and not approved.intent.reduce_only:
            raise ManualActionError("only reduce-only orders are sent now", "Find out why, then: sage resume.")

    def _is_ours(self, approved: ApprovedOrder) -> bool:
        return hmac.compare_digest(self._seal(approved).encode(), str(approved.seal).encode())

    def _seal(self, approved: ApprovedOrder) -> str:
        text = canonical_json(
            [
                approved.intent, approved.client_order_id, approved.policy_digest, approved.case_digest,
                approved.issued_at, approved.expires_at,
            ]
        )  # fmt: skip
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
