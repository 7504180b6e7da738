"""C13 value at risk and C13_es expected shortfall of one day at 99 %, at most a share of equity.

    variance   sum over all pairs of P_i sigma_i P_j sigma_j rho_ij, with P signed positions in the worst case
    VaR        2.326347874 x its root      (normal returns: one day in a hundred loses more)
    ES         2.665214220 x its root      (what those days lose on average)

Equity 100,000 and 3 %: 50,000 held at a daily deviation of 2 % (1,000) and an order of 20,000 at 1 % (200) that moves
with it at 0.5 make a variance of 1,000,000 + 40,000 + 200,000, a root of 1,113.55 and a VaR of 2,590.51: 2.59 %, PASS.

The book is judged three times and the largest counts: with what goes the order's way filled and the order as well, the
same without the order, and with only the other side filled. An order fills in part or not at all, and so one that
hedges does not pass for its size where a smaller one would not.

Compared are squares, which are exact. The largest order that fits solves the quadratic (w + c)^2 <= K - V + c^2, where
w is this symbol's P sigma, c the covariance of the rest with one unit of it, V the variance of the rest, K the cap.
V and c belong to the book: they are worked out once for all orders in a symbol, and an order adds a few products.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from operator import mul
from typing import NamedTuple

from domain.case import Case, SymbolView
from domain.market import Symbol
from domain.money import ZERO
from policies.codes import ReasonCode
from policies.gate import OVERSIZE_DENY, PASSED, Answer, Gate, Need, Scope, denied
from policies.gates.caps import too_large
from policies.gates.returns import EXACT, correlations, root_down, root_up
from policies.measures.worst_case import FLAT, NOTHING, Holdings, WorstCase, affordable, is_plausible, rounded_up

PRICE_UNKNOWN = ReasonCode.PRICE_UNKNOWN
EXPOSURE_UNKNOWN = ReasonCode.EXPOSURE_UNKNOWN
VOLATILITY_UNKNOWN = ReasonCode.VOLATILITY_UNKNOWN
CORRELATION_UNKNOWN = ReasonCode.CORRELATION_UNKNOWN
VAR, SHORTFALL = ReasonCode.VALUE_AT_RISK, ReasonCode.EXPECTED_SHORTFALL
_DOWN = Context(prec=50, rounding=ROUND_FLOOR)
add, multiply, fma = EXACT.add, EXACT.multiply, EXACT.fma


@dataclass(frozen=True, slots=True)
class VarLimits:
    """In percent of equity."""

    max_var_pct: Decimal
    oversize: str = OVERSIZE_DENY


@dataclass(frozen=True, slots=True)
class ShortfallLimits:
    """In percent of equity."""

    max_es_pct: Decimal
    oversize: str = OVERSIZE_DENY


class OtherSymbols(NamedTuple):
    """All symbols but the order's that are held or working, the P sigma of each once its buys or sells fill, and the
    variances of both."""

    symbols: list[Symbol]
    up: list[Decimal]
    down: list[Decimal]
    up_variance: Decimal
    down_variance: Decimal


class Beside(NamedTuple):
    """The rest as one symbol sees it: the variances, and twice the covariances with one unit of the symbol."""

    up_variance: Decimal
    down_variance: Decimal
    twice_up_cross: Decimal
    twice_down_cross: Decimal


class OneWay(NamedTuple):
    """One book as the order's symbol sees it: variance of the rest, twice its covariance with one unit, the symbol."""

    rest: Decimal
    twice_cross: Decimal
    mine: Decimal

    def variance(self, added: Decimal) -> Decimal:
        """Of the whole book once the order's symbol weighs ``added`` more."""
        rest, twice_cross, mine = self
        weight = add(mine, added)
        return fma(weight, add(twice_cross, weight), rest)


class Books(NamedTuple):
    """The book with only its buys and with only its sells filled, the symbol's deviation, and the larger variance.

    ``contradicts``: the correlations cannot all be true, because one of the variances is below zero.
    """

    up: OneWay
    down: OneWay
    sigma: Decimal
    variance: Decimal
    contradicts: bool


