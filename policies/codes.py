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
        # Left to itself, Enum would make the value of both words, which str does not take.
        member._value_ = code
        member.meaning = meaning
        return member

    OK = "OK", "The gate has no objection."
    RISK_REDUCING = "RISK_REDUCING", "The order provably reduces risk, so this gate does not stand in its way."
    GATE_ERROR = "GATE_ERROR", "The gate failed or gave no proper answer; that counts as a denial."
    REDUCTION_FAILED = "REDUCTION_FAILED", "The order was cut to the largest quantity on offer and still did not pass."
    CASE_INVALID = (
        "CASE_INVALID",
        "A what-if case that cannot be read; the line beside it says what is wrong and where.",
    )

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
    RELEASE_UNKNOWN = "RELEASE_UNKNOWN", "Nobody says which code, policy and prompts are in force, or which run here."
    RELEASE_MISMATCH = "RELEASE_MISMATCH", "This process does not run the code, policy and prompts that are in force."
    NOT_AUTHORISED = "NOT_AUTHORISED", "Whoever asked for this order may not ask for such an order."

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
    EXPIRY_INVALID = "EXPIRY_INVALID", "The end of the order is missing, superfluous, without a zone, or not ahead."
    AUCTION_WINDOW = "AUCTION_WINDOW", "It is too late, or the wrong time, for an order into that auction."
    LISTING_TOO_YOUNG = "LISTING_TOO_YOUNG", "The instrument has not been listed for long enough."
    LISTING_UNKNOWN = "LISTING_UNKNOWN", "No source says since when the instrument is listed; SAGE_EVENTS can."
    MARKET_CAP_TOO_SMALL = "MARKET_CAP_TOO_SMALL", "The company is worth less than the policy asks for."
    MARKET_CAP_UNKNOWN = "MARKET_CAP_UNKNOWN", "No source says what the company is worth; SAGE_EVENTS can."
    LEVERAGED_FUND = "LEVERAGED_FUND", "The fund multiplies or inverts what it follows."
    LEVERAGE_UNKNOWN = "LEVERAGE_UNKNOWN", "No source says whether the fund multiplies or inverts what it follows."

    PRICE_UNKNOWN = "PRICE_UNKNOWN", "Without a usable quote of our own the order cannot be valued."
    EQUITY_UNKNOWN = "EQUITY_UNKNOWN", "The account's equity is unknown or not positive."
    POSITION_UNKNOWN = "POSITION_UNKNOWN", "The position after the order cannot be told."
    EXPOSURE_UNKNOWN = "EXPOSURE_UNKNOWN", "A position or open order cannot be valued, so the total is unknown."
    ORDER_NOTIONAL = "ORDER_NOTIONAL", "The order is worth more than an order may be."
    ORDER_QTY = "ORDER_QTY", "The order has more shares than an order may have."
    POSITION_SIZE = "POSITION_SIZE", "The position would become larger than a position may be."
    OPEN_POSITIONS = "OPEN_POSITIONS", "There would be more positions than allowed."
    CYCLE_ENTRIES = "CYCLE_ENTRIES", "This cycle has already opened as many positions as it may."
    ENTRIES_TODAY = "ENTRIES_TODAY", "The day has already seen as many entries as it may."
    GROSS_EXPOSURE = "GROSS_EXPOSURE", "The sum of all positions would exceed its share of equity."
    NET_EXPOSURE = "NET_EXPOSURE", "Longs minus shorts would exceed their share of equity."
    LEVERAGE = "LEVERAGE", "Gross exposure would exceed the allowed multiple of equity."
    SECTOR_EXPOSURE = "SECTOR_EXPOSURE", "The sector would exceed its share of equity."
    SECTOR_UNKNOWN = "SECTOR_UNKNOWN", "The sector of the instrument is unknown."
    CLUSTER_EXPOSURE = "CLUSTER_EXPOSURE", "What moves together would exceed its share of equity."
    CORRELATION_UNKNOWN = "CORRELATION_UNKNOWN", "Nobody knows how two symbols of the book move together."
    BETA_EXPOSURE = "BETA_EXPOSURE", "The beta-weighted book would exceed its share of equity."
    BETA_UNKNOWN = "BETA_UNKNOWN", "The beta of a symbol of the book is unknown."
    TRADE_RISK = "TRADE_RISK", "The loss at the stop would exceed its share of equity."
    HEAT = "HEAT", "What is lost if every stop is hit would exceed its share of equity."
    HEAT_UNKNOWN = "HEAT_UNKNOWN", "What a position or order can lose is unknown, such as a short without a stop."
    VALUE_AT_RISK = "VALUE_AT_RISK", "The day's value at risk would exceed its share of equity."
    EXPECTED_SHORTFALL = "EXPECTED_SHORTFALL", "The day's expected shortfall would exceed its share of equity."
    VOLATILITY_SIZE = "VOLATILITY_SIZE", "The position would be too large for the symbol's volatility."
    VOLATILITY_UNKNOWN = "VOLATILITY_UNKNOWN", "The volatility of a symbol is unknown or zero."
    CASH_RESERVE = "CASH_RESERVE", "Too little cash would be left."
    CASH_UNKNOWN = "CASH_UNKNOWN", "The account's cash is unknown."
    ADDS = "ADDS", "The position has been added to as often as it may."
    ENTRIES_UNKNOWN = "ENTRIES_UNKNOWN", "How often the position has been added to is unknown."
    AVERAGING_DOWN = "AVERAGING_DOWN", "The order would add to a position at a worse price than its average."
    OVERNIGHT_EXPOSURE = "OVERNIGHT_EXPOSURE", "Near the close, all positions together would be too large for a night."
    WEEKEND_EXPOSURE = "WEEKEND_EXPOSURE", "Near the close, all positions together would be too large for a weekend."
    TURNOVER = "TURNOVER", "The day's turnover would exceed its limit."
    TURNOVER_UNKNOWN = "TURNOVER_UNKNOWN", "The day's turnover is unknown."

    BUYING_POWER = "BUYING_POWER", "The order and what is already reserved need more buying power than there is."
    BUYING_POWER_UNKNOWN = "BUYING_POWER_UNKNOWN", "The account's buying power is unknown."
    SHORT_FORBIDDEN = "SHORT_FORBIDDEN", "The order would sell more than is held, and short selling is off."
    NOT_SHORTABLE = "NOT_SHORTABLE", "The instrument cannot be sold short."
    HARD_TO_BORROW = "HARD_TO_BORROW", "The instrument is hard to borrow, so it is not sold short."
    SHORT_RESTRICTED = "SHORT_RESTRICTED", "Short sales of the instrument are restricted after a fall of its price."
    BORROW_UNKNOWN = "BORROW_UNKNOWN", "No source says whether the instrument can be borrowed and sold short."
    SELF_CROSS = "SELF_CROSS", "The order would trade against a resting order of our own."
    QTY_NOT_AVAILABLE = "QTY_NOT_AVAILABLE", "Part of the position is held by other orders."
    MARGIN = "MARGIN", "The maintenance margin would exceed its share of equity."
    MARGIN_UNKNOWN = "MARGIN_UNKNOWN", "The maintenance margin, now or after the open orders, is unknown."
    ROUND_TRIPS = "ROUND_TRIPS", "Too many positions were opened and closed on one day in the last five."
    WASH_SALE = "WASH_SALE", "The symbol was sold at a loss so lately that the loss may not count for tax."
    SETTLED_CASH = "SETTLED_CASH", "A cash account pays with settled money only, and there is too little of it."
    ACCOUNT_KIND_UNKNOWN = "ACCOUNT_KIND_UNKNOWN", "The broker did not say whether this is a cash or a margin account."

    MARKET_CLOSED = "MARKET_CLOSED", "No session is open."
    SESSION_EDGE = "SESSION_EDGE", "Too near to the opening or the close of the session."
    INSTRUMENT_HALTED = "INSTRUMENT_HALTED", "Trading in the instrument is halted."
    HALT_STATUS_UNKNOWN = "HALT_STATUS_UNKNOWN", "No source says whether the instrument is halted; SAGE_EVENTS can."
    QUOTE_MISSING = "QUOTE_MISSING", "There is no usable quote: absent, crossed, or not positive and finite."
    QUOTE_STALE = "QUOTE_STALE", "The quote is too old or carries a future time."
    BAR_STALE = "BAR_STALE", "The newest bar is missing, too old or carries a future time."
    BARS_INVALID = "BARS_INVALID", "Something is wrong with the newest bars."
    BARS_UNKNOWN = "BARS_UNKNOWN", "Nobody has looked whether the newest bars are sound."
    SOURCES_DISAGREE = "SOURCES_DISAGREE", "Our quote and another source's price are too far apart."
    SECOND_SOURCE_MISSING = "SECOND_SOURCE_MISSING", "No second source confirms the price."
    PRICE_COLLAR = "PRICE_COLLAR", "The price is too far from our own reference price."
    SPREAD_TOO_WIDE = "SPREAD_TOO_WIDE", "Bid and ask are too far apart."
    LIQUIDITY = "LIQUIDITY", "The order is too large a part of the average daily volume."
    THINLY_TRADED = "THINLY_TRADED", "Too little of it is traded on an average day."
    LIQUIDITY_UNKNOWN = "LIQUIDITY_UNKNOWN", "The average daily volume is unknown."
    PARTICIPATION = "PARTICIPATION", "The order is too large a part of the recent volume."
    VOLUME_UNKNOWN = "VOLUME_UNKNOWN", "The recent volume is unknown."
    VOLATILITY_SPIKE = "VOLATILITY_SPIKE", "The symbol moves far more than it usually does."
    INDEX_DROP = "INDEX_DROP", "The whole market has fallen too far today."
    INDEX_UNKNOWN = "INDEX_UNKNOWN", "How the whole market moves today is unknown."
    GAP = "GAP", "The session opened too far away from the close before."
    GAP_UNKNOWN = "GAP_UNKNOWN", "The opening gap is unknown."
    EARNINGS_BLACKOUT = "EARNINGS_BLACKOUT", "An earnings report is too near."
    EARNINGS_UNKNOWN = "EARNINGS_UNKNOWN", "No source says when the next earnings report is due; SAGE_EVENTS can."
    MACRO_BLACKOUT = "MACRO_BLACKOUT", "An event that moves the whole market is too near."
    MACRO_UNKNOWN = "MACRO_UNKNOWN", "No source says when the next event of the whole market is due; SAGE_EVENTS can."
    CORPORATE_ACTION = "CORPORATE_ACTION", "A split, dividend, change of symbol or merger is too near."
    CORPORATE_ACTIONS_UNKNOWN = (
        "CORPORATE_ACTIONS_UNKNOWN",
        "No source says when the next corporate action is due; SAGE_EVENTS can.",
    )
    NEWS_STALE = "NEWS_STALE", "A cited text is too old or carries a future time."
    NEWS_NOT_ON_RECORD = "NEWS_NOT_ON_RECORD", "A cited text is not stored, or was not seen before the decision."

    ORDER_RATE = "ORDER_RATE", "Too many orders in the last second or minute."
    ORDERS_TODAY = "ORDERS_TODAY", "The day's number of orders is used up, or unknown."
    SYMBOL_ORDERS = "SYMBOL_ORDERS", "Too many orders in this symbol in a day."
    ORDER_TO_TRADE = "ORDER_TO_TRADE", "Too many messages for the fills that came of them."
    CANCELS_TODAY = "CANCELS_TODAY", "The day's number of cancels is used up."
    ACTIVE_ORDERS = "ACTIVE_ORDERS", "Too many orders are working at once."
    DUPLICATE_DECISION = "DUPLICATE_DECISION", "This decision has already been sent."
    DUPLICATE_ORDER = "DUPLICATE_ORDER", "The same symbol, side and quantity was ordered a moment ago."
    SYMBOL_ROUND_TRIPS = "SYMBOL_ROUND_TRIPS", "The symbol was opened and closed too often today."
    COOLDOWN = "COOLDOWN", "Too soon after a loss, or after an exit, a stop or a rejection in this symbol."
    LOSS_STREAK = "LOSS_STREAK", "Too many losses in a row."
    STRATEGY_LOSS_STREAK = "STRATEGY_LOSS_STREAK", "Too many trades of this strategy in a row were lost."
    REJECTS_IN_ROW = "REJECTS_IN_ROW", "Too many orders in a row were rejected by the broker."
    API_ERRORS = "API_ERRORS", "Too many calls to the broker fail."
    SLIPPAGE = "SLIPPAGE", "Fills are too much worse than the prices they were decided at."
    COUNTERS_UNKNOWN = "COUNTERS_UNKNOWN", "A count or result that the gate needs is unknown."

    DAY_LOSS = "DAY_LOSS", "The day's loss has reached its limit."
    WEEK_LOSS = "WEEK_LOSS", "The week's loss has reached its limit."
    MONTH_LOSS = "MONTH_LOSS", "The month's loss has reached its limit."
    DRAWDOWN_SOFT = "DRAWDOWN_SOFT", "The drawdown has reached the level from which positions are only reduced."
    DRAWDOWN = "DRAWDOWN", "The drawdown has reached its limit."
    STRATEGY_LOSS = "STRATEGY_LOSS", "The strategy's loss this month has reached its limit."
    SYMBOL_LOSS = "SYMBOL_LOSS", "The loss in this symbol this month has reached its limit."
    GIVE_BACK = "GIVE_BACK", "Too much of the day's best profit has been given back."
    RECOVERY_RAMP = "RECOVERY_RAMP", "The order is larger than orders may be so soon after a resume."
    RAMP_UNKNOWN = "RAMP_UNKNOWN", "The share of the usual size that a resume allows is unknown."

    PROPOSAL_MISSING = "PROPOSAL_MISSING", "An order of the agents without the record of how it came about."
    SCHEMA_INVALID = "SCHEMA_INVALID", "A role's answer did not have the required form."
    SYMBOL_SWAPPED = "SYMBOL_SWAPPED", "The order is for another symbol than the roles were asked about."
    UNGROUNDED = "UNGROUNDED", "A role cited something that is not in the evidence."
    QUOTED_PRICE_OFF = "QUOTED_PRICE_OFF", "A price quoted by a role is too far from our own quote."
    CONFIDENCE_TOO_LOW = "CONFIDENCE_TOO_LOW", "The confidence is below the limit, or missing."
    UNCALIBRATED = "UNCALIBRATED", "The model's confidence has not been calibrated yet, so a person decides."
    DISAGREEMENT = "DISAGREEMENT", "The roles differ too much about the size."
    AGAINST_SIGNAL = "AGAINST_SIGNAL", "The entry goes against the computed signal."
    SIGNAL_UNKNOWN = "SIGNAL_UNKNOWN", "The direction of the computed signal is unknown."
    SIGNAL_STALE = "SIGNAL_STALE", "The order or its evidence is too old, or dated in the future."
    EVIDENCE_CHANGED = "EVIDENCE_CHANGED", "The stored evidence is not the evidence that was decided on."
    NEWS_UNKNOWN = "NEWS_UNKNOWN", "The texts behind what was cited are unknown."
    SUSPICIOUS_TEXT = "SUSPICIOUS_TEXT", "A cited text addresses machines or gives orders, so a person decides."
    PROVENANCE_MISSING = "PROVENANCE_MISSING", "The order does not say which cycle, models and prompts made it."
    MODEL_NOT_RELEASED = "MODEL_NOT_RELEASED", "A model had a hand in this that is not on the released list."
    PROMPT_NOT_RELEASED = "PROMPT_NOT_RELEASED", "A prompt was used that is not on the released list."
    MODEL_BUDGET = "MODEL_BUDGET", "The models have used more than their budget."
    USAGE_UNKNOWN = "USAGE_UNKNOWN", "What the models have used is unknown."
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
