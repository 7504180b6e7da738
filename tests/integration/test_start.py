"""What the quick commands load: `--help` and `kill` must answer at once, so nothing heavy is imported for them."""

import pytest

from tests.builders.runtime import ROOT, python

HEAVY = {
    "alpaca", "chromadb", "exchange_calendars", "feedparser", "httpx", "langchain_core", "langchain_openai",
    "langgraph", "langsmith", "newsapi", "numpy", "openai", "pandas", "psycopg", "pydantic", "pydantic_settings",
    "redis", "requests", "rich", "sqlalchemy", "ta", "tenacity", "yfinance",
}  # fmt: skip
ROOMS = {"agents", "graphs", "memory", "policies", "prompts", "settings", "tools", "trading"}


def loaded(tmp_path, *argv):
    """The modules that were really run, by name; the lazy ones that were only named do not count."""
    ran = python("-X", "importtime", str(ROOT / "app.py"), *argv, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    lines = (line for line in ran.stderr.splitlines() if line.startswith("import time:"))
    return {line.rpartition("|")[2].strip() for line in lines}


def roots(modules):
    return {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize("argv", [["--help"], ["cycle", "--help"], ["--version"]], ids=" ".join)
def test_help_runs_no_room_and_nothing_heavy(tmp_path, argv):
    modules = loaded(tmp_path, *argv)
    assert roots(modules) & HEAVY == set()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["status", "orders", "schedule"])
def test_who_only_looks_loads_no_graph(tmp_path, command):
    assert not roots(loaded(tmp_path, command)) & {"langgraph", "langchain_core", "openai", "prometheus_client"}


def test_kill_runs_the_latch_alone(tmp_path):
    modules = loaded(tmp_path, "kill")
    assert roots(modules) & HEAVY == set()
    assert (tmp_path / ".sage" / "killed").exists()


@pytest.mark.parametrize("argv", [["--help"], ["kill"]], ids=" ".join)
def test_rooms_are_named_and_not_run(tmp_path, argv):
    """A lazy module stands in ``sys.modules`` under a class of its own until its first attribute is used."""
    code = (
        "import sys, runpy; sys.argv = ['sage', *sys.argv[1:]]\n"
        "import app\n"
        "try: app.main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "ran = [n for n, m in sys.modules.items() if type(m).__name__ == 'module' and getattr(m, '__file__', None)]\n"
        "sys.stderr.write(' '.join(ran))"
    )
    ran = python("-c", code, *argv, cwd=tmp_path)
    assert ran.returncode == 0
    rooms = {name for name in ran.stderr.split() if name.partition(".")[0] in ROOMS and not is_package(name)}
    assert rooms <= {"policies.kill_journal", "policies.kill_switch"}


def is_package(name):
    return (ROOT / name.replace(".", "/")).is_dir()
