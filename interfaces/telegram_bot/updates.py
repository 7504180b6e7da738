"""What arrived, read. Every update of whatever kind becomes an ``Arrival``; nothing here decides what it may do.

An update is data from outside: fields that are missing, of another type, or invented make it one of the kinds that
nobody is allowed to send, never an error. A person is a positive number in ``from``; names count for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

# Telegram lets nobody send more in one message.
LONGEST_TEXT = 4096
# Whatever sign ends a command: who writes "/kill!" in haste means it.
_COMMAND = re.compile(r"/(?P<name>[A-Za-z0-9_]{1,32})(?:@(?P<bot>[A-Za-z0-9_]{1,64}))?(?![\w@/])")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
"""What JSON can say and no database takes: a zero, and half of a pair."""
_FORWARDED = ("forward_origin", "forward_from", "forward_from_chat", "forward_sender_name", "forward_date")
_SPOKEN_FOR = ("sender_chat", "via_bot", "sender_business_bot", "is_automatic_forward")
_MESSAGES = {
    "edited_message": "edited", "channel_post": "channel", "edited_channel_post": "channel",
    "business_message": "other", "edited_business_message": "other",
}  # fmt: skip


class Kind(StrEnum):
    """What an update is. Only the first four may be answered at all."""

    COMMAND = "command"
    TEXT = "text"
    PRESS = "press"
    MEDIA = "media"
    FORWARDED = "forwarded"
    EDITED = "edited"
    CHANNEL = "channel"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One update. ``user_id`` and ``chat_id`` are 0 where nobody is named; a press has no time of its own.

    ``stale`` is set by whoever polls: it lay at the service while nobody was there to take it.
    """

    update_id: int
    kind: Kind
    user_id: int = 0
    chat_id: int = 0
    topic_id: int = 0
    private: bool = False
    at: datetime | None = None
    text: str = ""
    """The text of a message, or what a button carries."""
    command: str = ""
    words: tuple[str, ...] = ()
    message_id: int = 0
    press_id: str = ""
    stale: bool = False


def read(update: object, me: str = "") -> Arrival | None:
    """The update for a bot named ``me``; None for what has not even a number."""
    if not isinstance(update, Mapping) or (update_id := _number(update.get("update_id"))) is None:
        return None
    if isinstance(message := update.get("message"), Mapping):
        return _message(update_id, message, me)
    if isinstance(press := update.get("callback_query"), Mapping):
        return _press(update_id, press)
    for name, kind in _MESSAGES.items():
        if isinstance(message := update.get(name), Mapping):
            return _placed(update_id, Kind(kind), message, message.get("from"))
    others = (value for name, value in update.items() if name != "update_id" and isinstance(value, Mapping))
    told: Mapping[str, Any] = next(others, {})
    return _placed(update_id, Kind.OTHER, told, told.get("from") or told.get("user"))


def _message(update_id: int, message: Mapping[str, Any], me: str) -> Arrival:
    text = message.get("text")
    kind = Kind.TEXT if isinstance(text, str) and text.strip() else Kind.MEDIA
    if any(name in message for name in _SPOKEN_FOR):
        kind = Kind.OTHER
    elif any(name in message for name in _FORWARDED):
        kind = Kind.FORWARDED
    elif kind is Kind.MEDIA and not _is_media(message):
        kind = Kind.OTHER
    placed = _placed(update_id, kind, message, message.get("from"), text if isinstance(text, str) else "")
    found = _COMMAND.match(placed.text) if kind is Kind.TEXT else None
    if found is None:
        return placed
    for_me = not found["bot"] or found["bot"].lower() == me.lower()
    words = tuple(placed.text[found.end() :].split())
    return _changed(placed, Kind.COMMAND if for_me else Kind.OTHER, found["name"].lower(), words)


def _press(update_id: int, press: Mapping[str, Any]) -> Arrival:
    message, carried, press_id = press.get("message"), press.get("data"), press.get("id")
    usable = isinstance(message, Mapping) and isinstance(carried, str) and isinstance(press_id, str)
    if not usable or not isinstance(message, Mapping):
        return _placed(update_id, Kind.OTHER, {}, press.get("from"))
    placed = _placed(update_id, Kind.PRESS, message, press.get("from"), str(carried))
    return Arrival(
        **{name: getattr(placed, name) for name in ("update_id", "kind", "user_id", "chat_id", "topic_id", "private")},
        text=placed.text,
        message_id=placed.message_id,
        press_id=_storable(str(press_id)),
    )


def _placed(update_id: int, kind: Kind, message: Mapping[str, Any], sender: object, text: str = "") -> Arrival:
    """An arrival with who sent it, where, and when; a bot is nobody."""
    chat = message.get("chat")
    chat = chat if isinstance(chat, Mapping) else {}
    named = sender if isinstance(sender, Mapping) and sender.get("is_bot") is not True else {}
    # In a group without topics an answer carries the number of what it answers, and is in no topic for that.
    topic = _number(message.get("message_thread_id")) if message.get("is_topic_message") is True else 0
    user_id = _number(named.get("id")) or 0
    return Arrival(
        update_id=update_id,
        kind=kind,
        user_id=max(0, user_id),
        chat_id=_number(chat.get("id")) or 0,
        topic_id=topic or 0,
        private=chat.get("type") == "private",
        at=_moment(message.get("date")),
        text=_storable(text),
        message_id=_number(message.get("message_id")) or 0,
    )


def _changed(placed: Arrival, kind: Kind, command: str, words: tuple[str, ...]) -> Arrival:
    kept = {name: getattr(placed, name) for name in Arrival.__slots__}
    return Arrival(**{**kept, "kind": kind, "command": command, "words": words})


_MEDIA = (
    "animation", "audio", "contact", "dice", "document", "game", "live_photo", "location", "paid_media", "photo",
    "poll", "sticker", "story", "venue", "video", "video_note", "voice",
)  # fmt: skip


def _is_media(message: Mapping[str, Any]) -> bool:
    """Something that a person sent which is no text; joins, pins and other notices of the service are not."""
    return any(name in message for name in _MEDIA)


def _storable(text: str) -> str:
    """Text that every database takes."""
    return _UNSTORABLE.sub("\ufffd", text[:LONGEST_TEXT])


def _number(value: object) -> int | None:
    """A whole number that fits a column of 64 bits, and so does the next one; True is not one."""
    return value if type(value) is int and abs(value) < 2**62 else None


def _moment(value: object) -> datetime | None:
    seconds = _number(value)
    # Up to the year 10000, where datetime ends with an error.
    if seconds is None or not 0 < seconds < 253_402_300_800:
        return None
    return datetime.fromtimestamp(seconds, UTC)
