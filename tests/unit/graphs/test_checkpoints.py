"""Checkpoints give back our own values and nothing else, whatever somebody writes into their bytes."""

import json
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import Enum
from traceback import format_exception

import ormsgpack
import pytest
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from domain.case import Approval, Control, Mode, TradingState
from domain.decisions import Concern, MonitorReport, Severity
from domain.errors import ConfigurationError, IntegrityError
from domain.money import ONE
from domain.record.canonical import canonical_json
from domain.verdicts import Evaluation, Outcome
from graphs.checkpoints import open_checkpoints, strict_serialiser
from graphs.state import Ruled, Sent
from tests.builders.agents import a_candidate, an_advice, an_exit, an_inspection
from tests.builders.execution import a_fill, a_report, an_intent, an_order
from tests.builders.market import NOON, a_bar, a_quote
from tests.builders.runtime import NIMBO, a_cycle, a_runtime
from tests.unit.trading.execution.test_intents import a_decision

MADE: list[str] = []


@dataclass(frozen=True)
class Foreign:
    """A value of somebody else, which leaves a trace when it is made."""

    word: str

    def __post_init__(self) -> None:
        MADE.append(self.word)


class Colour(Enum):
    RED = "red"


VALUES = [
    a_decision(),
    a_candidate(),
    an_exit(),
    an_advice(),
    an_inspection(),
    MonitorReport("watch", "tighten", (Concern("drawdown", Severity.CAUTION, ()),), "rules"),
    Ruled("dec-1", Outcome.NEED_APPROVAL, ONE, ("NOTIONAL_NEEDS_APPROVAL",)),
    Sent("dec-1", "ord-1", ()),
    Approval("owner", "digest", NOON, NOON, ONE, "policy"),
    Control(False, TradingState.REDUCING, Mode.PAPER),
    Evaluation(Outcome.DENY, ONE, ("X",), (), "policy"),
    an_intent(),
    an_order(),
    a_report(an_order()),
    a_fill(),
    a_bar(),
    a_quote(),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_our_own_values_come_back_as_they_were(value):
    serde = strict_serialiser()
    restored = serde.loads_typed(serde.dumps_typed({"channel": [value]}))["channel"][0]
    assert type(restored) is type(value)
    assert canonical_json(restored) == canonical_json(value)


def packed(kind, code, content):
    """What a permissive serialiser writes for a value of a foreign type."""
    return ormsgpack.packb(ormsgpack.Ext(code, ormsgpack.packb((kind.__module__, kind.__qualname__, content))))


TAMPERED = [
    pytest.param("msgpack", JsonPlusSerializer().dumps_typed(Foreign("dataclass"))[1], id="a_foreign_dataclass"),
    pytest.param("msgpack", JsonPlusSerializer().dumps_typed(Colour.RED)[1], id="a_foreign_enum"),
    pytest.param("msgpack", packed(Foreign, 0, "one argument"), id="one_argument"),
    pytest.param("msgpack", packed(Foreign, 1, ["arguments"]), id="arguments"),
    pytest.param("msgpack", packed(Foreign, 5, {"word": "pydantic"}), id="as_a_pydantic_model"),
    pytest.param(
        "json",
        json.dumps(
            {"lc": 2, "type": "constructor", "id": [*__name__.split("."), "Foreign"], "kwargs": {"word": "json"}}
        ).encode(),
        id="a_json_constructor",
    ),
]


@pytest.mark.parametrize(("kind", "content"), TAMPERED)
def test_a_foreign_type_is_never_made(kind, content):
    MADE.clear()
    restored = strict_serialiser().loads_typed((kind, content))
    assert MADE == []
    assert not isinstance(restored, (Foreign, Colour))


def test_a_record_of_a_foreign_kind_is_refused():
    named = {"record": f"{__name__}.Foreign", "text": '{"word": "named"}'}
    MADE.clear()
    with pytest.raises(IntegrityError, match="unknown kind"):
        strict_serialiser().loads_typed(JsonPlusSerializer().dumps_typed({"channel": [named]}))
    assert MADE == []


@pytest.mark.parametrize(
    "named",
    [
        {"record": "graphs.state.Sent", "text": "{"},
        {"record": "graphs.state.Sent", "text": '{"decision_id": 1}'},
        {"record": "graphs.state.Sent", "text": ["{}"]},
        {"record": ["graphs.state.Sent"], "text": "{}"},
    ],
)
def test_a_record_that_somebody_has_spoilt_is_refused_in_one_line(named):
    with pytest.raises(IntegrityError, match="a checkpoint holds a"):
        strict_serialiser().loads_typed(JsonPlusSerializer().dumps_typed({"channel": [named]}))


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_checkpoint_of_an_earlier_version_is_still_read(value):
    earlier = JsonPlusSerializer().dumps_typed({"channel": [value]})
    restored = strict_serialiser().loads_typed(earlier)["channel"][0]
    assert type(restored) is type(value)
    assert canonical_json(restored) == canonical_json(value)


@pytest.mark.parametrize("kind", ["pickle", "yaml", ""])
def test_other_encodings_are_refused(kind):
    with pytest.raises(NotImplementedError):
        strict_serialiser().loads_typed((kind, b"\x80\x04K\x01."))


def test_a_tampered_checkpoint_file_makes_nothing_and_sends_nothing(tmp_path):
    """The newest checkpoint of an interrupted cycle names a foreign type where its candidates stood."""
    with a_runtime(tmp_path) as runtime:
        a_cycle(runtime, NIMBO)
        before = runtime.deps.stores.orders.newest(99)
    foreign = JsonPlusSerializer().dumps_typed({"channel_values": {"candidates": [Foreign("x")]}, "v": 4})[1]
    written = JsonPlusSerializer().dumps_typed(Foreign("y"))[1]
    with closing(sqlite3.connect(tmp_path / "checkpoints.db")) as database, database:
        database.execute("UPDATE checkpoints SET checkpoint = ?", (foreign,))
        database.execute("UPDATE writes SET value = ?", (written,))
    MADE.clear()
    with a_runtime(tmp_path) as runtime:
        last = runtime.deps.stores.cycles.last("paper")
        with suppress(KeyError, TypeError, AttributeError):  # a checkpoint that is none is nothing to go on from
            runtime.oversight.get_state({"configurable": {"thread_id": last.cycle_id}})
        assert runtime.deps.stores.orders.newest(99) == before
    assert MADE == []


@pytest.mark.parametrize("content", [b"no database at all, only words", b"SQLite format 3\x00" + b"\xff" * 200])
def test_a_spoilt_file_is_named_with_its_remedy(tmp_path, content):
    (tmp_path / "checkpoints.db").write_bytes(content)
    spoilt = r"checkpoints\.db cannot be used.*Move the file away"
    with pytest.raises(ConfigurationError, match=spoilt), open_checkpoints(tmp_path, "sqlite:///x"):
        raise AssertionError("opened")


PLANTED = "hunter2-planted"


def test_a_folder_in_the_place_of_the_file_is_named_too(tmp_path):
    (tmp_path / "checkpoints.db").mkdir()
    with (
        pytest.raises(ConfigurationError, match=r"checkpoints\.db cannot be used: unable to open"),
        open_checkpoints(tmp_path, "sqlite:///x"),
    ):
        raise AssertionError("opened")


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(f"postgresql+psycopg://sage:{PLANTED}@127.0.0.1:1/sage", id="nobody_there"),
        pytest.param(f"postgresql+psycopg2://sage:{PLANTED}@127.0.0.1:1/sage", id="another_driver"),
        pytest.param(f"postgresql://sage:@127.0.0.1:{PLANTED}/sage", id="no_port"),
        pytest.param(f"postgresql+psycopg:{PLANTED}", id="no_url"),
        pytest.param(f"postgresql://sage@127.0.0.1:1/sage?{PLANTED}=1", id="no_such_option"),
    ],
)
def test_a_wrong_postgresql_address_is_never_repeated(tmp_path, url):
    with pytest.raises(ConfigurationError) as refused, open_checkpoints(tmp_path, url):
        raise AssertionError("opened")
    assert refused.value.what == "the checkpoints in PostgreSQL cannot be used"
    assert PLANTED not in "".join(format_exception(refused.value))


@pytest.mark.postgres
@pytest.mark.parametrize("driver", ["postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_any_postgresql_driver_may_be_named(postgres_url, tmp_path, driver):
    url = postgres_url.replace("postgresql+psycopg", driver, 1) + "?application_name=sage%20checkpoints"
    with open_checkpoints(tmp_path, url) as saver:
        assert list(saver.list(None)) == []


@pytest.mark.postgres
def test_postgresql_keeps_checkpoints_by_the_same_rules(postgres_url, tmp_path):
    with open_checkpoints(tmp_path, postgres_url) as saver:
        kind, content = JsonPlusSerializer().dumps_typed(Foreign("z"))
        MADE.clear()
        assert saver.serde.loads_typed((kind, content)) == {"word": "z"}
        assert saver.serde.loads_typed(saver.serde.dumps_typed(a_quote())) == a_quote()
    assert MADE == []
    assert list(tmp_path.iterdir()) == []
