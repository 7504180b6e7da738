"""Suggestions of the learning role as files for people: a folder a proposal, and nothing else is ever written.

    HOME/proposals/prop-…/PULL_REQUEST.md    the text of a pull request labelled ``ai-proposed``
    HOME/proposals/prop-…/proposal.json      the same for programs: target, support, models, prompts, digests

A proposal is what all lessons that ask for the same change of the same thing say together, so its files grow with every
trade that supports it. No file of the running system is read or written here, and none is named by a model: a target is
one of the names code handed out, and the folder's name is a digest.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ConfigurationError, IntegrityError
from domain.ids import derive
from domain.record.canonical import canonical_json
from domain.record.rendering import render
from memory.lessons import Result
from memory.reviews import LearnedTrade, ReviewSubject, SuggestedChange, Suggestion

LABEL = "ai-proposed"
TEXT, FACTS = "PULL_REQUEST.md", "proposal.json"
FEW = 5
"""Below as many trades a proposal says of itself that it rests on little."""


@dataclass(frozen=True, slots=True)
class ChangeProposal:
    """One change, and every lesson that asks for it, by the trade's close."""

    proposal_id: str
    subject: ReviewSubject
    target: str
    change: SuggestedChange
    support: tuple[LearnedTrade, ...]

    @property
    def title(self) -> str:
        """The title of the pull request."""
        return f"{LABEL}: {self.change} {self.subject} {self.target}"


def proposals_of(lessons: Iterable[LearnedTrade]) -> tuple[ChangeProposal, ...]:
    """What these lessons ask for, sorted by id."""
    asked: dict[tuple[ReviewSubject, str, SuggestedChange], list[LearnedTrade]] = {}
    for lesson in lessons:
        for made in lesson.review.suggestions:
            asked.setdefault((made.subject, made.target, made.change), []).append(lesson)
    found = (
        ChangeProposal(
            derive("prop", *key), *key, tuple(sorted(support, key=lambda each: (each.closed_at, each.decision_id)))
        )
        for key, support in asked.items()
    )
    return tuple(sorted(found, key=lambda proposal: proposal.proposal_id))


def pull_request_text(proposal: ChangeProposal) -> str:
    """The proposal as a person reads it: what, where, why, on which evidence, and what has to happen first."""
    asks = f"Asks to {proposal.change} the {_WHAT[proposal.subject].format(proposal.target)}."
    loosens = ["it loosens something: that is a promotion of its own"] * (proposal.change is SuggestedChange.LOOSEN)
    parts = {
        "Why": [f"- {line}" for line in _reasons(proposal)],
        "Evidence": _evidence(proposal.support),
        "Written by": [f"- {inert(source)}, prompt `{prompt[:12] or 'none'}`" for source, prompt in _authors(proposal)],
        "Before it is merged": [f"- [ ] {step}" for step in (_REVIEWERS[proposal.subject], *_STEPS, *loosens)],
    }
    head = (
        f"# {proposal.title}",
        f"Labels: `{LABEL}`",
        f"{asks} Nothing was changed: `policies/AI_POLICY.md` says what has to happen before anybody takes it up.",
    )
    said = (f"## {title}\n" + "\n".join(lines) for title, lines in parts.items())
    return "\n\n".join((*head, *said)) + "\n"


def _evidence(support: tuple[LearnedTrade, ...]) -> list[str]:
    won = sum(each.lesson.result is Result.WON for each in support)
    little = f" That is little: below {FEW} trades this may be chance." if len(support) < FEW else ""
    counted = f"{len(support)} closed trades ask for it, of which {won} won.{little}"
    columns = ["| trade | closed | result | found | record |", "|---|---|---|---|---|"]
    return [counted, "", *columns, *(_support_line(each) for each in support)]


