"""Selects that are compiled once: values and rows go through the types of their columns, on both databases."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from domain.errors import ConfigurationError
from tests.builders.execution import an_order
from trading.store.orders import OrderStore
from trading.store.tables import orders
from trading.store.writing.prepared import Query, fetched, given

ABOUT = select(orders.c.qty, orders.c.limit_price, orders.c.created_at, orders.c.reduce_only)


def test_values_and_rows_are_what_their_columns_hold(database):
    order = OrderStore(database).insert(an_order(qty=Decimal("2.5")))
    query = Query(
        ABOUT.where(orders.c.created_at <= given("until"), orders.c.status.in_(("accepted", "filled"))), "until"
    )
    expected = (Decimal("2.5"), order.limit_price, order.created_at, order.reduce_only)
    with database.reading() as connection:
        for _ in range(2):
            assert query.first(connection, order.created_at) == expected
        assert query.rows(connection, datetime(2001, 1, 1, tzinfo=UTC)) == []


@pytest.mark.parametrize("names", [(), ("other",), ("until", "other")], ids=["none", "another", "one_too_many"])
def test_a_select_that_takes_other_values_is_a_mistake(database, names):
    query = Query(ABOUT.where(orders.c.created_at <= given("until")), *names)
    with database.reading() as connection, pytest.raises(ValueError, match="takes other values"):
        query.rows(connection, *names)


def test_a_text_is_stored_whole_or_refused_and_never_cut_off(database):
    store, strange = OrderStore(database), an_order(strategy="momentum\0and more")
    stored: tuple[object, ...] = (strange,)
    try:
        store.insert(strange)
    except ConfigurationError:
        stored = ()
    assert store.newest(9) == stored


def test_what_the_driver_refuses_is_told_as_any_trouble_of_the_database(database):
    with pytest.raises(ConfigurationError, match=r"cannot be used: .*nowhere"), database.reading() as connection:
        fetched(connection, "SELECT 1 FROM nowhere")