@dataclass(frozen=True, slots=True)
class Scale:
    """A factor times 100, and its square: a limit in percent is compared without a division, which would round."""

    hundredfold: Decimal
    squared: Decimal


VAR_SCALE = Scale(Decimal("232.6347874"), EXACT.power(Decimal("232.6347874"), 2))
ES_SCALE = Scale(Decimal("266.5214220"), EXACT.power(Decimal("266.5214220"), 2))


class Risk(NamedTuple):
    """What both gates judge: the book toward which the order goes, the symbol's deviation, and variances.

    ``standing`` is that of the book without the order, ``deviation`` the root of the variance, rounded up.
    ``contradicts``: the correlations cannot all be true; such a variance may have no root, and none is taken.
    """

    toward: OneWay
    sigma: Decimal
    standing: Decimal
    variance: Decimal
    deviation: Decimal
    contradicts: bool


def check(case: Case, worst: WorstCase, limits: VarLimits) -> Answer:
    """PASS up to the share of equity."""
    return _judged("C13", VAR, limits.max_var_pct, VAR_SCALE, case, worst, limits.oversize)


def check_shortfall(case: Case, worst: WorstCase, limits: ShortfallLimits) -> Answer:
    """PASS up to the share of equity."""
    return _judged("C13_es", SHORTFALL, limits.max_es_pct, ES_SCALE, case, worst, limits.oversize)


def _judged(
    gate: str, code: ReasonCode, cap: Decimal, scale: Scale, case: Case, worst: WorstCase, oversize: str
) -> Answer:
    risk, equity = worst.once(_risk, case), worst.equity
    if isinstance(risk, ReasonCode):
        return denied(gate, risk, cap)
    if equity is None:
        return denied(gate, ReasonCode.EQUITY_UNKNOWN, cap)
    _, _, standing, variance, deviation, contradicts = risk
    if contradicts:
        return denied(gate, ReasonCode.CORRELATION_UNKNOWN, cap, note="the correlations contradict each other")
    value = rounded_up(multiply(deviation, scale.hundredfold), equity)
    margin = cap - value
    if margin >= ZERO:
        return PASSED, cap, value, margin
    # Rounded up it is above the cap; the exact squares tell whether it is.
    most = multiply(equity, cap)
    allowed = multiply(most, most)
    if multiply(variance, scale.squared) <= allowed:
        return PASSED, cap, value, margin
    allowed = _DOWN.divide(allowed, scale.squared)
    quantity = ZERO if standing > allowed else _largest(case, worst, risk, allowed)
    return too_large(gate, code, cap, value, margin, quantity, oversize)


def _largest(case: Case, worst: WorstCase, risk: Risk, allowed: Decimal) -> Decimal:
    """The most whole lots with a variance of at most ``allowed``, which the book without the order has."""
    if worst.price is None:
        return ZERO
    sign, book = case.order.side.sign, risk.toward
    with localcontext(EXACT):
        each, cross = worst.price * risk.sigma, book.twice_cross / 2
        room = root_down(allowed - book.rest + cross * cross) - sign * (cross + book.mine)
        found = affordable(room, each, worst.step)
        # The root is a little short, and so is the quantity: the last lot may fit after all, or not.
        for quantity in (found + worst.step, found):
            if ZERO < quantity < case.order.qty and book.variance(sign * quantity * each) <= allowed:
                return quantity
    return ZERO


def _risk(case: Case, worst: WorstCase) -> Risk | ReasonCode:
    if worst.notional is None or worst.price is None:
        return PRICE_UNKNOWN
    book = worst.holdings.seen(_books, case.order.symbol)
    if isinstance(book, ReasonCode):
        return book
    up, down, sigma, standing, contradicts = book
    toward = up if worst.buys else down
    added = multiply(worst.notional if worst.buys else worst.notional * case.order.side.sign, sigma)
    variance = max(standing, toward.variance(added))
    return Risk(toward, sigma, standing, variance, ZERO if contradicts else root_up(variance), contradicts)


