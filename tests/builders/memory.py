"""Closed trades and the situations they were decided in."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from domain.decisions import Action, Decision
from domain.ids import CandidateId, CycleId, DecisionId
from domain.market import Symbol, Timeframe
from domain.orders import Side
from domain.record.entries import ClosedTrade
from domain.signals import CandidateKind, CompositeSignal, QuantSignals, Regime, TextSignals, TradeCandidate
from memory.embedding import EMBEDDING
from memory.lessons import lesson_of, return_pct
from memory.recall import MemoryOrigin, SimilarTrade, TradeRecord
from memory.situation import Situation, situation_of

NOON = datetime(2026, 3, 17, 16, 0, tzinfo=UTC)

VALUES: dict[str, Decimal | None] = {
    "close": Decimal(200),
    "sma20": Decimal(190),
    "sma50": Decimal(180),
    "rsi14": Decimal(62),
    "atr14": Decimal(4),
    "bb_pct": Decimal("0.8"),
    "macd_hist": Decimal("0.5"),
    "adx14": Decimal(28),
    "stoch14": Decimal(75),
    "vol20": Decimal(24),
    "volume_ratio": Decimal("1.4"),
    "ret5": Decimal("2.5"),
    "ret20": Decimal(6),
}


def a_signal(
    symbol: str = "AAPL", *, direction: int = 1, regime: Regime = Regime.TREND_UP, **values: Decimal | None
) -> CompositeSignal:
    """A composite signal; ``values`` replace indicator values."""
    name = Symbol(symbol)
    quant = QuantSignals(name, Timeframe.DAY_1, NOON, VALUES | values, regime, Decimal("0.6"))
    text = TextSignals(name, NOON, Decimal("0.2"), 3, 1, "earnings", 0, NOON)
    return CompositeSignal(name, Timeframe.DAY_1, NOON, quant, text, direction, Decimal("0.5"), Decimal("0.7"), ())


def a_situation(symbol: str = "AAPL", *, strategy: str = "momentum", side: Side = Side.BUY, **signal: Any) -> Situation:
    """What a trade was decided on."""
    return situation_of(a_signal(symbol, **signal), strategy=strategy, side=side)


def a_closed_trade(
    trade_id: str = "trade-1",
    *,
    symbol: str = "AAPL",
    pnl: str = "50",
    closed_at: datetime = NOON,
    exit_reason: str = "target",
    **fields: Any,
) -> ClosedTrade:
    """Ten shares bought at 200 two days before they were sold."""
    bought: dict[str, Any] = {
        "strategy": "momentum",
        "side": "buy",
        "qty": "10",
        "entry_price": "200",
        "exit_price": "205",
        "opened_at": closed_at - timedelta(days=2),
        "decision_id": f"dec-{trade_id}",
    }
    return ClosedTrade(
        trade_id=trade_id, symbol=symbol, pnl=pnl, closed_at=closed_at, exit_reason=exit_reason, **(bought | fields)
    )


def a_decision(decision_id: str = "dec-1", symbol: str = "AAPL", *, strategy: str = "momentum") -> Decision:
    """A decision to take ten shares."""
    candidate = TradeCandidate(
        CandidateId(f"cand-{decision_id}"), Symbol(symbol), strategy, CandidateKind.ENTRY, Side.BUY, Decimal(10),
        Decimal(200), Decimal(192), None, Decimal("0.6"), Decimal("0.7"), "", (),
    )  # fmt: skip
    return Decision(
        DecisionId(decision_id), CycleId("cyc-1"), candidate, Action.TAKE, Decimal(10), Decimal(192), False, (), (), (),
        "0" * 64, NOON, "rules",
    )  # fmt: skip


def a_similar_trade(trade_id: str = "trade-1", *, pnl: int = 50) -> SimilarTrade:
    """A remembered trade of a situation like this one; it closed before everything that asks."""
    record = TradeRecord(a_closed_trade(trade_id, pnl=str(pnl), closed_at=NOON - timedelta(days=9)), a_situation(), "c")
    return SimilarTrade(
        Decimal("0.5"), return_pct(record.trade), lesson_of(record.trade, record.situation), record,
        MemoryOrigin(trade_id, f"dec-{trade_id}", "c", record.trade.closed_at, record.digest, "v2"),
    )  # fmt: skip


figures = st.none() | st.decimals() | st.decimals(allow_nan=False, min_value=-(10**12), max_value=10**12)
situations = st.builds(
    Situation,
    symbol=st.sampled_from([Symbol("AAPL"), Symbol("BRK.B")]),
    strategy=st.text(max_size=20),
    side=st.sampled_from(Side),
    regime=st.sampled_from(Regime),
    features=st.dictionaries(st.sampled_from([*EMBEDDING.references, "unheard_of"]), figures),
)
