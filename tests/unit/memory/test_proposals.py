"""Proposals: texts for people in one folder, growing with their evidence, and nothing anywhere else."""

import ast
import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from domain.decisions import Statement
from domain.errors import ConfigurationError, IntegrityError
from memory.proposals import FACTS, LABEL, TEXT, inert, proposals_of, pull_request_text, write_proposals
from memory.reviews import ReviewSubject, SuggestedChange, Suggestion
from tests.builders.learning import a_learned_trade

ROOT = Path(__file__).parents[3]
WHY = (Statement("It lost {trade.pnl_pct@ACME} at its stop."),)
REVIEW = Suggestion(ReviewSubject.STRATEGY, "momentum", SuggestedChange.REVIEW, WHY)
LOOSER = Suggestion(ReviewSubject.POLICY, "min_confidence", SuggestedChange.LOOSEN, WHY)
CLEARER = Suggestion(ReviewSubject.PROMPT, "advisor", SuggestedChange.CLARIFY, WHY)


def everything_in(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_lessons_that_ask_for_the_same_make_one_proposal():
    lessons = [a_learned_trade(2, REVIEW, LOOSER), a_learned_trade(1, REVIEW), a_learned_trade(3)]
    found = {(each.subject, each.target): each for each in proposals_of(lessons)}
    assert sorted(found) == [(ReviewSubject.POLICY, "min_confidence"), (ReviewSubject.STRATEGY, "momentum")]
    assert [each.lesson.trade_id for each in found[(ReviewSubject.STRATEGY, "momentum")].support] == [
        "trade-1",
        "trade-2",
    ]
    assert proposals_of(reversed(lessons)) == proposals_of(lessons)


def test_the_text_of_a_pull_request():
    (proposal,) = proposals_of([a_learned_trade(1, LOOSER), a_learned_trade(2, LOOSER, pnl="36")])
    text = pull_request_text(proposal)
    assert text.startswith(f"# {LABEL}: loosen policy min_confidence\n\nLabels: `{LABEL}`\n")
    assert "Nothing was changed" in text
    assert "- It lost -0.8865 % at its stop. (trade trade-1)" in text
    assert "2 closed trades ask for it, of which 1 won. That is little: below 5 trades this may be chance." in text
    assert "- hosted:large, prompt `0123456789ab`" in text
    assert "two human reviewers" in text
    assert "it loosens something: that is a promotion of its own" in text


@pytest.mark.parametrize(
    ("suggestion", "where", "reviewers"),
    [
        pytest.param(CLEARER, "`prompts/advisor.md`", "one human reviewer", id="prompt"),
        pytest.param(LOOSER, "limit `min_confidence`", "two human reviewers", id="policy"),
        pytest.param(REVIEW, "strategy `momentum`", "one human reviewer", id="strategy"),
    ],
)
def test_it_says_where_and_who_has_to_look(suggestion, where, reviewers):
    text = pull_request_text(proposals_of([a_learned_trade(1, suggestion)])[0])
    assert where in text
    assert reviewers in text
    assert ("it loosens" in text) is (suggestion is LOOSER)


def test_files_are_written_once_and_again_when_the_evidence_grows(tmp_path):
    folder = tmp_path / "proposals"
    first = proposals_of([a_learned_trade(1, REVIEW)])
    (name,) = write_proposals(folder, first)
    assert sorted(everything_in(folder)) == [f"{name}/{TEXT}", f"{name}/{FACTS}"]
    assert write_proposals(folder, first) == ()
    assert write_proposals(folder, proposals_of([a_learned_trade(1, REVIEW), a_learned_trade(2, REVIEW)])) == (name,)
    facts = json.loads((folder / name / FACTS).read_text())
    assert (facts["label"], facts["target"], facts["change"]) == (LABEL, "momentum", "review")
    assert [each["trade"] for each in facts["support"]] == ["trade-1", "trade-2"]
    assert facts["support"][0]["source"] == "hosted:large"


def test_a_file_that_somebody_edited_is_what_the_record_says_again(tmp_path):
    (name,) = write_proposals(tmp_path, proposals_of([a_learned_trade(1, REVIEW)]))
    before = everything_in(tmp_path)
    (tmp_path / name / TEXT).write_text("Approved by everybody.")
    assert write_proposals(tmp_path, proposals_of([a_learned_trade(1, REVIEW)])) == (name,)
    assert everything_in(tmp_path) == before


@pytest.mark.parametrize("link", ["folder", "proposal", "file"])
def test_a_link_leads_nowhere(tmp_path, link):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / TEXT).write_text("a policy")
    folder, (proposal,) = tmp_path / "proposals", proposals_of([a_learned_trade(1, REVIEW)])
    if link == "folder":
        folder.symlink_to(outside)
    elif link == "proposal":
        folder.mkdir()
        (folder / proposal.proposal_id).symlink_to(outside)
    else:
        (folder / proposal.proposal_id).mkdir(parents=True)
        (folder / proposal.proposal_id / TEXT).symlink_to(outside / TEXT)
    with pytest.raises(IntegrityError, match="is a link"):
        write_proposals(folder, [proposal])
    assert everything_in(outside) == {TEXT: b"a policy"}


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "proposals").write_text("a file")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_proposals(tmp_path / "proposals", proposals_of([a_learned_trade(1, REVIEW)]))


