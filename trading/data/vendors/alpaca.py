"""Alpaca's clients for reading, made for us: raw answers, timeouts, and one translation of what they raise.

alpaca-py waits without end and repeats refused requests after fixed pauses, orders included; ``bounded`` replaces both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from domain.errors import OversightError
from trading.data.vendors.wire import MISREAD, PATIENCE, Patience, Vendor, bounded_session

if TYPE_CHECKING:
    from alpaca.common.rest import RESTClient
    from alpaca.data.historical.corporate_actions import CorporateActionsClient
    from alpaca.data.historical.news import NewsClient
    from alpaca.data.historical.stock import StockHistoricalDataClient
    from alpaca.trading.client import TradingClient

T = TypeVar("T")
ALPACA = Vendor("Alpaca", "APCA_API_KEY_ID and APCA_API_SECRET_KEY", "APCA_API_BASE_URL or APCA_API_DATA_URL")


@dataclass(frozen=True, slots=True)
class AlpacaConfig:
    """Keys, addresses, the feed (``iex`` is free, ``sip`` covers all exchanges) and how bars are adjusted."""

    key_id: str = field(repr=False)
    secret_key: str = field(repr=False)
    trading_url: str = "https://paper-api.alpaca.markets"
    data_url: str = "https://data.alpaca.markets"
    feed: Literal["iex", "sip", "delayed_sip"] = "iex"
    adjustment: Literal["raw", "split", "dividend", "all"] = "split"
    patience: Patience = PATIENCE


def credentials(config: AlpacaConfig) -> dict[str, Any]:
    """The arguments every client of alpaca-py takes; answers come raw, as the vendor wrote them."""
    if not config.key_id or not config.secret_key:
        raise ALPACA.without_key()
    return {"api_key": config.key_id, "secret_key": config.secret_key, "raw_data": True}


def bounded(client: RESTClient, patience: Patience) -> None:
    """Give a client of alpaca-py timeouts, and leave repeating to the session, which repeats GETs only."""
    client._session = bounded_session(patience)
    # No constructor takes it: alpaca-py reads 0 as "use the default" and repeats every call, orders too, on 429 and
    # 504.
    client._retry = 0


def data_client(config: AlpacaConfig) -> StockHistoricalDataClient:
    """The client for bars, quotes and trades."""
    from alpaca.data.historical.stock import StockHistoricalDataClient

    client = StockHistoricalDataClient(url_override=config.data_url.rstrip("/"), **credentials(config))
    bounded(client, config.patience)
    return client


def actions_client(config: AlpacaConfig) -> CorporateActionsClient:
    """The client for splits and dividends."""
    from alpaca.data.historical.corporate_actions import CorporateActionsClient

    client = CorporateActionsClient(url_override=config.data_url.rstrip("/"), **credentials(config))
    bounded(client, config.patience)
    return client


def news_client(config: AlpacaConfig) -> NewsClient:
    """The client for news."""
    from alpaca.data.historical.news import NewsClient

    client = NewsClient(url_override=config.data_url.rstrip("/"), **credentials(config))
    bounded(client, config.patience)
    return client


def assets_client(config: AlpacaConfig) -> TradingClient:
    """The client for assets. ``paper`` only chooses an address, and that is given."""
    from alpaca.trading.client import TradingClient

    # The settings may name the address as Alpaca's own examples do, with /v2; alpaca-py puts it behind once more.
    address = config.trading_url.rstrip("/").removesuffix("/v2")
    client = TradingClient(paper=True, url_override=address, **credentials(config))
    bounded(client, config.patience)
    return client


def ask(question: Callable[[], T]) -> T:
    """Ask, read the answer, and translate whatever alpaca-py, requests or a strange answer raises."""
    from alpaca.common.exceptions import APIError, RetryException
    from requests.exceptions import RequestException

    try:
        return question()
    except (APIError, RetryException, RequestException, *MISREAD) as error:
        raise translated(error) from error


def unless_unknown(question: Callable[[], T]) -> T | None:
    """The answer, or None where Alpaca says that it knows no such thing (404)."""
    from alpaca.common.exceptions import APIError

    try:
        return question()
    except APIError as error:
        # Every other refusal goes on to ``ask``: a wrong key must not look like an unknown symbol.
        if error.status_code == 404:
            return None
        raise


def translated(error: Exception) -> OversightError:
    """The error of ours for one of alpaca-py, requests, or of reading an answer."""
    from alpaca.common.exceptions import APIError, RetryException

    if isinstance(error, APIError):
        return ALPACA.refusal(error.status_code)
    if isinstance(error, RetryException):
        return ALPACA.refusal(429)
    return ALPACA.failure(error)
