"""The memory is an index: the ledger alone brings it back, equal to what was remembered trade by trade."""

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.decisions import Decision
from domain.errors import DataQualityError
from domain.orders import Side
from domain.record.canonical import plain, restore
from domain.record.entries import RecordKind
from memory.rebuild import catch_up, decision_body, rebuild, settled, situation_on_record
from memory.recall import TradeRecord
from memory.trades import TradeMemory
from tests.builders.memory import NOON, a_closed_trade, a_decision, a_signal, a_situation
from trading.store.database import open_database
from trading.store.ledger import SqlLedger

TOLD = [
    (a_closed_trade("t1", pnl="50"), a_situation()),
    (a_closed_trade("t2", pnl="-20", exit_reason="stop"), a_situation(rsi14=Decimal(31), direction=-1)),
    (a_closed_trade("t3", symbol="BRK.B", side="sell"), a_situation("BRK.B", side=Side.SELL, bb_pct=None)),
    (a_closed_trade("t4", closed_at=NOON + timedelta(microseconds=1)), a_situation(strategy="news")),
]


@pytest.fixture
def ledger(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'sage.db'}")
    yield SqlLedger(database)
    database.close()


@pytest.fixture
def memory(tmp_path):
    kept = TradeMemory(tmp_path / "memory")
    yield kept
    kept.close()


def settle(ledger, trade, situation, cycle_id="cyc-1"):
    decided = {"situation": plain(situation)}
    ledger.append(RecordKind.DECISION, trade.decision_id, decided, at=trade.opened_at, cycle_id="cyc-0")
    ledger.append(RecordKind.TRADE_CLOSED, trade.trade_id, trade, at=trade.closed_at, cycle_id=cycle_id)


def test_rebuilt_equals_remembered(ledger, memory, tmp_path):
    for trade, situation in TOLD:
        settle(ledger, trade, situation)
        memory.remember(trade, situation, cycle_id="cyc-1")
    rebuilt = TradeMemory(tmp_path / "rebuilt")
    assert rebuild(ledger, rebuilt) == len(TOLD)
    for _, situation in TOLD:
        for as_of in (NOON, NOON + timedelta(days=1)):
            expected = memory.recall(situation, as_of=as_of)
            assert expected.count in (3, 4)
            assert rebuilt.recall(situation, as_of=as_of) == expected
    rebuilt.close()


def test_rebuild_forgets_what_the_ledger_does_not_know(ledger, memory):
    memory.remember(a_closed_trade("invented"), a_situation(), cycle_id="cyc-1")
    settle(ledger, *TOLD[0])
    assert rebuild(ledger, memory) == 1
    assert memory.remembered() == {"t1"}
    assert rebuild(ledger, memory) == 1


def test_rebuild_mends_a_damaged_folder(ledger, memory, tmp_path):
    settle(ledger, *TOLD[0])
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "chroma.sqlite3").write_text("no database")
    assert "sage memory rebuild" in memory.recall(TOLD[0][1], as_of=NOON).missing
    assert rebuild(ledger, memory) == 1
    assert memory.recall(TOLD[0][1], as_of=NOON).count == 1


def test_an_unreadable_ledger_costs_nothing(ledger, memory):
    memory.remember(*TOLD[0], cycle_id="cyc-1")
    body = plain(TOLD[1][0]) | {"closed_at": "yesterday"}
    ledger.append(RecordKind.TRADE_CLOSED, "t2", body, at=NOON)
    with pytest.raises(DataQualityError, match="ClosedTrade"):
        rebuild(ledger, memory)
    assert memory.remembered() == {"t1"}


def test_a_trade_without_a_situation_is_passed_over(ledger, memory):
    settle(ledger, a_closed_trade("by-hand"), None)
    assert rebuild(ledger, memory) == 0


def test_catching_up_adds_what_is_not_there_yet(ledger, memory):
    memory.remember(*TOLD[0], cycle_id="cyc-1")
    for trade, situation in TOLD:
        settle(ledger, trade, situation)
    assert catch_up(ledger, memory) == 3
    assert catch_up(ledger, memory) == 0
    assert memory.remembered() == {trade.trade_id for trade, _ in TOLD}


def test_a_trade_comes_back_with_situation_and_cycle(ledger):
    settle(ledger, *TOLD[2], cycle_id="cyc-9")
    assert settled(ledger) == (TradeRecord(*TOLD[2], "cyc-9"),)
    assert settled(ledger, known={"t3"}) == ()


def test_a_decision_is_put_on_record_with_its_situation(ledger):
    decision, signals = a_decision("dec-1"), (a_signal("MSFT"), a_signal("AAPL"))
    ledger.append(RecordKind.DECISION, "dec-1", decision_body(decision, signals), at=NOON, cycle_id="cyc-1")
    assert situation_on_record(ledger, "dec-1") == a_situation("AAPL")
    (entry,) = ledger.entries(subject="dec-1")
    assert restore(Decision, entry.body) == decision


@pytest.mark.parametrize("signals", [(), (a_signal("MSFT"),)], ids=["no_signal", "of_another_symbol"])
def test_a_decision_without_a_signal_has_no_situation(ledger, signals):
    ledger.append(RecordKind.DECISION, "dec-1", decision_body(a_decision("dec-1"), signals), at=NOON)
    assert situation_on_record(ledger, "dec-1") is None