def facts_of(proposal: ChangeProposal) -> str:
    """The proposal for programs, as one canonical JSON document."""
    support = [
        {"trade": each.lesson.trade_id, "decision": each.decision_id, "closed_at": each.closed_at,
         "result": each.lesson.result, "finding": each.review.finding, "record": each.record_digest,
         "source": each.review.source, "prompt": each.review.prompt}
        for each in proposal.support
    ]  # fmt: skip
    told = {"id": proposal.proposal_id, "label": LABEL, "title": proposal.title, "subject": proposal.subject,
            "target": proposal.target, "change": proposal.change, "support": support}  # fmt: skip
    return canonical_json(told) + "\n"


def write_proposals(folder: Path, proposals: Iterable[ChangeProposal]) -> tuple[str, ...]:
    """Write what is new or has grown below ``folder``; returns the ids of these. Raises IntegrityError for a link."""
    changed = []
    for proposal in proposals:
        files = {TEXT: pull_request_text(proposal), FACTS: facts_of(proposal)}
        if _write(folder, proposal.proposal_id, files):
            changed.append(proposal.proposal_id)
    return tuple(changed)


def inert(text: str) -> str:
    """Text that a renderer of Markdown shows as it is: no link, no mention, no markup, one line."""
    # Renderers make links of bare addresses too, and the backslash does not stop them.
    plain = re.sub(r"://|www\.", " ", text)
    return re.sub(r"([\\`*_{}\[\]()<>#!|~@])", r"\\\1", " ".join(plain.split()))


def _write(folder: Path, name: str, files: Mapping[str, str]) -> bool:
    place = folder / name
    # A link would lead a file of this name to wherever somebody pointed it.
    if any(path.is_symlink() for path in (folder, place, *(place / file for file in files))):
        raise IntegrityError(f"{place} is a link", "Remove it; proposals are plain files.")
    try:
        place.mkdir(parents=True, exist_ok=True)
        changed = [file for file, text in files.items() if _held(place / file) != text]
        for file in changed:
            # Renamed into place: whoever reads meanwhile sees the old text or the new one, never half of it.
            draft = place / f"{file}.{os.getpid()}.draft"
            draft.write_text(files[file], encoding="utf-8")
            draft.replace(place / file)
    except OSError as error:
        raise ConfigurationError(
            f"{place} cannot be written: {error.strerror}", "Check the folder's rights."
        ) from error
    return bool(changed)


def _held(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None


def _reasons(proposal: ChangeProposal) -> list[str]:
    """Every reason once, with its figures filled in, and by whom it was brought."""
    found: dict[str, None] = {}
    for lesson in proposal.support:
        known = {str(item.ref): item for item in lesson.evidence}
        for made in lesson.review.suggestions:
            if _same(made, proposal):
                said = (render(statement, known) for statement in made.reasons)
                found.update((f"{inert(text)} (trade {inert(lesson.lesson.trade_id)})", None) for text in said)
    return list(found)


def _same(made: Suggestion, proposal: ChangeProposal) -> bool:
    return (made.subject, made.target, made.change) == (proposal.subject, proposal.target, proposal.change)


def _support_line(each: LearnedTrade) -> str:
    cells = (each.lesson.trade_id, each.closed_at.date().isoformat(), each.lesson.result, each.review.finding)
    return f"| {' | '.join(map(inert, cells))} | `{each.record_digest[:12]}` |"


def _authors(proposal: ChangeProposal) -> list[tuple[str, str]]:
    return sorted({(each.review.source, each.review.prompt) for each in proposal.support})


_WHAT = {
    ReviewSubject.PROMPT: "prompt `prompts/{}.md`",
    ReviewSubject.POLICY: "limit `{}` of the policies",
    ReviewSubject.STRATEGY: "strategy `{}`",
}
_REVIEWERS = {
    ReviewSubject.PROMPT: "one human reviewer, who did not write the proposal",
    ReviewSubject.POLICY: "two human reviewers, because it is about `policies/`",
    ReviewSubject.STRATEGY: "one human reviewer, two where it reaches `trading/execution/`",
}
_STEPS = (
    "tests, evals and the gates' self-test pass on the changed tree",
    "a backtest on data after the model's training cut-off, then a paper arm of at least 20 sessions",
    "the evidence pack is stored under its digest, and the owner promotes in person",
)
