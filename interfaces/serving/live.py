"""``sage run``: the service that lives.

    checks -> the books are compared -> the broker's stream -> lanes over the timetable -> told to stop -> stopped

In real time three threads work beside each other: the watch (books, sliced orders, policy), the cycle, and the care
(reports, memory, proofs). In simulated time one thread does everything, and time jumps to what is due next. The kill is
no message to any of them: its latch is a file that the broker's adapter looks at before every order.

A thread that meets what nobody expected ends the service, so that whoever supervises it starts it anew: all that
matters is in the database, and a new start begins with a comparison of the books.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from datetime import datetime

from domain.clock import SystemClock
from domain.errors import ManualActionError
from domain.market import Symbol
from interfaces.acting import ordering
from interfaces.delivery.running import told
from interfaces.runtime import Runtime
from interfaces.scheduler.jobs import JobKind, Trigger
from interfaces.serving.endpoint import endpoint
from interfaces.serving.events import Inbox, Lookout
from interfaces.serving.holding import SERVICE, SIMULATED_TIME, held, kept_alive
from interfaces.serving.lane import Lane
from interfaces.serving.life import Life
from interfaces.serving.talking import talking
from interfaces.serving.times import SimulatedTime, wait_s
from interfaces.serving.vitals import Vitals
from interfaces.serving.work import Worker, first_comparison
from interfaces.telling.checkup import doctor
from interfaces.views.state import State

MUST_HOLD = ("ledger", "gates")
"""Checks of the doctor without which nothing starts; what is away now may come back, and is waited for."""
LANES: tuple[tuple[str, frozenset[JobKind]], ...] = (
    ("watch", frozenset({JobKind.RECONCILE, JobKind.ALGO_STEP, JobKind.POLICY_RELOAD})),
    ("cycle", frozenset({JobKind.CYCLE})),
    ("care", frozenset({JobKind.REPORT, JobKind.LEARN, JobKind.MAINTENANCE})),
)
_log = logging.getLogger(__name__)


def live(runtime: Runtime, universe: tuple[Symbol, ...], life: Life) -> None:
    """Live until told to stop, or until the time is over."""
    # Before any lease: a service that does not start must not look like one that lives.
    check(runtime, life)
    duties = runtime.duties
    with ExitStack() as stack:
        if duties.time is not None:
            # Two that move one simulated time would each run half of the sessions.
            stack.enter_context(held(duties.leases, SIMULATED_TIME, "`sage run`"))
        vitals = Vitals(SystemClock(), runtime.kill_switch.engaged)
        address = stack.enter_context(endpoint(vitals, duties.health_port))
        stack.enter_context(announced(runtime, vitals))
        stack.enter_context(told(runtime, broken=life.stop.set))
        events = next((job.on for job in duties.jobs if job.kind is JobKind.CYCLE), frozenset())
        worker = Worker(runtime, universe, vitals, Inbox(events, vitals.happened), life.stop.is_set)
        worker.inbox.listen(runtime)
        # Behind the endpoint, so that a wait for the broker can be seen; before the stream, which would apply its
        # updates to books that nobody has compared.
        if not first_comparison(worker, life.stop.wait):
            return
        stack.enter_context(listening(worker))
        stack.enter_context(talking(runtime, universe, life))
        life.tell(f"running; health and metrics at {address}")
        _log.info("running at %s", address)
        if duties.time is not None:
            in_simulated_time(worker, duties.time, life)
        else:
            in_real_time(worker, life)
    _log.info("stopped")


def check(runtime: Runtime, life: Life) -> None:
    """The doctor's findings, told; without a whole ledger and gates that refuse, nothing starts."""
    failed = [row for row in doctor(runtime).checks if row.state is State.FAILED]
    for row in failed:
        life.tell(f"{row.name}: {row.detail}")
        _log.warning("%s: %s", row.name, row.detail)
    stops = [row for row in failed if row.name in MUST_HOLD]
    if stops:
        raise ManualActionError(f"{stops[0].name}: {stops[0].detail}", stops[0].remedy)