@pytest.mark.parametrize("target", ["../../policies/limits", "/etc/passwd", "a/b", "..", "con\x00"])
def test_no_target_names_a_path(tmp_path, target):
    """The role refuses such a target; were one on record all the same, its folder is named by a digest."""
    made = Suggestion(ReviewSubject.POLICY, target, SuggestedChange.TIGHTEN, WHY)
    (name,) = write_proposals(tmp_path / "proposals", proposals_of([a_learned_trade(1, made)]))
    assert re.fullmatch(r"prop-[a-z2-7]{16}", name)
    assert {path.split("/")[0] for path in everything_in(tmp_path)} == {"proposals"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"),
        ("a\nb", "a b"),
        ("<script>", r"\<script\>"),
        ("[click](x)", r"\[click\]\(x\)"),
        ("see https://example.org", "see https example.org"),
        ("@owner please | merge", r"\@owner please \| merge"),
    ],
)
def test_words_of_a_model_are_no_markup(text, shown):
    assert inert(text) == shown


WRITES = {
    "write_text",
    "write_bytes",
    "touch",
    "mkdir",
    "unlink",
    "rename",
    "symlink_to",
    "hardlink_to",
    "rmtree",
    "rmdir",
}
MAY_WRITE = {
    "memory/chroma_index.py",  # the folder of the memory and its lock
    "memory/proposals.py",  # HOME/proposals
    "agents/models/recorded_llm.py",  # the file that SAGE_RECORD_TO names
    "graphs/checkpoints.py",  # the folder of the checkpoints
}


def writers(path: str, tree: ast.Module) -> set[str]:
    """The module, where it holds a call that writes, deletes or makes files."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        modes = [str(each.value) for each in node.args if isinstance(each, ast.Constant)]
        opened = name == "open" and any(set(mode) & set("wax+") for mode in modes if len(mode) <= 3)
        if name in WRITES or opened:
            return {path}
    return set()


def test_nothing_else_on_the_way_of_a_lesson_can_write_a_file():
    rooms = ("memory", "agents", "prompts", "tools", "graphs")
    found = {
        name
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        for name in writers(path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found <= MAY_WRITE
    assert "memory/proposals.py" in found


@pytest.mark.parametrize("code", ["open('x', 'w')", "p.open('a')", "p.write_text('x')", "shutil.rmtree(p)"])
def test_a_writer_would_be_seen(code):
    assert writers("agents/x.py", ast.parse(code)) == {"agents/x.py"}


def test_the_policy_for_ai_says_what_the_text_refers_to():
    policy = (files("policies") / "AI_POLICY.md").read_text(encoding="utf-8")
    for said in (LABEL, "HOME/proposals", "proven", "two human reviewers"):
        assert said in policy, said
