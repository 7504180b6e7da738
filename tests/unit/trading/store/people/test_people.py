"""Roles, codes, nonces and the inbox: what is durable, what works once, what runs out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from domain.errors import UsageError
from domain.record.entries import RecordKind
from tests.builders.execution import HandClock
from trading.store.database import open_database
from trading.store.ledger import SqlLedger
from trading.store.people.inbox import InboxStore
from trading.store.people.nonces import Bound, NonceStore
from trading.store.people.roles import CODE_LASTS, PeopleStore, Role

ANN, BEN, CLEO, BOT = 10**10, 2, 3, 99


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request, tmp_path):
    """Both databases; on PostgreSQL the tables of people are emptied afterwards."""
    url = f"sqlite:///{tmp_path / 'sage.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = open_database(url)
    yield opened
    with opened.transaction() as connection:
        for table in ("people", "pairing", "nonces", "inbox", "inbox_offsets"):
            connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608  # names of this list
    opened.close()


@pytest.fixture
def ledger(database):
    return SqlLedger(database)


def people(database, ledger, clock, *owners):
    codes = iter("ABCDEFG")
    new_code = lambda: next(codes) * 10  # noqa: E731
    return PeopleStore(database, ledger, frozenset(owners), clock=clock, times=clock, new_code=new_code)


def test_nobody_is_anybody_before_somebody_says_so(database, ledger, clock):
    assert people(database, ledger, clock).roles() == {}
    assert people(database, ledger, clock, ANN).roles() == {ANN: Role.OWNER}


def test_an_owner_gives_and_takes_and_both_are_on_record(database, ledger, clock):
    store = people(database, ledger, clock, ANN)
    store.set_role(BEN, Role.APPROVER, by=ANN)
    store.set_role(BEN, Role.VIEWER, by=ANN)
    assert store.roles()[BEN] is Role.VIEWER
    store.set_role(BEN, None, by=ANN)
    assert BEN not in store.roles()
    told = [one.body for one in ledger.entries(subject=f"telegram:{BEN}", kind=RecordKind.ACCESS)]
    assert [one["role"] for one in told[-3:]] == ["approver", "viewer", "none"]
    assert {one["by"] for one in told[-3:]} == {str(ANN)}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.APPROVER, None])
def test_nobody_else_changes_roles_also_not_their_own(database, ledger, clock, role):
    store = people(database, ledger, clock, ANN)
    if role is not None:
        store.set_role(BEN, role, by=ANN)
    before = store.roles()
    with pytest.raises(UsageError, match="only an owner"):
        store.set_role(BEN, Role.OWNER, by=BEN)
    assert store.roles() == before


def test_the_last_owner_stays_and_those_of_the_settings_too(database, ledger, clock):
    store = people(database, ledger, clock)
    assert store.pair(ANN, store.code().text)
    with pytest.raises(UsageError, match="only owner"):
        store.set_role(ANN, Role.VIEWER, by=ANN)
    named = people(database, ledger, clock, CLEO)
    with pytest.raises(UsageError, match="TELEGRAM_OWNER_IDS"):
        named.set_role(CLEO, None, by=ANN)


def test_a_code_is_good_for_an_hour_and_for_one(database, ledger, clock):
    store = people(database, ledger, clock)
    first = store.code()
    assert store.code() == first
    clock.at += CODE_LASTS
    assert not store.pair(ANN, first.text)
    second = store.code()
    assert second.text != first.text
    assert store.pair(ANN, f" {second.text.lower()} ")
    assert not store.pair(BEN, second.text)
    assert store.code() is None
    assert store.roles() == {ANN: Role.OWNER}


def test_five_wrong_guesses_void_a_code(database, ledger, clock):
    store = people(database, ledger, clock)
    code = store.code()
    assert [store.pair(BEN, guess) for guess in ("", "x", "AAAAAAAAAB", "é", "A" * 10_000)] == [False] * 5
    assert not store.pair(ANN, code.text)


def nonces(database, clock):
    numbers = iter(range(1000))
    return NonceStore(database, clock, lambda: f"n{next(numbers)}")


def test_a_nonce_works_once_for_its_person_in_its_chat(database, clock):
    store = nonces(database, clock)
    made = store.make(ANN, ANN, "cancel", ("all",), "digest", timedelta(seconds=60))
    assert isinstance(store.use(made.nonce, BEN, ANN), str)
    assert isinstance(store.use(made.nonce, ANN, BEN), str)
    assert isinstance(store.use("n999", ANN, ANN), str)
    assert store.use(made.nonce, ANN, ANN) == made
    assert "used before" in str(store.use(made.nonce, ANN, ANN))


def test_a_nonce_ends_with_its_time_and_with_a_no(database, clock):
    store = nonces(database, clock)
    late, left = (store.make(ANN, ANN, "cancel", (), "", timedelta(seconds=60)) for _ in range(2))
    store.void(left.nonce, BEN)
    store.void(left.nonce, ANN)
    assert "used before" in str(store.use(left.nonce, ANN, ANN))
    clock.wait(seconds=60)
    assert "expired" in str(store.use(late.nonce, ANN, ANN))


def test_of_many_who_press_at_once_one_wins(database, clock):
    store = nonces(database, clock)
    made = store.make(ANN, ANN, "cancel", (), "", timedelta(seconds=60))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: store.use(made.nonce, ANN, ANN), range(16)))
    assert sum(isinstance(one, Bound) for one in found) == 1


def test_an_update_is_taken_once_begun_and_ended(database, clock):
    store = InboxStore(database, BOT, clock)
    assert store.offset() == 0
    assert store.take([(5, {"a": 1}), (6, None), (7, {"b": 2})]) == (5, 7)
    assert store.take([(7, {"b": 3}), (8, {"c": 1})]) == (8,)
    assert store.offset() == 9
    first, second = store.begin(7), store.begin(7)
    assert first is not None
    assert (first.body, first.begun) == ({"b": 2}, False)
    assert second is not None
    assert second.begun
    store.end(7)
    assert store.begin(7) is None
    assert store.left() == (5, 8)


def test_what_is_said_is_durable_together_with_the_end_or_not_at_all(database, clock):
    store = InboxStore(database, BOT, clock)
    store.take([(5, {"a": 1})])

    def fails():
        raise UsageError("the answer cannot be written")

    with pytest.raises(UsageError):
        store.end(5, fails)
    assert store.left() == (5,)


def test_after_days_without_updates_the_service_is_asked_what_is_unread(database, clock):
    store = InboxStore(database, BOT, clock)
    store.take([(5, {})])
    clock.wait(days=6)
    assert store.offset() == 0


def test_two_bots_of_one_home_have_an_inbox_each(database, clock):
    one, two = InboxStore(database, BOT, clock), InboxStore(database, BOT + 1, clock)
    assert one.take([(5, {})]) == two.take([(5, {})]) == (5,)
    one.end(5)
    assert two.left() == (5,)
