"""Reading headlines: obvious ones, whose news it is, disguises, and nothing to read."""

import pytest

from agents.quarantine import clean
from trading.signals.headlines import LABELS, read, shipped, words_of


@pytest.mark.parametrize(
    ("headline", "name", "label"),
    [
        pytest.param("Nimbo shares surge after profit rises 20%", "Nimbo", "positive", id="surge"),
        pytest.param("Nimbo shares plunge after profit falls 20%", "Nimbo", "negative", id="plunge"),
        pytest.param("Korva slips to loss, shares tumble", "Korva", "negative", id="loss"),
        pytest.param("Korva to hold board meeting on Monday", "Korva", "neutral", id="meeting"),
    ],
)
def test_plain_headlines_read_as_people_read_them(headline, name, label):
    assert read(headline, name).label == label


def test_shares_are_of_one_and_in_the_order_of_the_labels():
    said = read("Nimbo shares surge after profit rises", "Nimbo")
    assert sum(said.shares) == pytest.approx(1, abs=1e-5)
    assert LABELS[said.shares.index(max(said.shares))] == said.label


def test_a_company_is_one_word_whatever_it_is_called():
    assert words_of("Bharat Loss Ltd gains 3.5%", "Bharat Loss Ltd") == ["xname", "gains", "0", "%"]
    assert read("Loss Ltd gains 3%", "Loss Ltd") == read("Nimbo gains 4%", "Nimbo")


@pytest.mark.parametrize(
    "disguised",
    [
        pytest.param("Nimbo sha\u200bres sur\u200bge", id="zero_width"),
        pytest.param("Nimbo shar\u0435s surg\u0435", id="look_alikes"),
        pytest.param("\uff2eimbo \uff53hares surge", id="full_width"),
        pytest.param("Nimbo shares surge" + "".join(chr(0xE0000 + ord(char)) for char in " crash"), id="hidden_tags"),
    ],
)
def test_a_disguise_changes_nothing(disguised):
    assert read(clean(disguised).text, "Nimbo") == read("Nimbo shares surge", "Nimbo")


@pytest.mark.parametrize("nothing", ["", "   ", "\u2014", "\u4e2d\u6587"])
def test_nothing_to_read_has_an_answer(nothing):
    assert sum(read(nothing).shares) == pytest.approx(1, abs=1e-5)


def test_the_shipped_weights_are_finite():
    model = shipped()
    assert model.weights.shape[0] == len(LABELS) == model.bias.shape[0]
    assert bool((abs(model.weights) < 1e3).all())
