"""Releasing: what this process runs, put in force at a start or held back until the owner accepts it.

The code is known by one digest over every Python file of our rooms, the prompts and the policy by theirs.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from domain.case import Release
from domain.errors import IntegrityError, ManualActionError
from interfaces.lazy import ROOMS
from interfaces.runtime import Runtime
from interfaces.telling.looking import limit_changes
from interfaces.views.control import LimitChange, PolicyChangeView
from policies.kill_switch import KillSwitch
from policies.policy import Policy
from policies.release import PolicyShift, Step, standing
from prompts.loader import prompt_digest
from trading.store.control import ControlStore
from trading.store.database import Database

ROOT = Path(__file__).parents[2]
REMEDY = "sage limits --accept"
_REASONS = {
    Step.FIRST: "the first start of this home",
    Step.NEWER: "a newer start with other code or prompts",
    Step.TIGHTER: "a policy that only tightens",
}
_SHOWN = 3


@lru_cache(maxsize=2)
def code_digest(root: Path = ROOT) -> str:
    """SHA-256 over path and content of every Python file of our rooms, taken once a process."""
    files = [*root.glob("*.py"), *(path for room in ROOMS for path in (root / room).rglob("*.py"))]
    ours = sorted({path.relative_to(root).as_posix(): path for path in files if _is_ours(path, root)}.items())
    if not ours:
        raise IntegrityError(f"there is no code in {root}", "Install Sage anew.")
    hashed = hashlib.sha256()
    for name, path in ours:
        # A length of its own for each part: no file can end where another one's name begins.
        hashed.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return hashed.hexdigest()


def release_of(policy: Policy) -> Release:
    """What this process runs."""
    return Release(code_digest(), policy.digest, prompt_digest())


def put_in_force(
    database: Database, control: ControlStore, ours: Release, policy: Policy, *, at: datetime, trades: bool
) -> PolicyShift:
    """Put this start's release in force where that needs no owner; one that only looks changes nothing but a first.

    Read, compared and written in one transaction, so that two starts at once follow one another.
    """
    with database.transaction():
        found = present(control, ours, policy)
        if found.step is Step.FIRST or (trades and found.step in (Step.NEWER, Step.TIGHTER)):
            by = "owner" if found.step is Step.FIRST else "start"
            control.put_in_force(ours, policy, by=by, at=at, reason=_REASONS[found.step], changes=found.changes)
    return found


def present(control: ControlStore, ours: Release, policy: Policy) -> PolicyShift:
    """How this start stands to what is in force now; a control plane that cannot be read lets nothing in."""
    now = control.read()
    if now.readable is not True:
        return PolicyShift(Step.LOOSER)
    return standing(now.release, control.policy_in_force(), ours, policy)


class StartFinding(NamedTuple):
    """What a start found that the owner has to know, and whether its policy waits for their word."""

    text: str
    waits: bool


def kills_at_start(control: ControlStore, latch: KillSwitch, *, at: datetime) -> str:
    """Take over a kill that fell while nothing ran; what to tell of one whose traces somebody has removed.

    The journal of a new home is begun here, so that from then on its loss shows.
    """
    damage, unseen = control.kills.damage(), control.kills.unseen()
    engaged, removed = latch.engaged(), latch.removed_by_hand()
    if not (engaged or damage or unseen):
        # A home that has seen no line yet has no journal either, and without one nobody could miss it.
        if control.kills.seen().lines == 0:
            latch.begin_journal(at.isoformat())
        control.kills.remember(at=at)
        return ""
    key = latch.stamp() if engaged else control.kills.seen()
    control.set_killed(True, by="latch", at=at, reason=damage or unseen or "the latch file is set")
    what = damage
    if removed:
        what = f"the latch file {latch.path.name} was removed by hand"
    elif not engaged and not damage:
        what = f"{unseen}, and nothing of it was left but the journal"
    if not what:
        return ""
    what += "; it is still killed, only `sage resume` lifts that"
    if control.incident(f"latch:{key}", what, at=at):
        logging.getLogger(__name__).warning("%s", what)
    return what


def notice(found: PolicyShift, policy: Policy) -> str:
    """One line for a policy that waits for the owner; empty where nothing does."""
    if not found.needs_owner:
        return ""
    told = [f"{change.name} {shown(change.old)} -> {shown(change.new)}" for change in found.looser]
    more = f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    what = f"loosens {', '.join(told[:_SHOWN])}{more}" if told else "cannot be compared with the one in force"
    return f"the policy {policy.profile} {what}: nothing is entered under it until `{REMEDY}`"


def shown(value: object) -> str:
    """One value of a limit in a line."""
    if isinstance(value, (frozenset, set)):
        return "/".join(sorted(map(str, value))) or "none"
    return "not set" if value is None else str(value)


def waiting(runtime: Runtime) -> PolicyChangeView:
    """The policy this start was given, against the one in force."""
    control, policy = runtime.deps.stores.control, runtime.deps.policy
    found, old = present(control, runtime.deps.desk.release or release_of(policy), policy), control.policy_in_force()
    changes: Sequence[LimitChange] = () if old is None else limit_changes(old, policy)
    return PolicyChangeView(
        as_of=runtime.deps.clock.now(),
        profile=policy.profile,
        old_digest=control.read().policy_digest,
        new_digest=policy.digest,
        in_force=not found.needs_owner,
        changes=tuple(changes),
        note=notice(found, policy) or "this policy needs nobody's word",
    )


def accept(runtime: Runtime, shown_digest: str) -> PolicyChangeView:
    """The owner's word: the policy of this start is in force from here on, looser or not."""
    deps, before = runtime.deps, waiting(runtime)
    if before.old_digest != shown_digest:
        raise ManualActionError("another policy came into force in the meantime", f"Look again: `{REMEDY}`.")
    if before.in_force:
        return before
    old = deps.stores.control.policy_in_force()
    found = present(deps.stores.control, release_of(deps.policy), deps.policy)
    reason = "accepted by the owner" if old is not None else "accepted by the owner without a comparison"
    deps.stores.control.put_in_force(
        release_of(deps.policy), deps.policy, by="owner", at=deps.clock.now(), reason=reason, changes=found.changes
    )
    view = waiting(runtime)
    return PolicyChangeView(
        view.as_of, view.profile, before.old_digest, view.new_digest, True, before.changes, "in force from now on"
    )


def _is_ours(path: Path, root: Path) -> bool:
    """Installed, the rooms stand among other people's packages, whose modules are no code of ours."""
    return path.parent != root or path.stem in ("app", *ROOMS)
