"""What every gate says in words: one sentence each, with its reason, its figures, and its name and code behind."""

import re
from decimal import Decimal

import pytest

from domain.verdicts import Outcome, Verdict
from interfaces.telling.gates.gate_words import because, named_gate, spoken
from interfaces.telling.gates.refusing import reason
from policies.breaches import BREACHES, good_case
from policies.codes import ReasonCode
from policies.evaluate import evaluate
from policies.gates.catalogue import GATES
from policies.policy import load_policy

POLICY = load_policy("conservative")
D, DENY = Decimal, Outcome.DENY


def breached(gate):
    """The verdict of a gate on its must-block order; None where the policy leaves it nothing to stop."""
    case = BREACHES[gate](good_case(POLICY), POLICY.limits)
    if case is None:
        return None
    return next(each for each in evaluate(case, POLICY).verdicts if each.gate == gate)


@pytest.mark.parametrize("gate", POLICY.enforced)
def test_every_gate_objects_in_a_sentence_and_its_code_stands_behind_in_brackets(gate):
    verdict = breached(gate)
    if verdict is None:
        return
    told = spoken(verdict)
    sentence, _, brackets = told.rpartition(" (")
    assert brackets == f"{next(each.name for each in GATES if each.id == gate)}, {gate})"
    assert told.startswith(("refused: ", "cut: ", "waits for a person: "))
    words = sentence.removesuffix(f": {verdict.note}") if verdict.note else sentence
    # A setting is what people write, and named as they write it.
    assert not re.search(r"\b(?!SAGE_)[A-Z]+_[A-Z_]+\b", words), "a code where words should be"
    assert not re.search(r"\b(\w+) \1\b", words), "a doubled word"
    assert "None" not in words
    assert ": :" not in words


SENTENCES = [
    (
        Verdict("E7", ReasonCode.SPREAD_TOO_WIDE, DENY, D("0.5"), D("0.5891")),
        "refused: bid and ask are too far apart, 0.59 % where the limit is 0.5 % (spread, E7)",
    ),
    (
        Verdict("E7", ReasonCode.SPREAD_TOO_WIDE, DENY, D("0.5"), D("0.50041")),
        "refused: bid and ask are too far apart, 0.50041 % where the limit is 0.5 % (spread, E7)",
    ),
    (
        Verdict("E13_macro", ReasonCode.MACRO_BLACKOUT, DENY, D(24), D(3)),
        ("refused: an event that moves the whole market is too near, 3 h where the least is 24 h "
        "(macro blackout, E13_macro)"),
    ),
    (
        Verdict("C1", ReasonCode.ORDER_NOTIONAL, Outcome.REDUCE, D(4000), D("8604.30"), D("-4604.30"), D(106)),
        ("cut: the order is worth more than an order may be, 8,604.30 USD where the limit is 4,000.00 USD "
        "(order notional, C1)"),
    ),
    (
        Verdict("F7", ReasonCode.LOSS_STREAK, DENY, D(4), D(4)),
        "refused: too many losses in a row, 4, which is the limit (losing streak, F7)",
    ),
    (
        Verdict("D3", ReasonCode.SHORT_FORBIDDEN, DENY, D(0), D(1)),
        ("refused: the order would sell more than is held, and short selling is off, 1 share where the limit is "
        "0 shares (short sale, D3)"),
    ),
    (
        Verdict("C16_down", ReasonCode.AVERAGING_DOWN, DENY, D("133.11"), D("133.09")),
        ("refused: the order would add to a position at a worse price than its average, 133.09 USD against an "
        "average of 133.11 USD (averaging down, C16_down)"),
    ),
    (
        Verdict("E11_index", ReasonCode.INDEX_DROP, DENY, D(-3), D("-4.2")),
        "refused: the whole market has fallen too far today, -4.2 % where the limit is -3 % (index drop, E11_index)",
    ),
    (
        Verdict("F6_stop", ReasonCode.COOLDOWN, DENY, D(86_400), D(600)),
        ("refused: too soon after the stop of this symbol was hit, 600 s where the least is 86,400 s "
        "(cooldown after a stop, F6_stop)"),
    ),
    (
        Verdict("E4", ReasonCode.QUOTE_STALE, DENY, D(5), D(-60), note="dated in the future"),
        "refused: the quote is dated in the future (quote age, E4)",
    ),
    (Verdict("E4", ReasonCode.QUOTE_STALE, DENY, D(5), D(60)),
     "refused: the quote is too old, 60 s where the limit is 5 s (quote age, E4)"),
    (Verdict("E4_bar", ReasonCode.BAR_STALE, DENY, D(9), note="no bar"), "refused: there is no bar (bar age, E4_bar)"),
    (Verdict("A3", ReasonCode.PAUSED, DENY, None, "strategy momentum"),
     "refused: new entries are paused: strategy momentum (pause, A3)"),
    (Verdict("A5", ReasonCode.RELEASE_MISMATCH, DENY, "1a" * 32, "2b" * 32, note="code"),
     "refused: what this process runs is not what is in force: code (release, A5)"),
    (Verdict("H5", ReasonCode.AGAINST_SIGNAL, DENY, 1, -1),
     "refused: the entry goes against the computed signal (agreement with the signal, H5)"),
    (Verdict("C8", ReasonCode.SECTOR_EXPOSURE, DENY, D("NaN"), D("Infinity")),
     "refused: the sector would exceed its share of equity (sector exposure, C8)"),
    (Verdict("Z9", "GONE_LONG_AGO", DENY, D(5), D("6.5")), "refused: gone long ago, 6.5 where the limit is 5 (Z9)"),
]  # fmt: skip


@pytest.mark.parametrize(("verdict", "told"), SENTENCES, ids=[each.gate for each, _ in SENTENCES])
def test_a_verdict_is_told_by_what_this_gate_looks_at(verdict, told):
    assert spoken(verdict) == told


def test_the_first_reason_and_how_many_more():
    verdicts = [each for each, _ in SENTENCES[:2]] + [SENTENCES[0][0]._replace(gate="E9")]
    assert reason(verdicts[:1], DENY) == "bid and ask are too far apart (spread, E7)"
    assert reason(verdicts[:2], DENY).endswith("(spread, E7), and 1 more gate")
    assert reason(verdicts, DENY).endswith("(spread, E7), and 2 more gates")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("NOTIONAL_NEEDS_APPROVAL", "orders of this size need a person's approval (NOTIONAL_NEEDS_APPROVAL)"),
        ("INSPECTOR_BLOCK", "the risk inspector blocked it (INSPECTOR_BLOCK)"),
        ("DECIDER_NETWORK", "decider network (DECIDER_NETWORK)"),
        ("said by hand", "said by hand"),
    ],
)
def test_a_code_stands_behind_its_words(code, told):
    assert because(code) == told


def test_a_gate_is_called_by_its_name_with_the_code_behind():
    assert (named_gate("E13_macro"), named_gate("Z9")) == ("macro blackout (E13_macro)", "Z9")
