"""The checker: every claim of an explanation that the record does not bear out, and what it fails to tell.

It reads what a person will read, with all figures filled in, so that it catches a wrong word beside a right figure as
well as a wrong figure. It is one-sided: what it does not understand it lets pass, and it says so nowhere; how much it
finds and how often it is wrong is measured by the eval suite S6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agents.claims.figures import ClaimFault, faults_of_figures, quotations
from agents.claims.outcomes import faults_of_outcome
from agents.record import Record
from domain.evidence import Evidence

MOST = 12
"""Faults told of one explanation."""


def faults(
    sentences: Sequence[str], record: Record, known: Mapping[str, Evidence], owed: Sequence[str] = ()
) -> tuple[ClaimFault, ...]:
    """What is wrong with these shown sentences, at most ``MOST`` of it.

    ``known`` is every figure that may be shown, ``owed`` the shown sentences that may not be missing.
    """
    quoted = quotations(known)
    found = [
        fault
        for sentence in sentences
        for fault in (*faults_of_figures(sentence, known, quoted), *faults_of_outcome(sentence, record, known))
    ]
    told = set(sentences)
    found += [ClaimFault("undisclosed", f"not told: {sentence}") for sentence in owed if sentence not in told]
    return tuple(found[:MOST])
