"""The nightly proof of the record names what it found by what it is."""

from typing import Any

import pytest
from sqlalchemy import text

from domain.clock import SystemClock
from domain.errors import IntegrityError
from interfaces.serving.vitals import Vitals
from interfaces.serving.work import Worker, maintenance
from tests.builders.runtime import NIMBO, a_cycle, a_runtime


def proven(runtime):
    nobody: Any = None  # neither an inbox nor a run: this job asks neither
    return maintenance(Worker(runtime, (), Vitals(SystemClock(), lambda: False), nobody, lambda: False), nobody, nobody)


def test_a_table_that_differs_is_not_called_a_ledger_that_was_changed(tmp_path):
    with a_runtime(tmp_path) as runtime:
        a_cycle(runtime, NIMBO)
        assert "ledger entries verified" in proven(runtime)
        with runtime.deps.stores.database.transaction() as connection:
            connection.execute(text("UPDATE fills SET price = '1'"))
        assert runtime.deps.stores.ledger.verify().ok, "the ledger itself is whole"
        with pytest.raises(IntegrityError, match=r"^the record does not verify: fills .*the price is 1 in the table"):
            proven(runtime)
