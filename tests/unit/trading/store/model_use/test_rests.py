"""Models that failed are known to every process of a home until they answer."""

from dataclasses import replace
from datetime import timedelta

from domain.record.model_use import ModelRest
from tests.builders.agents import AT
from trading.store.model_use.rests import RestStore

REST = ModelRest("openai:first", 1, "timeout", AT)


def test_the_newest_failure_counts(database):
    store = RestStore(database)
    opened = replace(REST, failures=5, until=AT + timedelta(minutes=5))
    store.put(REST)
    store.put(opened)
    store.put(replace(REST, model="local:second"))
    assert RestStore(database).all() == (replace(REST, model="local:second"), opened)


def test_an_answer_ends_it(database):
    store = RestStore(database)
    store.put(REST)
    store.clear("openai:first")
    store.clear("openai:first")
    assert store.all() == ()
