"""One what-if case: the line of a file becomes the same ``Case`` that an order meets when it counts.

    {"id": "c1", "clock": "2026-03-17T15:00:00Z", "limits": {"max_order_notional": "10000"}, "order": {...}, ...}

Nothing here is looked up outside the line but the exchange calendar it names: what it does not tell is unknown, and the
gates deny what they cannot know. The limits are the policy of this case alone. Binding a policy to its gates takes as
long as judging a case, and the cases of a file share a few sets of limits, so ``PolicyShelf`` keeps what it has bound.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple

from domain.case import Case, Control, Mode, Pause, Release, TradingState
from domain.money import ONE
from policies.codes import ReasonCode
from policies.policy import Policy, policy_from_limits
from policies.whatif.book import read_book
from policies.whatif.fields import Fields, refused, symbol_of
from policies.whatif.market import Calendars, read_market
from policies.whatif.order import MATCH, read_asked
from policies.whatif.strict_json import Inexact

KEPT_POLICIES = 256
UNREADABLE = ReasonCode.CASE_INVALID
"""The code of the denial that answers a line which is no case."""


class WhatIf(NamedTuple):
    """A case and the policy it is to be judged by."""

    id: str | int
    case: Case
    policy: Policy


class PolicyShelf:
    """Policies by the limits as they were written; ``fallback`` is the policy of cases that bring no limits."""

    def __init__(self, fallback: Policy | None = None) -> None:
        self._fallback = fallback if fallback is not None else policy_from_limits({})
        self._bound: dict[str, Policy] = {}

    def policy(self, limits: Any) -> Policy:
        """The policy of these limits; ConfigurationError where one of them is unknown or absurd."""
        if limits is None:
            return self._fallback
        if not isinstance(limits, dict):
            raise refused("limits", limits, "an object")
        name = json.dumps(limits, sort_keys=True, default=repr)
        if name not in self._bound:
            if len(self._bound) >= KEPT_POLICIES:
                self._bound.clear()
            self._bound[name] = policy_from_limits(limits)
        return self._bound[name]


def case_id(document: dict[str, Any], line: int) -> str | int:
    """The id by which the answer goes back; a case without a usable one is named by its line."""
    told = document.get("id")
    if isinstance(told, bool) or not isinstance(told, (str, int)) or told == "":
        return f"line {line}"
    return told if isinstance(told, int) else told[:200]


def read_case(document: dict[str, Any], calendars: Calendars, shelf: PolicyShelf) -> WhatIf:
    """The case of a document; an OversightError says what in it cannot be read, and where."""
    top = Fields(document)
    name = top.raw("id")
    if name is None or isinstance(name, (bool, dict, list, Inexact)):
        raise refused("id", name, "a text that names the case")
    now = top.moment("clock")
    if now is None:
        raise refused("clock", None, "the moment of the case, like 2026-03-17T15:00:00Z")
    policy = shelf.policy(top.raw("limits"))
    account = top.inner("account") or Fields({})
    asked = read_asked(top, now, policy)
    case = Case(
        now=now,
        order=asked.order,
        control=_control(top, account, now, policy),
        book=read_book(top, account, now),
        market=read_market(top, now, calendars),
        proposal=asked.proposal,
        approval=asked.approval,
        cycle_entries=_entries(top),
        release=_release(top.inner("release"), policy),
    )
    account.close()
    top.close()
    return WhatIf(name, case, policy)


def _entries(top: Fields) -> int:
    found = top.count("cycle_entries", 0)
    if found is None:
        raise refused("cycle_entries", None, "a whole number")
    return found


def _control(top: Fields, account: Fields, now: datetime, policy: Policy) -> Control:
    """The control plane; one that does not say whether it is killed, or how trading stands, cannot be read."""
    fields = top.inner("control") or Fields({})
    killed, state = fields.flag("kill_switch"), fields.word("trading_state", TradingState)
    readable = fields.flag("readable", default=True) is True
    compared = now if account.flag("broker_reconciled") is True else None
    control = Control(
        kill_switch=killed is not False,
        trading_state=TradingState.HALTED if state is None else state,
        mode=fields.word("mode", Mode, Mode.AUTO) or Mode.OFF,
        pauses=tuple(_pause(row, now) for row in fields.rows("paused")),
        policy_digest=policy.digest,
        reconciled_at=fields.moment("reconciled_at", compared),
        mismatched=tuple(symbol_of(name, fields.path("mismatched")) for name in fields.texts("mismatched")),
        broker_time=fields.moment("broker_time", now),
        broker_open=fields.flag("broker_open"),
        readable=readable and killed is not None and state is not None,
        release=_release(fields.inner("release"), policy),
        ramp=fields.number("ramp", ONE),
    )
    fields.close()
    return control


def _pause(fields: Fields, now: datetime) -> Pause:
    scope = fields.text("scope", "global")
    name = fields.text("name")
    made = Pause(
        scope=scope,
        name=symbol_of(name, fields.path("name")) if scope == "symbol" else name,
        since=now,
        by="case",
        until=fields.moment("until"),
    )
    if scope not in ("global", "strategy", "symbol"):
        raise refused(fields.path("scope"), scope, "global, strategy or symbol")
    fields.close()
    return made


def _release(fields: Fields | None, policy: Policy) -> Release | None:
    if fields is None:
        return None
    told = fields.text("policy")
    made = Release(fields.text("code"), policy.digest if told == MATCH else told, fields.text("prompts"))
    fields.close()
    return made
