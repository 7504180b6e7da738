"""The line to the Bot API: python-telegram-bot's ``Bot`` on one event loop, in a thread of its own.

Threads call ``updates``, ``send``, ``edit`` and so on, and wait no longer than the time they bring. Two seams of the
library are used: ``parse_json_payload`` hands out updates as they came (the library refuses a whole batch for one that
it cannot read, and for ever), and turns "too many requests" into an error of ours that says how long.

The address of every request holds the token, so the libraries below say nothing to any log.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from telegram import Bot as TelegramBot
from telegram import BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, LinkPreviewOptions
from telegram import Message as SentMessage
from telegram.constants import ParseMode
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from interfaces.telegram_bot.screens.pieces import Keyboard

T = TypeVar("T")
CONNECT_S, ANSWER_S, LONGEST_S, LOOK_S = 5.0, 15.0, 40.0, 0.25
LONGEST_REST_S = 3600.0
UPDATES = ("message", "edited_message", "channel_post", "callback_query", "my_chat_member")
MOST_LINES = 20
"""How many updates may be brought at once: a kill waits for none before it."""
_CHATTY = ("httpx", "httpcore", "telegram", "hpack")


class TooFast(Exception):
    """The service asks to be left alone for ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"asked to wait {seconds:.0f} s")
        self.seconds = seconds


class Hooked(NamedTuple):
    """Where updates are brought, how many wait there, and when and why one could not be brought."""

    url: str
    pending: int
    error_at: datetime | None
    error: str


class Wire(HTTPXRequest):
    """Requests whose refusals for speed are ours."""

    def parse_json_payload(self, payload: bytes) -> dict[str, Any]:  # type: ignore[override]  # static there
        """The answer, read."""
        found = super().parse_json_payload(payload)
        if not isinstance(found, dict):
            raise TelegramError("Invalid server response")
        told = found.get("parameters")
        rest = told.get("retry_after") if isinstance(told, dict) else None
        if not found.get("ok") and isinstance(rest, int | float):
            # A figure from outside: it must make neither a busy loop nor a silence of days.
            raise TooFast(float(max(1.0, min(rest, LONGEST_REST_S))))
        return found


class Updates(Wire):
    """Requests for updates, which are kept as they came."""

    raw: Sequence[Any] = ()

    def parse_json_payload(self, payload: bytes) -> dict[str, Any]:  # type: ignore[override]  # static there
        """Nothing but numbers goes on to the library."""
        found = super().parse_json_payload(payload)
        result = found.get("result")
        if found.get("ok") and isinstance(result, list):
            self.raw = result
            return {**found, "result": []}
        return found


