"""What stands before the next order is asked about: everything the gates have said that it cannot change.

    reads nothing   kill switch, day loss, order rate, ...   asked once for a snapshot of book, market, control and time
    reads subject   quote age, events, grounding, ...        asked once for a symbol, side, origin, proposal, approval
    reads order     sizes, exposures, prices, ...            asked for every order

One order costs what the last line costs once the others have answered: the largest order that passes is found by asking
a dozen times about one snapshot, and a cut order is asked about twice. Worked: of the 122 gates of a policy that sets
every limit 28 read nothing and 45 the subject, so that a second quantity is a question to 49.

Gates are shown no more than they say they read: in place of the order a ``Subject``, or nothing. One that reads more
than it says fails, and a gate that fails has denied, so that a verdict can be old but never one on another order. And
a standing answers for the very book, market, control, time, release and policy it was made from, by identity; for any
other case ``evaluate`` makes a new one. Books and views are values: whoever changes one in place has made a new book.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from domain.book import Book
from domain.case import Approval, Case, Control, MarketView, Proposal, Release
from domain.market import Instrument, Quote, Symbol
from domain.orders import Origin, Side
from domain.verdicts import Figure, Outcome, Verdict
from policies.codes import ReasonCode
from policies.gate import DENY, PASS, BoundGate, PlacedGate, Reads
from policies.policy import Policy
from policies.worst_case import Exposure, Holdings, WorstCase, holdings_of, is_finite, is_positive

REDUCE = Outcome.REDUCE


class Snapshot(NamedTuple):
    """A case without its order: what gates that read nothing of an order are shown."""

    now: datetime
    control: Control
    book: Book
    market: MarketView
    cycle_entries: int
    release: Release | None


class Subject(NamedTuple):
    """What an order is about, in its place: without quantity, prices and form."""

    symbol: Symbol
    side: Side
    origin: Origin
    strategy: str
    currency: str


class SubjectCase(NamedTuple):
    """A case with the subject in place of the order."""

    now: datetime
    control: Control
    book: Book
    market: MarketView
    cycle_entries: int
    release: Release | None
    order: Subject
    proposal: Proposal | None
    approval: Approval | None


class SubjectFigures(NamedTuple):
    """Those figures of the worst case that no quantity and no price of an order changes."""

    instrument: Instrument | None
    quote: Quote | None
    equity: Decimal | None
    held: Decimal | None
    closable: Decimal
    reduces_risk: bool
    step: Decimal
    fractions: bool
    exposures: Mapping[Symbol, Exposure]
    buys: bool
    mine: Exposure
    holdings: Holdings


class SnapshotFigures(NamedTuple):
    """The figures of the book alone."""

    holdings: Holdings


class Said(NamedTuple):
    """Verdicts, each in its gate's place and None where a gate has not been asked; and those that did not pass."""

    verdicts: list[Verdict | None]
    objections: list[tuple[Verdict, BoundGate]]


class About(NamedTuple):
    """What gates that read the subject are shown besides the snapshot; a symbol's verdicts stand while it is this."""

    side: Side
    origin: Origin
    strategy: str
    currency: str
    proposal: Proposal | None
    approval: Approval | None
    reduces_risk: bool


