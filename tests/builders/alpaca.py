"""A house that trades at the loopback Alpaca."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from domain.market import Symbol
from domain.ports import Broker
from tests.builders.execution import HandClock, House, a_house
from tests.servers.alpaca import KEY_ID, SECRET_KEY
from tests.servers.alpaca_exchange import Exchange
from tests.servers.alpaca_trading import AlpacaTrading
from trading.data.vendors.alpaca import AlpacaConfig
from trading.data.vendors.wire import Patience
from trading.execution.brokers.alpaca.broker import AlpacaBroker
from trading.execution.brokers.observed import ObservedBroker
from trading.execution.brokers.paper.broker import PaperBroker
from trading.store.database import Database

PATIENT = Patience(connect_s=5, read_s=10, retries=0, pause_s=0)
"""For what answers at once: a machine that is busy must not look like a broker that is away."""
HURRIED = Patience(connect_s=5, read_s=1.5, retries=0, pause_s=0)
"""For a server that hangs or drips on purpose, so that the test need not wait long for it."""
DEADLINE_S = 2.0


class AlpacaHouse(NamedTuple):
    """The house, its server and the broker itself."""

    house: House
    server: AlpacaTrading
    broker: AlpacaBroker


def a_config(server: AlpacaTrading, **changes: Any) -> AlpacaConfig:
    """Keys and address of the loopback account, and little patience."""
    fields: dict[str, Any] = {
        "key_id": KEY_ID,
        "secret_key": SECRET_KEY,
        "trading_url": server.url,
        "patience": PATIENT,
    }
    return AlpacaConfig(**(fields | changes))


@contextmanager
def an_alpaca_house(
    database: Database,
    folder: Path,
    *,
    observed: bool = False,
    clock: HandClock | None = None,
    patience: Patience = PATIENT,
    **given: Any,
) -> Iterator[AlpacaHouse]:
    """A house around an Alpaca whose exchange has the quotes of the house's market and its clock."""
    clock = clock or HandClock()
    exchange = Exchange(quote=lambda symbol: None, now=clock.now)
    with AlpacaTrading(exchange) as server:
        made: list[AlpacaBroker] = []

        def broker(paper: PaperBroker) -> Broker:
            # The paper broker is made anyway and knows the office and the control plane of the house.
            deadline_s = DEADLINE_S if patience is HURRIED else patience.read_s
            config = a_config(server, patience=patience)
            alpaca = AlpacaBroker(config, clock, paper._office, paper._control, deadline_s=deadline_s)
            made.append(alpaca)
            return ObservedBroker(alpaca, database, clock) if observed else alpaca

        house = a_house(database, folder, broker=broker, clock=clock, **given)
        exchange.quote = lambda symbol: house.market.quotes.get(Symbol(symbol))
        yield AlpacaHouse(house, server, made[0])
