"""Which market a start stands in: the one that is named, else the one that its home has lived in."""

import pytest

from composition.sources import of_home
from domain.record.entries import RecordKind
from settings.reading import load_settings
from tests.builders.market import NOON
from tests.builders.runtime import standing_in
from trading.store.database import open_database
from trading.store.ledger import SqlLedger


@pytest.fixture
def ledger(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'sage.db'}")
    with standing_in(tmp_path):
        yield SqlLedger(database)
    database.close()


def lived_in(ledger, *markets):
    for number, market in enumerate(markets):
        ledger.append(RecordKind.CYCLE_STARTED, f"cyc-{number}", {"market": market}, at=NOON)


@pytest.mark.parametrize(
    ("before", "told", "stands_in"),
    [
        pytest.param((), {}, "simulated", id="a_new_home"),
        pytest.param(("files:prices",), {}, "files:prices", id="forgotten"),
        pytest.param(("files:prices", "simulated"), {}, "simulated", id="the_newest_cycle_counts"),
        pytest.param(("yahoo",), {}, "yahoo", id="a_real_one"),
        pytest.param(("files:prices",), {"market": "simulated"}, "simulated", id="named_on_the_command_line"),
    ],
)
def test_a_market_that_nobody_names_is_that_of_the_home(ledger, before, told, stands_in):
    lived_in(ledger, *before)
    assert of_home(load_settings(**told), ledger).market == stands_in


def test_one_that_the_environment_names_is_named_and_an_empty_variable_names_none(ledger, tmp_path):
    lived_in(ledger, "files:prices")
    for value, stands_in in {"simulated": "simulated", "": "files:prices"}.items():
        with standing_in(tmp_path, SAGE_MARKET=value):
            assert of_home(load_settings(), ledger).market == stands_in


@pytest.mark.parametrize(
    ("there", "told", "news"),
    [(True, {}, "files:prices"), (False, {}, "none"), (False, {"news": "rss"}, "rss")],
    ids=["with_news", "without_news", "named"],
)
def test_news_come_from_the_same_files_where_they_hold_some(ledger, tmp_path, there, told, news):
    (tmp_path / "prices" / "news").mkdir(parents=True)
    if there:
        (tmp_path / "prices" / "news" / "a.jsonl").touch()
    lived_in(ledger, "files:prices")
    assert of_home(load_settings(**told), ledger).news_name == news
