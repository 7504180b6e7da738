"""The journal of kills: what stands open in it, what cannot be taken out of it, and who ordered to close everything."""

import json
import multiprocessing

import pytest

from policies.kill_journal import GENESIS, KILL, OPENED, RELEASED, KillJournal, parsed

row = pytest.param


@pytest.fixture
def journal(tmp_path) -> KillJournal:
    return KillJournal(tmp_path / "kills.jsonl")


def write(journal, *told):
    """Lines as ``kill``, ``flatten`` (a kill with that order), ``opened`` or ``of3``, a release of three."""
    for each in told:
        if each.startswith("of"):
            journal.append(RELEASED, by="owner", of=int(each.removeprefix("of")))
        else:
            what = OPENED if each == "opened" else KILL
            journal.append(what, by="owner", reason=each, at="now", flatten=each == "flatten")


@pytest.mark.parametrize(
    ("told", "still_open", "flatten"),
    [
        row((), [], False, id="nothing"),
        row(("opened",), [], False, id="a_new_home"),
        row(("opened", "kill"), [2], False, id="killed"),
        row(("opened", "kill", "of2"), [], False, id="resumed"),
        row(("opened", "kill", "kill", "of2"), [3], False, id="a_kill_that_fell_while_another_was_released"),
        row(("opened", "kill", "of2", "kill"), [4], False, id="killed_again"),
        row(("kill", "of0"), [1], False, id="a_release_of_nothing"),
        row(("kill", "of2"), [1, 2], False, id="a_release_of_what_is_still_to_come"),
        row(("opened", "flatten"), [2], True, id="flatten"),
        row(("opened", "flatten", "kill"), [2, 3], False, id="the_newest_kill_decides"),
        row(("opened", "kill", "flatten"), [2, 3], True, id="flatten_after_a_kill"),
        row(("opened", "flatten", "of2"), [], False, id="flatten_and_resumed"),
    ],
)
def test_what_stands_open(journal, told, still_open, flatten):
    write(journal, *told)
    found = journal.read()
    assert [line.number for line in found.open] == still_open
    assert found.engaged is bool(still_open)
    assert found.flatten == (found.lines[-1].id if flatten else "")


@pytest.mark.parametrize(
    "spoil",
    [
        row(lambda raw: raw.replace(b"odd", b"fine"), id="edited"),
        row(lambda raw: raw + b"nonsense", id="appended"),
        row(lambda raw: raw + b"nonsense\n", id="a_line_of_nonsense"),
        row(lambda raw: raw[:-9], id="torn"),
        row(lambda raw: raw.replace(b'"number": 3', b'"number": 9'), id="renumbered"),
        row(lambda raw: raw + raw.splitlines(keepends=True)[1], id="repeated"),
        row(lambda raw: b"\n".join(reversed(raw.splitlines())) + b"\n", id="reordered"),
        row(lambda raw: raw + b"\n", id="an_empty_line"),
    ],
)
def test_whatever_is_no_line_of_ours_shows_and_can_be_released(journal, spoil):
    write(journal, "opened", "odd", "odd", "of3", "odd", "of5")
    spoilt = spoil(journal.path.read_bytes())
    found, known = parsed(spoilt), journal.read()
    assert found.engaged or not found.holds(len(known.lines), known.head)
    journal.path.write_bytes(spoilt)
    other = KillJournal(journal.path)
    other.append(RELEASED, of=len(other.read().lines))
    assert not other.read().open


def test_a_forged_release_hides_no_kill_from_whoever_knows_how_far_the_journal_went(journal):
    write(journal, "opened")
    known = journal.read()
    write(journal, "kill", "of2")
    found = journal.read()
    assert not found.engaged
    assert [line.number for line in found.kills_after(len(known.lines))] == [2]


@pytest.mark.parametrize(
    ("left", "holds"),
    [row(3, True, id="whole"), row(2, False, id="cut"), row(0, False, id="gone")],
)
def test_a_journal_that_is_shorter_than_was_known_does_not_hold(journal, left, holds):
    write(journal, "opened", "kill", "of2")
    known = journal.read()
    kept = b"".join(journal.path.read_bytes().splitlines(keepends=True)[:left])
    assert parsed(kept).holds(len(known.lines), known.head) is holds
    assert parsed(kept).holds(0, GENESIS)


def test_a_journal_that_was_written_anew_does_not_hold(journal, tmp_path):
    write(journal, "opened", "kill")
    known = journal.read()
    other = KillJournal(tmp_path / "other.jsonl")
    write(other, "opened", "another", "kill")
    assert not other.read().holds(len(known.lines), known.head)


def kill_often(path, count):
    for _ in range(count):
        KillJournal(path).append(KILL, by="owner")


def test_kills_of_several_processes_follow_one_another(journal):
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=kill_often, args=(journal.path, 5)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    lines = journal.read().lines
    assert [line.number for line in lines] == list(range(1, 16))
    assert len({line.id for line in lines}) == 15


OLD = "owner, to close NIMBO KORVA alone"
"""By whom a kill was that ordered two symbols to be closed, in lines of before the field for them."""


@pytest.mark.parametrize(
    ("told", "only", "good"),
    [
        row({"only": ["KORVA", "NIMBO"]}, ("KORVA", "NIMBO"), True, id="named"),
        row({"only": []}, (), True, id="all"),
        row({"by": OLD}, ("NIMBO", "KORVA"), True, id="named_by_a_line_of_before"),
        row({}, (), True, id="all_by_a_line_of_before"),
        row({"by": OLD, "only": []}, (), True, id="a_name_is_no_order"),
        row({"only": None}, (), False, id="none"),
        row({"only": "NIMBO"}, (), False, id="no_list"),
        row({"only": ["NIMBO", 7]}, (), False, id="no_names"),
        row({"only": [""]}, (), False, id="an_empty_name"),
    ],
)
def test_which_symbols_a_kill_orders_to_be_closed(told, only, good):
    line = {"number": 1, "what": KILL, "by": "owner", "reason": "", "at": "", "flatten": True, "of": 0}
    found = parsed(json.dumps({**line, "previous": GENESIS, **told}).encode())
    assert (found.lines[0].only, found.lines[0].good) == (only, good)
    assert found.engaged
    assert bool(found.flatten) is good, "what cannot be read orders nothing to be closed"


def test_symbols_are_kept_with_the_kill_and_the_chain_holds(journal):
    journal.append(KILL, by="owner", flatten=True, only=frozenset({"NIMBO", "KORVA"}))
    write(journal, "of1", "kill")
    assert [(line.good, line.only) for line in journal.read().lines] == [
        (True, ("KORVA", "NIMBO")),
        (True, ()),
        (True, ()),
    ]


def test_a_line_is_readable_by_anybody(journal):
    write(journal, "odd fills")
    told = json.loads(journal.path.read_text())
    assert (told["number"], told["what"], told["by"], told["reason"]) == (1, "kill", "owner", "odd fills")
