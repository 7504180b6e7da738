"""The benchmarks still run: each for a moment, as a program, down to its JSON. Their figures are not judged here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMALL = [
    pytest.param("gates", ["--count", "3", "--peers", "nowhere"], "One order through all gates, audited", id="gates"),
    pytest.param("desk", ["--count", "3"], "Durable placement of one order", id="desk", marks=pytest.mark.slow),
    pytest.param("intents", ["--count", "3"], "Durable intents, 32 writers", id="intents"),
    pytest.param(
        "cycle",
        ["--sizes", "1", "2", "--rounds", "1"],
        "Cycle per candidate, durable in SQLite, without model time",
        id="cycle",
        marks=pytest.mark.slow,
    ),
    pytest.param(
        "kill",
        ["--count", "5", "--commands", "1"],
        "Kills against a process that submits",
        id="kill",
        marks=pytest.mark.slow,
    ),
    pytest.param(
        "bot", ["--count", "4"], "Kills while a cycle waits for a hung model", id="bot", marks=pytest.mark.slow
    ),
    pytest.param("delivery", ["--count", "20"], "Messages over a line that fails", id="delivery"),
    pytest.param(
        "recall", ["--trades", "300", "--symbols", "5", "--queries", "5"], "Recall filtered by symbol", id="recall"
    ),
    pytest.param(
        "backtest",
        ["--from", "2026-03-17", "--to", "2026-03-19", "--symbols", "OSTRE"],
        "A backtest by whole cycles, rules for a model",
        id="backtest",
        marks=pytest.mark.slow,
    ),
    pytest.param(
        "waiting",
        ["--candidates", "2", "--seconds", "0.05", "--concurrency", "2"],
        "One cycle with a slow model, beside its ideal",
        id="waiting",
        marks=pytest.mark.slow,
    ),
    pytest.param("startup", ["--rounds", "1", "--slow-rounds", "0"], "Whole-process time", id="startup"),
]


@pytest.mark.parametrize(("axis", "words", "title"), SMALL)
def test_a_benchmark_runs(axis, words, title, tmp_path):
    told = tmp_path / "figures.json"
    command = [sys.executable, ROOT / "benchmarks" / f"{axis}.py", "--json", told, *words]
    done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr
    document = json.loads(told.read_text(encoding="utf-8"))
    assert document["axis"] == axis
    assert document["tables"][title]
    assert title in done.stdout


@pytest.mark.slow
def test_no_submit_leaves_after_a_kill_is_acknowledged(tmp_path):
    told = tmp_path / "figures.json"
    command = [sys.executable, ROOT / "benchmarks" / "kill.py", "--json", told, "--count", "20", "--commands", "1"]
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True, timeout=250)
    (row,) = json.loads(told.read_text(encoding="utf-8"))["tables"]["Kills against a process that submits"]
    assert (row["kills"], row["after it"]) == (20, 0)
    assert row["submits"] >= 20


def test_every_benchmark_is_run_here():
    axes = {parameters.values[0] for parameters in SMALL}
    assert axes == {path.stem for path in (ROOT / "benchmarks").glob("*.py")}
