"""The latch: set by anyone, surviving everything, engaged whenever that cannot be told."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from domain.errors import ManualActionError
from policies.kill_switch import CUT, UNREADABLE, KillDetails, KillSwitch

ROOT = Path(__file__).parents[3]
AT = "2026-03-17T15:00:00Z"


@pytest.fixture
def switch(tmp_path) -> KillSwitch:
    return KillSwitch(tmp_path / "control" / "KILL")


def test_engage_and_release(switch):
    switch.engage("owner", "drill", AT)
    assert switch.engaged()
    assert switch.details() == KillDetails("owner", "drill", AT)
    switch.release()
    assert not switch.engaged()
    assert switch.details() is None


def test_engaging_again_leaves_a_new_record_and_no_drafts(switch):
    switch.engage("owner", "first", AT)
    first = switch.stamp()
    switch.engage("agent", "second", "later")
    assert switch.details() == KillDetails("agent", "second", "later")
    assert switch.stamp() != first
    assert sorted(path.name for path in switch.path.parent.iterdir()) == ["KILL", "KILL.mark", "kills.jsonl"]


@pytest.mark.parametrize("removed", ["path", "mark"])
def test_removing_one_of_the_two_by_hand_changes_nothing(switch, removed):
    switch.engage("owner", "drill", AT)
    getattr(switch, removed).unlink()
    assert switch.engaged()
    assert switch.details() == KillDetails("owner", "drill", AT)


def test_releasing_twice_is_fine(switch):
    switch.engage("owner", "drill", AT)
    switch.release()
    switch.release()
    assert not switch.engaged()


def test_a_missing_folder_counts_as_engaged(switch):
    assert switch.engaged()
    assert switch.details() == KillDetails("unknown", UNREADABLE, "unknown")


def test_an_empty_folder_does_not(tmp_path):
    assert not KillSwitch(tmp_path / "KILL").engaged()


def test_a_folder_that_is_a_file_counts_as_engaged(tmp_path):
    (tmp_path / "control").write_text("not a folder")
    assert KillSwitch(tmp_path / "control" / "KILL").engaged()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"by": "owner"}', b"\xff\xfe"])
def test_a_file_that_is_not_ours_counts_as_engaged(tmp_path, content):
    path = tmp_path / "KILL"
    path.write_bytes(content)
    switch = KillSwitch(path)
    assert switch.engaged()
    details = switch.details()
    assert details is not None
    assert details.by == "unknown"


def test_a_dangling_link_and_a_folder_count_as_engaged(tmp_path):
    (tmp_path / "LINK").symlink_to(tmp_path / "nowhere")
    (tmp_path / "FOLDER").mkdir()
    assert KillSwitch(tmp_path / "LINK").engaged()
    assert KillSwitch(tmp_path / "FOLDER").engaged()


def test_touching_the_file_by_hand_is_enough(tmp_path):
    (tmp_path / "KILL").touch()
    assert KillSwitch(tmp_path / "KILL").engaged()


def test_where_the_record_cannot_be_written_an_empty_file_has_to_do(tmp_path):
    switch = KillSwitch(tmp_path / "KILL")
    (tmp_path / f".KILL.{os.getpid()}").mkdir()  # stands where the draft would be written
    switch.engage("owner", "disk full", AT)
    assert switch.engaged()
    assert switch.path.read_bytes() == b""


def test_where_nothing_can_be_written_the_owner_is_told_what_to_do(tmp_path):
    (tmp_path / "control").write_text("not a folder")
    switch = KillSwitch(tmp_path / "control" / "KILL")
    with pytest.raises(ManualActionError, match="by hand"):
        switch.engage("owner", "drill", AT)
    with pytest.raises(ManualActionError, match="cannot be released"):
        switch.release()


def test_a_latch_set_by_a_process_that_is_killed_stays_set(tmp_path):
    path = tmp_path / "KILL"
    program = (
        "import os, signal, pathlib; from policies.kill_switch import KillSwitch;"
        f"KillSwitch(pathlib.Path({str(path)!r})).engage('cli', 'crash', '{AT}'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert KillSwitch(path).details() == KillDetails("cli", "crash", AT)


def test_a_release_takes_the_kill_that_was_looked_at(switch):
    switch.engage("owner", "drill", AT)
    assert switch.release(seen=switch.stamp())
    assert not switch.engaged()


@pytest.mark.parametrize("content", [b"full", b""], ids=["recorded", "bare"])
def test_a_release_leaves_a_kill_that_fell_after_the_look(switch, content):
    switch.engage("owner", "first", AT)
    seen = switch.stamp()
    switch.engage("agent", "second", "later") if content else switch._touch()
    assert not switch.release(seen=seen)
    assert switch.engaged()
    assert not content or switch.details() == KillDetails("agent", "second", "later")


def test_where_nothing_was_engaged_a_kill_since_then_stays(switch, tmp_path):
    switch.path.parent.mkdir()
    assert switch.release(seen=(0, 0, 0, 0))
    switch.engage("owner", "drill", AT)
    assert not switch.release(seen=(0, 0, 0, 0))
    assert switch.engaged()


class KilledMeanwhile(KillSwitch):
    """A latch on which somebody kills while it is being released, before the ``at``-th of its steps."""

    def __init__(self, path, at):
        super().__init__(path)
        self.other, self.at, self.steps = KillSwitch(path), at, 0

    def _take(self, path, wanted):
        self.steps += 1
        if self.steps == self.at:
            self.other.engage("owner", "meanwhile", AT)
        return super()._take(path, wanted)


@pytest.mark.parametrize("at", [1, 2], ids=["before_the_latch_is_taken", "between_latch_and_mark"])
def test_a_kill_in_the_middle_of_a_release_wins(tmp_path, at):
    switch = KilledMeanwhile(tmp_path / "KILL", at)
    switch.other.engage("owner", "first", AT)
    assert not switch.release(seen=switch.stamp())
    assert switch.engaged()


def test_a_latch_that_is_a_folder_cannot_be_released_and_stays(tmp_path):
    (tmp_path / "KILL").mkdir()
    with pytest.raises(ManualActionError, match="cannot be released"):
        KillSwitch(tmp_path / "KILL").release()
    assert KillSwitch(tmp_path / "KILL").engaged()


@pytest.mark.parametrize("made", [Path.mkdir, lambda path: path.symlink_to(path)], ids=["folder", "loop"])
def test_what_stands_where_the_latch_should_be_counts_as_the_latch_and_is_named(tmp_path, made):
    switch = KillSwitch(tmp_path / "KILL")
    made(switch.path)
    before = switch.stamp()
    trouble = switch.engage("owner", "drill", AT)
    assert trouble.startswith("it was engaged already, by a ") or not switch.path.is_dir()
    assert (switch.engaged(), switch.details()) == (True, KillDetails("owner", "drill", AT))
    assert switch.stamp() != before, "a resume under way must notice it"


def test_a_kill_that_is_well_has_nothing_to_tell(switch):
    assert switch.engage("owner", "drill", AT) == ""


def test_latch_and_mark_removed_by_hand_leave_the_journal_and_that_is_enough(switch):
    switch.engage("owner", "drill", AT)
    switch.path.unlink()
    switch.mark.unlink()
    for each in (switch, KillSwitch(switch.path)):
        assert (each.engaged(), each.removed_by_hand()) == (True, True)
        assert each.details() == KillDetails("owner", "drill", AT)
    assert switch.release(seen=switch.stamp())
    assert not KillSwitch(switch.path).engaged()


def test_a_process_that_has_seen_the_journal_notices_its_loss(switch):
    switch.path.parent.mkdir()
    switch.begin_journal(AT)
    assert not switch.engaged()
    KillSwitch(switch.path).engage("owner", "drill", AT)
    for path in (switch.path, switch.mark, switch.journal.path):
        path.unlink()
    assert switch.engaged()
    details = switch.details()
    assert details is not None
    assert details.reason == CUT


def test_where_the_journal_cannot_be_written_the_latch_falls_and_the_owner_is_told(switch):
    switch.path.parent.mkdir()
    switch.journal.path.mkdir()
    assert "kills.jsonl cannot be written" in switch.engage("owner", "drill", AT, flatten=True)
    assert switch.engaged()
    assert switch.stamp() is not None
    assert switch.flatten() == "", "what is not on record is not ordered"
    with pytest.raises(ManualActionError, match="cannot be released"):
        switch.release()
    assert switch.engaged()


def test_a_latch_removed_by_hand_is_noticed(switch):
    switch.engage("owner", "drill", AT)
    assert not switch.removed_by_hand()
    switch.path.unlink()
    assert (switch.removed_by_hand(), switch.engaged()) == (True, True)


@pytest.mark.parametrize("written", [0, 1, 2], ids=["before_anything", "after_the_mark", "after_the_latch"])
def test_kill_dash_nine_in_the_middle_of_a_kill_leaves_it_killed_or_untouched(tmp_path, written):
    """The mark is durable first: whoever dies after it has killed."""
    program = (
        "import os, signal, pathlib; from policies.kill_switch import KillSwitch\n"
        "class Dying(KillSwitch):\n"
        "    left = " + str(written) + "\n"
        "    def _write(self, path, record):\n"
        "        if not self.left: os.kill(os.getpid(), signal.SIGKILL)\n"
        "        self.left -= 1\n"
        "        super()._write(path, record)\n"
        f"Dying(pathlib.Path({str(tmp_path / 'KILL')!r})).engage('cli', 'crash', '{AT}')\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert KillSwitch(tmp_path / "KILL").engaged() is (written > 0)


def test_it_needs_nothing_but_the_standard_library_and_the_error_tree():
    program = (
        "import sys; import policies.kill_switch;"
        "ours = sorted(n for n in sys.modules if n.split('.')[0] in ('domain', 'policies', 'trading'));"
        "theirs = [n for n in sys.modules if n.split('.')[0] in ('pydantic', 'sqlalchemy', 'langgraph')];"
        "print(ours, theirs)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == (
        "['domain', 'domain.errors', 'policies', 'policies.kill_journal', 'policies.kill_switch'] []"
    )
