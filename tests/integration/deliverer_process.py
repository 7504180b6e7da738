"""A process that delivers to a channel until it is killed; it is told the database and the webhook."""

import sys
import threading
from datetime import timedelta

from pydantic import SecretStr

from domain.clock import SystemClock
from interfaces.delivery.deliverer import Deliverer
from interfaces.delivery.slack import SlackCarrier
from trading.store.database import open_database
from trading.store.messages.outbox import OutboxStore, Rate

if __name__ == "__main__":
    outbox = OutboxStore(open_database(sys.argv[1]), term=timedelta(seconds=1))
    carrier = SlackCarrier(SecretStr(sys.argv[2]))
    deliverer = Deliverer(outbox, [carrier], SystemClock(), paces={"slack": Rate(0, 1)}, look_s=0.1)
    with deliverer.running():
        threading.Event().wait(300)
