"""The quantitative view of one symbol: indicator values, a regime, and one score in [-1, 1].

Regime, first match wins:

    UNKNOWN     one of close, sma20, sma50, atr14, adx14, vol20 is missing
    VOLATILE    vol20 >= 60 % a year
    TREND_UP    adx14 >= 25 and close > sma20 > sma50        (25: Wilder, New Concepts in Technical Trading Systems)
    TREND_DOWN  adx14 >= 25 and close < sma20 < sma50
    RANGE       everything else

Score; ``clip`` holds a part in [-1, 1], a missing part counts 0 and so pulls toward no opinion:

    trend       0.4 clip((close - sma50) / (4 atr14))   + 0.3 clip(ret20 / (2 s))
              + 0.2 clip(macd_hist / (0.5 atr14))       + 0.1 clip((rsi14 - 50) / 30)
                where s is the volatility of 20 bars: vol20 sqrt(20 / bars a year)
    RANGE       0.6 clip(1 - 2 bb_pct) + 0.4 clip((50 - rsi14) / 30): what is stretched comes back
    VOLATILE    half the trend score
    UNKNOWN     0

Worked number: daily close 108, sma50 100, atr14 2, ret20 6 %, vol20 20 %, macd_hist 0.5, rsi14 65 give
0.4 clip(1) + 0.3 clip(6 / 11.27) + 0.2 clip(0.5) + 0.1 clip(0.5) = 0.4 + 0.1597 + 0.1 + 0.05 = 0.7097.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from domain.errors import DataQualityError
from domain.market import Bar, Symbol, Timeframe
from domain.money import HUNDRED, ONE, ZERO
from domain.signals import QuantSignals, Regime
from trading.signals.indicators import BARS_A_YEAR, indicators

VOLATILE_FROM_PCT = Decimal(60)
TREND_FROM_ADX = Decimal(25)
SCORE_STEP = Decimal("0.0001")

Values = Mapping[str, Decimal | None]


def quant_signals(symbol: Symbol, timeframe: Timeframe, bars: Sequence[Bar]) -> QuantSignals:
    """Signals at the end of the last of ``bars`` (oldest first); raises DataQualityError where they are unfit."""
    if bars and (bars[0].symbol, bars[0].timeframe) != (symbol, timeframe):
        raise DataQualityError(
            f"bars of {bars[0].symbol} {bars[0].timeframe} were given for {symbol} {timeframe}",
            "Ask the source for the series that is meant.",
        )
    values = indicators(bars)
    regime = regime_of(values)
    return QuantSignals(symbol, timeframe, bars[-1].end, values, regime, score_of(values, regime, timeframe))


def regime_of(values: Values) -> Regime:
    """The coarse state that the values describe."""
    close, fast, slow = values["close"], values["sma20"], values["sma50"]
    adx, volatility = values["adx14"], values["vol20"]
    if close is None or fast is None or slow is None or adx is None or volatility is None or values["atr14"] is None:
        return Regime.UNKNOWN
    if volatility >= VOLATILE_FROM_PCT:
        return Regime.VOLATILE
    if adx >= TREND_FROM_ADX and close > fast > slow:
        return Regime.TREND_UP
    if adx >= TREND_FROM_ADX and close < fast < slow:
        return Regime.TREND_DOWN
    return Regime.RANGE


def score_of(values: Values, regime: Regime, timeframe: Timeframe) -> Decimal:
    """The score of the values under a regime, in [-1, 1] with four decimals."""
    if regime is Regime.UNKNOWN:
        return ZERO
    score = _range_score(values) if regime is Regime.RANGE else _trend_score(values, timeframe)
    return (score / 2 if regime is Regime.VOLATILE else score).quantize(SCORE_STEP)


def clip(value: Decimal) -> Decimal:
    """``value`` held in [-1, 1]."""
    return max(-ONE, min(ONE, value))


def _trend_score(values: Values, timeframe: Timeframe) -> Decimal:
    atr, volatility = values["atr14"], values["vol20"]
    swing = None if volatility is None else volatility * (Decimal(20) / BARS_A_YEAR[timeframe]).sqrt()
    return (
        Decimal("0.4") * _part(_difference(values["close"], values["sma50"]), atr, Decimal(4))
        + Decimal("0.3") * _part(values["ret20"], swing, Decimal(2))
        + Decimal("0.2") * _part(values["macd_hist"], atr, Decimal("0.5"))
        + Decimal("0.1") * _part(_difference(values["rsi14"], HUNDRED / 2), Decimal(30), ONE)
    )


def _range_score(values: Values) -> Decimal:
    place = values["bb_pct"]
    stretched = ZERO if place is None else clip(1 - 2 * place)
    overdone = _part(_difference(HUNDRED / 2, values["rsi14"]), Decimal(30), ONE)
    return Decimal("0.6") * stretched + Decimal("0.4") * overdone


def _difference(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    return None if left is None or right is None else left - right


def _part(value: Decimal | None, unit: Decimal | None, units: Decimal) -> Decimal:
    """``value`` in multiples of ``units * unit``, clipped; 0 where either is missing or there is no unit."""
    return ZERO if value is None or unit is None or unit <= 0 else clip(value / (units * unit))
