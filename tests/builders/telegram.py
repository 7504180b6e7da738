"""A bot as ``sage run`` has it, over a start of Sage and a loopback Bot API."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import composition.chats as chats
from domain.ports import Clock
from domain.record.entries import RecordKind
from interfaces.service import Service
from interfaces.telegram_bot.hearing.brought import Hook
from tests.builders.execution import HandClock
from tests.builders.runtime import at_the_broker
from tests.servers.telegram_api import TOKEN, BotApi
from trading.store.people.roles import Role, roles_in

OWNER, APPROVER, OPERATOR, VIEWER, STRANGER = 4711, 4712, 4713, 4714, 666
GROUP, TOPIC = -1001234, 17
SECRET = "a-secret-of-the-hook-0123456789"
ONLY_LOOKED = (RecordKind.ACCESS, RecordKind.RECONCILIATION)
"""What is on record of somebody who asked, or of a comparison that found nothing."""


class Talking(NamedTuple):
    """A running bot: the server it talks to, the start behind it, its people and their clock."""

    api: BotApi
    runtime: Any
    talk: chats.Talk
    clock: HandClock
    killed: threading.Event

    def count(self, user: int) -> int:
        """How much that chat was shown so far."""
        return len(self.api.shown(user))


def an_access(api: BotApi, owners: frozenset[int] = frozenset({OWNER}), topic: int = TOPIC) -> chats.Access:
    """Where the bot is, and who owns it."""
    return chats.Access(TOKEN, api.url, owners, frozenset({(GROUP, topic)}))


def a_hook(api: BotApi) -> Hook:
    """A webhook on a free port of this machine, to which the server hands on what it brings."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    api.proxy = f"http://127.0.0.1:{port}"
    return Hook("https://sage.example.com/telegram", "127.0.0.1", port, "/telegram", SECRET)


@contextmanager
def talking(
    api: BotApi,
    runtime: Any,
    clock: Clock | None = None,
    *,
    owners: frozenset[int] = frozenset({OWNER}),
    roles: bool = True,
    universe: tuple[Any, ...] | None = None,
    topic: int = TOPIC,
    hook: Hook | None = None,
    poll_s: int = 20,
) -> Iterator[Talking]:
    """A bot with one person of each role; its wall clock stands at the server's time."""
    wall = clock if isinstance(clock, HandClock) else wall_of(api)
    killed = threading.Event()
    symbols = runtime.deps.market.symbols() if universe is None else universe
    access = an_access(api, owners, topic)._replace(hook=hook)
    talk = chats.Talk(access, Service(runtime), runtime, symbols, wall, behind_kill=killed.set, poll_s=poll_s)
    if roles:
        for user, role in ((APPROVER, Role.APPROVER), (OPERATOR, Role.OPERATOR), (VIEWER, Role.VIEWER)):
            if talk.people.roles().get(user) is not role:
                talk.people.set_role(user, role, by=OWNER)
    with talk.running(threading.Event()):
        yield Talking(api, runtime, talk, wall, killed)


def wall_of(api: BotApi) -> HandClock:
    """A clock that stands where the server's does."""
    clock = HandClock()
    clock.at = datetime.fromtimestamp(api.now, UTC)
    return clock


def world_of(runtime: Any) -> dict[str, Any]:
    """Everything that somebody could have changed: control, orders, holdings, requests, roles, the kill."""
    stores = runtime.deps.stores
    control = stores.control.read()
    return {
        "control": (control.mode, control.trading_state, control.kill_switch, control.pauses, control.policy_digest),
        "killed": runtime.kill_switch.engaged(),
        "orders": [(one.client_order_id, one.status, one.qty) for one in stores.orders.newest(999)],
        "broker": at_the_broker(runtime),
        "requests": [one.state for one in stores.approvals.open(runtime.deps.clock.now())],
        "roles": dict(roles_in(stores.database, frozenset({OWNER}))),
        "cycles": stores.cycles.next_sequence(runtime.setup.account_id),
        "trading": [one.kind for one in stores.ledger.entries() if one.kind not in ONLY_LOOKED],
    }
