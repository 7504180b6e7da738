"""The bot at work: each update worked once, answers by the outbox, the kill before everything.

    polled or brought -> kills are pulled -> written down with the offset (one transaction) -> workers
         -> the answer is in the outbox and the update done (one transaction) -> delivered

Looks, talk, acts and cycles have workers of their own, so that a model that hangs holds up no look, a slow explanation
no pause, and a cycle none of them. What a process left behind is found by the next one in its inbox; what another is
still at, which a lease tells, is left to it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from telegram.error import InvalidToken

from domain.errors import OversightError
from domain.ports import Clock
from domain.record.canonical import plain, restore
from interfaces.serving.holding import Busy, held
from interfaces.telegram_bot import danger, looking
from interfaces.telegram_bot.acting import Means
from interfaces.telegram_bot.answering import Answers, shown_by
from interfaces.telegram_bot.carrier import TelegramCarrier, address_of
from interfaces.telegram_bot.commands import BY_NAME, Level, menu
from interfaces.telegram_bot.hearing.ways import AWAY, FIRST_WAIT_S, LONGEST_WAIT_S, Way
from interfaces.telegram_bot.killing import KillPath, is_kill
from interfaces.telegram_bot.line import Line
from interfaces.telegram_bot.looking import Inquiry
from interfaces.telegram_bot.screens import charts, pieces
from interfaces.telegram_bot.screens.pieces import Screen
from interfaces.telegram_bot.updates import Arrival, Kind, read
from interfaces.views.plain import clean
from trading.store.messages.message import Kind as MessageKind
from trading.store.messages.message import Message
from trading.store.people.inbox import InboxStore
from trading.store.people.roles import Role
from trading.store.scheduling.leases import LeaseStore

UPDATE = "update:"
"""What the lease of an update that is being worked begins with."""
WORKERS: Mapping[str, int] = {"inbox": 1, "looks": 4, "words": 2, "acts": 3, "cycles": 1}
HEARD_S = 2.0
"""How long one that was brought waits to be durable: the service opens twenty lines, and a kill needs one of them."""
_HARMLESS = ("looks", "words")
"""Lanes in which twice is once, so that a crash in between needs no trace."""
_IN_PLACE = ("r:", "a:", "d:", "n:", "p:")
"""Buttons whose answer takes the place of the message they stand under."""
_log = logging.getLogger(__name__)


class ReplyBox(Protocol):
    """Where answers go."""

    def put(self, message: Message) -> bool:
        """Write one down; False where its key is there already."""
        ...


class Bot:
    """One bot of one home. ``nudge`` tells the delivery that something was put."""

    def __init__(
        self,
        line: Line,
        inbox: InboxStore,
        outbox: ReplyBox,
        answers: Answers,
        kills: KillPath,
        clock: Clock,
        *,
        way: Way,
        leases: LeaseStore,
        nudge: Callable[[], None],
    ) -> None:
        self._line = line
        self._inbox = inbox
        self._outbox = outbox
        self._answers = answers
        self._kills = kills
        self._clock = clock
        self._nudge = nudge
        self._way = way
        self._leases = leases
        self._pulled: set[int] = set()
        self._elsewhere: set[int] = set()
        self._pools: dict[str, ThreadPoolExecutor] = {}

    @contextmanager
    def running(self, stop: threading.Event) -> Iterator[None]:
        """Poll and answer until ``stop`` is set, which leaving the block does too.

        What ends it in between sets ``stop`` as well: a service that nobody can stop from afar is not one to go on.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="telegram-poll") as pool:
            living = pool.submit(self.live, stop)
            living.add_done_callback(lambda _ended: stop.set())
            try:
                yield
            finally:
                stop.set()
        living.result()

    def live(self, stop: threading.Event) -> None:
        """The same on the calling thread."""
        self._pools = {name: ThreadPoolExecutor(count, f"telegram-{name}") for name, count in WORKERS.items()}
        try:
            self._refresh_roles()
            self._way.open(self)
            if self._greeted(stop):
                self._pools["looks"].submit(self._set_menu)
                self._pools["looks"].submit(charts.warm)
                for update_id in self._left():
                    self._hand_out(update_id)
                self._way.hear(self, stop)
        finally:
            for pool in self._pools.values():
                pool.shutdown(wait=True, cancel_futures=True)
            self._kills.join(LONGEST_WAIT_S)

    def _greeted(self, stop: threading.Event) -> bool:
        """Say hello; asked again until somebody answers. False where told to stop before."""
        wait_s = FIRST_WAIT_S
        while not stop.is_set():
            try:
                name = self._line.hello()
            except InvalidToken:
                _log.error("Telegram refuses the token: correct TELEGRAM_BOT_TOKEN")
            except AWAY as error:
                _log.warning("Telegram does not answer: %s", type(error).__name__)
            else:
                _log.info("Telegram answers as @%s", name)
                return True
            stop.wait(wait_s)
            wait_s = min(LONGEST_WAIT_S, wait_s * 2)
        return False

    def _set_menu(self) -> None:
        """A comfort, for which nothing waits."""
        try:
            self._line.menu(menu())
        except AWAY as error:
            _log.warning("the menu is not set: %s", type(error).__name__)

    def taking(self, found: Sequence[Any], offset: int, *, stale: bool) -> Future[int]:
        """Take a batch that was asked for, on a thread of its own."""
        return self._pools["inbox"].submit(self._take, found, offset, stale=stale)

    def heard(self, update: object, *, stale: bool) -> bool:
        """Take one that was brought; a kill waits for nothing, the rest until it is durable."""
        arrival = read(update, self._line.name)
        if arrival is None or (is_kill(arrival) and self._pull(arrival)):
            return True
        if not self._line.name:
            return False  # before the greeting nobody knows which commands are for this bot
        try:
            taking = self._pools["inbox"].submit(self._take, (update,), None, stale=stale)
            try:
                taking.result(HEARD_S)
            finally:
                taking.cancel()  # what has not begun comes again, and would stand in the queue as often as it came
        except OversightError as error:
            _log.warning("updates: %s", error)
            return False
        except (TimeoutError, CancelledError, RuntimeError):
            return False  # the database keeps it waiting, or this is the end of the bot
        return True

    def pull_kills(self, found: Sequence[Any]) -> None:
        """Pull what says kill, and leave the rest."""
        for one in (read(update, self._line.name) for update in found):
            if one is not None and is_kill(one):
                self._pull(one)

    def look_again(self) -> None:
        """Work what another process was at and has not ended, once that process is gone."""
        for update_id in tuple(self._elsewhere):
            self._elsewhere.discard(update_id)
            self._hand_out(update_id)

    def _take(self, found: Sequence[Any], offset: int | None, *, stale: bool) -> int:
        """Pull kills, write the others down, hand them out; the answer is where to ask on.

        Without an offset they were brought, and a later one says nothing of those before it.
        """
        arrivals = [one for one in (read(update, self._line.name) for update in found) if one is not None]
        if not arrivals:
            return offset or 0
        pulled = {one.update_id for one in arrivals if is_kill(one) and self._pull(one)}
        waiting = [one for one in arrivals if is_kill(one) and one.update_id not in pulled]
        if waiting or any(one.user_id not in self._kills.roles for one in arrivals):
            self._refresh_roles()  # somebody may have been let in since, or promoted
            pulled |= {one.update_id for one in waiting if self._pull(one)}
        kept = {one.update_id: one for one in arrivals if one.update_id not in pulled and self._is_kept(one)}
        bodies = [(one.update_id, self._body(one, stale=stale) if one.update_id in kept else None) for one in arrivals]
        for update_id in self._inbox.take(bodies, move=offset is not None):
            self._hand_out(update_id, replace(kept[update_id], stale=stale))
        for one in arrivals:
            if one.update_id not in pulled and one.update_id not in kept and one.user_id:
                self._pools["looks"].submit(self._deny, one)
        self._refresh_roles()
        return max(one.update_id for one in arrivals) + 1

    def _pull(self, arrival: Arrival) -> bool:
        """Pull a kill once, however often the service hands it over; False where its sender may not."""
        if arrival.update_id not in self._pulled and not self._kills.pull(arrival):
            return False
        self._pulled.add(arrival.update_id)
        return True

    def _deny(self, arrival: Arrival) -> None:
        """Put a stranger's attempt on record, and tell them what a stranger may know."""
        try:
            self._say(arrival, self._answers.answer(arrival))
        except OversightError as error:
            _log.warning("a denial is not on record: %s", error)

    def _is_kept(self, arrival: Arrival) -> bool:
        """Strangers fill no disk: of them only the word that may make somebody the first owner is written down."""
        opens = arrival.command == "start" and bool(arrival.user_id)
        return arrival.user_id in self._kills.roles or (opens and Role.OWNER not in self._kills.roles.values())

    def _body(self, arrival: Arrival, *, stale: bool) -> Mapping[str, Any]:
        return {**plain(arrival), "stale": stale}

    def offset(self) -> int:
        """Where to ask on."""
        try:
            return self._inbox.offset()
        except OversightError as error:
            _log.warning("%s", error)
            return 0  # what the service counts as unread; the inbox keeps out what was taken

    def _left(self) -> Sequence[int]:
        try:
            return self._inbox.left()
        except OversightError as error:
            _log.warning("%s", error)
            return ()

    def _refresh_roles(self) -> None:
        """Read the roles for the kill, which must not wait for a database; those last read stay where it is away."""
        try:
            self._kills.roles = self._answers.people.roles()
        except OversightError as error:
            _log.warning("%s", error)

    def _hand_out(self, update_id: int, arrival: Arrival | None = None) -> None:
        pool = self._pools["acts" if arrival is None else lane_of(arrival)]
        future = pool.submit(self._work, update_id, arrival)
        future.add_done_callback(partial(self._ended, update_id))

    def _work(self, update_id: int, taken: Arrival | None) -> None:
        if taken is not None and lane_of(taken) in _HARMLESS:
            self._answer(taken, again=False)
            return
        with ExitStack() as stack:
            try:
                stack.enter_context(held(self._leases, f"{UPDATE}{self._inbox.bot_id}:{update_id}", "an update"))
            except Busy:
                # Whoever is at it will answer: to say that it was cut off would end it, and lose what comes of it.
                self._elsewhere.add(update_id)
                return
            item = self._inbox.begin(update_id)
            if item is not None:
                self._answer(restore(Arrival, item.body), again=item.begun)

    def _answer(self, arrival: Arrival, *, again: bool) -> None:
        if arrival.press_id:
            self._line.pressed(arrival.press_id)
        if is_kill(arrival):
            self._refresh_roles()
            if self._pull(arrival):
                self._inbox.end(arrival.update_id)
                return
        shown = WaitingMessage(self._line, arrival)
        screens = self._answers.answer(arrival, again=again, progress=shown.told)
        self._end(arrival, screens, shown.name)

    def _end(self, arrival: Arrival, screens: Sequence[Screen], name: str = "") -> None:
        """Done, together with what is to be said about it; the first of it in the place of what is shown so far."""
        self._inbox.end(arrival.update_id, lambda: self._put(arrival, screens, name))
        if screens:
            self._nudge()

    def _say(self, arrival: Arrival, screens: Sequence[Screen]) -> None:
        """An answer to what was never written down."""
        self._put(arrival, screens, "")
        if screens:
            self._nudge()

    def _put(self, arrival: Arrival, screens: Sequence[Screen], name: str) -> None:
        for number, screen in enumerate(screens):
            message = self.message(arrival, screen, number)
            first = name if number == 0 and name and screen.picture is None else message.replaces
            self._outbox.put(replace(message, replaces=first))

    def _ended(self, update_id: int, future: Future[None]) -> None:
        """What a worker could not finish is said, and not tried for ever."""
        error = None if future.cancelled() else future.exception()
        if error is None:
            return
        if isinstance(error, OversightError):
            _log.warning("update %d: %s", update_id, error)  # the database is away: the next start finds it
            return
        _log.error("update %d failed", update_id, exc_info=error)
        item = self._inbox.begin(update_id)
        if item is not None:
            arrival = restore(Arrival, item.body)
            self._end(arrival, (pieces.notice("⚠ Something unexpected failed; the log at the machine tells what."),))

    def message(self, arrival: Arrival, screen: Screen, number: int = 0) -> Message:
        """The answer to an update; its key is the update's, so that it is said once."""
        here = arrival.kind is Kind.PRESS and number == 0 and arrival.text[:2] in _IN_PLACE
        return Message(
            key=f"telegram-{self._inbox.bot_id}-{arrival.update_id}-{number}",
            address=address_of(arrival.chat_id, arrival.topic_id),
            kind=MessageKind.REPLY,
            html=screen.html,
            plain=screen.plain,
            at=self._clock.now(),
            buttons=screen.buttons,
            picture=screen.picture,
            replaces=str(arrival.message_id) if here and arrival.message_id else "",
        )


