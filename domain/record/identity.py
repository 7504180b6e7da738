"""A value as a key by being this very one, so that what was made of it once is found again.

Equality would not do: ``True`` and ``1`` are equal and are written differently, and comparing two records takes as long
as writing one.
"""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Itself(Generic[T]):
    """Equal to another one of the same object, and keeps it alive, so that no other takes its place."""

    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Itself) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)
