"""The log: one JSON object a line, with the id of what is being worked on, and without secrets or tricks.

    {"at": "2026-03-17T15:00:00Z", "level": "WARNING", "logger": "trading.data.rss_news", "message": "...",
     "correlation": "cyc-..."}

Every text that goes out passes ``Redaction``: configured secrets and whatever looks like a key are cut, and characters
that could forge a line or paint a terminal (line ends, escape sequences, invisible direction marks) become spaces.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO
from urllib.parse import quote

from domain.record.canonical import time_text

correlation: ContextVar[str] = ContextVar("correlation", default="")
"""Id of the cycle, decision or order at work; ``correlated`` sets it for what is done within."""

CUT = "[redacted]"
# Cutting every "abc" out of the log would hide more than it protects.
_SHORTEST_SECRET = 6
_SHAPES = re.compile(
    r"""
      \bsk-[\w-]{16,}                                                         # language-model keys
    | \b[PACB]K[A-Z0-9]{14,24}\b                                              # Alpaca key ids
    | (?<![A-Za-z0-9/+])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*[A-Z])(?=[A-Za-z0-9/+]*[0-9])
      [A-Za-z0-9+][A-Za-z0-9/+]{39}(?![A-Za-z0-9/+=])                         # Alpaca secrets
    | (?<![0-9])[0-9]{6,12}:[\w-]{30,}                                         # Telegram bot tokens, also after "bot"
    | (?<![0-9a-zA-Z-])[0-9a-f]{32}(?![0-9a-zA-Z-])                           # NewsAPI and FRED keys
    | \beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*                                       # signed tokens
    """,
    re.VERBOSE | re.ASCII,
)
_NAMED = re.compile(
    r"""(?P<name>[\w-]*(?:api[_-]?key|apikey|key-id|secret|token(?!s)|passw(?:or)?d|authorization|crumb)[\w-]*["']?\s*[=:]\s*["']?)
        (?:(?:bearer|basic)\s+)?[^\s"',;&})\]]{4,}""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_BEARER = re.compile(r"(?P<name>\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}", re.IGNORECASE | re.ASCII)
_USER = re.compile(r"(?P<name>\b[a-z][a-z0-9+.-]{1,30}://)[^\s/@:]*:[^\s/@]+@", re.IGNORECASE | re.ASCII)
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.?)")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")


@contextmanager
def correlated(name: str) -> Iterator[None]:
    """Every line that is logged within carries this name; afterwards the one of before."""
    token = correlation.set(name)
    try:
        yield
    finally:
        correlation.reset(token)


class Redaction:
    """Makes a text fit to be shown: ``redact(text)``. Its representation tells no secret."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # Also as it stands in a URL, where libraries print it.
        known = {text for secret in secrets if len(secret) >= _SHORTEST_SECRET for text in (secret, quote(secret, ""))}
        # The first alternative that fits wins: a short secret inside a long one would leave the rest of it in sight.
        longest_first = sorted(known, key=len, reverse=True)
        self._known = re.compile("|".join(re.escape(text) for text in longest_first)) if known else None

    def __repr__(self) -> str:
        return "Redaction(...)"

    def __call__(self, text: str) -> str:
        """The text in one line, with every secret cut."""
        # Before the secrets: an escape sequence inside a key would keep it from being found.
        shown = _UNSEEN.sub(" ", _ESCAPES.sub("", text))
        if self._known is not None:
            shown = self._known.sub(CUT, shown)
        for named in (_USER, _NAMED, _BEARER):
            shown = named.sub(rf"\g<name>{CUT}", shown)
        return _SHAPES.sub(CUT, shown)


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def __init__(self, redact: Redaction) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Everything that came from outside the program goes through the redaction, tracebacks included."""
        line: dict[str, object] = {
            "at": time_text(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname,
            "logger": record.name,
            "message": self._redact(record.getMessage()),
        }
        if correlation.get():
            line["correlation"] = self._redact(correlation.get())
        if record.exc_info:
            line["trace"] = [self._redact(part) for part in self.formatException(record.exc_info).splitlines()]
        return json.dumps(line)


def logger(name: str) -> logging.Logger:
    """The log under a name, for the module that must not load logging before it has something to say."""
    return logging.getLogger(name)


def also_to(stream: TextIO) -> logging.Handler:
    """Send the log there as well, in the same form and with the same secrets cut; the handler comes back."""
    root = logging.getLogger()
    handler = logging.StreamHandler(stream)
    # The formatter in use knows the configured secrets; a new one would cut by shape alone.
    handler.setFormatter(next((each.formatter for each in root.handlers if each.formatter), JsonLines(Redaction())))
    root.addHandler(handler)
    return handler


def log_to(stream: TextIO, *, level: str = "INFO", secrets: Iterable[str] = ()) -> logging.Handler:
    """Send the whole program's log to ``stream``, and nowhere else; the handler comes back to be closed."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines(Redaction(secrets)))
    root = logging.getLogger()
    # Whatever was attached before knows nothing of the redaction.
    root.handlers[:] = [handler]
    root.setLevel(level)
    return handler
