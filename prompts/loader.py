"""Prompts are versioned files: a short header, a system part and a user part with ``{{variable}}`` slots.

Rendering is strict and single-pass: every declared variable is given, no other is, and a value is never scanned for
slots again, so that text put into a slot cannot open another one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from domain.errors import ConfigurationError
from domain.record.canonical import digest

NAMES = ("advisor", "decider", "explainer", "inspector", "learner", "monitor", "reader", "repair")
TALK = ("chat",)
"""Prompts on which no decision rests, and which no release has to name: whoever answers to them cannot act."""
_FILE = re.compile(r"---\n(?P<header>.*?)\n---\n+# System\n+(?P<system>.*?)\n+# User\n+(?P<user>.*)", re.DOTALL)
_SLOT = re.compile(r"\{\{([a-z_]+)\}\}")
_HEADER = frozenset({"id", "version", "variables", "output"})


@dataclass(frozen=True, slots=True)
class Rendered:
    """The two messages of one request."""

    system: str
    user: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt file. ``output`` names the document the model answers with; ``digest`` covers the file's bytes."""

    id: str
    version: str
    variables: tuple[str, ...]
    output: str
    system: str
    user: str
    digest: str

    def render(self, **variables: str) -> Rendered:
        """Fill every slot; a missing or an extra variable is a ConfigurationError."""
        wanted, given = set(self.variables), set(variables)
        if wanted != given:
            raise ConfigurationError(
                f"prompt {self.id} misses {sorted(wanted - given)} and does not know {sorted(given - wanted)}",
                "Give exactly the variables its header names.",
            )
        return Rendered(_fill(self.system, variables), _fill(self.user, variables))


@lru_cache(maxsize=len(NAMES) + len(TALK))
def load(name: str) -> Prompt:
    """The prompt of that name, from the wheel or the checkout."""
    if name not in (*NAMES, *TALK):
        raise ConfigurationError(f"there is no prompt {name!r}", f"Known are {', '.join(NAMES)}.")
    return parse(name, _source(name).read_bytes())


def parse(name: str, content: bytes) -> Prompt:
    """Read a prompt file; refuses a header that lacks or adds a key, or that disagrees with the slots in the text."""
    found = _FILE.fullmatch(content.decode("utf-8").strip())
    header = _header(found.group("header")) if found else {}
    if found is None or set(header) != _HEADER or header["id"] != name:
        raise ConfigurationError(f"prompt file {name}.md has no proper header", "Give id, version, variables, output.")
    variables = tuple(sorted(part.strip() for part in header["variables"].split(",") if part.strip()))
    system, user = found.group("system").strip(), found.group("user").strip()
    used = set(_SLOT.findall(system)) | set(_SLOT.findall(user))
    if used != set(variables):
        raise ConfigurationError(
            f"prompt file {name}.md declares {list(variables)} and uses {sorted(used)}", "Make them agree."
        )
    # Over the whole file: another version or output is another prompt, even with the same words.
    hashed = hashlib.sha256(content).hexdigest()
    return Prompt(name, header["version"], variables, header["output"], system, user, hashed)


def read_prompts(place: Path) -> dict[str, Prompt]:
    """Prompt files that are none of ours, by the name of the prompt that each stands for: one file, or a folder's."""
    paths = sorted(place.glob("*.md")) if place.is_dir() else [place]
    try:
        found = {path.stem: parse(path.stem, path.read_bytes()) for path in paths if path.stem in NAMES}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the prompt {place} cannot be read", "Name a Markdown file or a folder.") from error
    if not found:
        raise ConfigurationError(f"there is no prompt in {place}", f"Files are called {', '.join(NAMES)}, with .md.")
    return found


def prompt_digest() -> str:
    """One digest over all prompt files: what processes compare and records keep."""
    return digest({name: load(name).digest for name in NAMES})


def _source(name: str) -> Traversable:
    return files("prompts").joinpath(f"{name}.md")


def _header(text: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _fill(template: str, variables: Mapping[str, str]) -> str:
    # A function and no template, in which `re` would read the backslashes of a value.
    return _SLOT.sub(lambda match: variables[match.group(1)], template)
