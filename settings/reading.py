"""Reading the settings: environment variables, then ``.env``, then ``sage.toml`` in the working folder, then defaults.

What is wrong is refused in one line, without its value, which may be a key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    DotEnvSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    TomlConfigSettingsSource,
)

from domain.errors import ConfigurationError
from settings.names import known_only, none_misspelt
from settings.variables import Settings

PREFIX = "SAGE_"
VARIABLES = tuple(str(field.alias) for field in Settings.model_fields.values())
# Everything else is read by the name of its variable alone; a table under such a name would look odd in a file.
TABLES = {"schedule": "SAGE_SCHEDULE", "models": "SAGE_MODELS", "brokers": "SAGE_BROKERS"}
"""The tables of ``sage.toml``, and the settings that they are."""
PLAIN = {
    "missing": "it is required",
    "int_type": "it should be a whole number",
    "int_parsing": "it should be a whole number",
    "int_from_float": "it should be a whole number",
    "decimal_type": "it should be a number",
    "decimal_parsing": "it should be a number",
    "float_type": "it should be a number",
    "float_parsing": "it should be a number",
    "string_type": "it should be text",
    "tuple_type": "it should be a list",
    "dict_type": "it should be a table",
    "model_type": "it should be a table",
}
"""What people are told in place of pydantic's words."""


class SageToml(TomlConfigSettingsSource):
    """``sage.toml``, whose tables ``[schedule]``, ``[models]`` and ``[brokers]`` are settings of those names."""

    def _read_file(self, file_path: Path | Traversable) -> dict[str, Any]:
        return with_tables(super()._read_file(file_path))


def with_tables(told: Mapping[str, Any]) -> dict[str, Any]:
    """What ``sage.toml`` says, by the names of variables."""
    return {TABLES.get(name, name): value for name, value in told.items()}


def load_settings(**overrides: object) -> Settings:
    """Read the settings once; ``overrides`` are command-line options that were given."""
    given = {str(Settings.model_fields[name].alias): value for name, value in overrides.items() if value is not None}
    environment = EnvSettingsSource(Settings)
    none_misspelt(environment.env_vars, VARIABLES, PREFIX)
    with _legible(".env"):
        noted = DotEnvSettingsSource(Settings)
    known_only(".env", (name for name in noted.env_vars if name.startswith(PREFIX)), VARIABLES, TABLES)
    with _legible("sage.toml"):
        told = SageToml(Settings)
    meant = (name for name, value in told.toml_data.items() if name.startswith(PREFIX) or isinstance(value, dict))
    known_only("sage.toml", meant, VARIABLES, TABLES)
    places = {"the environment": environment.env_vars, ".env": noted.env_vars, "sage.toml": told.toml_data}
    _tables_are_json(places)
    try:
        return _from(InitSettingsSource(Settings, given), environment, noted, told)
    except ValidationError as error:
        raise _refusal(error, {"the command line": given, **places}) from error


def told_alone(values: Mapping[str, object]) -> Settings:
    """These values by the names of their variables, and defaults: no environment and no file is heard."""
    return _from(InitSettingsSource(Settings, dict(values)))


def _from(*sources: PydanticBaseSettingsSource) -> Settings:
    return Settings(_build_sources=(sources, {}))


@contextmanager
def _legible(file: str) -> Iterator[None]:
    """A file that cannot be opened or understood, as one line about it."""
    try:
        yield
    # ValueError is what TOML that cannot be parsed comes as.
    except (OSError, ValueError) as error:
        told = "it has bytes that are no text" if isinstance(error, UnicodeDecodeError) else error
        raise ConfigurationError(f"settings cannot be read: {file}: {told}", f"Correct {file}.") from error


def _tables_are_json(places: Mapping[str, Mapping[str, Any]]) -> None:
    """ConfigurationError for a table that a variable tells otherwise."""
    for place, told in places.items():
        for name in TABLES.values():
            if isinstance(told.get(name), str) and not is_json(told[name]):
                raise ConfigurationError(f"setting {name}: it is no JSON", f"Correct it in {place}.")


def is_json(text: str) -> bool:
    """Whether it can be read as JSON."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _refusal(error: ValidationError, places: Mapping[str, Mapping[str, Any]]) -> ConfigurationError:
    """The first thing that is wrong, which makes one line, and where it stands."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = next((place for place, told in places.items() if first["loc"][0] in told), "the settings")
    return ConfigurationError(f"setting {path_of(first)}: {complaint(first)}", f"Correct it in {place}.")


def path_of(error: ErrorDetails) -> str:
    """The setting, and the key within it where it is a table."""
    return ".".join(str(part) for part in error["loc"] if part != "[key]")


def complaint(error: ErrorDetails) -> str:
    """What is wrong and what is allowed, without the value, which may be a key; only a validator of ours repeats it."""
    if error["type"] == "extra_forbidden":
        return f"there is no such key; there are {', '.join(_keys(error['loc'][:-1]))}"
    usual = error["msg"].removeprefix("Value error, ").replace("Input should be", "it should be", 1)
    return PLAIN.get(error["type"], usual)


def _keys(path: Sequence[int | str]) -> list[str]:
    """The keys that the table at the path may have."""
    kind: Any = Settings
    for part in path:
        if get_origin(kind) is dict:
            kind = get_args(kind)[1]
        else:
            fields = kind.model_fields
            kind = next(field.annotation for name, field in fields.items() if part in (field.alias, name))
    return list(kind.model_fields)
