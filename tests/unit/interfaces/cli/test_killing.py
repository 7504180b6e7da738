"""The process behind a kill: whatever stops its work is in its report, for nobody sees it."""

import json

import pytest

from domain.errors import ManualActionError
from interfaces.cli.killing import REPORT, kill, reported


@pytest.mark.parametrize(
    ("stopped", "told"),
    [
        (ManualActionError("the broker is away", "Wait."), "the broker is away. Wait."),
        (RuntimeError("odd"), "unexpected RuntimeError: odd"),
        (KeyboardInterrupt("by hand"), "unexpected KeyboardInterrupt: by hand"),
    ],
    ids=["of_ours", "unexpected", "interrupted"],
)
def test_what_stops_the_work_is_written_down_and_goes_on_where_nobody_expected_it(tmp_path, stopped, told):
    def work(_home):
        raise stopped

    if isinstance(stopped, ManualActionError):
        assert reported(tmp_path, work) == 1
    else:
        with pytest.raises(type(stopped)):
            reported(tmp_path, work)
    report = json.loads((tmp_path / REPORT).read_text(encoding="utf-8"))
    assert (report["cancelled"], report["failed"]) == ([], {"all": told})
    assert report["started_at"] <= report["finished_at"]


@pytest.mark.parametrize("name", ["a-file", "a-file/home"])
def test_a_home_that_is_a_file_kills_nothing_and_sends_nobody_to_make_a_file_in_it(tmp_path, capsys, name):
    (tmp_path / "a-file").write_text("mine", encoding="utf-8")
    code = kill(tmp_path / name, "", "killed", tmp_path / "none.py", as_json=False)
    told = capsys.readouterr().err
    assert (code, told.count("\n")) == (ManualActionError("", "").exit_code, 1)
    assert told.startswith(f"sage: nothing was killed: {tmp_path / 'a-file'} is no folder, so no Sage runs in it.")
    assert "by hand" not in told
    assert [path.name for path in tmp_path.iterdir()] == ["a-file"]


def test_work_that_is_done_is_reported_as_it_was(tmp_path):
    assert reported(tmp_path, lambda _home: {"cancelled": ["ord-1"], "flatten": None}) == 0
    report = json.loads((tmp_path / REPORT).read_text(encoding="utf-8"))
    assert (report["cancelled"], report["failed"], report["flatten"]) == (["ord-1"], {}, None)
    assert [path.name for path in tmp_path.iterdir()] == [REPORT], "no draft is left behind"
