"""The files of the kill switch: what they hold, who may read them, and what is left of them."""

import fcntl
import os
from hashlib import sha256
from pathlib import Path

import pytest

from domain.errors import ManualActionError
from policies.kill_journal import JournalLine
from policies.kill_switch import KillDetails, KillSwitch

AT = "2026-03-17T15:00:00Z"


@pytest.fixture
def switch(tmp_path) -> KillSwitch:
    return KillSwitch(tmp_path / "control" / "KILL")


@pytest.mark.parametrize(
    ("act", "complaint"),
    [
        (
            lambda switch: switch.engage("owner", "drill", AT),
            (
                "the kill switch cannot be engaged: [Errno 20] Not a directory: '{0}'. "
                "Create the file {0} by hand, stop Sage, and cancel open orders at the broker."
            ),
        ),
        (
            lambda switch: switch.release(),
            (
                "the kill switch cannot be released: [Errno 20] Not a directory: '{0}' -> '{1}'. "
                "Look at {0} and its folder, and remove the file by hand."
            ),
        ),
    ],
    ids=["engage", "release"],
)
def test_what_the_owner_is_told_to_do(tmp_path, act, complaint):
    (tmp_path / "control").write_text("not a folder")
    path = tmp_path / "control" / "KILL"
    with pytest.raises(ManualActionError) as refused:
        act(KillSwitch(path))
    assert str(refused.value) == complaint.format(path, path.with_name(f".KILL.{os.getpid()}.taken"))


def test_latch_and_mark_hold_one_record_that_anyone_may_read(tmp_path):
    switch = KillSwitch(tmp_path / "a" / "b" / "KILL")
    before = os.umask(0)
    try:
        switch.engage("owner", "größer \udcff", AT)
    finally:
        os.umask(before)
    record = b'{"by": "owner", "reason": "gr\xc3\xb6\xc3\x9fer ?", "at": "2026-03-17T15:00:00Z"}'
    assert (switch.path.read_bytes(), switch.mark.read_bytes()) == (record, record)
    assert [path.stat().st_mode & 0o777 for path in (switch.path, switch.mark)] == [0o644, 0o644]
    assert switch.mark == tmp_path / "a" / "b" / "KILL.mark"


def test_a_bare_latch_may_be_read_by_anyone_and_keeps_what_it_held(tmp_path):
    switch = KillSwitch(tmp_path / "KILL")
    before = os.umask(0)
    try:
        switch._touch()
    finally:
        os.umask(before)
    assert switch.path.stat().st_mode & 0o777 == 0o644
    switch.path.write_bytes(b"kept")
    os.utime(switch.path, (0, 0))
    switch._touch()
    assert switch.path.read_bytes() == b"kept"
    assert switch.path.stat().st_mtime > 0


def test_a_shorter_record_leaves_nothing_of_a_longer_draft(tmp_path):
    switch = KillSwitch(tmp_path / "KILL")
    (tmp_path / f".KILL.{os.getpid()}").write_bytes(b"x" * 500)
    switch.engage("owner", "drill", AT)
    assert switch.details() == KillDetails("owner", "drill", AT)


def test_what_is_unknown_of_a_kill_is_said_to_be(tmp_path):
    (tmp_path / "KILL").write_bytes(b"{")
    assert KillSwitch(tmp_path / "KILL").details() == KillDetails(
        "unknown", "the kill switch cannot be read, which counts as engaged", "unknown"
    )


def test_whatever_a_record_holds_is_told_as_text(tmp_path):
    (tmp_path / "KILL").write_bytes(b'{"by": 1, "reason": null, "at": 2.5}')
    assert KillSwitch(tmp_path / "KILL").details() == KillDetails("1", "None", "2.5")


def test_where_only_the_mark_stands_its_record_counts(switch):
    switch.engage("owner", "drill", AT)
    switch.path.unlink()
    assert switch.details() == KillDetails("owner", "drill", AT)
    switch.engage("owner", "drill", AT)
    switch.mark.write_bytes(b"{}")
    assert switch.details() == KillDetails("owner", "drill", AT), "the latch counts before its mark"


