"""Who may do what: the one door for every update, whatever its type. What is not allowed here is refused.

kind      only commands, texts, presses and media; nothing forwarded, edited, posted in a channel, or spoken for
person    a number with a role; everybody else is a stranger
place     the private chat with that person, or a group and topic that the settings name
role      at least the one that the thing asked for needs
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from interfaces.telegram_bot.updates import Arrival, Kind
from trading.store.people.roles import Role

ANSWERED = frozenset({Kind.COMMAND, Kind.TEXT, Kind.PRESS, Kind.MEDIA})
Place = tuple[int, int]
"""A group and the topic in it; topic 0 is a group without topics, or its general one."""


class Doors(NamedTuple):
    """Who is known, and which groups may be talked in."""

    roles: Mapping[int, Role]
    groups: frozenset[Place] = frozenset()


class Granted(NamedTuple):
    """Who asks."""

    user_id: int
    role: Role


class AccessDenied(NamedTuple):
    """Why not; ``tell`` is what the sender may be told, empty where silence is the answer."""

    why: str
    tell: str = ""


def authorise(arrival: Arrival, doors: Doors, needed: Role) -> Granted | AccessDenied:
    """The answer for one update that asks for something which takes the role ``needed``."""
    if arrival.kind not in ANSWERED:
        at_home = arrival.user_id in doors.roles and arrival.private and arrival.chat_id == arrival.user_id
        return AccessDenied(
            f"{arrival.kind.value} updates do nothing", _NOTHING.get(arrival.kind, "") if at_home else ""
        )
    if not arrival.user_id or not arrival.chat_id:
        return AccessDenied("nobody is named")
    role = doors.roles.get(arrival.user_id)
    if role is None:
        return AccessDenied("a stranger", _stranger(arrival))
    if arrival.private and arrival.chat_id != arrival.user_id:
        return AccessDenied("a private chat of somebody else")
    if not arrival.private and (arrival.chat_id, arrival.topic_id) not in doors.groups:
        return AccessDenied("a group or topic that is not named in TELEGRAM_GROUPS")
    if not role.covers(needed):
        return AccessDenied(
            f"{role.value} is less than {needed.value}", f"This takes the role {needed.value}; yours is {role.value}."
        )
    return Granted(arrival.user_id, role)


_NOTHING = {
    Kind.EDITED: "An edited message changes nothing; send it anew.",
    Kind.FORWARDED: "A forwarded message does nothing; type it yourself.",
}


def _stranger(arrival: Arrival) -> str:
    """Only somebody who opens a private chat is answered, with the one thing that an owner needs to let them in."""
    if arrival.private and arrival.chat_id == arrival.user_id and arrival.command == "start":
        return f"This bot is private. Your id is {arrival.user_id}: whoever owns it can let you in."
    return ""
