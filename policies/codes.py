"""Reason codes: the stable, machine-readable words in which gates answer. Explanations, tests and scripts rely on them.

``docs/reason-codes.md`` is written from this list by ``markdown_table``; a code is never renamed and never reused.
"""

from __future__ import annotations

from enum import StrEnum


class ReasonCode(StrEnum):
    """Why a gate answered as it did, each with its meaning in one line."""

    meaning: str

    def __new__(cls, code: str, meaning: str) -> ReasonCode:
        """A code that carries its own explanation."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    OK = "OK", "The gate has no objection."
    RISK_REDUCING = "RISK_REDUCING", "The order provably reduces risk, so this gate does not stand in its way."
    GATE_ERROR = "GATE_ERROR", "The gate failed or gave no proper answer; that counts as a denial."
    REDUCTION_FAILED = "REDUCTION_FAILED", "The order was cut to the largest quantity on offer and still did not pass."

    KILL_SWITCH = "KILL_SWITCH", "The kill switch is engaged."
    CONTROL_UNREADABLE = "CONTROL_UNREADABLE", "The control state cannot be read, which counts as killed."
    MODE_FORBIDS_ORDERS = "MODE_FORBIDS_ORDERS", "The mode is off or observe: no orders are sent."
    NOT_A_PAPER_ACCOUNT = "NOT_A_PAPER_ACCOUNT", "Paper mode, but the account is not a paper account."
    APPROVAL_REQUIRED = "APPROVAL_REQUIRED", "A person has to approve this order first."
    NOTIONAL_NEEDS_APPROVAL = "NOTIONAL_NEEDS_APPROVAL", "Orders of this size need a person's approval."
    PAUSED = "PAUSED", "New entries are paused for everything, this strategy or this symbol."
    REDUCING_ONLY = "REDUCING_ONLY", "The trading state allows only orders that reduce a position."
    HALTED = "HALTED", "Trading is halted: nothing is sent."
    ACCOUNT_BLOCKED = "ACCOUNT_BLOCKED", "The broker has blocked trading on the account."
    ACCOUNT_STATUS_UNKNOWN = "ACCOUNT_STATUS_UNKNOWN", "The broker did not say whether the account may trade."
    ACCOUNT_MISMATCH = "ACCOUNT_MISMATCH", "The account is not the one the policy was written for."
    ACCOUNT_STALE = "ACCOUNT_STALE", "The account figures are too old or carry a future time."
    NOT_RECONCILED = "NOT_RECONCILED", "The book has not been reconciled with the broker, or too long ago."
    POSITION_MISMATCH = "POSITION_MISMATCH", "Our record of this symbol and the broker's differ."
    CLOCK_SKEW = "CLOCK_SKEW", "Our clock and the broker's differ by too much, or the broker's is unknown."
    APPROVAL_EXPIRED = "APPROVAL_EXPIRED", "The approval is too old, or dated in the future."
    APPROVAL_MISMATCH = "APPROVAL_MISMATCH", "The approval was given for a different order, or by nobody."
    APPROVAL_PRICE_MOVED = "APPROVAL_PRICE_MOVED", "The price has left the band around the price that was approved."
    APPROVAL_POLICY_CHANGED = "APPROVAL_POLICY_CHANGED", "The policy has changed since the approval was given."

    SYMBOL_INVALID = "SYMBOL_INVALID", "The symbol is not a plain ticker."
    INSTRUMENT_UNKNOWN = "INSTRUMENT_UNKNOWN", "No source knows this instrument."
    NOT_TRADABLE = "NOT_TRADABLE", "The instrument cannot be traded at the broker."
    ASSET_CLASS_FORBIDDEN = "ASSET_CLASS_FORBIDDEN", "The policy does not allow this class of asset."
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH", "Order, instrument and account are not in one currency."
    QTY_INVALID = "QTY_INVALID", "The quantity is not a finite, positive, plausible number."
    QTY_NOT_IN_LOTS = "QTY_NOT_IN_LOTS", "The quantity is not a multiple of the lot."
    FRACTION_FORBIDDEN = "FRACTION_FORBIDDEN", "Fractions of a share are not allowed here."
    PRICE_INVALID = "PRICE_INVALID", "A price of the order is missing, superfluous, or not a finite positive number."
    PRICE_NOT_ON_TICK = "PRICE_NOT_ON_TICK", "A price of the order is not a multiple of the tick."
    ORDER_TYPE_FORBIDDEN = "ORDER_TYPE_FORBIDDEN", "The policy does not allow this order type."
    TIF_FORBIDDEN = "TIF_FORBIDDEN", "The policy does not allow this time in force."
    COMBINATION_UNSUPPORTED = "COMBINATION_UNSUPPORTED", "Type, time in force, session and quantity do not go together."
    EXTENDED_HOURS_FORBIDDEN = (
        "EXTENDED_HOURS_FORBIDDEN",
        "The policy does not allow trading outside the regular session.",
    )
    CROSSES_ZERO = "CROSSES_ZERO", "The order would turn the position around; close it first, then open the other side."
    NOT_REDUCING = "NOT_REDUCING", "A reduce-only order that would not shrink an existing position."
    STOP_MISSING = "STOP_MISSING", "An entry without a protective stop."
    STOP_WRONG_SIDE = "STOP_WRONG_SIDE", "The protective exit lies on the wrong side of the price."
    STOP_TOO_NEAR = "STOP_TOO_NEAR", "The protective stop is too near to the price."
    STOP_TOO_FAR = "STOP_TOO_FAR", "The protective stop is too far from the price."
    NOT_IN_UNIVERSE = "NOT_IN_UNIVERSE", "The symbol is not in the policy's universe."
    RESTRICTED = "RESTRICTED", "The symbol is on the restricted list."
    PRICE_TOO_LOW = "PRICE_TOO_LOW", "The instrument trades below the lowest price the policy allows."

    PRICE_UNKNOWN = "PRICE_UNKNOWN", "Without a usable quote of our own the order cannot be valued."
    EQUITY_UNKNOWN = "EQUITY_UNKNOWN", "The account's equity is unknown or not positive."
    POSITION_UNKNOWN = "POSITION_UNKNOWN", "The position after the order cannot be told."
    EXPOSURE_UNKNOWN = "EXPOSURE_UNKNOWN", "A position or open order cannot be valued, so the total is unknown."
    ORDER_NOTIONAL = "ORDER_NOTIONAL", "The order is worth more than an order may be."
    ORDER_QTY = "ORDER_QTY", "The order has more shares than an order may have."
    POSITION_SIZE = "POSITION_SIZE", "The position would become larger than a position may be."
    OPEN_POSITIONS = "OPEN_POSITIONS", "There would be more positions than allowed."
    CYCLE_ENTRIES = "CYCLE_ENTRIES", "This cycle has already opened as many positions as it may."
    GROSS_EXPOSURE = "GROSS_EXPOSURE", "The sum of all positions would exceed its share of equity."
    NET_EXPOSURE = "NET_EXPOSURE", "Longs minus shorts would exceed their share of equity."
    LEVERAGE = "LEVERAGE", "Gross exposure would exceed the allowed multiple of equity."
    SECTOR_EXPOSURE = "SECTOR_EXPOSURE", "The sector would exceed its share of equity."
    SECTOR_UNKNOWN = "SECTOR_UNKNOWN", "The sector of the instrument is unknown."
    TRADE_RISK = "TRADE_RISK", "The loss at the stop would exceed its share of equity."
    CASH_RESERVE = "CASH_RESERVE", "Too little cash would be left."
    CASH_UNKNOWN = "CASH_UNKNOWN", "The account's cash is unknown."
    TURNOVER = "TURNOVER", "The day's turnover would exceed its limit."
    TURNOVER_UNKNOWN = "TURNOVER_UNKNOWN", "The day's turnover is unknown."

    BUYING_POWER = "BUYING_POWER", "The order and what is already reserved need more buying power than there is."
    BUYING_POWER_UNKNOWN = "BUYING_POWER_UNKNOWN", "The account's buying power is unknown."
    SHORT_FORBIDDEN = "SHORT_FORBIDDEN", "The order would sell more than is held, and short selling is off."
    NOT_SHORTABLE = "NOT_SHORTABLE", "The instrument cannot be sold short."
    SELF_CROSS = "SELF_CROSS", "The order would trade against a resting order of our own."
    QTY_NOT_AVAILABLE = "QTY_NOT_AVAILABLE", "Part of the position is held by other orders."

    MARKET_CLOSED = "MARKET_CLOSED", "No session is open."
    INSTRUMENT_HALTED = "INSTRUMENT_HALTED", "Trading in the instrument is halted."
    HALT_STATUS_UNKNOWN = "HALT_STATUS_UNKNOWN", "No source says whether the instrument is halted."
    QUOTE_MISSING = "QUOTE_MISSING", "There is no usable quote: absent, crossed, or not positive and finite."
    QUOTE_STALE = "QUOTE_STALE", "The quote is too old or carries a future time."
    BAR_STALE = "BAR_STALE", "The newest bar is missing, too old or carries a future time."
    PRICE_COLLAR = "PRICE_COLLAR", "The price is too far from our own reference price."
    SPREAD_TOO_WIDE = "SPREAD_TOO_WIDE", "Bid and ask are too far apart."
    LIQUIDITY = "LIQUIDITY", "The order is too large a part of the average daily volume."
    LIQUIDITY_UNKNOWN = "LIQUIDITY_UNKNOWN", "The average daily volume is unknown."
    EARNINGS_BLACKOUT = "EARNINGS_BLACKOUT", "An earnings report is too near."
    EARNINGS_UNKNOWN = "EARNINGS_UNKNOWN", "No source says when the next earnings report is due."

    ORDER_RATE = "ORDER_RATE", "Too many orders in the last minute."
    ORDERS_TODAY = "ORDERS_TODAY", "The day's number of orders is used up, or unknown."
    ACTIVE_ORDERS = "ACTIVE_ORDERS", "Too many orders are working at once."
    DUPLICATE_DECISION = "DUPLICATE_DECISION", "This decision has already been sent."
    DUPLICATE_ORDER = "DUPLICATE_ORDER", "The same symbol, side and quantity was ordered a moment ago."
    COOLDOWN = "COOLDOWN", "Too soon after the last loss."
    LOSS_STREAK = "LOSS_STREAK", "Too many losses in a row."
    COUNTERS_UNKNOWN = "COUNTERS_UNKNOWN", "The loss counters are unknown."

    DAY_LOSS = "DAY_LOSS", "The day's loss has reached its limit."
    DRAWDOWN_SOFT = "DRAWDOWN_SOFT", "The drawdown has reached the level from which positions are only reduced."
    DRAWDOWN = "DRAWDOWN", "The drawdown has reached its limit."

    PROPOSAL_MISSING = "PROPOSAL_MISSING", "An order of the agents without the record of how it came about."
    SCHEMA_INVALID = "SCHEMA_INVALID", "A role's answer did not have the required form."
    SYMBOL_SWAPPED = "SYMBOL_SWAPPED", "The order is for another symbol than the roles were asked about."
    UNGROUNDED = "UNGROUNDED", "A role cited something that is not in the evidence."
    QUOTED_PRICE_OFF = "QUOTED_PRICE_OFF", "A price quoted by a role is too far from our own quote."
    CONFIDENCE_TOO_LOW = "CONFIDENCE_TOO_LOW", "The confidence is below the limit, or missing."
    SIGNAL_STALE = "SIGNAL_STALE", "The order or its evidence is too old, or dated in the future."
    EVIDENCE_CHANGED = "EVIDENCE_CHANGED", "The stored evidence is not the evidence that was decided on."
    ROLE_MISSING = "ROLE_MISSING", "The advisor or the risk inspector gave no usable answer."
    ENLARGED = "ENLARGED", "A role asked for more than the one before it allowed."


def meaning_of(code: str) -> str:
    """What a code means; one that is no longer in the list, as old records may hold, speaks for itself."""
    known = ReasonCode.__members__.get(code)
    return known.meaning if known is not None else f"{code.lower().replace('_', ' ')}."


def markdown_table() -> str:
    """The whole page ``docs/reason-codes.md``."""
    rows = "\n".join(f"| `{code}` | {code.meaning} |" for code in ReasonCode)
    return (
        "# Reason codes\n\n"
        "Every verdict of a gate carries one of these. Written from `policies/codes.py`; do not edit by hand.\n\n"
        f"| code | meaning |\n|---|---|\n{rows}\n"
    )