class Line:
    """The line of one bot; ``open`` it first."""

    def __init__(self, token: str, base_url: str) -> None:
        root = base_url.rstrip("/").removesuffix("/bot")
        self._updates = Updates(
            connection_pool_size=2, connect_timeout=CONNECT_S, read_timeout=ANSWER_S, write_timeout=ANSWER_S
        )
        self._request = Wire(
            connection_pool_size=16, connect_timeout=CONNECT_S, read_timeout=ANSWER_S, write_timeout=ANSWER_S,
            pool_timeout=CONNECT_S, media_write_timeout=ANSWER_S,
        )  # fmt: skip
        self._bot = TelegramBot(token, f"{root}/bot", request=self._request, get_updates_request=self._updates)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="telegram-line", daemon=True)
        self._me: Mapping[str, Any] = {}
        for name in _CHATTY:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)

    @property
    def name(self) -> str:
        """The bot's user name; empty before ``hello``."""
        return str(self._me.get("username", ""))

    def open(self) -> None:
        """Start the loop."""
        self._thread.start()

    def close(self) -> None:
        """Cut off what is under way and end the thread."""

        async def bye() -> None:
            for task in asyncio.all_tasks(self._loop) - {asyncio.current_task(self._loop)}:
                task.cancel()
            # The bot closes them only where it has said hello, and a line that only carries never does.
            for wire in (self._updates, self._request):
                await wire.shutdown()

        if self._thread.is_alive():
            with suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(bye(), self._loop).result(CONNECT_S)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(CONNECT_S)
        if not self._loop.is_running():
            self._loop.close()

    def hello(self) -> str:
        """Ask who we are; raises what the library raises where nobody answers, or the token is wrong."""

        async def ask() -> None:
            await self._bot.initialize()
            self._me = (await self._bot.get_me()).to_dict()

        self._wait(ask())
        return self.name

    def updates(self, offset: int, timeout_s: int, stop: threading.Event) -> Sequence[Any]:
        """Updates from ``offset`` on, as they came; waits so long for the first, or until ``stop`` is set.

        TimeoutError where the service says nothing at all: that is no "nothing new".
        """

        async def ask() -> Sequence[Any]:
            # Emptied first: an answer that is no list must not hand out the batch of before again.
            self._updates.raw = ()
            await self._bot.get_updates(offset=offset, timeout=timeout_s, limit=100, allowed_updates=UPDATES)
            return self._updates.raw

        future = asyncio.run_coroutine_threadsafe(ask(), self._loop)
        for _ in range(int((LONGEST_S + timeout_s) / LOOK_S)):
            # In short looks, so that a stop does not wait for the end of a long poll.
            if wait([future], LOOK_S).done:
                return _answer(future, 0)
            if stop.is_set():
                future.cancel()
                return ()
        future.cancel()
        raise TimeoutError

    def hook(self, url: str, secret: str) -> None:
        """Have updates brought there, with the secret in a header."""
        self._wait(self._bot.set_webhook(url, allowed_updates=UPDATES, secret_token=secret, max_connections=MOST_LINES))

    def unhook(self) -> None:
        """Have none brought any more; what waits is kept for whoever asks."""
        self._wait(self._bot.delete_webhook(drop_pending_updates=False), CONNECT_S)

    def hooked(self) -> Hooked:
        """Where updates are brought, and how that goes."""
        found = self._wait(self._bot.get_webhook_info())
        return Hooked(found.url, found.pending_update_count, found.last_error_date, found.last_error_message or "")

    def menu(self, commands: Sequence[tuple[str, str]]) -> None:
        """Set what the menu shows."""
        self._wait(self._bot.set_my_commands([BotCommand(name, told) for name, told in commands]))

    def send(
        self, chat: int, topic: int, text: str, *, html: bool, buttons: Keyboard = (), silent: bool = False
    ) -> str:
        """Send a message; the answer is its number."""
        sent = self._wait(
            self._bot.send_message(
                chat_id=chat,
                text=text,
                parse_mode=ParseMode.HTML if html else None,
                message_thread_id=topic or None,
                disable_notification=silent,
                reply_markup=_markup(buttons),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        )
        return _name(sent)

    def picture(
        self, chat: int, topic: int, png: bytes, caption: str, *, html: bool, buttons: Keyboard, silent: bool
    ) -> str:
        """Send a picture with a caption."""
        sent = self._wait(
            self._bot.send_photo(
                chat_id=chat,
                photo=InputFile(png, filename="chart.png"),
                caption=caption or None,
                parse_mode=ParseMode.HTML if html else None,
                message_thread_id=topic or None,
                disable_notification=silent,
                reply_markup=_markup(buttons),
            )
        )
        return _name(sent)

    def edit(self, chat: int, message: int, text: str, *, html: bool, buttons: Keyboard) -> None:
        """Put another text in the place of a message's."""
        self._wait(
            self._bot.edit_message_text(
                text=text,
                chat_id=chat,
                message_id=message,
                parse_mode=ParseMode.HTML if html else None,
                reply_markup=_markup(buttons),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        )

    def pressed(self, press_id: str) -> None:
        """Stop the button's spinning; nobody waits for it, and nothing depends on it."""

        async def answer() -> None:
            with suppress(TelegramError, TooFast):
                await self._bot.answer_callback_query(press_id)

        asyncio.run_coroutine_threadsafe(answer(), self._loop)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _wait(self, work: Coroutine[Any, Any, T], longest_s: float = LONGEST_S) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return _answer(future, longest_s)
        except TimeoutError:
            future.cancel()
            raise


def _answer(future: Future[T], longest_s: float) -> T:
    """What was answered; the library trusts the shape of it, and another shape says as little as no answer."""
    try:
        return future.result(longest_s)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TelegramError("Invalid server response") from error


def _name(sent: object) -> str:
    """The number of a message that was sent; the library hands out whatever came."""
    if not isinstance(sent, SentMessage):
        raise TelegramError("Invalid server response")
    return str(sent.message_id)


def _markup(buttons: Keyboard) -> InlineKeyboardMarkup | None:
    rows = [[InlineKeyboardButton(one.label, callback_data=one.callback) for one in row] for row in buttons if row]
    return InlineKeyboardMarkup(rows) if rows else None
