"""A loopback Bot API: real HTTP, long polling, webhooks, and every way in which the real one disappoints.

    with BotApi() as api:
        api.say(4711, "/status")
        assert "Sage" in api.told(4711)

``faults`` are used up one a request to their method: an ``Api`` answer, or ``DROP`` for a connection that is cut after
the request was taken. Time stands still here: dates of messages are given by the test.

A webhook's address is an https one, as the real server wants it; what is brought there goes to ``proxy``, which stands
for whoever ends TLS before the bot.
"""

import json
import re
import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.servers.loopback import Served

TOKEN = "123456789:AAtest-token_of-a-bot-that-is-not-real00"
BOT_ID = 123456789
DROP = "drop"


@dataclass(frozen=True)
class Api:
    """A refusal."""

    status: int
    description: str
    parameters: dict[str, Any] = field(default_factory=dict)


TOO_FAST = Api(429, "Too Many Requests: retry after 3", {"retry_after": 3})
BAD_GATEWAY = Api(502, "Bad Gateway")
BAD_MARKS = Api(400, "Bad Request: can't parse entities: unsupported start tag")
BLOCKED = Api(403, "Forbidden: bot was blocked by the user")
HOOKED = Api(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete it first")
GONE = Api(400, "Bad Request: message to edit not found")


@dataclass
class Sent:
    """One request that was taken: its method and its fields, with those in JSON read."""

    method: str
    fields: dict[str, Any]
    number: int = 0

    @property
    def text(self) -> str:
        return str(self.fields.get("text") or self.fields.get("caption") or "")

    @property
    def buttons(self) -> list[dict[str, str]]:
        return [one for row in self.fields.get("reply_markup", {}).get("inline_keyboard", ()) for one in row]

    def button(self, label: str) -> str:
        """What the button of that label carries."""
        return next(one["callback_data"] for one in self.buttons if label in one["text"])


class BotApi(Served):
    """The server; ``sent`` is all that was taken, ``requests`` every path that was asked for.

    ``hook`` is the webhook in force, ``brought`` each update that was brought there, with the status it got.
    """

    def __init__(self, now: float = 1_773_763_200.0) -> None:
        self.now = now
        self.faults: dict[str, deque[Any]] = defaultdict(deque)
        self.sent: list[Sent] = []
        self.requests: list[str] = []
        self.strict = True
        self._updates: deque[dict[str, Any]] = deque()
        self._next_update, self._next_message = 1000, 1
        self._changed = threading.Condition()
        self._polling = 0
        self._closing = False
        self.hook: dict[str, Any] = {}
        self.proxy = ""
        self.brought: list[tuple[int, int]] = []
        self._bringing: set[int] = set()
        self._failed: dict[str, Any] = {}

    def sessions(self) -> type[BaseHTTPRequestHandler]:
        return _handler(self)

    def let_go(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()

    @property
    def url(self) -> str:
        return self.root

    # What people do.

    def send(self, update: dict[str, Any]) -> int:
        """Any update, numbered where it is not."""
        with self._changed:
            number = update.get("update_id", self._next_update)
            self._next_update = max(self._next_update, number) + 1
            self._updates.append({"update_id": number, **update})
            self._bring_all()
            self._changed.notify_all()
        return int(number)

    def message(self, user: int, text: str | None = None, *, age_s: float = 0, **more: Any) -> dict[str, Any]:
        """A message of somebody in their private chat, where ``more`` says nothing else."""
        self._next_message += 1
        body = {
            "message_id": self._next_message,
            "from": {"id": user, "is_bot": False, "first_name": "Person"},
            "chat": {"id": user, "type": "private", "first_name": "Person"},
            "date": int(self.now - age_s),
        }
        return {**body, **({} if text is None else {"text": text}), **more}

    def say(self, user: int, text: str, *, age_s: float = 0, **more: Any) -> int:
        """Somebody writes."""
        return self.send({"message": self.message(user, text, age_s=age_s, **more)})

    def press(self, user: int, data: str, *, message: int = 1, chat: int | None = None, **more: Any) -> int:
        """Somebody presses a button."""
        where = {"id": user if chat is None else chat, "type": "private" if chat is None else "supergroup"}
        below = {"message_id": message, "date": int(self.now), "chat": where, "text": "shown", **more}
        person = {"id": user, "is_bot": False, "first_name": "Person"}
        query = {"id": f"q{self._next_update}", "from": person, "chat_instance": "ci", "message": below, "data": data}
        return self.send({"callback_query": query})

    # What the tests look at.

    def wait(self, found: Any, longest_s: float = 20.0) -> Any:
        """Until ``found()`` is something; asked again whenever a request was taken."""
        with self._changed:
            self._changed.wait_for(lambda: bool(found()), longest_s)
            value = found()
        assert value, f"nothing of the kind in {[(one.method, one.text[:200]) for one in self.sent[-5:]]}"
        return value

    def shown(self, user: int) -> list[Sent]:
        """What one chat was shown, oldest first."""
        kinds = ("sendMessage", "editMessageText", "sendPhoto")
        return [one for one in self.sent if one.method in kinds and str(one.fields.get("chat_id")) == str(user)]

    def next(self, user: int, seen: int) -> Sent:
        """The message after so many."""
        self.wait(lambda: len(self.shown(user)) > seen)
        return self.shown(user)[seen]

    def ask(self, user: int, text: str, **more: Any) -> Sent:
        """Write something, and wait for the answer."""
        seen = len(self.shown(user))
        self.say(user, text, **more)
        return self.next(user, seen)

    def tap(self, user: int, data: str, **more: Any) -> Sent:
        """Press something, and wait for the answer."""
        seen = len(self.shown(user))
        self.press(user, data, **more)
        return self.next(user, seen)

    def all_taken(self) -> bool:
        """Whether every update was confirmed."""
        return not self._updates

    # How it answers.

    def asked(self, path: str) -> None:
        """A request came in."""
        with self._changed:
            self.requests.append(path)
            self._changed.notify_all()

    def answer(self, method: str, fields: dict[str, Any]) -> Any:
        """One request: a result, an ``Api`` refusal, or DROP."""
        fault = self.faults[method].popleft() if self.faults[method] else None
        if isinstance(fault, Api):
            return fault
        if method == "getUpdates":
            return fault or self._poll(fields)
        with self._changed:
            result = self._taken(method, fields)
            self._changed.notify_all()
        return fault or result

    def _taken(self, method: str, fields: dict[str, Any]) -> Any:
        if method == "getMe":
            return {"id": BOT_ID, "is_bot": True, "first_name": "Sage", "username": "sage_test_bot"}
        if method in ("setWebhook", "deleteWebhook", "getWebhookInfo"):
            return self._hooked(method, fields)
        number = 0
        if method in ("sendMessage", "sendPhoto", "editMessageText"):
            refused = self._refused(method, fields)
            if refused is not None:
                return refused
            self._next_message += 1
            number = int(fields.get("message_id") or self._next_message)
        self.sent.append(Sent(method, fields, number))
        if not number:
            return True
        chat = {"id": int(fields["chat_id"]), "type": "private"}
        return {"message_id": number, "date": int(self.now), "chat": chat, "text": fields.get("text", "")}

    # Webhooks.

    def bring(
        self, update: dict[str, Any], *, secret: str | None = None, path: str | None = None, longest_s: float = 30
    ) -> int:
        """Post an update as the server does; the answer is the status, 0 where the line broke."""
        told = self.hook.get("secret_token") if secret is None else secret
        headers = {"Content-Type": "application/json", **({"X-Telegram-Bot-Api-Secret-Token": told} if told else {})}
        there = HTTPConnection(urlsplit(self.proxy).netloc, timeout=longest_s)
        try:
            where = path or urlsplit(self.hook["url"]).path
            there.request("POST", where, json.dumps(update).encode(), headers)
            return there.getresponse().status
        except (OSError, HTTPException):
            return 0
        finally:
            there.close()

    def _bring_all(self) -> None:
        """Everything that waits, each on a line of its own, as the real server may."""
        if not self.hook or not self.proxy:
            return
        for update in self._updates:
            number = update["update_id"]
            if number not in self._bringing:
                self._bringing.add(number)
                threading.Thread(target=self._bring_until_taken, args=(update,), daemon=True).start()

    def _bring_until_taken(self, update: dict[str, Any]) -> None:
        status, number = 0, update["update_id"]
        while not 200 <= status < 300 and self.hook and not self._closing:
            status = self.bring(update)
            with self._changed:
                self.brought.append((number, status))
                if 200 <= status < 300:
                    self._updates = deque(one for one in self._updates if one["update_id"] != number)
                else:
                    self._failed = {"last_error_date": int(self.now), "last_error_message": f"status {status}"}
                self._changed.notify_all()
                if not 200 <= status < 300:
                    self._changed.wait_for(lambda: self._closing, 0.05)
        self._bringing.discard(number)

    def _hooked(self, method: str, fields: dict[str, Any]) -> Any:
        if method == "getWebhookInfo":
            shown = {"url": self.hook.get("url", ""), "has_custom_certificate": False}
            return {**shown, "pending_update_count": len(self._updates), **self._failed}
        self.sent.append(Sent(method, fields))
        url, secret = str(fields.get("url", "")), str(fields.get("secret_token", ""))
        if method == "setWebhook" and not url.startswith("https://"):
            return Api(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if secret and not re.fullmatch(r"[\w-]{1,256}", secret, re.ASCII):
            return Api(400, "Bad Request: secret token contains unallowed characters")
        self.hook = dict(fields) if method == "setWebhook" else {}
        self._bring_all()
        return True

    def _refused(self, method: str, fields: dict[str, Any]) -> Api | None:
        """What the real one does not take: too long, empty, or marks that do not close."""
        text = str(fields.get("text") or fields.get("caption") or "")
        marked = fields.get("parse_mode") == "HTML"
        shown = _without_marks(text) if marked else text
        if shown is None:
            return BAD_MARKS
        longest = 1024 if method == "sendPhoto" else 4096
        if len(shown.encode("utf-16-le")) // 2 > longest:
            return Api(400, f"Bad Request: message is too long: {len(shown)}")
        if method != "sendPhoto" and not shown.strip():
            return Api(400, "Bad Request: message text is empty")
        keys = [one for row in fields.get("reply_markup", {}).get("inline_keyboard", ()) for one in row]
        if any(not 1 <= len(one["callback_data"].encode()) <= 64 for one in keys):
            return Api(400, "Bad Request: BUTTON_DATA_INVALID")
        return None

    def _poll(self, fields: dict[str, Any]) -> Any:
        offset, longest_s = int(fields.get("offset") or 0), float(fields.get("timeout") or 0)
        with self._changed:
            if self.hook:
                return HOOKED
            if self._polling and self.strict:
                return Api(409, "Conflict: terminated by other getUpdates request")
            self._polling += 1
            while self._updates and self._updates[0]["update_id"] < offset:
                self._updates.popleft()
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._updates or self._closing, longest_s)
            self._polling -= 1
            return list(self._updates)[:100]


_MARKS = ("b", "i", "u", "s", "code", "pre")


def _without_marks(text: str) -> str | None:
    """What is shown; None where Telegram would not understand the marks."""
    open_marks, shown, at = [], "", 0
    while at < len(text):
        if text[at] == "<":
            end = text.find(">", at)
            name = text[at + 1 : end].strip("/") if end > 0 else ""
            if name not in _MARKS:
                return None
            if text[at + 1] != "/":
                open_marks.append(name)
            elif not open_marks or open_marks.pop() != name:
                return None
            at = end + 1
            continue
        shown += text[at]
        at += 1
    if open_marks:
        return None
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")


def _fields(content_type: str, body: bytes) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    if content_type.startswith("multipart/form-data"):
        whole = b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body
        for part in BytesParser(policy=HTTP).parsebytes(whole).walk():
            name, value = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
            if isinstance(value, bytes) and name is not None:
                raw[str(name)] = value if value.startswith(b"\x89PNG") else value.decode()
    else:
        raw = dict(parse_qsl(body.decode(), keep_blank_values=True))
    return {name: json.loads(value) if name in ("reply_markup", "commands") else value for name, value in raw.items()}


def _handler(api: BotApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one write an answer, so that no client waits for a delayed acknowledgement
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            api.asked(self.path)
            _, token, method = self.path.split("/", 2)
            if token != f"bot{TOKEN}":
                self._send(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
                return
            answer = api.answer(method, _fields(self.headers.get("Content-Type", ""), body))
            if answer == DROP:
                self.close_connection = True
                self.connection.close()
                return
            if isinstance(answer, Api):
                told = {"ok": False, "error_code": answer.status, "description": answer.description}
                self._send(answer.status, told | ({"parameters": answer.parameters} if answer.parameters else {}))
                return
            self._send(200, {"ok": True, "result": answer})

        def _send(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                self.wfile.flush()
            except OSError:
                self.close_connection = True  # the bot has gone in the middle of a poll

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the tests look at ``requests``."""

    return Handler
