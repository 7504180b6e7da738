"""Slack's webhook over HTTP on this machine."""

import pytest
from pydantic import SecretStr

from domain.errors import ConfigurationError
from interfaces.delivery.slack import SlackCarrier, marked
from tests.builders.messages import a_message
from tests.servers.slack import SlackServer


@pytest.fixture
def server():
    with SlackServer() as running:
        yield running


@pytest.fixture
def carrier(server):
    made = SlackCarrier(SecretStr(server.hook), timeout_s=5)
    yield made
    made.close()


def test_a_message_arrives_in_slacks_marks(server, carrier):
    assert carrier.carry(a_message(html="<b>Halted</b>: daily loss")).sent
    assert server.texts == ["*Halted*: daily loss"]


@pytest.mark.parametrize(
    ("mood", "again", "unknown", "taken"),
    [
        (429, 7.0, False, 0), (500, 2.0, False, 0), (502, 2.0, False, 0), (504, 2.0, True, 0), (404, 300.0, False, 0),
        (403, 300.0, False, 0), (400, None, False, 0), ("drop before", 2.0, True, 0), ("drop after", 2.0, True, 1),
    ],
)  # fmt: skip
def test_each_failure_is_what_it_is(server, carrier, mood, again, unknown, taken):
    server.moods.append(mood)
    receipt = carrier.carry(a_message())
    assert (receipt.sent, receipt.retry_after_s, receipt.unknown) == (False, again, unknown)
    assert "secret-of-the-hook" not in receipt.words
    assert len(server.texts) == taken


def test_nobody_there_is_tried_again_and_is_no_doubt():
    with SlackServer() as gone:
        hook = gone.hook
    receipt = SlackCarrier(SecretStr(hook), timeout_s=2).carry(a_message())
    assert (receipt.sent, receipt.retry_after_s, receipt.unknown) == (False, 2.0, False)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<b>a</b> <i>b</i> <code>c</code>", "*a* _b_ `c`"),
        ("<pre>x  <b>1</b>\ny  2</pre> end", "```x  1\ny  2``` end"),
        ("5 &lt; 6 &amp; &quot;q&quot;", '5 &lt; 6 &amp; "q"'),
        ("&lt;!channel&gt; wake up", "&lt;!channel&gt; wake up"),
        ('<a href="https://x.example">here</a>', "here"),
    ],
)
def test_marks_are_slacks_and_a_text_can_call_nobody(html, text):
    assert marked(a_message(html=html)) == text


@pytest.mark.parametrize("hook", ["", "nonsense", "ftp://x.example/1", "https://"])
def test_what_is_no_address_is_one_clear_line_without_the_secret(hook):
    with pytest.raises(ConfigurationError) as refused:
        SlackCarrier(SecretStr(hook))
    assert not hook or hook not in str(refused.value)
