"""The restricted list: symbols that nothing new is bought of, each with who said so, why, and until when.

A restriction is the pause of one symbol under the name that a trader gives it: gate A3 refuses new exposure in it, and
what is held of it can be sold at any time. Whoever may add to the list can only tighten it; only the owner takes off.
"""

from __future__ import annotations

from datetime import timedelta

from domain.errors import UsageError
from interfaces.acting.controlling import known_name, pause, view_of
from interfaces.runtime import Runtime
from interfaces.telling.looking import standing
from interfaces.views.control import ControlView, LocksView

SCOPE, EVERYTHING = "symbol", "global"
NO_REASON = "no reason given"


def restrict(runtime: Runtime, name: str, lasting: timedelta | None, reason: str, by: str) -> ControlView:
    """Refuse new entries of a symbol; exits stay possible."""
    view = pause(runtime, SCOPE, name, lasting, reason or NO_REASON, by=by)
    return ControlView(
        view.as_of, "restrict", view.trading_state, view.kill_switch, view.paused,
        f"{known_name(runtime, SCOPE, name)} is restricted: new entries stop, exits go on",
    )  # fmt: skip


def allow(runtime: Runtime, name: str, by: str) -> ControlView:
    """Take a symbol off the list, which is also how its pause is lifted."""
    name = known_name(runtime, SCOPE, name)
    if not runtime.deps.stores.control.resume(SCOPE, name, by=by, at=runtime.deps.clock.now()):
        raise UsageError(f"{name} is not restricted", "See `sage locks`.")
    return view_of(runtime, "allow", f"{name} may be entered again")


def unlock(runtime: Runtime, name: str, by: str) -> ControlView:
    """Lift one lock, of a symbol or a strategy, by the name that the list shows."""
    single = [each for each in locks(runtime).locks if each.scope != EVERYTHING]
    found = next((each for each in single if each.name.lower() == name.lower()), None)
    if found is None:
        # Everything at once is lifted by a resume alone, which looks at the checklist first.
        raise UsageError(f"{name} is not locked", "See `sage locks`; `sage resume` lifts a pause of everything.")
    runtime.deps.stores.control.resume(found.scope, found.name, by=by, at=runtime.deps.clock.now())
    return view_of(runtime, "unlock", f"{found.name} may be entered again")


def locks(runtime: Runtime) -> LocksView:
    """Everything that stops new entries by somebody's word: symbols, strategies, or all."""
    now = runtime.deps.clock.now()
    pauses = runtime.deps.stores.control.read().pauses
    return LocksView(now, standing(pauses, now))
