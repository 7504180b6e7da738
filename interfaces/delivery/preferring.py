"""How an address is told, shown and changed: what stands behind ``/alerts``, ``/quiet``, ``/mute`` and ``sage alerts``.

prefer(runtime, address, "alerts", ("trade", "silent"), by)      prefer(..., "quiet", ("22:00-07:00",), by)
prefer(runtime, address, "mute", ("1h",), by)                    without words nothing changes, and all is shown
"""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from domain.clock import SystemClock
from domain.errors import UsageError
from interfaces.delivery.deliverer import PACES
from interfaces.delivery.running import post_of
from interfaces.delivery.wishes import Wishes, described, muted, quieted, switched
from interfaces.runtime import Runtime
from interfaces.views.duties import WishesView
from interfaces.words import duration

Words = Sequence[str]


def prefer(runtime: Runtime, address: str, what: str, words: Words, by: str) -> WishesView:
    """The wishes of an address, after what these words change in them; UsageError says what is wrong with them."""
    carrier, _, recipient = address.partition(":")
    if carrier not in PACES or not recipient:
        ways = ", ".join(f"{name}:..." for name in PACES)
        raise UsageError(f"{address!a} is no address: {ways}", "For example: mail:me@example.com.")
    post, now = post_of(runtime), SystemClock().now()
    wishes = post.wishes(address)
    if words:
        wishes = CHANGES[what](wishes, words, now)
        post.wish(address, wishes, by=by, at=now)
    return WishesView(now, address, described(wishes, now))


def _alerts(wishes: Wishes, words: Words, _now: datetime) -> Wishes:
    if len(words) != 2:
        raise UsageError("name a kind and on, silent, off or digest", "For example: trade silent.")
    return switched(wishes, words[0].lower(), words[1].lower())


def _quiet(wishes: Wishes, words: Words, _now: datetime) -> Wishes:
    return quieted(wishes, "".join(words))


def _mute(wishes: Wishes, words: Words, now: datetime) -> Wishes:
    if len(words) != 1:
        raise UsageError("say for how long", "For example: 1h, or off.")
    if words[0].lower() == "off":
        return muted(wishes, None, now)
    try:
        return muted(wishes, duration(words[0].lower()), now)
    except ArgumentTypeError as error:
        raise UsageError(str(error)) from error


CHANGES: Mapping[str, Callable[[Wishes, Words, datetime], Wishes]] = {
    "alerts": _alerts,
    "quiet": _quiet,
    "mute": _mute,
}
