"""`sage kill` finds the same home folder as the settings do, by the standard library alone."""

from pathlib import Path
from typing import Any

import pytest

from domain.errors import ConfigurationError
from interfaces.cli.home import home_folder
from settings.reading import load_settings
from tests.builders.runtime import standing_in

FILES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "env": {"environment": {"SAGE_HOME": "there"}},
    "env_over_files": {"environment": {"SAGE_HOME": "there"}, ".env": "SAGE_HOME=d", "sage.toml": "SAGE_HOME='t'"},
    "empty_env": {"environment": {"SAGE_HOME": ""}, ".env": "SAGE_HOME=d"},
    "env_in_small_letters": {"environment": {"sage_home": "there"}},
    "the_users_home": {"environment": {"HOME": "/somewhere"}},
    "dotenv": {".env": "SAGE_HOME=d"},
    "dotenv_over_toml": {".env": "SAGE_HOME=d", "sage.toml": "SAGE_HOME='t'"},
    "exported": {".env": "export SAGE_HOME=d"},
    "blanks": {".env": "  SAGE_HOME = d  "},
    "comment": {".env": "# SAGE_HOME=x\nSAGE_HOME=d # here"},
    "hash_inside": {".env": "SAGE_HOME=d#c"},
    "double_quotes": {".env": 'SAGE_HOME="d e" # c'},
    "single_quotes": {".env": "SAGE_HOME='d e'"},
    "escapes": {".env": r'SAGE_HOME="a\"b\\c"'},
    "apostrophe": {".env": "SAGE_HOME=it's"},
    "last_one_counts": {".env": "SAGE_HOME=a\nSAGE_HOME=b"},
    "of_another_variable": {".env": "BASE=q\nSAGE_HOME=${BASE}/d"},
    "of_the_environment": {".env": "SAGE_HOME=${HOME}/d", "environment": {"HOME": "/somewhere"}},
    "default_of_a_variable": {".env": "SAGE_HOME=${NOPE:-z}/d"},
    "no_braces": {".env": "SAGE_HOME=$HOME/d"},
    "windows_lines": {".env": "X=1\r\nSAGE_HOME=d\r\n"},
    "byte_order_mark": {".env": "\ufeffSAGE_HOME=d"},
    "small_letters": {".env": "sage_home=d"},
    "field_name": {".env": "home=d", "sage.toml": "home='t'"},
    "no_value": {".env": "SAGE_HOME"},
    "empty_value": {".env": "SAGE_HOME="},
    "inside_another_value": {".env": 'A="x\nSAGE_HOME=m\n"\nSAGE_HOME=d'},
    "toml": {"sage.toml": "SAGE_HOME = 't'"},
    "empty_toml": {"sage.toml": "SAGE_HOME = ''"},
}


@pytest.mark.parametrize("told", [None, "named", ""], ids=["unnamed", "named", "named_empty"])
@pytest.mark.parametrize("case", FILES)
def test_kill_and_settings_agree(tmp_path, case, told):
    environment = FILES[case].get("environment", {})
    for name in (".env", "sage.toml"):
        if name in FILES[case]:
            (tmp_path / name).write_bytes(FILES[case][name].encode())
    with standing_in(tmp_path, **environment):
        assert home_folder(told) == load_settings(home=told).home


@pytest.mark.parametrize("name", [".env", "sage.toml"])
def test_a_file_that_cannot_be_read_does_not_stop_a_kill(tmp_path, name):
    with standing_in(tmp_path):
        Path(name).write_bytes(b"\xff\xfe[[[")
        assert str(home_folder(None)) == ".sage"
        Path(name).unlink()
        Path(name).mkdir()
        assert str(home_folder(None)) == ".sage"


@pytest.mark.parametrize(("name", "content"), [(".env", "SAGE_HOEM=d"), ("sage.toml", "[sage]\nSAGE_HOME = 't'")])
def test_what_the_settings_refuse_does_not_stop_a_kill(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with standing_in(tmp_path):
        assert str(home_folder(None)) == ".sage"
        with pytest.raises(ConfigurationError, match="which is no setting"):
            load_settings()


def test_what_can_still_be_read_of_a_spoilt_file_counts(tmp_path):
    (tmp_path / ".env").write_bytes(b"NAME=\xff\nSAGE_HOME=d\n")
    with standing_in(tmp_path):
        assert str(home_folder(None)) == "d"
