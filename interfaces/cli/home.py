"""Where the home folder is, by the standard library alone: for the one command that cannot wait for the settings.

The order is that of the settings: the command line, the environment, ``.env``, ``sage.toml``, ``.sage``.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

NAME = "SAGE_HOME"
DEFAULT = ".sage"
LATCH = "killed"
"""Name of the kill latch in it."""
# A line in the forms that the settings' own reader takes; tests/unit/interfaces/test_home.py holds them together.
_LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>[^\s=#'"]+)[ \t]*=[ \t]*"""
    r"""(?:'(?P<single>(?:\\.|[^'\\])*)'|"(?P<double>(?:\\.|[^"\\])*)"|(?P<bare>[^\r\n]*))""",
    re.MULTILINE,
)
_NAMED = re.compile(r"\$\{(?P<name>[^}:]*)(?::-(?P<default>[^}]*))?\}")
_TOML_LINE = re.compile(rf"""^[ \t]*{NAME}[ \t]*=[ \t]*(?P<quote>["'])(?P<named>[^"'\\]+)(?P=quote)""", re.MULTILINE)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def home_folder(told: str | None) -> Path:
    """The folder; a settings file that cannot be read counts as one that does not name it."""
    if told is not None:
        return Path(told)
    named = os.environ.get(NAME) or _env_file().get(NAME)
    return Path(named or _from_toml())


def _env_file() -> dict[str, str]:
    """The assignments of ``.env`` as the settings read them: quotes, comments, ``${NAME}``; the last one counts."""
    found: dict[str, str] = {}
    for line in _LINE.finditer(_text(".env")):
        found[line["name"]] = _NAMED.sub(lambda named: _filled(named, found), _value(line))
    return found


def _value(line: re.Match[str]) -> str:
    if line["single"] is not None:
        return re.sub(r"\\([\\'])", r"\1", line["single"])
    if line["double"] is not None:
        return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), line["double"])
    return re.sub(r"\s+#.*", "", line["bare"]).strip()


def _filled(named: re.Match[str], found: dict[str, str]) -> str:
    return found.get(named["name"], os.environ.get(named["name"], named["default"] or ""))


def _from_toml() -> str:
    text = _text("sage.toml")
    try:
        named = tomllib.loads(text).get(NAME, DEFAULT)
    except (ValueError, RecursionError):
        # Spoilt somewhere: the latch falls where the file once named it, and not in another home.
        line = _TOML_LINE.search(text)
        named = line["named"] if line else DEFAULT
    return named if isinstance(named, str) else DEFAULT


def _text(name: str) -> str:
    try:
        # A spoilt byte or a byte-order mark must not lead a kill to another home.
        return Path(name).read_bytes().decode("utf-8-sig", "replace")
    except OSError:
        return ""
