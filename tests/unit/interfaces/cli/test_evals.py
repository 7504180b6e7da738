"""``sage evals run`` and ``report`` from the command line: exit codes, streams, and wrong usage."""

from __future__ import annotations

import json

import pytest

from app import main
from interfaces.cli.parser import parse


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        pytest.param(["report", "a", "b"], "name the folder of one report", id="two_reports"),
        pytest.param(["verify", "S2"], "verify takes no names", id="verify_a_suite"),
        pytest.param(["report", "a", "--out", "b"], "only run and record take --out", id="report_to_somewhere"),
        pytest.param(["verify", "--baseline", "b"], "only run takes --baseline", id="verify_against_something"),
        pytest.param(["run", "--origin", "relay"], "only record takes --origin", id="run_of_a_relay"),
        pytest.param(["record"], "name --origin and --model-label", id="record_of_nobody"),
        pytest.param(["record", "S2", "--questions", "q"], "only the cases of S13", id="record_another_suite"),
        pytest.param(
            ["record", "--origin", "relay", "--model-label", "m"], "read from --answers", id="relay_without_answers"
        ),
    ],
)
def test_wrong_usage_is_told(words, complaint, capsys):
    with pytest.raises(SystemExit) as left:
        parse(["evals", *words])
    assert left.value.code == 2
    assert complaint in capsys.readouterr().err


def test_an_unknown_suite_is_named(tmp_path, capsys):
    assert main(["evals", "run", "S99", "--out", str(tmp_path / "report")]) == 2
    assert "there is no suite S99" in capsys.readouterr().err
    assert not (tmp_path / "report").exists()


def test_a_run_leaves_a_report_that_can_be_told_again(tmp_path, capsys):
    folder = str(tmp_path / "report")
    assert main(["evals", "run", "S10", "--out", folder]) == 0
    run = capsys.readouterr()
    assert "S10_cost: 6 of 6 cases played" in run.err
    assert main(["evals", "report", folder]) == 0
    assert capsys.readouterr().out == run.out
    assert main(["evals", "report", folder, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["completed"] == 6


def test_a_broken_bar_in_a_report_is_an_exit_code(tmp_path, capsys):
    folder = tmp_path / "report"
    folder.mkdir()
    made = {"schema": 1, "ok": False, "suites": [], "changes": []}
    (folder / "report.json").write_text(json.dumps(made), encoding="utf-8")
    assert main(["evals", "report", str(folder)]) == 1
    capsys.readouterr()


def test_a_report_that_is_none_is_told(tmp_path, capsys):
    assert main(["evals", "report", str(tmp_path)]) == 1
    assert "is no report" in capsys.readouterr().err


def test_questions_go_out_and_answers_come_back(tmp_path, capsys):
    pages, out = tmp_path / "questions", tmp_path / "model-a.jsonl"
    assert main(["evals", "record", "--questions", str(pages)]) == 0
    assert len(capsys.readouterr().out.replace("\n", "").split(".md")) == 8
    answers = tmp_path / "answers"
    asked = ["evals", "record", "--origin", "relay", "--model-label", "model-a", "--answers", str(answers)]
    assert main([*asked, "--out", str(out), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["recorded"], told["model"], len(told["missing"])) == (0, "model-a", told["total"])
