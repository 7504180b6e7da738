"""Telling while the service lives: the teller and the deliverer beside its lanes; and the two short ways past it.

with told(runtime, broken=stop.set): ...     everything that happens is told for the length of the block
tell_day(runtime, ...)                       the daily report
tell_watch(runtime, alerts)                  what the watchdog sees, from its own process
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from domain.clock import SystemClock
from domain.errors import UsageError
from domain.ports import Clock
from interfaces.delivery.deliverer import Deliverer
from interfaces.delivery.notices import Notice, of_watch
from interfaces.delivery.post import Post
from interfaces.delivery.teller import Teller
from interfaces.runtime import Runtime
from interfaces.telling.drawing import equity
from interfaces.views.duties import AlertRow, AlertsView
from interfaces.views.plain import counted
from interfaces.views.state import PnlView
from trading.bus.messages import BusTopic
from trading.store.messages.message import Kind
from trading.store.messages.outbox import Letter, mark_of
from trading.store.messages.tellings import Bookmark

WATCHDOG = "watchdog"
MOST_SHOWN = 60


def post_of(runtime: Runtime, nudge: Callable[[], None] = lambda: None) -> Post:
    """Where this start puts what people are to be told."""
    telling = runtime.duties.telling
    return Post(telling.outbox, telling.tellings, telling.addresses, nudge)


@contextmanager
def told(runtime: Runtime, broken: Callable[[], None], wall: Clock | None = None) -> Iterator[None]:
    """Tell for the length of the block; nothing is done where no way to anybody is configured."""
    clock, over = wall or SystemClock(), threading.Event()
    with runtime.duties.telling.carriers() as carriers:
        if not carriers:
            yield
            return
        deliverer = Deliverer(runtime.duties.telling.outbox, carriers, clock)
        teller = Teller(runtime, post_of(runtime, deliverer.nudge), clock)
        runtime.bus.subscribe(BusTopic.RISK_ALERT, lambda _message: teller.wake())
        heard = runtime.duties.telling.bell.heard_by(deliverer.nudge)
        with heard, deliverer.running(broken=broken), ThreadPoolExecutor(1, thread_name_prefix="teller") as pool:
            telling = pool.submit(teller.live, over.is_set)
            telling.add_done_callback(lambda _ended: None if over.is_set() else broken())
            try:
                yield
            finally:
                over.set()
                teller.wake()
        telling.result()


def tell_day(runtime: Runtime, pnl: PnlView) -> None:
    """The day on one screen, with a chart where one can be drawn."""
    post, draw = post_of(runtime), runtime.duties.telling.chart
    if post.addresses():
        picture = None if draw is None else draw(equity(runtime))
        post.say(of_day(pnl, picture), SystemClock().now())


def of_day(pnl: PnlView, picture: bytes | None) -> Notice:
    """The daily report: what the day brought, and how it stands."""
    rows = (
        ("equity", pnl.equity),
        ("day", pnl.day_pnl),
        ("day %", pnl.day_pnl_pct),
        ("realised today", pnl.realized_pnl_day),
        ("unrealised", pnl.unrealized_pnl),
        ("drawdown %", pnl.drawdown_pct),
    )
    lines = [f"{name}: {value:,.2f}" if value is not None else f"{name}: not known" for name, value in rows]
    lines.append(f"{counted(pnl.closed_trades, 'closed trade')}, {pnl.wins} won")
    day = f"{pnl.as_of:%Y-%m-%d}"
    return Notice(f"report:{day}", Kind.REPORT, f"Report of {day}", tuple(lines), picture=picture)


def alerts(runtime: Runtime) -> AlertsView:
    """The newest critical matters, each once, with everybody who was told of it."""
    telling = runtime.duties.telling
    letters = telling.outbox.newest(MOST_SHOWN, kinds=(Kind.CRITICAL,))
    matters: dict[str, list[Letter]] = {}
    for letter in letters:
        matters.setdefault(letter.matter, []).append(letter)
    rows = tuple(alert_row(matter, copies) for matter, copies in matters.items())
    return AlertsView(SystemClock().now(), rows, telling.outbox.waiting(), tuple(telling.addresses()))


def alert_row(matter: str, copies: Sequence[Letter]) -> AlertRow:
    """One matter with all its copies, of which the oldest says what it is."""
    first, seen = copies[-1], next((each for each in copies if each.acknowledged_at is not None), None)
    told = Counter(f"{each.message.address} {each.state}" for each in copies)
    return AlertRow(
        mark_of(matter),
        first.message.at,
        first.message.plain.partition("\n")[0],
        tuple(f"{what} {times} times" if times > 1 else what for what, times in sorted(told.items())),
        "" if seen is None else seen.acknowledged_by,
        None if seen is None else seen.acknowledged_at,
    )


def acknowledge(runtime: Runtime, mark: str, by: str) -> None:
    """Somebody has seen it; UsageError where nothing open bears that mark."""
    if not runtime.duties.telling.outbox.acknowledge(mark, by, SystemClock().now()):
        raise UsageError(f"nothing that waits to be seen is called {mark}", "See `sage alerts`.")


def tell_watch(runtime: Runtime, alerts: Sequence[str]) -> int:
    """Put what the watchdog sees where it differs from what it last told, and deliver; how many messages arrived."""
    now, post = SystemClock().now(), post_of(runtime)
    # What was told and the messages about it together: a crash between them would lose one, or repeat it.
    with runtime.deps.stores.database.transaction():
        at = post.tellings.told(WATCHDOG) or Bookmark(0, {"alerts": []})
        if list(alerts) != at.body["alerts"]:
            post.tellings.tell(WATCHDOG, Bookmark(at.cursor + 1, {"alerts": list(alerts)}))
            post.say(of_watch(alerts, at.cursor + 1), now)
        post.escalate(now)
    with runtime.duties.telling.carriers() as carriers:
        return Deliverer(post.outbox, carriers, SystemClock()).deliver_due(SystemClock().now())