def lanes_of(worker: Worker, kinds: Sequence[tuple[str, frozenset[JobKind]]]) -> list[Lane]:
    """The lanes that have a job."""
    jobs = worker.runtime.duties.jobs
    lookout = Lookout(worker.runtime, worker.universe, worker.inbox)
    made = [(name, [job for job in jobs if job.kind in kind]) for name, kind in kinds]
    return [Lane(name, of_it, worker, lookout) for name, of_it in made if of_it]


def in_real_time(worker: Worker, life: Life) -> None:
    """A thread a lane, until told to stop; one that dies takes the service with it."""
    ends = None if life.lasting is None else worker.runtime.deps.clock.now() + life.lasting
    lanes = lanes_of(worker, LANES)
    with ThreadPoolExecutor(max_workers=max(1, len(lanes)), thread_name_prefix="lane") as pool:
        working = [pool.submit(lane.live, life.stop.wait) for lane in lanes]
        try:
            # A second and not for ever: a lane that has died is noticed here and nowhere else.
            while not life.stop.wait(1.0):
                if any(each.done() for each in working) or over(worker.runtime.deps.clock.now(), ends):
                    break
        finally:
            life.stop.set()
            join(working, life)


def join(working: Sequence[Future[None]], life: Life) -> None:
    """Wait for what is under way, and raise what ended a lane."""
    if any(not each.done() for each in working):
        life.tell("stopping: what is under way comes to a safe point first")
    wait(working)
    for each in working:
        each.result()


def in_simulated_time(worker: Worker, time: SimulatedTime, life: Life) -> None:
    """One lane for everything; when nothing is left to do now, time jumps to what is due next."""
    ends = None if life.lasting is None else time.now() + life.lasting
    (lane,) = lanes_of(worker, (("all", frozenset(JobKind)),))
    pace = worker.runtime.duties.pace
    while not life.stop.is_set():
        now = time.now()
        coming = lane.tick(now)
        if coming is None or over(coming, ends) or life.stop.is_set():
            if ends is not None and not life.stop.is_set():
                time.move(ends)
            return
        if life.stop.wait(wait_s(now, coming, speed=pace.speed, longest_s=pace.longest_wait_s)):
            return
        # Somebody else may have run a cycle by hand between two looks; then the market stands later already.
        time.move(max(coming, worker.runtime.deps.stores.cycles.cursor(worker.runtime.setup.market) or coming))


def over(now: datetime, ends: datetime | None) -> bool:
    """Whether a time that was set has come."""
    return ends is not None and now >= ends


@contextmanager
def announced(runtime: Runtime, vitals: Vitals) -> Iterator[None]:
    """Signs of life in the database, for the watchdog and for whoever asks who is at work."""
    leases = runtime.duties.leases
    name = f"{SERVICE}{leases.me}"
    leases.clear(SERVICE)
    leases.take(name, "starting")
    try:
        with kept_alive("the service", lambda: leases.renew(name, what=vitals.line())):
            yield
    finally:
        leases.give_back(name)


@contextmanager
def listening(worker: Worker) -> Iterator[None]:
    """The broker's stream, where there is one; every connection begins with a comparison of the books."""
    runtime = worker.runtime
    if runtime.duties.listen is None:
        yield
        return

    def connected() -> None:
        found = runtime.deps.reconciler.reconnected(runtime.deps.clock.now())
        worker.vitals.connected()
        worker.vitals.reconciled(ok=found.ok, differences=len(found.differences))
        _log.info("the broker's stream is connected, %d differences", len(found.differences))

    def updated(filled: bool) -> None:
        worker.vitals.updated()
        if filled:
            worker.inbox.add(Trigger.FILL, runtime.deps.clock.now())
        ordering.protect(runtime)  # what has just filled is protected beyond the day at once

    stream = runtime.duties.listen(connected, updated)
    stream.start()
    try:
        yield
    finally:
        stream.stop()
