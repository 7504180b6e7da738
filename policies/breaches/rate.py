"""Breaches of group F."""

from __future__ import annotations

from collections.abc import Mapping

from policies.breaches.case import DAY, Breach, with_book, with_performance, working_orders

BREACHES: Mapping[str, Breach] = {
    "F1": lambda case, limits: with_book(
        case, recent_orders=working_orders(case, int(limits["max_orders_per_minute"]))
    ),
    "F1_day": lambda case, limits: with_book(case, orders_today=int(limits["max_orders_per_day"])),
    "F3": lambda case, limits: with_book(case, open_orders=working_orders(case, int(limits["max_active_orders"]))),
    "F4": lambda case, limits: with_book(
        case, recent_orders=working_orders(case, 1, decision_id=case.order.decision_id)
    ),
    "F6": lambda case, limits: with_performance(case, last_loss_at=case.now + DAY),
    "F7": lambda case, limits: with_performance(case, consecutive_losses=int(limits["max_consecutive_losses"])),
}
