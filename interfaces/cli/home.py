"""Where the home folder is, by the standard library alone: for the one command that cannot wait for the settings.

The order is that of the settings: the command line, the environment, ``.env``, ``sage.toml``, ``.sage``.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

NAME = "SAGE_HOME"
DEFAULT = ".sage"


def home_folder(told: str | None) -> Path:
    """The folder; a settings file that cannot be read counts as one that does not name it."""
    return Path(told or os.environ.get(NAME) or _from_env_file() or _from_toml() or DEFAULT)


def _from_env_file() -> str:
    for line in _text(".env").splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        if name.strip() == NAME:
            return value.split(" #")[0].strip().strip("'\"")
    return ""


def _from_toml() -> str:
    try:
        named = tomllib.loads(_text("sage.toml")).get(NAME, "")
    except tomllib.TOMLDecodeError:
        return ""
    return named if isinstance(named, str) else ""


def _text(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
