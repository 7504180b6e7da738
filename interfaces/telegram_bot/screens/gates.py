"""The gates: the room they leave, the policy, what stood in an order's way, what they would say."""

from __future__ import annotations

from domain.money import HUNDRED, ZERO
from domain.verdicts import Outcome
from interfaces.telegram_bot.screens.pieces import (
    Piece,
    Screen,
    bold,
    code,
    dim,
    lines,
    money,
    page,
    pages,
    shown,
    table,
    view_button,
    words,
)
from interfaces.telegram_bot.screens.state import order_words, sliced
from interfaces.telling.gates.gate_words import named_gate
from interfaces.telling.gates.refusing import ANSWERED, Refusal, refusal
from interfaces.telling.gates.rooms import is_least, room, trial_words
from interfaces.views.control import RiskRow
from interfaces.views.gates import LimitsView, ObjectionView, RiskView, TicketView, WhyNotView
from interfaces.views.plain import NOTHING, bound, measured, quantity, set_value
from interfaces.views.state import State, StatusView

_TIGHTEST, _MOST_BREAKERS, _GATES_A_PAGE = 8, 14, 25
_BREAKERS = ("G", "F6", "F7", "F8", "F9")
"""How the gates are called that stop entries after losses, cooldowns and failures."""
_STATES = {State.OK: "✓", State.TIGHT: "⚠", State.FAILED: "✗", State.UNKNOWN: "?", State.OFF: "–", State.IDLE: "·"}
_LIMITS_A_PAGE = 14


