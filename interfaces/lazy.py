"""Rooms on first use: inside the block an import names a module and runs it only when its first attribute is asked for.

    with rooms_on_first_use():
        import trading.store.orders as order_store

Readers, type checkers and the import contracts see ordinary imports; the interpreter's ``LazyLoader`` does the rest.
Packages themselves are loaded at once (they are empty), and modules that are loaded already stay as they are.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import LazyLoader
from types import ModuleType

ROOMS = frozenset(
    {
        "agents",
        "composition",
        "domain",
        "evals",
        "graphs",
        "interfaces",
        "memory",
        "policies",
        "prompts",
        "settings",
        "tools",
        "trading",
    }
)


class RoomFinder(MetaPathFinder):
    """Finds our own modules as everybody does, and gives them a lazy loader."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of one of our modules; None leaves the name to the other finders."""
        if fullname.partition(".")[0] not in ROOMS:
            return None
        # A room that is run inside somebody else's block brings a finder of its own: the two must not ask each other.
        others = (finder for finder in sys.meta_path if not isinstance(finder, RoomFinder))
        found = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None and spec.submodule_search_locations is None:
            spec.loader = LazyLoader(spec.loader)
        return spec


@contextmanager
def rooms_on_first_use() -> Iterator[None]:
    """Imports of our rooms inside the block are lazy."""
    finder = RoomFinder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
