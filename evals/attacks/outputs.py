"""Hostile and broken answers of models: one whole document a role, and everything that can be wrong with one.

    forms    no document at all, two of them, cut, flipped, fenced, too long, too deep, doubled keys, raw numbers
    fields   each field, also of nested objects, set to something of another kind, size or meaning; missing; one more
    endings  answers that did not end by themselves, and errors that clients raise

Of the fields each role gets the same number, drawn with a fixed seed.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from agents.llm import Role

MOST_FIELDS = 200
# Of a whole document: at so many places cut off, so many times with three characters changed.
CUTS = FLIPS = 45
SEED = 7
# As much as the product reads of an answer; ``too_long`` is one character more.
LARGE = 64 * 1024
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RoleAnswer:
    """One answer of a role. ``ending`` is the finish reason or the name of an error; ``good`` ones must be accepted."""

    role: Role
    kind: str
    name: str
    text: str
    ending: str = "stop"
    good: bool = False


@lru_cache(maxsize=1)
def spoilers() -> Mapping[str, Any]:
    """What documents look like, and what is put into them."""
    text = resources.files("evals.attacks").joinpath("outputs.json").read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


def answers(role: Role) -> Iterator[RoleAnswer]:
    """All answers of one role: controls first."""
    document = spoilers()["documents"][role]
    whole = json.dumps(document)
    for name, text in _controls(role, document, whole).items():
        yield RoleAnswer(role, "control", name, text, good=True)
    for name, text in _forms(document, whole).items():
        yield RoleAnswer(role, "form", name, text)
    fields = list(_fields(document))
    for name, text in random.Random(SEED).sample(fields, min(MOST_FIELDS, len(fields))):
        yield RoleAnswer(role, "field", name, text)
    for ending in spoilers()["endings"]:
        yield RoleAnswer(role, "ending", ending, whole, ending)


def _controls(role: Role, document: Document, whole: str) -> dict[str, str]:
    others = {f"variant-{place}": json.dumps(document | change) for place, change in enumerate(_variants(role), 1)}
    return {
        "as_asked": whole,
        "indented": json.dumps(document, indent=4),
        "other_order": json.dumps(dict(reversed(document.items()))),
        "escaped": whole.replace('"s', '"\\u0073'),
        "padded_to_64_kib": whole + " " * (LARGE - len(whole)),
        **others,
    }


def _variants(role: Role) -> list[Document]:
    found: list[Document] = spoilers()["variants"].get(role, [])
    return found


def _forms(document: Document, whole: str) -> dict[str, str]:
    chance = random.Random(SEED)
    made = {f"text-{place}": text for place, text in enumerate(spoilers()["texts"])}
    made |= {f"cut-{place}": whole[: len(whole) * place // CUTS] for place in range(CUTS)}
    made |= {f"flip-{place}": _flipped(whole, chance) for place in range(FLIPS)}
    made |= {f"twice-{key}": f'{{"{key}": {json.dumps(value)}, {whole[1:]}' for key, value in document.items()}
    for key, value in document.items():
        told = f'"{key}": {json.dumps(value)}'
        made |= {
            f"raw-{key}-{raw[:12]}": whole.replace(told, f'"{key}": {raw}') for raw in spoilers()["raw_numbers"][:4]
        }
    return made | {
        "two": whole + whole,
        "two_lines": f"{whole}\n{whole}",
        "in_a_list": f"[{whole}]",
        "as_text": json.dumps(whole),
        "fenced": f"```json\n{whole}\n```",
        "talked_about": f"Sure! Here is the answer you asked for:\n{whole}\nLet me know if you need more.",
        "single_quotes": whole.replace('"', "'"),
        "trailing_comma": f"{whole[:-1]},}}",
        "comment": f"{whole[:-1]} /* ok */}}",
        "base64": base64.b64encode(whole.encode()).decode(),
        "utf_16": whole.encode("utf-16").decode("latin-1"),
        "nul": whole.replace(":", ":\x00", 1),
        "too_long": whole + " " * (LARGE + 1 - len(whole)),
        "long_text": json.dumps({"a": "x" * LARGE})[:LARGE],
        "deep_lists": "[" * 5_000,
        "deep_objects": '{"a":' * 5_000,
        "deep_and_closed": "[" * 5_000 + "]" * 5_000,
        "huge_number": f'{whole[:-1]}, "n": {"9" * 20_000}}}',
        "many_keys": json.dumps({f"k{place}": place for place in range(4_000)}),
        "many_items": json.dumps({key: [value] * 400 for key, value in document.items()})[:LARGE],
    }


def _flipped(whole: str, chance: random.Random) -> str:
    """Three characters replaced by others that JSON knows."""
    letters = list(whole)
    for _ in range(3):
        letters[chance.randrange(len(letters))] = chance.choice('{}[]",:-0e\\ \x01')
    return "".join(letters)


def _fields(document: Document) -> Iterator[tuple[str, str]]:
    """Every field spoilt by every spoiler, one at a time; one missing; one more."""
    for path in _paths(document):
        name = ".".join(map(str, path))
        for place, value in enumerate(spoilers()["values"]):
            yield f"{name}-{place}", json.dumps(_with(document, path, value))
        if isinstance(path[-1], str):
            yield f"{name}-missing", json.dumps(_without(document, path))
            yield f"{name}-renamed", json.dumps(_with(_without(document, path), (*path[:-1], f"{path[-1]} "), 1))
    for key, value in spoilers()["extra"].items():
        yield f"extra-{key}", json.dumps({**document, key: value})


Path = tuple[str | int, ...]


def _paths(node: Any, before: Path = ()) -> Iterator[Path]:
    """Places of all fields and list items, outer ones first."""
    items = node.items() if isinstance(node, dict) else enumerate(node[:1]) if isinstance(node, list) else ()
    for key, value in items:
        yield (*before, key)
        yield from _paths(value, (*before, key))


def _with(node: Any, path: Path, value: Any) -> Any:
    """A copy with one place set; the place itself may be new."""
    if not path:
        return value
    first, rest = path[0], path[1:]
    if isinstance(node, list):
        return [_with(item, rest, value) if place == first else item for place, item in enumerate(node)]
    return {**node, first: _with(node.get(first), rest, value)}


def _without(node: Any, path: Path) -> Any:
    first, rest = path[0], path[1:]
    if isinstance(node, list):
        return [_without(item, rest) if place == first else item for place, item in enumerate(node)]
    if not rest:
        return {key: item for key, item in node.items() if key != first}
    return {**node, first: _without(node[first], rest)}