class WaitingMessage:
    """A message that tells what is being looked at, while the answer takes its time; the answer takes its place."""

    def __init__(self, line: Line, arrival: Arrival) -> None:
        self.name = ""
        self._line = line
        self._arrival = arrival

    def told(self, step: str) -> None:
        """One more step. Nothing depends on it, so nothing is tried again."""
        text, chat = f"🔎 {clean(step, 200)} …", self._arrival.chat_id
        with suppress(*AWAY):
            if self.name:
                self._line.edit(chat, int(self.name), text, html=False, buttons=())
            else:
                self.name = self._line.send(chat, self._arrival.topic_id, text, html=False, silent=True)


def lane_of(arrival: Arrival) -> str:
    """Which workers an update is for."""
    if arrival.kind is Kind.COMMAND:
        command = BY_NAME.get(arrival.command)
        if command is not None and command.level is not Level.READ:
            return "cycles" if command.name == "cycle" else "acts"
        return "looks"
    if arrival.kind is Kind.TEXT:
        return "acts" if danger.typed_word(arrival.text) else "words"
    return "acts" if arrival.kind is Kind.PRESS and shown_by(arrival) is None else "looks"


def said_at_once(line: Line, carrier: TelegramCarrier, outbox: ReplyBox, bot: Callable[[], Bot]) -> Callable[..., None]:
    """How a kill is acknowledged: straight by the line, and by the outbox only where that fails."""

    def say(arrival: Arrival, screen: Screen, number: int = 0) -> None:
        message = bot().message(arrival, screen, number)
        if carrier.carry(message).sent:
            if arrival.press_id:
                line.pressed(arrival.press_id)
            return
        try:
            outbox.put(message)
        except OversightError as error:
            _log.warning("the kill stands; its acknowledgement is lost: %s", error)

    return say


def after_kill(
    answers: Answers, inquiry: Inquiry, means: Means, say: Callable[[Arrival, Screen, int], None]
) -> Callable[[Arrival], None]:
    """What follows an acknowledged kill: its record, and the question whether to close everything too."""

    def after(arrival: Arrival) -> None:
        try:
            answers.people.record(arrival.user_id, "command", command="kill", words=" ".join(arrival.words)[:200])
            if tuple(word.lower() for word in arrival.words) == ("flatten",):
                role = answers.people.roles()[arrival.user_id]
                own = inquiry._replace(user_id=arrival.user_id, chat_id=arrival.chat_id, role=role)
                say(arrival, danger.first_word("kill", own, means), 1)
        except OversightError as error:
            _log.warning("after the kill: %s", error)
            say(arrival, looking.failed(error), 1)

    return after