def risk(view: RiskView, now: StatusView, present: int = 1) -> Screen:
    """What matters first, and every gate with its limit, what is used, the room and its state on the pages behind."""
    pages_of = 1 + -(-len(view.risk) // _GATES_A_PAGE)
    present = min(present, pages_of)
    turn = pages(pages_of, present, 1, "risk")
    if present > 1:
        rows = sliced(view.risk, present - 1, _GATES_A_PAGE)
        note = f"page {present} of {pages_of}, {shown(view.as_of)}"
        return page("Every gate", table([_gate_row(one) for one in rows], "llrrr"), note=note, buttons=(turn,))
    stops = [one for one in view.risk if one.state in (State.FAILED, State.UNKNOWN)]
    on = [one for one in view.risk if one.state is not State.OFF]
    breakers = [one for prefix in _BREAKERS for one in on if one.gate.startswith(prefix)]
    aside = (*stops, *breakers)
    rooms = [one for one in view.risk if one.headroom_pct is not None and one not in aside]
    rooms.sort(key=lambda one: one.headroom_pct or ZERO)
    trading = f"{now.trading_state.value}{f': {now.why}' if now.why else ''}"
    parts: list[Piece] = [words(f"trading {trading}; {'🛑 KILLED' if now.kill_switch else 'no kill'}", 300)]
    parts += [words(f"⚠ {told}") for told in view.unprotected[:4]]
    parts += [] if view.trial is None else [words(trial_words(view.trial))]
    if stops:
        parts += [bold(f"Stops an entry into {view.symbol} now"), lines(*(_stop(one) for one in stops[:8]))]
    if breakers:
        parts += [bold("Breakers"), table([_gate_row(one) for one in breakers[:_MOST_BREAKERS]], "llrrr")]
    if rooms:
        tight = sum(one.state is State.TIGHT for one in rooms)
        title = f"Least room ({tight} tight)" if tight else "Least room"
        parts += [bold(title), table([_room(one) for one in rooms[:_TIGHTEST]], "lrrr")]
    more = dim(f"all {len(view.risk)} gates are on the pages behind: ▶")
    buttons = ((*turn, view_button("↻ Refresh", "risk", here=True), view_button("📊 Chart", "chart", "gates")),)
    return page("Risk", *parts, more, note=shown(view.as_of), buttons=buttons)


def _gate_row(one: RiskRow) -> tuple[str, str, str, str, str]:
    """State, gate, used, limit, room."""
    return (
        _STATES[one.state],
        f"{one.gate} {one.name}"[:19],
        measured(one.value, one.unit)[:10],
        bound(one.limit, one.value, one.unit)[:9],
        _short_room(one),
    )


def _short_room(one: RiskRow) -> str:
    """``81%``, ``1 more``, ``5 d``, ``over``: in a word where no share of a limit is left."""
    if one.headroom_pct is None:
        told = room(one).removesuffix(" to spare")
        return f"-{told.removesuffix(' too soon')}" if told.endswith(" too soon") else told
    if is_least(one.limit, one.value, one.headroom_pct):
        return "over" if one.headroom_pct > ZERO else "short"
    return room(one) if one.unit == "count" else f"{one.headroom_pct:,.0f}%"


def _stop(one: RiskRow) -> Piece:
    told = f"{one.gate} {one.name}{_figures(one)}"
    return words(f"• {told}{f' ({one.note})' if one.note else ''}")


def _figures(one: RiskRow | ObjectionView) -> str:
    """``: limit 0.5 %, found 0.6 %``; of a state the word alone, and nothing where nothing was measured."""
    limit, found = bound(one.limit, one.value, one.unit), measured(one.value, one.unit)
    told = (f"limit {limit}" if limit != NOTHING else "", f"found {found}" if found != NOTHING else "")
    return f": {', '.join(filter(None, told))}" if any(told) else ""


def _room(one: RiskRow) -> tuple[str, str, str, str]:
    return (
        f"{one.gate} {one.name}"[:17],
        measured(one.value, one.unit),
        measured(one.limit, one.unit),
        _short_room(one),
    )


def limits(view: LimitsView, present: int = 1) -> Screen:
    """The policy by its own names."""
    rows = [(one.name, set_value(one.value, one.unit)[:14]) for one in sliced(view.rows, present, _LIMITS_A_PAGE)]
    waits = () if not view.waits else (words("⚠ This policy waits for the owner: sage limits --accept"),)
    note = f"{view.profile} {view.digest[:12]}"
    turn = pages(len(view.rows), present, _LIMITS_A_PAGE, "limits")
    told = dim(" ".join(filter(None, (sentence(view.changed), "Limits change at the machine, never from here."))))
    return page("Limits", *waits, table(rows, "lr"), told, note=note,
                buttons=(turn,) if turn else ())  # fmt: skip


def whynot(view: WhyNotView) -> Screen:
    """The gates that objected, and the nearest order that would pass."""
    asked = () if view.order is None else (words(order_line(view)),)
    parts = [_objection(one) for one in view.objections[:8]]
    told = parts or [words(sentence(view.note) or "No gate objected.")]
    name = view.decision_id or view.symbol
    buttons = ((view_button("Explain", "explain", str(name)), view_button("Risk", "risk")),)
    when = "" if view.decided_at is None else shown(view.decided_at)
    return page(f"Why not {view.symbol}?", *asked, *told, *_nearest(view), note=when, buttons=buttons)


def order_line(view: WhyNotView) -> str:
    """What was wanted."""
    intent = view.order
    if intent is None:
        return ""
    at = "" if intent.limit_price is None else f" at {money(intent.limit_price)}"
    return f"{intent.side.value} {quantity(intent.qty)} {intent.symbol}{at}"


def _objection(one: ObjectionView) -> Piece:
    answer = ANSWERED[one.outcome]
    because = one.meaning or one.code
    told = f"{sentence(because)} {sentence(one.note)}".strip()
    return lines(bold(f"{one.gate} {one.name}: {answer}{_figures(one).replace(':', ';', 1)}"), words(told))


def _nearest(view: WhyNotView) -> tuple[Piece, ...]:
    if view.nearest_qty is None:
        return ()
    if view.nearest_qty > ZERO:
        yes = " with a person's yes" if view.needs_approval else ""
        more = "" if view.stopped_by is None else f"; {named_gate(view.stopped_by)} stops the next one"
        price = "" if view.nearest_price is None else f" at {money(view.nearest_price)}"
        return (bold(f"Would pass: up to {quantity(view.nearest_qty)}{price}{yes}{more}."),)
    standing = view.at_any_size or tuple(filter(None, (view.stopped_by,)))
    return (bold(f"No size would pass: {', '.join(map(named_gate, standing)) or 'a gate'} at any size."),)


def ticket(view: TicketView, title: str = "Order") -> Screen:
    """What became of an order, or what would."""
    answer = "" if view.outcome is None else ANSWERED[view.outcome]
    parts: list[Piece] = []
    if view.order is not None:
        state = view.order.status.value.replace("_", " ")
        parts += [bold(order_words(view.order)), words(state), code(view.order.client_order_id)]
    elif view.intent is not None:
        at = "" if view.intent.limit_price is None else f" at {money(view.intent.limit_price)}"
        intent = view.intent
        parts.append(bold(f"{intent.side.value} {quantity(intent.qty)} {intent.symbol}{at}"))
        if view.outcome in (Outcome.PASS, Outcome.REDUCE):
            price = intent.limit_price
            worth = "" if price is None else f", worth {money(price * view.final_qty)}"
            share = "" if not intent.qty else f" ({view.final_qty / intent.qty * HUNDRED:.0f} %)"
            parts.append(words(f"The gates let {quantity(view.final_qty)} pass{share}{worth}."))
    parts += [words(sentence(view.turned))] if view.turned else []
    found = Refusal("") if view.why is None else refusal(view.why.objections, view.intent)
    told = dict.fromkeys(filter(None, (found.sentence, view.note)))
    parts += [words(sentence(each)) for each in told]
    if view.why is not None and not found.alone:
        parts += [*(_objection(one) for one in view.why.objections[:6]), *_nearest(view.why)]
    return page(title, *parts, note=answer)


def sentence(text: str) -> str:
    """``no quote`` -> ``No quote.``"""
    told = text.strip().rstrip(".")
    return f"{told[:1].upper()}{told[1:]}." if told else ""
