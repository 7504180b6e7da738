"""``sage gate`` as a process: files, pipes and what it loads."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from tests.builders.runtime import ROOT, python, sage
from tests.builders.whatif import a_line

HEAVY = {"langgraph", "langchain_core", "openai", "sqlalchemy", "chromadb", "pydantic", "pydantic_settings", "alembic"}


REFUSED = (("line 2", "DENY"), ("line 3", "DENY"))


@pytest.fixture
def cases(tmp_path):
    path = tmp_path / "cases.jsonl"
    path.write_bytes(b"\n".join([a_line(id="a"), b"{", b"", a_line(id="b", order__qty="60")]) + b"\n")
    return path


def test_every_line_is_answered_and_nothing_is_left_behind(cases, tmp_path):
    ran = sage("gate", str(cases), "--summary", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [(each["id"], each["verdict"]) for each in found] == [("a", "PASS"), *REFUSED, ("b", "DENY")]
    assert f"{2 + len(REFUSED)} cases" in ran.stderr
    assert "CASE_INVALID" in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["cases.jsonl"]


def test_standard_input_and_a_policy(cases, tmp_path):
    told = subprocess.run(
        [sys.executable, str(ROOT / "app.py"), "gate", "-", "--policy", "conservative", "--json"],
        cwd=tmp_path, input=cases.read_bytes(), capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert (told.returncode, told.stderr) == (0, b"")
    assert len(told.stdout.splitlines()) == 2 + len(REFUSED)


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


def test_the_case_in_the_help_works_as_it_is_printed(tmp_path):
    told = sage("gate", "--help", cwd=tmp_path).stdout
    command = told[told.index("tr -d") : told.index("\nEND\n") + len("\nEND\n")]
    ours = command.replace("sage gate", f'"{sys.executable}" -m app gate')
    shell = shutil.which("sh")
    assert shell is not None
    ran = subprocess.run([shell, "-c", ours], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    (found,) = map(json.loads, ran.stdout.splitlines())
    assert (ran.returncode, found["id"], found["verdict"], found["codes"]) == (0, "c1", "DENY", ["ORDER_NOTIONAL"])
    assert "The order is worth more than an order may be." in ran.stderr
    assert "1 case " in ran.stderr


def test_every_field_of_a_case_is_described():
    text = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    described = text[text.index("## What if") : text.index("## PostgreSQL")]
    kinds = "raw|number|amount|figure|flag|text|texts|word|moment|day|count|rows|inner|by_symbol|mapping|symbol|has"
    reader = re.compile(rf'\.(?:{kinds})\(\s*"(\w+)"')
    sources = (ROOT / "policies" / "whatif").glob("*.py")
    fields = {name for path in sources for name in reader.findall(path.read_text(encoding="utf-8"))}
    assert len(fields) > 150
    assert not {name for name in fields if f"`{name}`" not in described}
