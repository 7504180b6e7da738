"""Rereading: the policy file of a start, read again while the process lives; what tightens comes into force at once.

    the same as before             nothing
    tighter in every limit         in force, with every change on record
    looser in any                  the old one stays, and the owner is told
    cannot be read                 the old one stays, and nothing is entered until it can be read (gate A5)

A file that cannot be read may have been meant to tighten, so going on as before would be a guess.
"""

from __future__ import annotations

from typing import NamedTuple

from domain.errors import ConfigurationError
from domain.ids import derive
from domain.record.alerts import Alert, AlertCode, Severity
from interfaces.acting.releasing import notice, present, release_of
from interfaces.runtime import Runtime
from interfaces.telling.announcing import announce_alerts
from policies.policy import Policy, compare_policies, load_policy
from policies.release import PolicyShift, Step, guarded


class Reread(NamedTuple):
    """What reading it came to: whether the policy has changed, and a line to tell."""

    changed: bool
    told: str = ""


def reread(runtime: Runtime) -> Reread:
    """Read the policy of this start again, before each cycle of a process that runs for long.

    The desk judges by what was found from here on, and everybody else asks the desk.
    """
    running = runtime.deps.desk.policy
    if not runtime.setup.policy_source:
        return Reread(False)
    try:
        found = load_policy(runtime.setup.policy_source)
    except ConfigurationError as error:
        told = f"{error.what}; the policy of before goes on, and nothing is entered until this one can be read"
        # Without a release gate A5 lets no entry through; exits do not ask it.
        runtime.deps.desk.adopt(guarded(running), None)
        _tell(runtime, AlertCode.POLICY_UNREADABLE, Severity.CRITICAL, told)
        return Reread(False, told)
    step = _put_in_force(runtime, found)
    if step.needs_owner:
        runtime.deps.desk.adopt(guarded(running), release_of(running))
        told = notice(step, found)
        _tell(runtime, AlertCode.POLICY_WAITS, Severity.WARNING, told)
        return Reread(False, told)
    # Adopted although it is the same: an earlier look may have found the file unreadable and taken the release away.
    if found.digest == running.digest:
        runtime.deps.desk.adopt(found, release_of(found))
        return Reread(False)
    return _adopted(runtime, running, found)


def _put_in_force(runtime: Runtime, found: Policy) -> PolicyShift:
    """Put what only tightens in force, unless another release is: a process of old code must not put that back."""
    control, now, ours = runtime.deps.stores.control, runtime.deps.clock.now(), release_of(found)
    with runtime.deps.stores.database.transaction():
        step, at_work = present(control, ours, found), control.read().release
        same_code = at_work is not None and (at_work.code, at_work.prompts) == (ours.code, ours.prompts)
        if step.step is Step.TIGHTER and same_code:
            reason = "the policy of a running process was tightened"
            control.put_in_force(ours, found, by="reload", at=now, reason=reason, changes=step.changes)
    return step


def _adopted(runtime: Runtime, running: Policy, found: Policy) -> Reread:
    runtime.deps.desk.adopt(found, release_of(found))
    names = ", ".join(change.name for change in compare_policies(running, found))
    told = f"the policy {found.profile} was changed while running and is followed from here on: {names}"
    _tell(runtime, AlertCode.POLICY_TIGHTENED, Severity.INFO, told)
    return Reread(True, told)


def _tell(runtime: Runtime, code: AlertCode, severity: Severity, words: str) -> None:
    """An alert, once for the same words."""
    at = runtime.deps.clock.now()
    runtime.deps.stores.control.alerts.raised(Alert(severity, code, words, derive("alr", code, words), at))
    announce_alerts(runtime)
