"""``sage gate`` as a process: files, pipes and what it loads."""

import json
import subprocess
import sys

import pytest

from tests.builders.runtime import ROOT, python, sage
from tests.builders.whatif import a_line

HEAVY = {"langgraph", "langchain_core", "openai", "sqlalchemy", "chromadb", "pydantic", "pydantic_settings", "alembic"}


@pytest.fixture
def cases(tmp_path):
    path = tmp_path / "cases.jsonl"
    path.write_bytes(b"\n".join([a_line(id="a"), b"{", b"", a_line(id="b", order__qty="60")]) + b"\n")
    return path


def test_every_line_is_answered_and_nothing_is_left_behind(cases, tmp_path):
    ran = sage("gate", str(cases), "--summary", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [(each["id"], each["verdict"]) for each in found] == [("a", "PASS"), ("line 2", "DENY"), ("b", "DENY")]
    assert "3 cases" in ran.stderr
    assert "CASE_INVALID" in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["cases.jsonl"]


def test_standard_input_and_a_policy(cases, tmp_path):
    told = subprocess.run(
        [sys.executable, str(ROOT / "app.py"), "gate", "-", "--policy", "conservative", "--json"],
        cwd=tmp_path, input=cases.read_bytes(), capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert (told.returncode, told.stderr) == (0, b"")
    assert len(told.stdout.splitlines()) == 3


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        pytest.param(["missing.jsonl"], 2, "missing.jsonl cannot be read: No such file", id="missing"),
        pytest.param(["."], 2, ". cannot be read: Is a directory", id="folder"),
        pytest.param(["empty.jsonl"], 1, "empty.jsonl holds no case", id="empty"),
        pytest.param(["blank.jsonl"], 1, "blank.jsonl holds no case", id="blank_lines"),
        pytest.param(["cases.jsonl", "--policy", "nope"], 1, "the policy nope cannot be read", id="no_policy"),
        pytest.param([], 2, "the following arguments are required: CASES", id="no_file"),
    ],
)
def test_what_cannot_be_read_is_one_line(cases, tmp_path, words, code, complaint):
    (tmp_path / "empty.jsonl").write_bytes(b"")
    (tmp_path / "blank.jsonl").write_bytes(b"\n \n")
    ran = sage("gate", *words, cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (code, "")
    assert complaint in ran.stderr.splitlines()[-1]
    assert "Traceback" not in ran.stderr


def test_a_reader_that_goes_away_is_no_error_to_tell(tmp_path):
    (tmp_path / "many.jsonl").write_bytes(b"\n".join(a_line(id=str(n)) for n in range(400)))
    command = f"'{sys.executable}' '{ROOT / 'app.py'}' gate many.jsonl | head -1"
    ran = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert ran.stderr == ""
    assert json.loads(ran.stdout)["id"] == "0"


def test_it_loads_no_graph_no_model_and_no_database(cases, tmp_path):
    ran = python("-X", "importtime", str(ROOT / "app.py"), "gate", str(cases), cwd=tmp_path)
    assert ran.returncode == 0
    names = (line.rpartition("|")[2].strip() for line in ran.stderr.splitlines() if line.startswith("import time:"))
    assert HEAVY & {name.partition(".")[0] for name in names} == set()
