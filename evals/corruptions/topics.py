"""What explanations say without figures: topics, the states each can be in, and several ways to say each.

A corruption says another state than the record's. Only states that exclude each other stand in one topic, and where a
record is in two of them at once neither is ever called false.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agents.record import Record
from domain.decisions import Action, Ruling, Stance
from domain.money import ZERO
from domain.orders import OrderStatus, Side
from domain.verdicts import Outcome

Said = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Topic:
    """``true`` gives the states that hold, first the one to tell; an empty answer leaves the topic out."""

    kind: str
    said: Said
    true: Callable[[Record], tuple[str, ...]]


def _side(record: Record) -> tuple[str, ...]:
    return (record.decision.candidate.side.value,)


def _advisor(record: Record) -> tuple[str, ...]:
    return (record.decision.advice.stance.value,) if record.decision.advice else ()


def _inspector(record: Record) -> tuple[str, ...]:
    return (record.decision.inspection.ruling.value,) if record.decision.inspection else ()


def _gates(record: Record) -> tuple[str, ...]:
    if record.evaluation is None:
        return ("none",)
    objected = (each.outcome.value for each in record.evaluation.verdicts if each.outcome is not Outcome.PASS)
    return tuple(dict.fromkeys((record.evaluation.outcome.value, *objected)))


def _approval(record: Record) -> tuple[str, ...]:
    asked = record.evaluation is not None and record.evaluation.outcome is Outcome.NEED_APPROVAL
    return ("needed",) if asked or record.decision.needs_approval else ("free",)


def _fill(record: Record) -> tuple[str, ...]:
    if not record.fills:
        return ("nothing",)
    whole = record.order is not None and record.order.status is OrderStatus.FILLED
    return ("whole",) if whole else ("part",)


def _sent(record: Record) -> tuple[str, ...]:
    return ("nothing",) if record.order is None else ("sent",)


def _decision(record: Record) -> tuple[str, ...]:
    return (record.decision.action.value,)


def _signal(record: Record) -> tuple[str, ...]:
    item = record.evidence.get(f"regime@{record.decision.candidate.symbol}")
    return (str(item.value),) if item is not None and item.value != "range" else ()


# Wordings without a full stop are the middle of a sentence, as the template has them.
TOPICS = (
    Topic(
        "side",
        {
            Side.BUY.value: (
                "The proposal was to buy {plan.qty} of {symbol}.",
                "It was about buying {plan.qty}.",
                "The strategy proposed a purchase of {plan.qty} at about {plan.entry}.",
                "The idea was to go long {symbol}.",
                "proposed buying",
            ),
            Side.SELL.value: (
                "The proposal was to sell {plan.qty} of {symbol}.",
                "It was about selling {plan.qty}.",
                "The strategy proposed a sale of {plan.qty} at about {plan.entry}.",
                "The idea was to go short {symbol}.",
                "proposed selling",
            ),
        },
        _side,
    ),
    Topic(
        "advisor",
        {
            Stance.TAKE.value: (
                "The advisor supported it.",
                "The advisor was in favour of the whole trade.",
                "The advisor backed the trade in full.",
                "The advisor recommended taking it.",
            ),
            Stance.REDUCE.value: (
                "The advisor asked for less of it.",
                "The advisor wanted a smaller position.",
                "The advisor would take only part of it.",
                "The advisor recommended a reduced size.",
            ),
            Stance.SKIP.value: (
                "The advisor spoke against it.",
                "The advisor was opposed to the trade.",
                "The advisor recommended skipping it.",
                "The advisor advised against it.",
            ),
        },
        _advisor,
    ),
    Topic(
        "inspector",
        {
            Ruling.ALLOW.value: (
                "The risk inspector allowed it.",
                "The inspector had no objection.",
                "The inspector let it pass unchanged.",
                "The inspector cleared the trade.",
            ),
            Ruling.SHRINK.value: (
                "The risk inspector made it smaller.",
                "The inspector cut the size.",
                "The inspector wanted less of it.",
                "The inspector reduced the trade.",
            ),
            Ruling.ASK.value: (
                "The risk inspector wanted a person to decide.",
                "The inspector sent it to a person.",
                "The inspector asked for a human to look at it.",
            ),
            Ruling.BLOCK.value: (
                "The risk inspector blocked it.",
                "The inspector vetoed the trade.",
                "The inspector did not allow it.",
                "The inspector rejected the trade.",
            ),
        },
        _inspector,
    ),
    Topic(
        "gate outcome",
        {
            Outcome.PASS.value: (
                "The gates had no objection.",
                "Every gate let it through as it was.",
                "It passed all gates.",
                "No gate stood in its way.",
            ),
            Outcome.REDUCE.value: (
                "A gate allows less",
                "A gate cut the order.",
                "The gates made the order smaller.",
                "One of the gates reduced it.",
            ),
            Outcome.NEED_APPROVAL.value: (
                "A gate asks for a person",
                "A gate sent it to a person.",
                "One of the gates wants a human decision.",
            ),
            Outcome.DENY.value: (
                "A gate refuses it",
                "A gate refused the trade.",
                "The gates stopped it.",
                "It was denied by a gate.",
                "One of the gates rejected it.",
            ),
            "none": ("It did not get as far as the gates.", "The gates were never asked."),
        },
        _gates,
    ),
    Topic(
        "approval",
        {
            "needed": (
                "It needs the approval of a person.",
                "A person has to approve it first.",
                "It waits for a person's approval.",
                "It cannot go ahead without human approval.",
            ),
            "free": (
                "No approval is needed.",
                "It does not need anybody's approval.",
                "It can go ahead without a person's approval.",
                "Human approval is not required.",
            ),
        },
        _approval,
    ),
    Topic(
        "fill",
        {
            "nothing": ("Nothing has been filled.", "There is no fill so far.", "None of it was filled."),
            "part": (
                "It was filled in part.",
                "Only part of the order was filled.",
                "The order is partly filled so far.",
            ),
            "whole": ("The order was filled completely.", "It was filled in full.", "All of it was filled."),
        },
        _fill,
    ),
    Topic(
        "order",
        {
            "nothing": (
                "No order was sent.",
                "Nothing has been sent yet.",
                "Nothing was sent to the broker.",
                "No order exists.",
            ),
            "sent": (
                "An order was sent.",
                "The order has been sent to the broker.",
                "An order is with the broker.",
                "The order was placed.",
            ),
        },
        _sent,
    ),
    Topic(
        "decision",
        {
            Action.TAKE.value: (
                "The decision was to take it as proposed.",
                "In the end the trade was taken in full.",
                "The final decision was to take the whole trade.",
            ),
            Action.SHRINK.value: (
                "The decision was to make it smaller.",
                "In the end the trade was cut.",
                "The final decision was for a smaller trade.",
            ),
            Action.SKIP.value: (
                "The trade was not taken",
                "The decision was to skip it.",
                "In the end the trade was dropped.",
                "The final decision was against the trade.",
            ),
            Action.DELAY.value: (
                "The trade was delayed",
                "The decision was to wait.",
                "In the end the trade was put off.",
                "The final decision was to delay it.",
            ),
        },
        _decision,
    ),
    Topic(
        "direction",
        {
            "trend_up": ("The trend is up.", "The market is in an uptrend.", "An upward trend is in place."),
            "trend_down": ("The trend is down.", "The market is in a downtrend.", "A downward trend is in place."),
        },
        _signal,
    ),
)


def contradicts(topic: Topic, state: str, record: Record) -> bool:
    """Whether saying ``state`` is false of the record."""
    true = topic.true(record)
    if not true or state in true:
        return False
    if topic.kind == "approval" and record.decision.qty == ZERO:
        return state == "needed"  # of a trade that is off, "no approval is needed" and silence are both right
    # What a gate cut is both taken and smaller than proposed.
    cut = record.evaluation is not None and record.evaluation.final_qty < record.decision.candidate.qty
    if topic.kind == "decision" and state == Action.SHRINK.value and cut:
        return False
    return (topic.kind, state) != ("inspector", Ruling.SHRINK.value) or true[0] != Ruling.BLOCK.value
