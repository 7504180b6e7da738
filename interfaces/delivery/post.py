"""Bringing a notice to everybody who wants it, in the way they want it: at once, without sound, later, or not at all.

    say        one notice to each address by its wishes; what comes in heaps is held back
    gather     what was held goes out: alone, or many as one digest
    escalate   what is critical and not acknowledged is said again, then to everybody, until somebody has seen it

Worked: a breach at 15:00 rings everywhere that does not ask to hear later; at 15:05 again there; at 15:10 everywhere,
then every half hour for a day.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from domain.ids import derive
from interfaces.delivery.notices import Notice, message_of
from interfaces.delivery.wishes import Handling, Wishes, body_of, wishes_in
from trading.store.messages.message import Kind, Message
from trading.store.messages.outbox import Letter, OutboxStore, matter_of
from trading.store.messages.tellings import TellingStore

HEAP, HEAP_TIME = 12, timedelta(minutes=5)
"""So many messages in that time are enough; the rest comes together once it is calmer."""
AGAIN, EVERYWHERE, EACH = timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=30)
LONGEST_ESCALATION = timedelta(days=1)
MOST_IN_DIGEST = 25


class Post(NamedTuple):
    """Where messages are put, who is told, and what to do so that they leave at once."""

    outbox: OutboxStore
    tellings: TellingStore
    addresses: Callable[[], Sequence[str]]
    nudge: Callable[[], None] = lambda: None

    def wishes(self, address: str) -> Wishes:
        """How an address wants to be told."""
        body = self.tellings.wishes(address)
        return Wishes() if body is None else wishes_in(body)

    def wish(self, address: str, wishes: Wishes, *, by: str, at: datetime) -> None:
        """Put other wishes in force."""
        self.tellings.wish(address, body_of(wishes), by=by, at=at)

    def say(self, notice: Notice, now: datetime) -> int:
        """To everybody who wants it; how many are told now."""
        told = 0
        for address in self.addresses():
            handling = self._handling(address, notice.kind, now)
            if handling is Handling.DROP:
                continue
            message = message_of(notice, address, now, silent=handling is Handling.SILENT)
            told += self.outbox.put(message, held=handling is Handling.HOLD) and handling is not Handling.HOLD
        return told

    def gather(self, now: datetime) -> int:
        """Let go what was held and may go; how many messages that makes."""
        return sum(self._gather(address, now) for address in self.addresses())

    def escalate(self, now: datetime) -> int:
        """Say again what nobody has acknowledged; how many messages that makes."""
        found = sorted(self.outbox.unanswered(since=now - LONGEST_ESCALATION - EACH), key=lambda each: each.matter)
        return sum(self._again(tuple(copies), now) for _, copies in groupby(found, key=lambda each: each.matter))

    def _handling(self, address: str, kind: Kind, now: datetime) -> Handling:
        wishes = self.wishes(address)
        if kind is Kind.CRITICAL:
            return Handling.DROP if wishes.later else Handling.RING
        handling = wishes.handling(kind, now)
        # An approval runs out while it waits.
        can_wait = handling in (Handling.RING, Handling.SILENT) and kind is not Kind.APPROVAL
        if can_wait and self.outbox.said(address, since=now - HEAP_TIME) >= HEAP:
            return Handling.HOLD
        return handling

    def _gather(self, address: str, now: datetime) -> int:
        held = self.outbox.held(address)
        if not held:
            return 0
        wishes = self.wishes(address)
        calm = self.outbox.said(address, since=now - HEAP_TIME) < HEAP // 2
        # A wish that changed while it was held counts: what is off by now is still told, as it was wanted then.
        due = wishes.digest_due(held[0].message.at, now)
        ripe = [each for each in held if due or (calm and wishes.handling(each.message.kind, now) is not Handling.HOLD)]
        alone = [each for each in ripe if each.message.picture is not None or len(ripe) == 1]
        for letter in alone:
            self.outbox.release(letter, now)
        together = [each for each in ripe if each not in alone]
        if together:
            self.outbox.fold(together, digest_of(together, address, now))
        return len(alone) + bool(together)

    def _again(self, copies: Sequence[Letter], now: datetime) -> int:
        first = min(copies, key=lambda each: each.message.at)
        number = repetitions(now - first.message.at)
        if number == 0 or any(repetition_of(each.message.key) >= number for each in copies):
            return 0
        told = {each.message.address for each in copies}
        addresses = told if number == 1 else told | set(self.addresses())
        return sum(self.outbox.put(repeated(first.message, address, number, now)) for address in sorted(addresses))


def repetitions(since: timedelta) -> int:
    """How often it should have been said again by now: after 5 and 10 minutes, then every 30, for a day."""
    if since < AGAIN:
        return 0
    if since < EVERYWHERE:
        return 1
    return 2 + (min(since, LONGEST_ESCALATION) - EVERYWHERE) // EACH


def repetition_of(key: str) -> int:
    """The number behind a key; 0 for what was said first."""
    return int(key.partition("~")[2] or 0)


def repeated(message: Message, address: str, number: int, now: datetime) -> Message:
    """The same matter once more."""
    words = f"Not acknowledged since {message.at:%H:%M} UTC:"
    return replace(
        message,
        key=f"{matter_of(message.key)}~{number}",
        address=address,
        at=now,
        html=f"{words}\n{message.html}",
        plain=f"{words}\n{message.plain}",
        silent=False,
    )


def digest_of(letters: Sequence[Letter], address: str, now: datetime) -> Message:
    """Many messages as one: a line each, what was said more than once with how often."""
    lines = tuple(digest_lines(letters))
    title = f"{len(letters)} notices"
    marked = "\n".join((f"<b>{title}</b>", *(html.escape(line, quote=False) for line in lines)))
    key = derive("digest", address, [each.message.key for each in letters])
    return Message(key, address, Kind.REPORT, marked, "\n".join((title, *lines)), now, silent=True)


def digest_lines(letters: Sequence[Letter]) -> Iterator[str]:
    """The first lines, in the order in which they were first said."""
    counted = Counter(each.message.plain.partition("\n")[0] for each in letters)
    for line, count in list(counted.items())[:MOST_IN_DIGEST]:
        yield f"{line} ({count} times)" if count > 1 else line
    if len(counted) > MOST_IN_DIGEST:
        yield f"and {len(counted) - MOST_IN_DIGEST} more"
