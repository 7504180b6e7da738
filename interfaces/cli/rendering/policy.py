"""Screens of the gates: the policy and what it means, the room it leaves, and what stood in an order's way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.text import Text

from domain.money import HUNDRED, ZERO
from domain.orders import OrderIntent, TimeInForce
from domain.verdicts import Outcome
from interfaces.cli.rendering.cells import (
    BAD,
    BOLD,
    DIM,
    GOOD,
    WAIT,
    bound,
    found,
    heading,
    lines,
    measured,
    moment,
    pairs,
    screen,
    section,
    set_value,
    short,
    state,
    table,
    words,
)
from interfaces.cli.rendering.state import order_status, order_words, stands
from interfaces.telling.gates.gate_words import in_words, meaning, named_gate
from interfaces.telling.gates.refusing import ANSWERED, refusal
from interfaces.telling.gates.rooms import room, room_left, trial_words
from interfaces.views.control import LimitChange, RiskRow
from interfaces.views.gates import (
    Basis,
    LimitRow,
    LimitsView,
    ObjectionView,
    RiskView,
    TallyView,
    TicketView,
    WhyNotView,
)
from interfaces.views.plain import amount, counted, quantity, since
from interfaces.views.state import State

FAMILIES: Mapping[str, str] = {
    "A": "Control",
    "B": "Form of the order",
    "C": "Size and exposure",
    "D": "Broker",
    "E": "Market",
    "F": "Rate",
    "G": "Losses",
    "H": "Models",
}
OTHERS = "Everything else"
# What is unknown refuses as well as what is beyond its limit.
_REFUSES = (State.FAILED, State.UNKNOWN)
_BAR_WIDTH = 10
_WIDE, _VERY_WIDE = 72, 96
_LONGEST_LIST = 4_000
_ANSWERS = {
    Outcome.PASS: "the gates let it pass",
    Outcome.REDUCE: "the gates would cut it",
    Outcome.NEED_APPROVAL: "needs a person's yes",
    Outcome.DENY: "refused",
}
_LASTS = {TimeInForce.DAY: "for the day", TimeInForce.GTC: "until it is cancelled"}
WAITS = "waits for your word: sage limits --accept"
_BASES = {
    Basis.RECORD: "asked of the recorded state",
    Basis.PRESENT: "asked of the state now, because the recorded one cannot be made again",
}


def risk(view: RiskView) -> RenderableType:
    """``sage risk``: what stops an entry, the room under each limit by family, and what has no figure, and why."""
    asked = f" into {view.symbol}" if view.symbol else ""
    stops = [row for row in view.risk if row.state in _REFUSES]
    rooms = [row for row in view.risk if room(row) and row not in stops]
    plain = [row for row in view.risk if row not in stops and row not in rooms]
    fine = [row for row in plain if row.state in (State.OK, State.TIGHT)]
    return screen(
        heading("Room under the limits", moment(view.as_of).plain),
        *((words(trial_words(view.trial), DIM),) if view.trial is not None else ()),
        *(words(f"unprotected: {each}", BAD) for each in view.unprotected),
        *((section(f"Stops the smallest entry{asked} now", _stops(stops)),) if stops else ()),
        *((_rooms(rooms),) if rooms else ()),
        *_named("Fine, with nothing to measure", fine),
        *_idle(row for row in plain if row.state is State.IDLE),
        *_named("Not set in this policy", [row for row in plain if row.state is State.OFF]),
    )


def limits(view: LimitsView) -> RenderableType:
    """``sage limits``: each limit with its value and what it means, by family, or how another policy differs."""
    since_when = f", loaded {since(view.loaded_at, view.as_of)} ago" if view.in_force else ", not in force"
    title = heading("Limits", f"{view.profile} {view.digest[:12]}{since_when}")
    if view.waits:
        title = lines(title, words(WAITS, WAIT))
    if view.compared_with is not None:
        return screen(title, _changes(view.changes, view.profile, view.compared_with))
    rows = sorted(view.rows, key=lambda row: _family_order(row.gates[0] if row.gates else ""))
    return screen(title, _Fitting(_limit_table(rows), _limit_lines(rows), _VERY_WIDE))


def whynot(view: WhyNotView) -> RenderableType:
    """``sage whynot``: the gates that objected, the nearest order that would pass, and of what that was asked."""
    when = "" if view.decided_at is None else moment(view.decided_at).plain
    title = heading(f"Why not {view.symbol}?", when)
    name = None if view.decision_id is None else short(view.decision_id, 40)
    asked = None if view.order is None else lines(order_words(view.order), name)
    if not view.objections:
        return screen(title, *filter(None, (asked, words(_sentence(view.note)))), *_nearest(view))
    note = (words(_sentence(view.note), DIM),) if view.note else ()
    told = _objections(view.objections)
    dated = told if view.asked_at is None else section(_when_asked(view.asked_at, view), told)
    return screen(title, *filter(None, (asked,)), dated, *note, *_nearest(view))


def ticket(view: TicketView, *, verbose: bool = False) -> RenderableType:
    """``sage buy``, ``sell``, ``orders cancel`` and ``replace``: the order, or what keeps it back in one sentence.

    The gates stand below it, unless the sentence says it all; ``verbose`` shows them then too.
    """
    told = words(_sentence(view.note), DIM if view.done else WAIT) if view.note else None
    turned = words(_sentence(view.turned), DIM) if view.turned else None
    if view.order is not None:
        order = lines(order_words(view.order), words(view.order.client_order_id, DIM), order_status(view.order), turned)
        title = heading("Order", moment(view.as_of).plain)
        return screen(title, order, *filter(None, (told,)), *(stands(view.standstill) if view.done else ()))
    asked = None if view.intent is None else lines(order_words(view.intent), turned)
    title = heading("Order", "" if view.outcome is None else _ANSWERS[view.outcome])
    why = view.why
    if view.waits and view.intent is not None and view.intent.limit_price is not None and asked is not None:
        asked = lines(asked, words(_worst(view.intent, view.intent.limit_price), DIM))
    if why is None or not why.objections:
        return screen(title, *filter(None, (asked, told)), *_left_over(view))
    found = refusal(why.objections, view.intent)
    lead = None if found.sentence == view.note else words(_sentence(found.sentence), WAIT)
    more = len(why.objections) - 1
    if found.alone and not verbose:
        hint = f"{more} more gate{'s' if more > 1 else ''} would refuse it as an entry: --verbose lists them."
        return screen(title, *filter(None, (asked, lead, told)), *((words(hint, DIM),) if more else ()))
    return screen(title, *filter(None, (asked, lead, told)), _objections(why.objections), *_nearest(why))


def _worst(intent: OrderIntent, limit: Decimal) -> str:
    """``for the day, worth 228.30 USD at its worst price, stop 22.00``."""
    exits = (("stop", intent.stop_loss), ("target", intent.take_profit))
    told = (f"{name} {amount(price)}" for name, price in exits if price is not None)
    worth = f"worth {amount(limit * intent.qty)} {intent.currency} at its worst price"
    return ", ".join((_LASTS.get(intent.tif, f"in force {intent.tif.value}"), worth, *told))


def _left_over(view: TicketView) -> tuple[RenderableType, ...]:
    """What an order that may go out leaves under the limits that it comes closest to, and how large it could be."""
    if not view.room:
        return ()
    left = words("; ".join(f"{named_gate(row.gate)}: {room_left(row)}" for row in view.room), DIM)
    facts: list[tuple[str, Text]] = [("room after it", left)]
    if view.why is not None and view.why.nearest_qty:
        stopped = "" if view.why.stopped_by is None else f"; {named_gate(view.why.stopped_by)} stops more"
        facts.append(("at most", words(f"{quantity(view.why.nearest_qty)} would pass{stopped}", DIM)))
    return (pairs(tuple(facts)),)


def _when_asked(at: datetime, view: WhyNotView) -> str:
    """The head of the table: two times stand on this screen where the second part is of now."""
    return f"{'Asked now' if view.decided_at is None else 'When it was asked'}, {moment(at).plain}"


def tally(view: TallyView) -> RenderableType:
    """``sage gate --summary``: how often each answer and each code was given."""
    answers, codes = table("answer", "cases>"), table("code", "cases>", "means")
    for name, count in _most_first(view.verdicts):
        answers.add_row(words(name), f"{count:,}")
    for name, count in _most_first(view.codes):
        codes.add_row(words(name), f"{count:,}", words(_sentence(meaning(name)), DIM))
    title = heading("Answers", counted(sum(view.verdicts.values()), "case"))
    return screen(title, answers, *((codes,) if view.codes else ()))


def _most_first(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _stops(rows: Sequence[RiskRow]) -> RenderableType:
    made = table("gate", "limit>", "now>", "because")
    for row in rows:
        limit = bound(row.limit, row.value, row.unit)
        made.add_row(_gate(row), limit, found(row.value, row.unit, row.limit), words(row.note))
    return made


class _Fitting:
    """A wide screen where there is room for it, else a narrow one."""

    def __init__(self, wide: RenderableType, narrow: RenderableType, needs: int) -> None:
        self._wide = wide
        self._narrow = narrow
        self._needs = needs

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._wide if options.max_width >= self._needs else self._narrow


def _rooms(rows: Sequence[RiskRow]) -> RenderableType:
    return _Fitting(_room_table(rows, bars=True), _room_table(rows, bars=False), _VERY_WIDE)


def _room_table(rows: Sequence[RiskRow], *, bars: bool) -> RenderableType:
    made = table("gate", "limit>", "now>", "room>", *(("",) if bars else ()), "")
    for family, members in groupby(rows, key=lambda row: _family(row.gate)):
        made.add_row(Text(family, BOLD))
        # What has no share left to sort by stands last.
        for row in sorted(members, key=lambda row: (row.headroom_pct is None, row.headroom_pct or ZERO)):
            made.add_row(
                _gate(row),
                measured(row.limit, row.unit),
                found(row.value, row.unit, row.limit),
                words(room(row)),
                *((_bar(row),) if bars else ()),
                state(row.state),
            )
    return made


def _named(title: str, rows: Sequence[RiskRow]) -> tuple[RenderableType, ...]:
    if not rows:
        return ()
    told = ", ".join(f"{row.name} ({row.gate})" if row.name else row.gate for row in rows)
    return (section(title, words(told, DIM, _LONGEST_LIST)),)


def _idle(rows: Iterable[RiskRow]) -> tuple[RenderableType, ...]:
    # groupby joins neighbours only.
    by_reason = sorted(rows, key=lambda row: row.note)
    groups = groupby(by_reason, key=lambda row: row.note)
    return tuple(part for why, members in groups for part in _named(f"Not measured here: {why}", list(members)))


def _gate(row: RiskRow | ObjectionView) -> Text:
    return Text.assemble(words(row.name), " ", words(f"({row.gate})", DIM)) if row.name else words(row.gate)


def _family(gate: str) -> str:
    return FAMILIES.get(gate[:1], OTHERS)


def _family_order(gate: str) -> int:
    return list(FAMILIES).index(gate[:1]) if gate[:1] in FAMILIES else len(FAMILIES)


def _bar(row: RiskRow) -> RenderableType:
    if row.headroom_pct is None:
        return Text()
    colour = {State.OK: GOOD, State.TIGHT: WAIT}.get(row.state, BAD)
    # Beyond a limit the room is negative, and a bar has an end.
    used = max(ZERO, min(HUNDRED, HUNDRED - row.headroom_pct))
    return ProgressBar(100, float(used), _BAR_WIDTH, complete_style=colour, finished_style=colour)


def _limit_table(rows: Sequence[LimitRow]) -> RenderableType:
    made = table("limit", "value", "means")
    # A name is never cut, because it is to be typed.
    made.columns[0].no_wrap = True
    for family, members in groupby(rows, key=lambda row: _family(row.gates[0] if row.gates else "")):
        made.add_row(Text(family, BOLD))
        for row in members:
            made.add_row(words(row.name), set_value(row.value, row.unit), _meaning(row))
    return made


def _limit_lines(rows: Sequence[LimitRow]) -> RenderableType:
    """The same where three columns do not fit: name and value in one line, the meaning below."""
    parts: list[RenderableType] = []
    for family, members in groupby(rows, key=lambda row: _family(row.gates[0] if row.gates else "")):
        parts.append(Text(family, BOLD))
        for row in members:
            parts.append(Text.assemble(words(row.name), "  ", set_value(row.value, row.unit)))
            parts.append(Padding(_meaning(row), (0, 0, 0, 2)))
    return Group(*parts)


def _meaning(row: LimitRow) -> Text:
    return words(row.meaning, DIM) if row.enforced else lines(words(row.meaning, DIM), Text("no gate reads it", WAIT))


def _changes(changes: Sequence[LimitChange], old: str, new: str) -> RenderableType:
    if not changes:
        return words(f"{new} sets the same limits as {old}.")
    return _Fitting(_change_table(changes, old, new), _change_lines(changes), _WIDE)


def _change_table(changes: Sequence[LimitChange], old: str, new: str) -> RenderableType:
    made = table("limit", old, new, "")
    made.columns[0].no_wrap = True
    for change in changes:
        made.add_row(
            words(change.name), _was(change.old, change.unit), _was(change.new, change.unit), _direction(change)
        )
    return made


def _change_lines(changes: Sequence[LimitChange]) -> RenderableType:
    parts: list[RenderableType] = []
    for change in changes:
        parts.append(Text.assemble(words(change.name), "  ", _direction(change)))
        both = Text.assemble(_was(change.old, change.unit), " → ", _was(change.new, change.unit))
        parts.append(Padding(both, (0, 0, 0, 2)))
    return Group(*parts)


def _direction(change: LimitChange) -> Text:
    return Text(change.direction, GOOD if change.direction == "tighter" else WAIT)


def _was(value: Any, unit: str) -> Text:
    return Text("not set", DIM) if value is None else set_value(value, unit)


def _objections(rows: Sequence[ObjectionView]) -> RenderableType:
    made = table("gate", "limit>", "found>", "", "because")
    for row in rows:
        made.add_row(
            _gate(row),
            bound(row.limit, row.value, row.unit),
            found(row.value, row.unit, row.limit),
            Text(ANSWERED[row.outcome], BAD if row.outcome is Outcome.DENY else WAIT),
            words(_sentence(in_words(row))),
        )
    return made


def _nearest(view: WhyNotView) -> tuple[RenderableType, ...]:
    if view.nearest_qty is None:
        return ()
    told = "asked of the state now" if view.decision_id is None else _BASES.get(view.basis, "")
    basis = words(_sentence(told), DIM)
    now = "Now: " if view.basis is Basis.PRESENT else ""
    if view.nearest_qty > ZERO:
        answered = " with a person's yes" if view.needs_approval else ""
        more = "" if view.stopped_by is None else f"; {named_gate(view.stopped_by)} stops the next one"
        price = "" if view.nearest_price is None else f" at {amount(view.nearest_price)}"
        fits = f"would pass: up to {quantity(view.nearest_qty)}{price}{answered}{more}"
        return (lines(words(f"{now}{fits}." if now else _sentence(fits), GOOD), basis),)
    standing = view.at_any_size or ((view.stopped_by,) if view.stopped_by is not None else ())
    gates = ", ".join(map(named_gate, standing)) or "a gate"
    stands = f"no size would pass: {gates} {'stands' if len(standing) < 2 else 'stand'} at any size"
    return (lines(words(f"{now}{stands}." if now else _sentence(stands), BAD, _LONGEST_LIST), basis),)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""
