"""Slack: an incoming webhook, whose address is the secret and names the channel.

A webhook takes no pictures and no buttons that answer; the text says which command does what a button would.
"""

from __future__ import annotations

import html
from html.parser import HTMLParser

import httpx
from pydantic import SecretStr

from domain.errors import ConfigurationError
from trading.store.messages.message import Message, Receipt

TIMEOUT_S = 15.0
AGAIN_S = 2.0
REPAIRED_S = 300.0
# Slack cuts a text off at 40,000 signs, and markup adds some.
LONGEST = 35_000
MARKS = {"b": "*", "strong": "*", "i": "_", "em": "_", "s": "~", "code": "`", "pre": "```"}
BEFORE_IT_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""Failures after which Slack cannot have it; after any other, nobody knows."""


class SlackCarrier:
    """Every address ``slack:…`` of this home is the one channel of the webhook."""

    name = "slack"

    def __init__(self, webhook: SecretStr, *, timeout_s: float = TIMEOUT_S) -> None:
        self._webhook = webhook
        try:
            url = httpx.URL(webhook.get_secret_value())
        except httpx.InvalidURL:
            url = httpx.URL("")
        if url.scheme not in ("https", "http") or not url.host:
            raise ConfigurationError("SAGE_SLACK_WEBHOOK is no address", "Copy the webhook's address from Slack.")
        # The address is the secret: an answer that points elsewhere is not followed.
        self._client = httpx.Client(timeout=timeout_s, follow_redirects=False)

    def carry(self, message: Message) -> Receipt:
        """Post it."""
        try:
            answer = self._client.post(self._webhook.get_secret_value(), json={"text": marked(message)})
        except BEFORE_IT_LEFT as error:
            return Receipt(False, retry_after_s=AGAIN_S, words=f"Slack is not reached: {type(error).__name__}")
        except httpx.HTTPError as error:
            words = f"Slack's answer is missing: {type(error).__name__}"
            return Receipt(False, retry_after_s=AGAIN_S, words=words, unknown=True)
        return read(answer)

    def close(self) -> None:
        """Release the connections."""
        self._client.close()


def read(answer: httpx.Response) -> Receipt:
    """What Slack's answer means: a text it cannot take is refused for good, all else may pass or be repaired."""
    if answer.is_success:
        return Receipt(True)
    words = f"Slack said {answer.status_code} {answer.text[:80]}".rstrip()
    if answer.status_code == 429:
        return Receipt(False, retry_after_s=seconds(answer.headers.get("Retry-After", "")), words=words)
    if answer.status_code in (400, 413):
        return Receipt(False, words=words)
    # A gateway has given up waiting; Slack behind it may have taken the message.
    if answer.status_code == 504:
        return Receipt(False, retry_after_s=AGAIN_S, words=words, unknown=True)
    if answer.is_server_error:
        return Receipt(False, retry_after_s=AGAIN_S, words=words, own=True)
    return Receipt(False, retry_after_s=REPAIRED_S, words=words)


def seconds(text: str) -> float:
    """The wait that was asked for; half a minute where it cannot be read."""
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else 30.0


def marked(message: Message) -> str:
    """The marked text in Slack's marks."""
    reader = _Marks()
    reader.feed(message.html)
    reader.close()
    return "".join(reader.parts)[:LONGEST]


class _Marks(HTMLParser):
    """Telegram's HTML into Slack's mrkdwn; within, ``& < >`` are all that has to be escaped."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._pre = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in MARKS and not (self._pre and tag != "pre"):
            self.parts.append(MARKS[tag])
        self._pre = self._pre or tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        self._pre = self._pre and tag != "pre"
        if tag in MARKS and not self._pre:
            self.parts.append(MARKS[tag])

    def handle_data(self, data: str) -> None:
        self.parts.append(html.escape(data, quote=False))