def _books(holdings: Holdings, mine: Symbol) -> Books | ReasonCode:
    """The book as the symbol ``mine`` sees it, either way, before any order."""
    exposure, sigma = holdings.exposures.get(mine, FLAT), holdings.market.symbols.get(mine, NOTHING).daily_sigma
    if exposure.up is None or exposure.down is None:
        return EXPOSURE_UNKNOWN
    if not is_plausible(sigma):
        return VOLATILITY_UNKNOWN
    beside = _beside(holdings, mine)
    if isinstance(beside, ReasonCode):
        return beside
    up = OneWay(beside.up_variance, beside.twice_up_cross, multiply(exposure.up, sigma))
    down = OneWay(beside.down_variance, beside.twice_down_cross, multiply(exposure.down, sigma))
    variances = up.variance(ZERO), down.variance(ZERO)
    return Books(up, down, sigma, max(variances), contradicts=min(variances) < ZERO)


def _beside(holdings: Holdings, mine: Symbol) -> Beside | ReasonCode:
    """All symbols but ``mine``, and how they move with it."""
    # A symbol that the book does not know leaves the whole of it as the rest, whichever symbol it is.
    rest = _rest(holdings, mine) if mine in holdings.exposures else holdings.once(_whole)
    if isinstance(rest, ReasonCode):
        return rest
    rhos = correlations(holdings.market.symbols, mine, rest.symbols)
    if rhos is None:
        return CORRELATION_UNKNOWN
    with localcontext(EXACT):
        up, down = sum(map(mul, rest.up, rhos), ZERO) * 2, sum(map(mul, rest.down, rhos), ZERO) * 2
    return Beside(rest.up_variance, rest.down_variance, up, down)


def _whole(holdings: Holdings) -> OtherSymbols | ReasonCode:
    return _rest(holdings, None)


def _rest(book: Holdings, mine: Symbol | None) -> OtherSymbols | ReasonCode:
    views = book.market.symbols
    symbols: list[Symbol] = []
    ups: list[Decimal] = []
    downs: list[Decimal] = []
    with localcontext(EXACT):
        for symbol, (_, _, _, _, up, down, _) in book.exposures.items():
            if symbol == mine:
                continue
            if up is None or down is None:
                return EXPOSURE_UNKNOWN
            if up == ZERO == down:
                continue
            sigma = views.get(symbol, NOTHING).daily_sigma
            if not is_plausible(sigma):
                return VOLATILITY_UNKNOWN
            symbols.append(symbol)
            ups.append(up * sigma)
            downs.append(down * sigma)
        pairs = _pairs(views, symbols)
        if pairs is None:
            return CORRELATION_UNKNOWN
        variance = _variance(ups, pairs)
        # With nothing working elsewhere both books differ in the order's symbol only.
        return OtherSymbols(symbols, ups, downs, variance, variance if ups == downs else _variance(downs, pairs))


def _pairs(views: Mapping[Symbol, SymbolView], symbols: Sequence[Symbol]) -> list[list[Decimal]] | None:
    """For each symbol its correlations with those before it; None where one is unknown."""
    pairs: list[list[Decimal]] = []
    for number, symbol in enumerate(symbols):
        row = correlations(views, symbol, symbols[:number])
        if row is None:
            return None
        pairs.append(row)
    return pairs


def _variance(weights: Sequence[Decimal], pairs: Sequence[Sequence[Decimal]]) -> Decimal:
    total = ZERO
    for weight, row in zip(weights, pairs, strict=True):
        if weight == ZERO:
            continue
        # A row ends before its own symbol, and so does the sum over it.
        beside = sum(map(mul, weights, row), ZERO)
        total += weight * (weight + beside + beside)
    return total


NEEDS: tuple[Need, ...] = ("positions", "orders", "quote", "account", "returns")
GATE = Gate("C13", "value at risk", Scope.NEW_EXPOSURE, NEEDS, VarLimits, check, "pct")
SHORTFALL_GATE = Gate(
    "C13_es", "expected shortfall", Scope.NEW_EXPOSURE, NEEDS, ShortfallLimits, check_shortfall, "pct"
)
