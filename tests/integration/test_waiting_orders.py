"""Orders that wait for a person's word, as somebody at a terminal meets them: from the question to the explanation."""

import shutil

import pytest
from sqlalchemy import text

from tests.builders.runtime import KORVA, OSTRE, a_policy, a_runtime
from tests.integration.test_commands import SYMBOLS, document, run

STANDS = "In the simulated market time goes on with the next `sage cycle`; until then it stays 2026-03-17 15:00 UTC."


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A home after one cycle: NIMBO and KORVA are held, OSTRE waits."""
    home = tmp_path_factory.mktemp("first")
    document(run(home, "cycle", "--symbols", SYMBOLS, "--json"))
    return home


@pytest.fixture
def home(first, tmp_path):
    return shutil.copytree(first, tmp_path / "home")


def flat(shown):
    return " ".join(shown.split())


def waiting(home):
    return document(run(home, "pending", "--json"))["pending"]


def orders_of(home, symbol):
    found = document(run(home, "orders", "--json"))["orders"]
    return [each for each in found if each["symbol"] == symbol and each["parent_id"] is None]


def test_the_life_of_a_request_from_the_question_to_the_explanation(home):
    code, out, err = run(home, "pending")
    assert (code, err) == (0, "")
    assert f"sage approve {waiting(home)[0]['id']}" in flat(out)
    assert STANDS in flat(out)
    name = waiting(home)[0]["id"]
    answer = document(run(home, "approve", name[:8], "--json"))
    assert (answer["id"], answer["done"], answer["waits"]) == (name, True, False)
    assert waiting(home) == []
    order = answer["order"]["client_order_id"]
    assert [each["client_order_id"] for each in orders_of(home, OSTRE)] == [order]
    for asked in (order, name, answer["decision_id"]):
        told = document(run(home, "explain", asked, "--json"))["explanations"]
        assert {each["decision_id"] for each in told} == {answer["decision_id"]}
        assert {each["phase"] for each in told} == {"before", "after"}


def test_an_answer_to_nothing_to_one_that_was_answered_and_to_that_of_another_home(home, tmp_path):
    (row,) = waiting(home)
    unknown = "nothing called apr-zzzz waits for an answer. See `sage pending`."
    assert run(home, "approve", "apr-zzzz") == (2, "", f"sage: {unknown}\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    code, out, err = run(elsewhere, "approve", row["id"])
    assert (code, out, err) == (2, "", f"sage: {unknown.replace('apr-zzzz', row['id'])}\n")
    assert run(home, "reject", row["id"])[0] == 0
    code, _, err = run(home, "approve", row["id"])
    assert (code, err) == (1, "sage: it was answered before; nothing changed\n")


def test_an_answer_that_comes_too_late(home):
    """The next session is a day later; by then nobody can say yes any more."""
    (row,) = waiting(home)
    run(home, "cycle", "--symbols", "TARQU", "--quiet")
    code, _, err = run(home, "approve", row["id"])
    assert (code, err) == (1, "sage: too late, it has expired\n")
    assert orders_of(home, OSTRE) == []


def test_a_yes_that_a_rate_stands_against_waits_and_is_given_again_as_the_answer_says(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    told = {"SAGE_POLICY": a_policy(tmp_path / "policy", max_orders_per_second=2)}
    document(run(home, "cycle", "--symbols", SYMBOLS, "--json", **told))
    name = document(run(home, "pending", "--json", **told))["pending"][0]["id"]
    code, out, err = run(home, "approve", name, **told)
    assert code == 1
    assert "the request stays open until 2026-03-17 15:30 UTC: answer again at 2026-03-17 15:01 UTC or later" in err
    assert err.endswith(f"{STANDS} `sage cycle --as-of 2026-03-17T15:01:00Z` takes it there.\n")
    assert "F1_second" in out
    assert run(home, "cycle", "--symbols", "TARQU", "--as-of", "2026-03-17T15:01:00Z", "--quiet", **told)[0] == 0
    answer = document(run(home, "approve", name, "--json", **told))
    assert (answer["done"], answer["order"]["symbol"]) == (True, OSTRE)


BUY = ("buy", "DRAVE", "10", "--stop", "22")


@pytest.mark.parametrize("typed", ["", "n\n", "what?\n"], ids=["no_terminal", "no", "no_answer"])
def test_an_order_by_hand_is_shown_and_sent_only_after_a_yes(home, typed):
    code, out, err = run(home, *BUY, typed=typed)
    assert (code, out) == (1, "")
    assert "buy 10 DRAVE limit 22.83 for the day, worth 228.30 USD at its worst price, stop 22.00" in flat(err)
    assert "room after it" in err
    assert err.endswith("sage: not sent: nothing was changed. Answer y, or say --yes.\n")
    assert orders_of(home, "DRAVE") == []


def test_after_a_yes_it_is_sent_and_a_second_time_it_says_that_it_was(home):
    code, out, _ = run(home, *BUY, typed="y\n")
    assert (code, "filled" in out) == (0, True)
    (sent,) = orders_of(home, "DRAVE")
    for argv in ((*BUY,), (*BUY, "--yes")):
        code, out, err = run(home, *argv)
        assert (code, err) == (0, "")
        told = f"This order was placed already ({sent['client_order_id']}); nothing new was sent. {STANDS}"
        assert told in flat(out)
    assert len(orders_of(home, "DRAVE")) == 1


def test_yes_is_for_scripts(home):
    view = document(run(home, *BUY, "--yes", "--json"))
    assert (view["done"], view["order"]["symbol"]) == (True, "DRAVE")


def test_a_refused_order_asks_nobody_and_can_be_asked_about(home):
    code, out, err = run(home, "buy", "DRAVE", "10", typed="y\n")
    assert (code, "Send it?" in err) == (1, False)
    assert "without a protective stop" in flat(out)
    assert document(run(home, "whynot", "last", "--json"))["symbol"] == "DRAVE"


def test_a_sliced_order_is_shown_and_started_only_after_a_yes(home):
    words = ("algo", "start", "twap", "NIMBO", "sell", "40")
    code, out, err = run(home, *words)
    assert (code, out) == (1, "")
    assert flat(err).startswith("twap: sell 40 NIMBO within 30 minutes at the present price or better.")
    assert err.endswith("sage: not started: nothing was changed. Answer y, or say --yes.\n")
    started = document(run(home, *words, "--yes", "--json"))
    assert (started["algo"]["filled_qty"], started["standstill"]) == ("10", STANDS)


def test_a_sliced_sale_of_what_is_not_held_says_so_first(home):
    code, _, err = run(home, "algo", "start", "twap", "ZEPHY", "sell", "40", "--yes")
    assert code == 1
    assert err.startswith("sage: not started: no ZEPHY is held: to sell it would be a short sale")


def test_what_is_left_of_a_flatten_is_told_with_what_moves_it(home):
    """The market takes 100 of 116 KORVA at once."""
    code, _, err = run(home, "flatten", "--yes")
    assert code == 1
    assert err.endswith(f"its closing order is partially filled. {STANDS} Then ask again to go on with it, or see "
                        "`sage orders`.\n")  # fmt: skip
    run(home, "cycle", "--symbols", "TARQU", "--quiet")
    assert run(home, "flatten", "--yes")[0] == 0


def test_the_books_are_compared_on_demand(home):
    view = document(run(home, "reconcile", "--json"))
    assert (view["as_of"], view["ok"], view["differences"]) == ("2026-03-17T15:00:00Z", True, [])
    code, out, err = run(home, "reconcile")
    assert (code, err, "Our books and the broker's agree." in out) == (0, "", True)
    with a_runtime(home) as runtime, runtime.deps.stores.database.transaction() as connection:
        connection.execute(text("UPDATE paper_positions SET qty = qty + 1 WHERE symbol = 'NIMBO'"))
    code, out, err = run(home, "reconcile")
    assert (code, "NIMBO: ours 46, the broker's 47" in out) == (1, True)
    assert err.startswith("sage: our books differ from the broker's. Nothing is entered there until they agree")
    assert KORVA not in out


@pytest.mark.parametrize("words", ["buy NIMOB 1 --yes", "sell NIMOB 1 --what-if", "chart NIMOB"])
def test_a_misspelt_symbol_is_told_with_the_nearest(home, words):
    code, out, err = run(home, *words.split())
    assert (code, out) == (2, "")
    assert "in this market; the nearest is NIMBO. There are CALDO, DRAVE, " in err


@pytest.mark.parametrize("command", ["explain", "whynot"])
def test_what_is_not_on_record_is_told_with_the_nearest_symbol(home, command):
    code, _, err = run(home, command, "NIMOB")
    assert code == 2
    assert err.startswith("sage: nothing called NIMOB is on record; the nearest is NIMBO. ")


def test_the_status_says_when_time_goes_on(home):
    assert STANDS in flat(run(home, "status")[1])
    assert document(run(home, "status", "--json"))["standstill"] == STANDS
