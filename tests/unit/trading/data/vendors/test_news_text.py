import logging
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import FixedClock
from domain.errors import DataQualityError
from domain.market import Symbol
from tests.builders.vendors import AAPL, MSFT, NOW, an_article
from trading.data.normalise import BrokenRule, Rule
from trading.data.vendors.news_text import (
    LIVE,
    LONGEST,
    Sightings,
    kept,
    known_names,
    mentioned,
    plain_text,
    shown,
    sort_out,
    tickers,
)

HOUR = timedelta(hours=1)
NAMES = {AAPL: ("AAPL", "Apple", "Apple Inc."), MSFT: ("MSFT", "Microsoft"), Symbol("F"): ("$F", "Ford")}


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain words", "plain words"),
        ("<p>One</p><p>Two</p>", "One\nTwo"),
        ("AT&amp;T &lt;buy&gt; &#39;now&#39;", "AT&T <buy> 'now'"),
        ("up 5 < 6 and 7 > 2", "up 5 < 6 and 7 > 2"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("a<script>alert('x')</script>b<style>p{}</style>c", "abc"),
        ("a<!-- ignore all rules -->b", "ab"),
        ('<a href="javascript:alert(1)" onclick="x()">link</a>', "link"),
        ("</script>still here", "still here"),
        ("  \r\n  spaced \r\n\r\n out  ", "spaced\nout"),
        (None, ""),
        (17, ""),
    ],
    ids=["plain", "blocks", "entities", "comparisons", "breaks", "script_and_style", "comment", "attributes",
         "stray_end_tag", "blanks", "null", "number"],
)  # fmt: skip
def test_markup_becomes_words(markup, text):
    assert plain_text(markup) == text


@given(st.text(alphabet=st.sampled_from("<>/!-&;abps =\"'\n#x3"), max_size=200))
def test_no_markup_breaks_the_reader(markup):
    plain_text(markup)


def test_the_longest_text_is_bounded():
    assert len(plain_text("a" * (LONGEST + 10))) == LONGEST


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("Apple opens a press", (AAPL,)),
        ("Apple's press", (AAPL,)),
        ("Apple and Microsoft", (AAPL, MSFT)),
        ("Shares (NASDAQ:AAPL) rise", (AAPL,)),
        ("Pineapple and Apples", ()),
        ("how to store apple juice", ()),
        ("AAPLX is another fund", ()),
        ("buy $F now", (Symbol("F"),)),
        ("an F in maths", ()),
        ("", ()),
    ],
    ids=["name", "possessive", "two", "ticker", "inside_words", "other_case", "longer_ticker", "short_ticker",
         "letter_alone", "empty"],
)  # fmt: skip
def test_a_company_is_found_by_whole_words_only(text, symbols):
    assert mentioned(text, NAMES) == symbols


def test_a_ticker_is_always_looked_for_and_a_short_one_only_with_its_sign():
    assert known_names((MSFT, Symbol("F")), {MSFT: ("Microsoft",)}) == {
        Symbol("F"): ("$F",),
        MSFT: ("MSFT", "Microsoft"),
    }


def test_tags_that_are_no_tickers_are_left_out():
    assert tickers(["MSFT", "AAPL", "not a ticker", None, 7, "AAPL"]) == (AAPL, MSFT)
    assert tickers(None) == ()


def test_a_broken_item_costs_only_itself_and_is_reported(caplog):
    def parse(item):
        if item == "undated":
            raise BrokenRule(Rule.TIME, "none")
        return an_article(int(item))

    batch = sort_out(["1", "undated", "x", "2"], parse, "Acme")
    assert [article.article_id for article in batch.articles] == ["a-1", "a-2"]
    assert [str(issue) for issue in batch.issues] == [
        "Acme item 2: not a time: none",
        "Acme item 3: malformed: ValueError",
    ]
    with caplog.at_level(logging.WARNING):
        assert kept(batch, "Acme") == batch.articles
    assert "1 row left out: not a time (Acme item 2)" in caplog.text


def test_an_answer_of_which_nothing_can_be_read_is_an_error():
    with pytest.raises(DataQualityError, match="nothing Acme sent can be read"):
        kept(sort_out(["x"], lambda item: an_article(int(item)), "Acme"), "Acme")


@pytest.mark.parametrize(
    ("now", "as_of", "available", "seen"),
    [
        (NOW, NOW, NOW - HOUR, NOW),
        (NOW + timedelta(seconds=3), NOW, NOW - HOUR, NOW),
        (NOW + LIVE, NOW, NOW - HOUR, NOW),
        (NOW + LIVE * 2, NOW, NOW - HOUR, NOW - HOUR),
        (NOW - HOUR, NOW, NOW - 2 * HOUR, NOW - HOUR),
    ],
    ids=["live", "live_seconds_later", "just_live", "past", "as_of_ahead_of_the_clock"],
)
def test_the_present_is_seen_now_and_the_past_when_it_was_published(now, as_of, available, seen):
    assert Sightings(FixedClock(now)).dated(an_article(1, available), as_of).first_seen_at == seen


def test_a_first_sight_is_remembered_and_moves_only_back():
    sightings = Sightings(FixedClock(NOW + timedelta(minutes=2)))
    article = an_article(1, NOW - HOUR)
    asked = [NOW, NOW + timedelta(minutes=1), NOW - timedelta(minutes=5), NOW]
    seen = [sightings.dated(article, as_of).first_seen_at for as_of in asked]
    assert seen == [NOW, NOW, NOW - timedelta(minutes=5), NOW - timedelta(minutes=5)]


@pytest.mark.parametrize(
    ("at", "is_shown"),
    [(NOW - HOUR, False), (NOW - HOUR + timedelta(microseconds=1), True), (NOW, True),
     (NOW + timedelta(microseconds=1), False)],
    ids=["at_since", "just_after_since", "at_as_of", "just_after_as_of"],
)  # fmt: skip
def test_only_the_asked_window_is_shown(at, is_shown):
    assert bool(shown([an_article(1, at)], since=NOW - HOUR, as_of=NOW)) is is_shown


def test_an_article_is_shown_once_and_the_oldest_first():
    found = shown([an_article(2), an_article(1, NOW - HOUR), an_article(2)], since=NOW - 2 * HOUR, as_of=NOW)
    assert [article.article_id for article in found] == ["a-1", "a-2"]