def test_the_stamp_is_that_of_both_files_and_of_the_journal(switch):
    switch.engage("owner", "drill", AT)
    latch, mark = switch.path.lstat(), switch.mark.lstat()
    assert switch.stamp() == (latch.st_ino, latch.st_mtime_ns, mark.st_ino, mark.st_mtime_ns, 1)
    switch.path.unlink()
    assert switch.stamp() == (0, 0, mark.st_ino, mark.st_mtime_ns, 1)
    switch.mark.unlink()
    assert switch.stamp() == (0, 0, 0, 0, 1)
    switch.journal.path.unlink()
    assert KillSwitch(switch.path).stamp() is None


def test_a_release_of_a_mark_alone_takes_it(switch):
    switch.engage("owner", "drill", AT)
    switch.path.unlink()
    assert switch.release(seen=switch.stamp())
    assert not switch.engaged()


def test_nothing_stands_aside_after_a_release(switch):
    switch.engage("owner", "drill", AT)
    assert switch.release()
    assert [path.name for path in switch.path.parent.iterdir()] == ["kills.jsonl"]


def test_a_latch_that_is_not_the_one_looked_at_is_put_back_where_it_stood(switch):
    switch.engage("owner", "first", AT)
    seen = switch.stamp()
    switch.engage("owner", "newest", AT)
    assert not switch.release(seen=seen)
    assert switch.details() == KillDetails("owner", "newest", AT)
    assert sorted(path.name for path in switch.path.parent.iterdir()) == ["KILL", "KILL.mark", "kills.jsonl"]


def test_a_folder_that_cannot_be_removed_stands_where_it_stood(tmp_path):
    (tmp_path / "KILL").mkdir()
    with pytest.raises(ManualActionError):
        KillSwitch(tmp_path / "KILL").release()
    assert [path.name for path in tmp_path.iterdir()] == ["KILL"]


def a_folder_for_a_journal(switch):
    switch.journal.path.mkdir()


@pytest.mark.parametrize(
    ("before", "trouble"),
    [
        (lambda switch: None, ""),
        (
            a_folder_for_a_journal,
            (
                "its journal kills.jsonl cannot be written (Is a directory): "
                "deleting the latch and its mark would leave no trace of it"
            ),
        ),
        (
            lambda switch: switch.path.mkdir(),
            "it was engaged already, by a folder named KILL, which has to be removed before a resume",
        ),
    ],
    ids=["all_is_well", "a_journal_that_is_a_folder", "a_latch_that_is_a_folder"],
)
def test_what_the_answer_to_a_kill_says_of_it(tmp_path, before, trouble):
    switch = KillSwitch(tmp_path / "KILL")
    before(switch)
    assert switch.engage("owner", "drill", AT) == trouble
    assert switch.engaged()


def test_a_journal_that_cannot_be_written_is_told_at_the_start(tmp_path):
    switch = KillSwitch(tmp_path / "KILL")
    a_folder_for_a_journal(switch)
    with pytest.raises(ManualActionError) as refused:
        switch.begin_journal(AT)
    path = switch.journal.path
    assert str(refused.value) == f"{path} cannot be written: [Errno 21] Is a directory: '{path}'. Look at its folder."
    assert (switch.flatten(), switch.removed_by_hand()) == ("", True)
    assert switch.details() == KillDetails(
        "unknown", "the journal of kills has lost lines, which counts as engaged", "unknown"
    )


def test_the_journal_tells_who_killed_where_latch_and_mark_are_gone(switch):
    switch.engage("owner", "drill", AT, flatten=True)
    switch.path.unlink()
    switch.mark.unlink()
    assert switch.details() == KillDetails("owner", "drill", AT)
    assert switch.flatten().startswith("kill-1-")


def test_a_journal_that_lost_its_lines_counts_as_engaged(switch):
    switch.engage("owner", "drill", AT)
    assert switch.release(by="owner", at_text="later")
    switch.journal.path.unlink()
    assert switch.engaged()
    assert switch.details() == KillDetails(
        "unknown", "the journal of kills has lost lines, which counts as engaged", "unknown"
    )


