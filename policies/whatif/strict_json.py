"""One line, one JSON object, and nothing that two readers could take for two different things.

The standard parser keeps the last of two equal keys, reads NaN, and rounds 0.1 to a binary float. Here each of them is
refused before anybody calculates: equal keys, a second document behind the first, bytes that are no UTF-8, half
characters, and nesting that no case needs. A number that is not a short whole one stays the text it was written as
(``Inexact``), so that whoever reads the field can name it: 0.1 belongs in quotation marks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from domain.errors import DataQualityError

# A case is some ten thousand bytes: what is longer is no case, and is not to fill the memory.
LONGEST_LINE = 1_000_000
# Below 10^18, as ``domain.money`` draws the line.
LONGEST_WHOLE = 18


@dataclass(frozen=True, slots=True)
class Inexact:
    """A JSON number or literal as it was written, which no field takes: ``1.5``, ``1e308``, ``NaN``, 400 digits."""

    literal: str

    def __str__(self) -> str:
        """The literal."""
        return self.literal


def read_object(line: bytes) -> dict[str, Any]:
    """The one object of a line; DataQualityError says what else it is."""
    if len(line) > LONGEST_LINE:
        raise _refused(f"the line is longer than {LONGEST_LINE} bytes")
    try:
        text = line.decode("utf-8")
        value = json.loads(
            text, object_pairs_hook=_unique, parse_float=Inexact, parse_constant=Inexact, parse_int=_whole
        )
        # A half character passes the parser, as an escape, and breaks whatever encodes it later.
        if "\\ud" in text.lower():
            json.dumps(value, ensure_ascii=False, default=str).encode()
    except json.JSONDecodeError as error:
        raise _refused(f"the line is not one JSON object: {error.msg} at column {error.colno}") from error
    except (UnicodeError, RecursionError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else "not valid UTF-8 text"
        raise _refused(f"the line is {what}") from error
    if not isinstance(value, dict):
        raise _refused(f"the line holds {_kind(value)}, not an object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _refused(f"the key {key[:60]!r} stands twice in one object")
        found[key] = value
    return found


def _whole(text: str) -> int | Inexact:
    return int(text) if len(text) <= LONGEST_WHOLE else Inexact(text)


def _kind(value: Any) -> str:
    return {list: "a list", str: "a text", bool: "true or false", int: "a number", Inexact: "a number"}.get(
        type(value), "null"
    )


def _refused(what: str) -> DataQualityError:
    return DataQualityError(what, "Write one case a line.")
