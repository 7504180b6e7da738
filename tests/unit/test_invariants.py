"""The page of invariants names tests that exist, and leaves none out."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "invariants.md"
NUMBERS = (*range(1, 38), *range(40, 50), *range(50, 58), *range(60, 69))
ROW = re.compile(r"^\| (I-\d\d) \| (.+?) \| (.+?) \| (.*?) \| (.*?) \|$", re.MULTILINE)
NAMED = re.compile(r"`(?:tests/)?([\w/]+\.py)::(\w+)`")
ROWS = ROW.findall(PAGE.read_text(encoding="utf-8"))


@cache
def functions_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_invariant_has_one_row():
    assert [row[0] for row in ROWS] == [f"I-{number:02}" for number in NUMBERS]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_every_named_test_exists(row):
    invariant, what, where, tests, open_ = row
    assert what.strip(), invariant
    assert where.strip(), invariant
    found = NAMED.findall(tests)
    assert found or open_.startswith("not yet"), f"{invariant} has neither a test nor a part that it waits for"
    assert len(found) == tests.count("`") // 2
    for path, name in (*found, *NAMED.findall(open_)):
        assert name.startswith("test_")
        assert (TESTS / path).is_file(), path
        assert name in functions_of(TESTS / path), f"{path} has no {name}"


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_every_named_place_exists(row):
    """A folder, a module or a name in one; what is told in words is left to the reader."""
    for place in re.findall(r"`([\w./]+/[\w./]*|[\w]+\.(?:py|toml))`", row[2]):
        assert (PAGE.parents[1] / place).exists(), place
