"""Messages carried by Telegram: the outbox hands one over, the receipt says what became of it.

    taken            sent, with the number of the message
    marks refused    once more without any: a message is not lost for a stray bracket
    too fast         again after as long as it says
    away, 5xx        again; where the request had left and no answer came, nobody knows whether it arrived
    blocked, gone    refused for good
    too long         in parts at line ends, each with its marks closed

An address is ``telegram:CHAT`` or ``telegram:CHAT.TOPIC``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from html import unescape
from typing import NamedTuple

import httpx
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, TelegramError, TimedOut

from interfaces.telegram_bot.line import Line, TooFast
from interfaces.telegram_bot.screens.pieces import LONGEST
from trading.store.messages.message import Message, Receipt

NAME = "telegram"
# The Bot API takes no longer caption, counted without its markup.
LONGEST_CAPTION = 1024
MOST_PARTS = 4
AGAIN_S, LATER_S = 2.0, 300.0
_TAG = re.compile(r"<(/?)([a-z]+)[^>]*>")
_NOT_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Place(NamedTuple):
    """Where a message goes."""

    chat: int
    topic: int


class TelegramCarrier:
    """Telegram as a carrier."""

    name = NAME

    def __init__(self, line: Line, dress: Callable[[Message], Message] = lambda message: message) -> None:
        self._line = line
        self._dress = dress

    def carry(self, message: Message) -> Receipt:
        """Try once."""
        place = place_of(message.address)
        if place is None:
            return Receipt(sent=False, words="the address names no chat")
        message = self._dress(message)
        begun = 0
        try:
            if message.replaces and message.picture is None and self._edited(message, place):
                return Receipt(sent=True, name=message.replaces)
            name, texts = "", split(message.html, message.plain)
            if message.picture is not None:
                fits = visible(message.html) <= LONGEST_CAPTION
                name, begun = self._show(message, place, message.picture, captioned=fits), 1
                texts = [] if fits else texts
            for at, (html, plain) in enumerate(texts):
                name = self._say(message, place, html, plain, last=at == len(texts) - 1)
                begun += 1
            return Receipt(sent=True, name=name)
        # The last two come from a line that is closed while it waits.
        except (TelegramError, TooFast, TimeoutError, CancelledError, RuntimeError) as error:
            told = receipt_of(error)
            # Tried again, a part that is there already comes twice, and the second copy has to say so.
            return told._replace(unknown=told.unknown or begun > 0)

    def _edited(self, message: Message, place: Place) -> bool:
        """Whether the text was put in the place of the earlier one; what cannot be edited is sent anew."""
        if not message.replaces.isdecimal() or visible(message.html) > LONGEST:
            return False

        def edit(text: str, *, html: bool) -> None:
            self._line.edit(place.chat, int(message.replaces), text, html=html, buttons=message.buttons)

        try:
            with_marks(edit, message.html, message.plain)
        except BadRequest as error:
            # The same text again is an error to the service, and just what was wanted.
            return "not modified" in error.message.lower()
        return True

    def _show(self, message: Message, place: Place, picture: bytes, *, captioned: bool) -> str:
        """The picture, with the text below it where it is short."""

        def show(text: str, *, html: bool) -> str:
            return self._line.picture(
                place.chat, place.topic, picture, text, html=html, silent=message.silent,
                buttons=message.buttons if captioned else (),
            )  # fmt: skip

        return with_marks(show, message.html, message.plain) if captioned else show("", html=False)

    def _say(self, message: Message, place: Place, html: str, plain: str, *, last: bool) -> str:
        """One part of the text; the last one carries the buttons."""

        def say(text: str, *, html: bool) -> str:
            buttons = message.buttons if last else ()
            return self._line.send(place.chat, place.topic, text, html=html, buttons=buttons, silent=message.silent)

        return with_marks(say, html, plain)


def with_marks(send: Callable[..., str | None], html: str, plain: str) -> str:
    """Send it with its marks, or without any where those are not understood."""
    if html:
        try:
            return send(html, html=True) or ""
        except BadRequest as error:
            # Any other refusal would meet the plain text as well.
            if "parse entities" not in error.message.lower() and "unsupported" not in error.message.lower():
                raise
    return send(plain or "…", html=False) or ""


def receipt_of(error: Exception) -> Receipt:
    """What an error means for the message."""
    words = f"{type(error).__name__}: {error}"[:200]
    match error:
        case TooFast():
            return Receipt(sent=False, retry_after_s=error.seconds, words=words)
        # Before NetworkError, of which BadRequest is a kind: it would be tried again for two days.
        case Forbidden() | ChatMigrated() | BadRequest():
            return Receipt(sent=False, words=words)
        case InvalidToken():
            return Receipt(sent=False, retry_after_s=LATER_S, words="the token is refused: look at TELEGRAM_BOT_TOKEN")
        case TimedOut() | NetworkError():
            # An answer with a status of its own says that the service has not taken it; so does a line never opened.
            cause = error.__cause__
            unknown = cause is not None and not isinstance(cause, _NOT_LEFT)
            return Receipt(sent=False, retry_after_s=AGAIN_S, words=words, unknown=unknown, own=cause is None)
        case _:
            return Receipt(sent=False, retry_after_s=AGAIN_S, words=words, unknown=True)


def address_of(chat: int, topic: int = 0) -> str:
    """The address of a chat."""
    return f"{NAME}:{chat}.{topic}" if topic else f"{NAME}:{chat}"


def place_of(address: str) -> Place | None:
    """The chat of an address; None where it names none."""
    found = re.fullmatch(rf"{NAME}:(-?\d{{1,18}})(?:\.(\d{{1,18}}))?", address, re.ASCII)
    return None if found is None else Place(int(found[1]), int(found[2] or 0))


def units(text: str) -> int:
    """Length as Telegram counts it."""
    # In units of UTF-16: a sign beyond the first plane counts twice.
    return len(text.encode("utf-16-le")) // 2


def visible(html: str) -> int:
    """Length of what is shown."""
    return units(unescape(_TAG.sub("", html)))


def split(html: str, plain: str) -> list[tuple[str, str]]:
    """Parts that each fit a message, with and without marks; a line that fits none goes without marks, and is cut."""
    if visible(html) <= LONGEST and units(plain) <= LONGEST:
        return [(html, plain)]
    marked = list(_chunks(html.split("\n"), visible))
    bare = list(_chunks(plain.split("\n"), units))
    fits = all(visible(part) <= LONGEST for part in marked) and len(marked) == len(bare)
    parts = list(zip(_balanced(marked), bare, strict=True)) if fits else [("", part[:LONGEST]) for part in bare]
    if len(parts) > MOST_PARTS:
        kept = parts[:MOST_PARTS]
        last = kept[-1][1][: LONGEST // 2]
        return [*kept[:-1], ("", f"{last}\n… cut: this was longer than {MOST_PARTS} messages")]
    return parts


def _chunks(lines: list[str], measure: Callable[[str], int]) -> Iterator[str]:
    held: list[str] = []
    size = 0
    for line in lines:
        for piece in _pieces(line, measure):
            more = measure(piece) + 1
            if held and size + more > LONGEST - 96:
                yield "\n".join(held)
                held, size = [], 0
            held.append(piece)
            size += more
    if held:
        yield "\n".join(held)


def _pieces(line: str, measure: Callable[[str], int]) -> Iterator[str]:
    if measure(line) <= LONGEST - 128:
        yield line
        return
    step = LONGEST // 2 - 64  # a sign may count twice
    for at in range(0, len(line), step):
        yield line[at : at + step]


def _balanced(parts: list[str]) -> Iterator[str]:
    """Each part with the marks of the one before opened again, and its own closed."""
    open_tags: list[str] = []
    for part in parts:
        opened = "".join(f"<{tag}>" for tag in open_tags)
        for closing, tag in _TAG.findall(part):
            if not closing:
                open_tags.append(tag)
            elif tag in open_tags:
                # ``remove`` takes the first of its name, and what is closed is the last that was opened.
                open_tags.reverse()
                open_tags.remove(tag)
                open_tags.reverse()
        yield opened + part + "".join(f"</{tag}>" for tag in reversed(open_tags))
