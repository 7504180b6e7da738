"""The books against the ledger: every table whose rows the ledger fixes, row by row, in one view of both.

What the ledger does not hold cannot be checked, and is named: ``NOT_PROVEN`` is a part of every answer, and each table
of the database is either checked or in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import islice
from typing import NamedTuple

from sqlalchemy import Connection

from domain.errors import DataQualityError
from trading.audit.approvals import check_approvals
from trading.audit.facts import check_charges, check_cycles, check_incidents, check_transfers
from trading.audit.finding import Fault, Finding, Findings
from trading.audit.holdings import check_holdings
from trading.audit.money import check_equity
from trading.audit.orders import check_orders
from trading.audit.shown import check_calls, check_cases, check_observations
from trading.audit.switches import check_control, check_people
from trading.store.accounts.equity import EquityStore
from trading.store.database import Database

MOST_FINDINGS = 200
"""What is told of each part: where everything was changed, more of it helps nobody."""
Progress = Callable[[str], None]
Check = Callable[[Connection], Findings]
_ODD = (ArithmeticError, AttributeError, DataQualityError, LookupError, RecursionError, TypeError, ValueError)

PROVEN = (
    "orders", "fills", "lots", "trades", "adjustments", "symbol_times", "charges", "transfers", "equity_points",
    "equity_days", "high_water", "approvals", "control", "pauses", "policies", "incidents", "people", "cycles",
    "observations", "judged_cases", "case_parts", "model_calls",
)  # fmt: skip
"""Tables that are compared with the ledger."""
NOT_PROVEN: Mapping[str, tuple[str, ...]] = {
    "Whether an intent has been claimed, and the quote that an order met where no permit is on record with it.": (
        "orders",
    ),
    "Whether an answer was carried out, and which reasons were shown with a request.": ("approvals",),
    "The report of a cycle, and when it began and ended by the clock.": ("cycles",),
    "What an observation holds besides its evidence, where its own digest was changed with it.": ("observations",),
    "Calls of models that no finished cycle has brought into the ledger, and what was wrong with an answer.": (
        "model_calls",
    ),
    "The text of a policy: its own digest is of it, and every start compares the two.": ("policies",),
    "What is counted and forgotten: messages and calls to the broker, refusals in a row.": (
        "messages", "broker_calls", "blocks",
    ),
    "Plans and progress of sliced orders; the orders that they made are proven.": ("algos",),
    "News and what was read in them.": ("news_items", "news_symbols", "news_readings"),
    "What models were asked besides the calls: money set aside, rests, handovers, answers to be used again.": (
        "model_spending", "model_rests", "model_handovers", "model_answers",
    ),
    "Messages to people, buttons and updates from the chat, codes for pairing.": (
        "outbox", "outbox_paces", "wishes", "tellings", "nonces", "inbox", "inbox_offsets", "pairing",
    ),
    "The timetable of jobs, leases and simulated clocks.": ("job_runs", "job_looks", "leases", "cursors"),
    "Stored runs over the past: each carries its own digest.": ("experiments",),
    "The paper broker's own books, which stand for the broker's side: `sage reconcile` compares them with ours.": (
        "paper_accounts", "paper_positions", "paper_orders", "paper_fills",
    ),
    "Which brokers a home had, and what each was worth last.": ("known_brokers", "broker_stakes"),
}  # fmt: skip
"""What the ledger does not hold, in sentences, with the tables that each is about."""


def _silent(_words: str) -> None:
    """Progress that nobody watches."""


class BooksReport(NamedTuple):
    """What a comparison found; ``more`` where not everything is listed."""

    findings: tuple[Finding, ...]
    not_proven: tuple[str, ...]
    more: bool

    @property
    def ok(self) -> bool:
        """Whether every row agrees."""
        return not self.findings


def readable(name: str, findings: Findings) -> Findings:
    """The findings of a part; a value that nobody can read ends this part and none of the others."""
    try:
        yield from findings
    except _ODD as odd:
        yield Finding(name, "", Fault.UNREADABLE, book=type(odd).__name__)


def check_books(database: Database, equity: EquityStore, progress: Progress = _silent) -> BooksReport:
    """Compare all of it, in one view: what another process writes meanwhile is in both or in neither."""
    found: list[Finding] = []
    more, unproven = False, list(NOT_PROVEN)
    parts: Mapping[str, Check] = {
        "orders": check_orders,
        "executions, adjustments, lots and trades": check_holdings,
        "fees": check_charges,
        "transfers": check_transfers,
        "equity": partial(check_equity, store=equity, unproven=unproven),
        "approvals": check_approvals,
        "switches": check_control,
        "incidents": check_incidents,
        "people": check_people,
        "cycles": check_cycles,
        "observations": check_observations,
        "judged cases": check_cases,
        "calls of models": check_calls,
    }
    with database.reading() as connection:
        for name, check in parts.items():
            progress(f"comparing {name}")
            listed = list(islice(readable(name, check(connection)), MOST_FINDINGS + 1))
            more = more or len(listed) > MOST_FINDINGS
            found += listed[:MOST_FINDINGS]
    return BooksReport(tuple(found), tuple(unproven), more)