def test_a_release_writes_who_when_and_of_what(switch):
    switch.engage("owner", "drill", AT)
    assert switch.release(seen=switch.stamp(), by="me", at_text="later")
    first, second = switch.journal.read().lines
    assert (first.what, first.by, first.reason, first.at, first.flatten) == ("kill", "owner", "drill", AT, False)
    assert (second.what, second.by, second.at, second.of) == ("released", "me", "later", 1)


class Meddled(type(Path())):  # type: ignore[misc]
    """A path where somebody kills anew as soon as what stood there has been moved aside."""

    def rename(self, target):
        moved = super().rename(target)
        KillSwitch(Path(self)).engage("owner", "newest", AT)
        return moved


def test_a_kill_that_falls_while_another_is_put_back_is_the_one_that_stands(tmp_path):
    KillSwitch(tmp_path / "KILL").engage("owner", "first", AT)
    assert not KillSwitch(Meddled(tmp_path / "KILL")).release(seen=(1, 1, 1, 1, 1))
    assert KillSwitch(tmp_path / "KILL").details() == KillDetails("owner", "newest", AT)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["KILL", "KILL.mark", "kills.jsonl"]


def test_a_writer_that_hangs_keeps_no_kill_from_the_journal(tmp_path):
    switch = KillSwitch(tmp_path / "KILL")
    switch.begin_journal(AT)
    with switch.journal.path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        switch.engage("owner", "drill", AT)
    assert [line.what for line in switch.journal.read().lines] == ["opened", "kill"]


def test_a_folder_that_holds_a_latch_of_its_own_name_is_told_from_a_file(tmp_path):
    switch = KillSwitch(tmp_path / "KILL")
    (tmp_path / f".KILL.{os.getpid()}").mkdir()  # stands where the draft would be written
    (tmp_path / "KILL").symlink_to(tmp_path / "away" / "nowhere")
    assert switch.engage("owner", "drill", AT) == (
        "it was engaged already, by a file that cannot be written named KILL, which has to be removed before a resume"
    )


def test_a_latch_that_cannot_be_written_is_one_even_without_its_mark(tmp_path):
    switch = KillSwitch(tmp_path / "KILL")
    (tmp_path / f".KILL.mark.{os.getpid()}").mkdir()  # stands where the mark's draft would be written
    (tmp_path / "KILL").symlink_to(tmp_path / "away" / "nowhere")
    assert "named KILL" in switch.engage("owner", "drill", AT)
    assert not switch.mark.exists()


def test_the_journal_may_be_read_by_anyone(tmp_path):
    before = os.umask(0)
    try:
        KillSwitch(tmp_path / "KILL").engage("owner", "drill", AT)
    finally:
        os.umask(before)
    assert (tmp_path / "kills.jsonl").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("line", [b"{", b'{"what": "kill"}', b'{"what": "kill", "of": 0, "number": 7, "previous": ""}'])
def test_a_line_that_is_none_of_ours_keeps_its_number_and_its_hash(tmp_path, line):
    switch = KillSwitch(tmp_path / "KILL")
    switch.engage("owner", "drill", AT)
    with switch.journal.path.open("ab") as journal:
        journal.write(line + b"\n")
    first, second = switch.journal.read().lines
    assert second == JournalLine(2, sha256(first.hash.encode() + line).hexdigest())


def test_a_latch_that_cannot_be_looked_at_counts_as_engaged(tmp_path):
    switch = KillSwitch(tmp_path / ("x" * 300))
    assert switch.engaged()
    assert switch.details() == KillDetails(
        "unknown", "the kill switch cannot be read, which counts as engaged", "unknown"
    )


def test_a_journal_that_cannot_be_read_orders_nothing(tmp_path):
    switch = KillSwitch(tmp_path / "KILL")
    a_folder_for_a_journal(switch)
    assert (switch.flatten(), switch.engaged()) == ("", True)
