"""How a person wants to be told: each kind on, silent, off, or in the digest; quiet hours, and a mute for a while.

    Wishes() as told by default: what was decided by rule or waits for nobody comes together, everything else at once
    22:00 in quiet hours 22:00-07:00 New York: a trade waits for the digest of 07:00, a halt rings

What is critical has no wish: it always comes at once and with sound. In a quiet hour an approval comes without sound,
because it runs out while the person sleeps and a digest would be too late for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.errors import UsageError
from trading.store.messages.message import Kind

ZONE = "America/New_York"
ALWAYS = frozenset({Kind.CRITICAL, Kind.REPLY})
LONGEST_MUTE = timedelta(days=7)
_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]):([0-5]\d)")


class Wish(StrEnum):
    """What becomes of one kind."""

    ON = "on"
    SILENT = "silent"
    OFF = "off"
    DIGEST = "digest"


class Handling(StrEnum):
    """What becomes of one message now."""

    RING = "ring"
    SILENT = "silent"
    HOLD = "hold"
    DROP = "drop"


USUAL: Mapping[Kind, Wish] = {
    Kind.APPROVAL: Wish.ON,
    Kind.TRADE: Wish.ON,
    Kind.BLOCKED: Wish.SILENT,
    Kind.HEADROOM: Wish.ON,
    Kind.CYCLE: Wish.DIGEST,
    Kind.REPORT: Wish.SILENT,
    Kind.FAILURE: Wish.ON,
}
"""The kinds that can be switched, and how they stand where nobody has said anything."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """One person's. ``quiet`` is from when to when in ``zone``, ``digest_at`` when the digest of a day comes."""

    kinds: Mapping[Kind, Wish] = field(default_factory=dict)
    quiet: tuple[time, time] | None = None
    zone: str = ZONE
    digest_at: time = time(16, 45)
    muted_until: datetime | None = None
    later: bool = False
    """What is critical comes to this address only once nobody has acknowledged it elsewhere."""

    def of(self, kind: Kind) -> Wish:
        """How one kind stands."""
        return Wish.ON if kind in ALWAYS else self.kinds.get(kind, USUAL[kind])

    def handling(self, kind: Kind, now: datetime) -> Handling:
        """What becomes of a message of this kind now."""
        if kind in ALWAYS:
            return Handling.RING
        wish = self.of(kind)
        if wish is Wish.OFF:
            return Handling.DROP
        if self.is_quiet(now):
            return Handling.SILENT if kind is Kind.APPROVAL else Handling.HOLD
        return {Wish.ON: Handling.RING, Wish.SILENT: Handling.SILENT, Wish.DIGEST: Handling.HOLD}[wish]

    def is_quiet(self, now: datetime) -> bool:
        """In quiet hours, or muted."""
        if self.muted_until is not None and now < self.muted_until:
            return True
        if self.quiet is None:
            return False
        begins, ends = self.quiet
        local = now.astimezone(ZoneInfo(self.zone)).time()
        # Hours over midnight are two pieces of a day.
        return begins <= local < ends if begins < ends else local >= begins or local < ends

    def digest_due(self, held_since: datetime, now: datetime) -> bool:
        """Whether the hour of the digest has come for what is held since then; a quiet hour is none."""
        return not self.is_quiet(now) and self._next_digest(held_since) <= now

    def _next_digest(self, since: datetime) -> datetime:
        local = since.astimezone(ZoneInfo(self.zone))
        today = local.replace(hour=self.digest_at.hour, minute=self.digest_at.minute, second=0, microsecond=0)
        return today if today > local else today + timedelta(days=1)


def switched(wishes: Wishes, kind: str, wish: str) -> Wishes:
    """``/alerts trade silent``; what is critical cannot be switched."""
    if kind == Kind.CRITICAL:
        raise UsageError("what is critical cannot be switched off", "Acknowledge it, and it stops repeating.")
    if kind not in USUAL or wish not in set(Wish):
        raise UsageError(f"there is no {kind[:40]} {wish[:40]}", f"Kinds: {', '.join(USUAL)}; {', '.join(Wish)}.")
    return replace(wishes, kinds={**wishes.kinds, Kind(kind): Wish(wish)})


def quieted(wishes: Wishes, hours: str) -> Wishes:
    """``/quiet 22:00-07:00``, ``/quiet off``."""
    if hours.strip().lower() == "off":
        return replace(wishes, quiet=None)
    found = _HOURS.fullmatch(hours.strip())
    if found is None:
        raise UsageError(f"{hours[:40]!r} are no hours", "Write them like 22:00-07:00, or off.")
    begins, ends = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if begins == ends:
        raise UsageError("these hours begin when they end", "Write them like 22:00-07:00, or off.")
    return replace(wishes, quiet=(begins, ends))


def muted(wishes: Wishes, lasting: timedelta | None, now: datetime) -> Wishes:
    """``/mute 1h``; None ends it. A week at most, because a mute that is forgotten hides what somebody should see."""
    return replace(wishes, muted_until=None if lasting is None else now + min(lasting, LONGEST_MUTE))


def described(wishes: Wishes, now: datetime) -> tuple[str, ...]:
    """The wishes in lines for the person."""
    quiet = "none" if wishes.quiet is None else f"{wishes.quiet[0]:%H:%M}-{wishes.quiet[1]:%H:%M} {wishes.zone}"
    lines = [f"{kind.value}: {wishes.of(kind).value}" for kind in USUAL]
    lines += ["critical: always", f"quiet hours: {quiet}", f"digest at {wishes.digest_at:%H:%M} {wishes.zone}"]
    if wishes.muted_until is not None and now < wishes.muted_until:
        lines.append(f"muted until {wishes.muted_until:%Y-%m-%d %H:%M}Z")
    return tuple(lines)


def body_of(wishes: Wishes) -> dict[str, object]:
    """As it is stored."""
    return {
        "kinds": {kind.value: wish.value for kind, wish in wishes.kinds.items()},
        "quiet": None if wishes.quiet is None else [f"{each:%H:%M}" for each in wishes.quiet],
        "zone": wishes.zone,
        "digest_at": f"{wishes.digest_at:%H:%M}",
        "muted_until": None if wishes.muted_until is None else wishes.muted_until.isoformat(),
        "later": wishes.later,
    }


def wishes_in(body: Mapping[str, object]) -> Wishes:
    """As it was stored."""
    kinds, quiet, muted_until = body["kinds"], body["quiet"], body["muted_until"]
    return Wishes(
        kinds={Kind(kind): Wish(wish) for kind, wish in kinds.items()} if isinstance(kinds, Mapping) else {},
        quiet=(time.fromisoformat(quiet[0]), time.fromisoformat(quiet[1])) if isinstance(quiet, list) else None,
        zone=str(body["zone"]),
        digest_at=time.fromisoformat(str(body["digest_at"])),
        muted_until=None if muted_until is None else datetime.fromisoformat(str(muted_until)),
        later=body["later"] is True,
    )
