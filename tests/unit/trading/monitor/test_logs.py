import io
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.monitor.logs import CUT, JsonLines, Redaction, correlation, log_to

SECRET = "s3cret/With+odd=chars"
REDACT = Redaction([SECRET, "", "abc"])


def a_line(message, *args, error=None, redact=REDACT):
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("trading.test", logging.WARNING, __file__, 1, message, args, info)
    return json.loads(JsonLines(redact).format(record))


@pytest.mark.parametrize(
    "leak",
    [
        SECRET,
        "s3cret%2FWith%2Bodd%3Dchars",
        "sk-proj-abcdefghijklmnop1234",
        "PKABCDEFGHIJKLMNOP12",
        "aB3dEfGhIjKlMnOpQrStUvWxYz0123456789aBcD",
        "123456789:AAabcdefghijklmnopqrstuvwxyz0123456",
        "0123456789abcdef0123456789abcdef",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def_123",
    ],
    ids=["configured", "percent_encoded", "model_key", "broker_key", "broker_secret", "bot_token", "news_key",
         "signed_token"],
)  # fmt: skip
@pytest.mark.parametrize("around", ["{}", "key {} refused", 'a"{}"b', "url?x={}&y=1", "({}),"])
def test_what_is_a_secret_or_looks_like_one_is_cut(leak, around):
    shown = REDACT(around.format(leak))
    assert leak not in shown
    assert CUT in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("api_key=12345678", f"api_key={CUT}"),
        ("apiKey: 'hunter22'", f"apiKey: '{CUT}'"),
        ('{"APCA-API-SECRET-KEY": "hunter22"}', f'{{"APCA-API-SECRET-KEY": "{CUT}"}}'),
        ("password = hunter22, next", f"password = {CUT}, next"),
        ("Authorization: Bearer abcdef.ghijkl", f"Authorization: {CUT}"),
        ("sent Bearer abcdefghijkl", f"sent Bearer {CUT}"),
        ("redis://user:hunter22@host/0", f"redis://{CUT}host/0"),
        ("postgresql+psycopg://u:p%40ss@h:5432/d", f"postgresql+psycopg://{CUT}h:5432/d"),
    ],
)
def test_the_name_of_a_secret_stays(text, shown):
    assert REDACT(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "AAPL fell 3.2 % to 101.50",
        "dec-k3v5abcdefghijkl refused by C5",
        "policy 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "2026-03-17T15:00:00Z",
        "Zürich – ümlauts stay",
        "https://news.example/a/b?c=d",
        "tokens_in=12345 max_tokens: 4096",
    ],
    ids=["prices", "id", "digest", "time", "unicode", "address", "counts_of_tokens"],
)
def test_ordinary_words_stay(text):
    assert REDACT(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\r\ntwo", "one two"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07rest", "rest"),
        ("a\x00b\x08c\x7fd", "a b c d"),
        ("left\u202eright\u2066x", "left right x"),
        ("line\u2028para\u2029", "line para "),
        ("zero\u200bwidth", "zero width"),
    ],
    ids=["line_ends", "colours", "window_title", "controls", "direction", "separators", "invisible"],
)
def test_nothing_forges_a_line_or_paints_a_terminal(text, shown):
    assert REDACT(text) == shown


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_configured_secret_never_gets_through(before, after):
    assert SECRET not in Redaction([SECRET])(before + SECRET + after)


@given(st.text(max_size=200))
def test_any_text_becomes_one_line_of_json(text):
    record = logging.LogRecord("x", logging.INFO, "", 1, text, None, None)
    line = JsonLines(REDACT).format(record)
    assert len(line.splitlines()) == 1
    assert json.loads(line)["message"] == REDACT(text)


def test_a_line_tells_when_who_and_what():
    line = a_line("%s is %d seconds old", "alpaca", 75)
    assert line["message"] == "alpaca is 75 seconds old"
    assert (line["level"], line["logger"]) == ("WARNING", "trading.test")
    assert line["at"].endswith("Z")
    assert "correlation" not in line


def test_a_line_carries_what_is_being_worked_on():
    token = correlation.set("cyc-1")
    try:
        assert a_line("x")["correlation"] == "cyc-1"
    finally:
        correlation.reset(token)


def test_a_traceback_is_cut_too():
    try:
        raise ValueError(f"refused {SECRET}")
    except ValueError as error:
        line = a_line("failed", error=error)
    assert SECRET not in json.dumps(line)
    assert line["trace"][-1] == f"ValueError: refused {CUT}"


def test_a_redaction_tells_no_secret_of_its_own():
    assert SECRET not in repr(REDACT)


def test_the_whole_log_goes_to_one_place():
    stream, root = io.StringIO(), logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        log_to(stream, level="WARNING", secrets=[SECRET])
        logging.getLogger("anything").warning("key %s", SECRET)
        logging.getLogger("anything").info("not this")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == [f"key {CUT}"]
