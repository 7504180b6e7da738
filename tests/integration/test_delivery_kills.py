"""Processes that deliver are killed in the middle: nothing is lost, and no second copy pretends to be the first."""

import subprocess
import sys
from collections import Counter
from contextlib import closing

from domain.clock import SystemClock
from interfaces.delivery.deliverer import PERHAPS_TWICE
from tests.builders.messages import a_message
from tests.builders.runtime import ROOT
from tests.servers.slack import SlackServer
from trading.store.database import open_database
from trading.store.messages.outbox import OutboxStore

KEYS = [f"{number:03}" for number in range(90)]
A_LIFE = 30
"""So many messages, and the process is killed."""


def test_a_kill_in_the_middle_loses_nothing_and_repeats_nothing_that_does_not_say_so(tmp_path):
    url = f"sqlite:///{tmp_path / 'sage.db'}"
    with SlackServer() as slack, closing(open_database(url)) as database:
        outbox, now = OutboxStore(database), SystemClock().now()
        for number, key in enumerate(KEYS):
            outbox.put(a_message(key, f"slack:{number % 5}", now, html=key))
        lives = 0
        while outbox.waiting() and lives < 20:
            lives += 1
            one_life(url, slack, outbox)
    assert lives >= len(KEYS) // A_LIFE
    assert {text[:3] for text in slack.texts} == set(KEYS), "nothing is lost"
    unmarked = Counter(text for text in slack.texts if PERHAPS_TWICE not in text)
    assert max(unmarked.values()) == 1, "a copy says that it may be one"


def one_life(url, slack, outbox):
    """A process, until it has delivered its share or nothing is left."""
    command = [sys.executable, "-m", "tests.integration.deliverer_process", url, slack.hook]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    until = len(slack.texts) + A_LIFE
    try:
        while len(slack.texts) < until and outbox.waiting() and process.poll() is None:
            slack.arrived.clear()
            slack.arrived.wait(2)
    finally:
        process.kill()
        process.wait()
