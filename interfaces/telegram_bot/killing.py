"""The kill from a phone: a way of its own past everything that may hang.

    an update says kill -> its sender may (roles as last read) -> a thread of its own: the latch falls
         -> the process that ``sage kill`` starts too cancels entries -> it is said
         -> on record, once the database answers

It waits for no worker, no database, no model and no cycle, and its age does not count: a kill that was sent while
nobody was there is pulled when somebody is. Pulling it twice is pulling it once.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from domain.errors import OversightError
from domain.ports import Clock
from interfaces.telegram_bot.authorise import Doors, Granted, Place, authorise
from interfaces.telegram_bot.screens import pieces
from interfaces.telegram_bot.screens.pieces import Screen, view_button
from interfaces.telegram_bot.updates import Arrival, Kind
from policies.kill_switch import KillSwitch
from trading.store.people.roles import Role

PRESS = "k:kill"
_log = logging.getLogger(__name__)


def is_kill(arrival: Arrival) -> bool:
    """Whatever words stand behind it."""
    pressed = arrival.kind is Kind.PRESS and arrival.text == PRESS
    return pressed or (arrival.kind is Kind.COMMAND and arrival.command == "kill")


class KillPath:
    """The path. ``roles`` are those last read; ``say`` tells the person, ``behind`` cancels, ``after`` records."""

    def __init__(
        self,
        switch: KillSwitch,
        clock: Clock,
        groups: frozenset[Place],
        owners: frozenset[int],
        *,
        say: Callable[[Arrival, Screen], None],
        behind: Callable[[], object],
        after: Callable[[Arrival], None],
    ) -> None:
        self.roles: Mapping[int, Role] = dict.fromkeys(owners, Role.OWNER)
        self._switch = switch
        self._clock = clock
        self._groups = groups
        self._say = say
        self._behind = behind
        self._after = after
        self._pulling: list[threading.Thread] = []

    def pull(self, arrival: Arrival) -> bool:
        """Pull it where its sender may; False leaves the update to the door that puts denials on record."""
        if not isinstance(authorise(arrival, Doors(self.roles, self._groups), Role.OPERATOR), Granted):
            return False
        self._pulling = [one for one in self._pulling if one.is_alive()]
        # No daemon: a process that ends waits for a kill that is under way.
        thread = threading.Thread(target=self._fall, args=(arrival,), name="telegram-kill")
        self._pulling.append(thread)
        thread.start()
        return True

    def join(self, longest_s: float) -> None:
        """Wait for what is being pulled."""
        for thread in self._pulling:
            thread.join(longest_s)

    def _fall(self, arrival: Arrival) -> None:
        reason = f"from Telegram by {arrival.user_id}"
        try:
            trouble = self._switch.engage("owner", reason, self._clock.now().isoformat())
        except OversightError as error:
            _log.critical("the kill from Telegram did not fall: %s", error)
            self._say(arrival, pieces.page("🔴 NOT killed", pieces.words(str(error), 600)))
            return
        try:
            self._behind()  # before it is said: a chat service that hangs keeps no entry at the broker
        except OSError as error:
            _log.critical("entries are not being cancelled: %s", error)
            trouble = (
                f"{trouble}{'; ' * bool(trouble)}nothing cancels them by itself ({error.strerror}): use /cancel all"
            )
        self._say(arrival, killed(trouble))
        # The record comes last, because the database may be what hangs.
        self._after(arrival)


def killed(trouble: str) -> Screen:
    """The acknowledgement."""
    return pieces.page(
        "🛑 Killed",
        pieces.words("Nothing is sent any more. Entries that rest at the broker are being cancelled."),
        *((pieces.words(f"But {trouble}."),) if trouble else ()),
        pieces.dim("/resume is the way back; /kill flatten also closes what is held."),
        buttons=((view_button("Status", "status"), view_button("Positions", "positions")),),
    )
