"""Names of settings, as people write them: what was probably meant by one that nobody reads.

    SAGE_BROKR   -> SAGE_BROKER       misspelt: it would leave the broker as it is, unseen
    SAGE_ROOT    -> none of ours      SageMath's own, which is no business of ours

In a file of ours every name has to be one that is known. The environment is everybody's: there a name is refused only
where it is nearly one of ours. The prefix that all of ours have is left out of that: with it each is like every other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

from domain.errors import ConfigurationError

ALIKE = 0.7
"""Twice the letters in common, over the letters of both: BROKR and BROKER have 0.91, ROOT and MODE 0.25."""


def known_only(file: str, names: Iterable[str], known: Collection[str], tables: Iterable[str] = ()) -> None:
    """ConfigurationError for a name in a file that is not known, with the nearest of those and of the file's tables."""
    for name in names:
        if name not in known:
            near = get_close_matches(name, (*known, *tables), n=1)
            raise ConfigurationError(
                f"{file} sets {name}, which is no setting{f' ({near[0]}?)' if near else ''}",
                f"Write it so, or take it out of {file}." if near else f"Take it out of {file}.",
            )


def none_misspelt(variables: Mapping[str, str | None], known: Collection[str], prefix: str) -> None:
    """ConfigurationError for a variable of the environment that is nearly a known one; an empty one is not set."""
    for name, value in variables.items():
        near = meant_by(name, known, prefix) if value else None
        if near is not None:
            raise ConfigurationError(
                f"the environment sets {name}, which is no setting ({near}?)",
                f"Write it so, or take it out with `unset {name}`.",
            )


def meant_by(name: str, known: Collection[str], prefix: str) -> str | None:
    """The known name that was probably meant by one of that prefix which is not known; None for any other."""
    if name in known or not name.startswith(prefix):
        return None
    rests = [each.removeprefix(prefix) for each in known if each.startswith(prefix)]
    near = get_close_matches(name.removeprefix(prefix), rests, n=1, cutoff=ALIKE)
    return f"{prefix}{near[0]}" if near else None
