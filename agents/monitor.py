"""The monitor: one look at the whole a cycle, and none when nothing is out of the ordinary.

Code decides what is out of the ordinary; the model says how serious it is and may ask for caution. Where it is silent
the findings speak for themselves and caution is taken. Suspicious texts are noted by code and shown to people, and no
model is asked about them: whoever can publish a text must not be able to slow trading down.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from agents.ask import Asker
from agents.llm import UNANSWERED, reason_of
from agents.outputs import MonitorOutput, monitor_report
from agents.slots import encode, evidence_lines, index, said_by
from domain.context.observation import Observation
from domain.decisions import Concern, MonitorReport, Severity
from domain.evidence import Evidence
from domain.ids import Ref
from domain.market import Symbol
from tools.portfolio import portfolio
from tools.tool import Tool

TOOLS: tuple[Tool, ...] = (portfolio,)
STALE_QUOTE_S = Decimal(120)
WIDE_SPREAD_PCT = Decimal(1)
DAY_LOSS_PCT = Decimal(-1)
DRAWDOWN_PCT = Decimal(5)
NOTED = "suspicious_text"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something out of the ordinary, in closed words; ``count`` says how many sources for ``source_missing``."""

    kind: str
    refs: tuple[Ref, ...] = ()
    symbol: Symbol | None = None
    count: int = 1


def watch(asker: Asker, observation: Observation) -> MonitorReport:
    """Report on the whole; asks the model only about findings and never raises for one that fails."""
    found = find(observation)
    noted = tuple(Concern(item.kind, Severity.INFO, item.refs, item.symbol) for item in found if item.kind == NOTED)
    findings = tuple(item for item in found if item.kind != NOTED)
    if not findings:
        return MonitorReport("watch" if noted else "normal", "none", noted, "code")
    evidence = observation.evidence
    shown = (*_book(evidence.items.values()), *(evidence.items[ref] for item in findings for ref in item.refs))
    known = index(shown)
    variables = {
        "findings": "\n".join(map(encode, findings)),
        "evidence": evidence_lines(known.values(), evidence.as_of),
    }

    def read(output: MonitorOutput, source: str, repaired: bool) -> MonitorReport:
        report = monitor_report(output, known, source)
        return replace(report, concerns=(*report.concerns, *noted))

    try:
        return asker.ask("monitor", evidence.cycle_id, evidence.cycle_id, variables, read).value
    except UNANSWERED as error:
        report = silent(findings, reason_of(error))
        return replace(report, concerns=(*report.concerns, *noted))


def find(observation: Observation) -> tuple[Finding, ...]:
    """What is out of the ordinary, sorted: sources, reconciliation, losses, halts, quotes, suspicious texts."""
    found = [*_whole(observation)]
    for item in observation.evidence.items.values():
        kind = _abnormal(item)
        if kind is not None:
            found.append(Finding(kind, (item.ref,), item.symbol))
    return tuple(sorted(found, key=lambda finding: (finding.kind, finding.symbol or "", finding.refs)))


def silent(findings: Iterable[Finding], reason: str) -> MonitorReport:
    """The report when the model does not answer: every finding is a concern, and caution is taken."""
    concerns = tuple(Concern(item.kind, Severity.CAUTION, item.refs, item.symbol) for item in findings)
    return MonitorReport("watch", "tighten", concerns, f"code:{reason}")


def _whole(observation: Observation) -> Iterable[Finding]:
    if observation.missing:
        yield Finding("source_missing", count=len(observation.missing))
    if observation.control.mismatched or observation.control.reconciled_at is None:
        yield Finding("unreconciled", count=max(len(observation.control.mismatched), 1))


def _abnormal(item: Evidence) -> str | None:
    name, value = item.ref.partition("@")[0], item.value
    if name == "halted":
        return "halted" if value is True else None
    if isinstance(value, bool) or not isinstance(value, (Decimal, int)):
        return None
    rules = {
        "quote.age": ("data_stale", value > STALE_QUOTE_S),
        "quote.spread_pct": ("spread_wide", value > WIDE_SPREAD_PCT),
        "text.suspicious": ("suspicious_text", value > 0),
        "book.day_pnl_pct": ("loss_limit", value <= DAY_LOSS_PCT),
        "book.drawdown_pct": ("drawdown", value >= DRAWDOWN_PCT),
    }
    kind, fires = rules.get(name, ("", False))
    return kind if fires else None


def _book(items: Iterable[Evidence]) -> tuple[Evidence, ...]:
    names = {tool.name for tool in TOOLS}
    return tuple(item for item in items if said_by(item.ref) in names)