class Standing:
    """What was said about one snapshot, and about the last subject of each symbol."""

    def __init__(self, case: Case, policy: Policy) -> None:
        """Nothing is computed before it is asked for."""
        self.policy = policy
        self.snapshot = Snapshot(case.now, case.control, case.book, case.market, case.cycle_entries, case.release)
        self._first: dict[bool, Said] = {}
        self._about: dict[Symbol, tuple[About, Said]] = {}

    @cached_property
    def holdings(self) -> Holdings:
        """The figures of the book."""
        return holdings_of(self.snapshot.book, self.snapshot.market, self.policy.slippage)

    def holds(self, case: Case, policy: Policy) -> bool:
        """True for the very snapshot and policy that this was made from."""
        now, control, book, market, entries, release = self.snapshot
        return (
            book is case.book
            and market is case.market
            and control is case.control
            and now is case.now
            and entries is case.cycle_entries
            and release is case.release
            and policy is self.policy
        )

    def about(self, case: Case, worst: WorstCase) -> Said:
        """What gates say that do not read the whole order."""
        order, reduces_risk = case.order, worst.reduces_risk
        about = About(
            order.side, order.origin, order.strategy, order.currency, case.proposal, case.approval, reduces_risk
        )
        known = self._about.get(order.symbol)
        # By identity, because what is not the very same thing may differ, and comparing nonsense may raise.
        if known is not None and all(one is other for one, other in zip(known[0], about, strict=True)):
            return known[1]
        subject = Subject(order.symbol, about.side, about.origin, about.strategy, about.currency)
        said = ask(
            self.policy.placed[Reads.SUBJECT],
            SubjectCase(*self.snapshot, subject, case.proposal, case.approval),
            _subject_figures(worst),
            self._without_order(reduces_risk),
            reduces_risk=reduces_risk,
        )
        self._about[order.symbol] = (about, said)
        return said

    def _without_order(self, reduces_risk: bool) -> Said:
        said = self._first.get(reduces_risk)
        if said is None:
            nobody = Said([None] * len(self.policy.gates), [])
            figures = SnapshotFigures(self.holdings)
            gates = self.policy.placed[Reads.NOTHING]
            said = self._first[reduces_risk] = ask(gates, self.snapshot, figures, nobody, reduces_risk=reduces_risk)
        return said


def ask(
    gates: Iterable[PlacedGate], case: Any, figures: Any, before: Said, *, reduces_risk: bool, qty: object = None
) -> Said:
    """Every one of ``gates`` looks; all that was said ``before`` stands. This loop runs at every order.

    ``case`` and ``figures`` are as much of a case and its worst case as these gates read. Only a gate that is shown a
    quantity can cut it.
    """
    verdicts, objections = before.verdicts.copy(), before.objections.copy()
    for place, gate_id, exempts_exits, check, limits, exemption, gate in gates:
        if exempts_exits and reduces_risk:
            verdicts[place] = exemption
            continue
        try:
            verdict = check(case, figures, limits)
        except Exception as error:  # noqa: BLE001 a gate that fails, for whatever reason, has denied
            verdict = failed(gate, error)
        if type(verdict) is not Verdict or verdict[2] is not PASS or verdict[0] != gate_id:
            verdict = _legible(verdict if _is_an_answer(verdict, gate, qty) else _wrong(gate, verdict))
            objections.append((verdict, gate))
        verdicts[place] = verdict
    return Said(verdicts, objections)


def failed(gate: BoundGate, error: Exception) -> Verdict:
    """The verdict of a gate that could not look."""
    return _legible(Verdict(gate.id, ReasonCode.GATE_ERROR, DENY, note=f"{type(error).__name__}: {error}"))


def _wrong(gate: BoundGate, answer: object) -> Verdict:
    return Verdict(gate.id, ReasonCode.GATE_ERROR, DENY, note=f"answered {answer!r}")


def _subject_figures(worst: WorstCase) -> SubjectFigures:
    return SubjectFigures(
        worst.instrument, worst.quote, worst.equity, worst.held, worst.closable, worst.reduces_risk, worst.step,
        worst.fractions, worst.exposures, worst.buys, worst.mine, worst.holdings,
    )  # fmt: skip


def _is_an_answer(verdict: object, gate: BoundGate, qty: object) -> bool:
    """A gate cannot pass an order by answering True, or enlarge it by answering with a larger quantity."""
    if type(verdict) is not Verdict or verdict.gate != gate.id:
        return False
    if verdict.outcome is REDUCE:
        return is_positive(verdict.quantity) and isinstance(qty, Decimal) and verdict.quantity < qty
    return type(verdict.outcome) is Outcome


def _legible(verdict: Verdict) -> Verdict:
    """The verdict as it can be recorded: what is no figure, such as nonsense that was refused, becomes short text."""
    return verdict._replace(limit=_figure(verdict.limit), value=_figure(verdict.value), note=_text(verdict.note))


def _figure(value: object) -> Figure:
    if value is None or isinstance(value, int) or is_finite(value):
        return value
    return _text(value)


def _text(value: object) -> str:
    text = str(value)[:200]
    return text if text.isprintable() else ascii(text)
