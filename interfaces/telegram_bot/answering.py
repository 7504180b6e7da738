"""From an update to what is answered: the door, the age, the command, the record.

Everything that acts, is denied or changes a role is put on record with who asked. A command that acts and is older than
a minute is answered as expired: what was right when it was typed may be wrong now. The kill never comes here: it has a
way of its own in ``killing.py``.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from domain.errors import OversightError
from domain.ports import Clock
from interfaces.telegram_bot import acting, danger, looking
from interfaces.telegram_bot.acting import ACTS, Means
from interfaces.telegram_bot.arguments import WrongWords
from interfaces.telegram_bot.authorise import AccessDenied, Doors, Granted, Place, authorise
from interfaces.telegram_bot.commands import BY_NAME, Command, Level
from interfaces.telegram_bot.danger import DANGERS
from interfaces.telegram_bot.looking import LOOKS, Inquiry
from interfaces.telegram_bot.screens import control, pieces
from interfaces.telegram_bot.screens.pieces import Screen
from interfaces.telegram_bot.talking import CARD, talked
from interfaces.telegram_bot.updates import Arrival, Kind
from trading.store.people.roles import PeopleStore, Role

# A command that lay at Telegram while the bot was away was meant for a market of then.
LONGEST_AGE = timedelta(seconds=60)
MOST_DENIALS, MOST_STRANGERS, COUNTED_FOR = 20, 1_000, timedelta(hours=1)
"""So many denials of one person, and of so many strangers, are on record in an hour; more would only fill the disk."""
Screens = tuple[Screen, ...]


class Answers:
    """What the bot says to one update at a time; threads share it."""

    def __init__(self, template: Inquiry, means: Means, clock: Clock, groups: frozenset[Place]) -> None:
        self._template = template
        self._means = means
        self._clock = clock
        self._groups = groups
        self._denied: Counter[int] = Counter()
        self._denied_since = clock.now()
        self._counting = threading.Lock()

    @property
    def people(self) -> PeopleStore:
        """Who is who."""
        return self._template.people

    def door(self, arrival: Arrival) -> Granted | AccessDenied:
        """The authoriser's answer, with the roles as they are now."""
        return authorise(arrival, Doors(self.people.roles(), self._groups), needed(arrival))

    def answer(
        self, arrival: Arrival, *, again: bool = False, progress: Callable[[str], None] = lambda _step: None
    ) -> Screens:
        """What to say; nothing where silence is the answer. ``again``: somebody was at it before and did not end."""
        found = self.door(arrival)
        if isinstance(found, AccessDenied):
            return self._refused(arrival, found)
        inquiry = self._template._replace(
            user_id=found.user_id, chat_id=arrival.chat_id, role=found.role, words=arrival.words, progress=progress
        )
        try:
            return self._granted(arrival, inquiry, again=again)
        except WrongWords as wrong:
            command = BY_NAME.get(arrival.command)
            return (looking.failed(wrong) if command is None else control.wrong(command, wrong.what),)
        except OversightError as error:
            return (looking.failed(error),)

    def _granted(self, arrival: Arrival, inquiry: Inquiry, *, again: bool) -> Screens:
        if arrival.kind is Kind.TEXT and (word := danger.typed_word(arrival.text)):
            return (self._typed(arrival, word, inquiry),)
        if arrival.kind is Kind.TEXT:
            return talked(inquiry, self._means, arrival.text)
        if arrival.kind is Kind.MEDIA:
            return (pieces.notice("I read text only: write it in a few words, or see /help."),)
        if arrival.kind is Kind.PRESS:
            return self._pressed(arrival, inquiry)
        command = BY_NAME.get(arrival.command)
        if command is None:
            return (looking.unknown(arrival.command),)
        if command.level is not Level.READ:
            late = self._late(arrival, command)
            if again and (late or not command.again):
                # What is late now was not when it was begun, so nobody may say that nothing was done.
                late = f"/{command.name} was under way when I was restarted; look with /status before you repeat it."
            if late:
                return (pieces.notice(f"⌛ {late}"),)
            # On record before it acts, so that a crash half-way leaves who asked for it.
            self.people.record(inquiry.user_id, "command", command=command.name, words=" ".join(inquiry.words)[:200])
        return self._commanded(command, inquiry)

    def _commanded(self, command: Command, inquiry: Inquiry) -> Screens:
        if command.name == "pending":
            return acting.pending(inquiry, self._means)
        if command.name == "kill":
            # Its own path has refused it, and the door has not: the role changed in between.
            return (pieces.notice("⚠ NOT killed: your role has only just changed. Send /kill again."),)
        if command.name in ACTS:
            return (ACTS[command.name](inquiry, self._means),)
        if command.name in DANGERS:
            return (danger.first_word(command.name, inquiry, self._means),)
        look = LOOKS.get(command.name)
        return (looking.unknown(command.name) if look is None else look(inquiry),)

    def _pressed(self, arrival: Arrival, inquiry: Inquiry) -> Screens:
        kind, _, rest = arrival.text.partition(":")
        command = shown_by(arrival)
        if command is not None:
            return self._commanded(command, inquiry._replace(words=tuple(rest.split()[1:])))
        if kind == "n":
            self._means.nonces.void(rest, inquiry.user_id)
            return (pieces.notice("Left as it is."),)
        if kind == "ack":
            return (acting.acknowledge(inquiry, self._means, rest),)
        # What looks or takes away may be late; a press has no time of its own by which to judge what acts.
        if arrival.stale:
            return (pieces.notice("⌛ I was away when you pressed that; press it again, or ask anew."),)
        if kind == "a":
            pending_id, _, nonce = rest.partition(":")
            self.people.record(inquiry.user_id, "answer", request=pending_id[:80])
            return (acting.answer(inquiry, self._means, pending_id, nonce),)
        if kind == "d":
            return (self._confirmed(rest, inquiry),)
        if kind == "p":
            return self._performed(rest, inquiry)
        return (pieces.notice("⚠ This button is of another version; nothing was done."),)

    def _typed(self, arrival: Arrival, word: str, inquiry: Inquiry) -> Screen:
        """The second word in letters: what it begins with says which of this person's own buttons is meant."""
        if arrival.stale or arrival.at is None or self._clock.now() - arrival.at > LONGEST_AGE:
            return pieces.notice("⌛ That yes came too late; ask anew.")
        nonce = self._means.nonces.spelled(word, inquiry.user_id, inquiry.chat_id, tuple(DANGERS))
        return self._confirmed(nonce, inquiry)

    def _confirmed(self, nonce: str, inquiry: Inquiry) -> Screen:
        """The second word: the role is looked at again, because it may have been taken since the first."""
        bound = self._means.nonces.use(nonce, inquiry.user_id, inquiry.chat_id)
        if isinstance(bound, str):
            self.people.record(inquiry.user_id, "denied", why=bound)
            return pieces.notice(f"⚠ {bound[:1].upper()}{bound[1:]}.")
        command = BY_NAME.get(bound.action)
        if bound.action not in DANGERS or command is None or not inquiry.role.covers(command.role):
            self.people.record(inquiry.user_id, "denied", why="a button of another kind, or a lesser role")
            return pieces.notice("⚠ This button does nothing for you.")
        self.people.record(inquiry.user_id, "confirmed", command=bound.action, words=" ".join(bound.words)[:200])
        return danger.second_word(bound.action, inquiry._replace(words=bound.words), bound.digest)

    def _performed(self, nonce: str, inquiry: Inquiry) -> Screens:
        """The button of a card: the command that stands on it, as if its person had typed it now."""
        bound = self._means.nonces.use(nonce, inquiry.user_id, inquiry.chat_id)
        if isinstance(bound, str):
            return (pieces.notice(f"⚠ {bound[:1].upper()}{bound[1:]}."),)
        command = BY_NAME.get(bound.words[0]) if bound.action == CARD and bound.words else None
        if command is None or command.name == "kill" or not inquiry.role.covers(command.role):
            self.people.record(inquiry.user_id, "denied", why="a card of another kind, or a lesser role")
            return (pieces.notice("⚠ This button does nothing for you."),)
        self.people.record(inquiry.user_id, "card", command=command.name, words=" ".join(bound.words[1:])[:200])
        return self._commanded(command, inquiry._replace(words=bound.words[1:]))

    def _late(self, arrival: Arrival, command: Command) -> str:
        """Why a command that acts comes too late; empty where it does not."""
        if arrival.at is None:
            return f"/{command.name} says no time; send it again."
        age = self._clock.now() - arrival.at
        if age <= LONGEST_AGE:
            return ""
        told = f"/{command.name} is {int(age.total_seconds())} seconds old and has expired"
        return f"{told}; nothing was done. Send it again."

    def _refused(self, arrival: Arrival, refused: AccessDenied) -> Screens:
        if self._pairs(arrival, refused):
            self.people.record(arrival.user_id, "paired")
            return (pieces.notice("You are the owner now. /help shows what I can do."),)
        if self._counts(arrival.user_id):
            # A command without its words, among which a pairing code may stand.
            what = arrival.command or arrival.text[:40] or arrival.kind.value
            self.people.record(arrival.user_id, "denied", why=refused.why, kind=arrival.kind.value, asked=what)
            return (pieces.notice(refused.tell),) if refused.tell else ()
        return ()

    def _counts(self, user_id: int) -> bool:
        """Count a denial; whether it is still one that is answered and put on record."""
        now = self._clock.now()
        with self._counting:
            if now - self._denied_since >= COUNTED_FOR:
                self._denied.clear()
                self._denied_since = now
            self._denied[user_id] += 1
            # Bounded over all persons too: another id costs a stranger nothing, and each would have twenty.
            count, crowded = self._denied[user_id], len(self._denied) > MOST_STRANGERS
        return count <= MOST_DENIALS and (not crowded or user_id in self.people.roles())

    def _pairs(self, arrival: Arrival, refused: AccessDenied) -> bool:
        """A stranger in their own private chat who says the code from the machine, and says it now."""
        opens = arrival.kind is Kind.COMMAND and arrival.command == "start" and len(arrival.words) == 1
        at_home = arrival.private and arrival.chat_id == arrival.user_id and arrival.user_id > 0
        in_time = arrival.at is not None and self._clock.now() - arrival.at <= LONGEST_AGE
        strange = refused.why == "a stranger" and opens and at_home and in_time
        return strange and self.people.pair(arrival.user_id, arrival.words[0])


def needed(arrival: Arrival) -> Role:
    """The role that an update takes; what nobody knows takes an owner's."""
    if arrival.kind is Kind.COMMAND:
        command = BY_NAME.get(arrival.command)
        return Role.VIEWER if command is None else command.role
    if arrival.kind is not Kind.PRESS:
        return Role.VIEWER
    if (command := shown_by(arrival)) is not None:
        return command.role
    return _TAKES.get(arrival.text.partition(":")[0], Role.OWNER)


def shown_by(arrival: Arrival) -> Command | None:
    """The command whose screen a button shows; one that acts is never shown by a button."""
    kind, _, rest = arrival.text.partition(":")
    name = rest.split()[0] if kind in ("v", "r") and rest.split() else ""
    command = BY_NAME.get(name)
    return command if command is not None and command.level is Level.READ else None


_TAKES = {"a": Role.APPROVER, "d": Role.OPERATOR, "n": Role.VIEWER, "k": Role.OPERATOR, "ack": Role.OPERATOR,
          "p": Role.OPERATOR}  # fmt: skip
"""The role that each kind of button takes to be looked at; a second word is looked at again for its command."""
