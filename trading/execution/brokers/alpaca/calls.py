"""One HTTP call to Alpaca: at most once for what changes anything, within a deadline, with one reading of its failures.

alpaca-py 0.44 waits without end and repeats every call on 429 and 504, orders included. Here nothing but a GET is
repeated, and a call is over after ``deadline_s`` whatever the server does (``vendors.wire.bounded_adapter``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from alpaca.common.exceptions import APIError, RetryException
from alpaca.trading.client import TradingClient
from requests.exceptions import RequestException
from urllib3 import Retry

from domain.errors import ConfigurationError, DataQualityError, OversightError, SourceUnavailable
from trading.data.vendors.alpaca import ALPACA, AlpacaConfig, credentials
from trading.data.vendors.wire import BUSY, LATER, MISREAD, Patience, bounded_adapter, within
from trading.monitor.logs import Redaction

T = TypeVar("T")
DEADLINE_S = 12.0
_LONGEST_MESSAGE = 200


class Refusal(NamedTuple):
    """An HTTP status above 399 with what came along; ``structured`` when the body is Alpaca's own form of a refusal."""

    status: int | None
    code: str = ""
    message: str = ""
    structured: bool = False

    @property
    def unknown_order(self) -> bool:
        """True where Alpaca itself says that there is no such order; a 404 of a proxy or a wrong path is none."""
        return self.status == 404 and (self.code == "40410000" or "order not found" in self.message.lower())

    @property
    def taken(self) -> bool:
        """True where the client order id is known already."""
        return "client_order_id must be unique" in self.message

    @property
    def proves_absence(self) -> bool:
        """True where the order cannot have been taken: a refusal in Alpaca's own form, and no sign of overload."""
        # No 429 and no 5xx: a gateway may give up on a request that went through behind it.
        return self.structured and self.status in (400, 401, 403, 404, 422)

    def __str__(self) -> str:
        code = f", code {self.code}" if self.code else ""
        told = " ".join(self.message.split())  # one line, whatever came
        return f"HTTP {self.status}{code}{f': {told}' if told else ''}"


def refusal_of(status: int | None, text: str) -> Refusal:
    """The refusal in the body of an answer, as far as it is one."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return Refusal(status)
    if not isinstance(body, dict) or not isinstance(body.get("message"), str):
        return Refusal(status)
    code = body.get("code")
    known = isinstance(code, int | str) and not isinstance(code, bool)
    # Alpaca's gateway turns a bad key away in the same form, but without a code.
    return Refusal(status, str(code) if known else "", body["message"], structured=known or status in (401, 403))


class ErrorAnswer(Exception):
    """Alpaca answered with a status above 399; what that means depends on what was asked."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def trading_client(config: AlpacaConfig, deadline_s: float = DEADLINE_S) -> TradingClient:
    """alpaca-py's client with raw answers, our deadline, and no repetition of its own."""
    address = config.trading_url.rstrip("/").removesuffix("/v2")
    client = TradingClient(paper=True, url_override=address, **credentials(config))
    # As in ``vendors.alpaca``: no constructor takes it. Measured, one 504 made two orders of a POST without an id of
    # ours.
    client._retry = 0
    patience: Patience = config.patience
    retries = Retry(
        # Also after a failed read, other than for prices: a GET on an idle connection that was closed meanwhile fails
        # so.
        total=patience.retries, connect=0, read=patience.retries, allowed_methods={"GET"}, status_forcelist=BUSY,
        backoff_factor=patience.pause_s, raise_on_status=False, respect_retry_after_header=False,
    )  # fmt: skip
    session = client._session
    for scheme in ("http://", "https://"):
        session.mount(scheme, bounded_adapter(deadline_s, retries))
    session.request = within(patience, session.request)  # type: ignore[method-assign]
    return client


class AlpacaCalls:
    """The verbs. Failures are errors of ours; a refusal is ``ErrorAnswer``, or from ``read`` what it means."""

    def __init__(self, config: AlpacaConfig, deadline_s: float = DEADLINE_S) -> None:
        self._client = trading_client(config, deadline_s)
        self._redact = Redaction((config.key_id, config.secret_key))

    def __repr__(self) -> str:
        return "AlpacaCalls(...)"

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Ask."""
        return self._within(lambda: self._client.get(path, dict(params or {})))

    def read(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Ask for something that must be there."""
        try:
            return self.get(path, params)
        except ErrorAnswer as refused:
            raise meaning(refused.refusal) from None

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Send, once."""
        return self._within(lambda: self._client.post(path, body))

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        """Change, once."""
        return self._within(lambda: self._client.patch(path, body))

    def delete(self, path: str) -> Any:
        """Take out, once."""
        return self._within(lambda: self._client.delete(path))

    def _within(self, question: Callable[[], T]) -> T:
        # ``from None``: what alpaca-py raises carries the body of the answer, which may repeat the key.
        try:
            return question()
        except APIError as error:
            raise ErrorAnswer(self._shown(refusal_of(error.status_code, str(error)))) from None
        except RetryException:
            raise ErrorAnswer(Refusal(429)) from None
        except (RequestException, OSError, *MISREAD) as error:
            raise ALPACA.failure(error) from None

    def _shown(self, refusal: Refusal) -> Refusal:
        return refusal._replace(
            code=self._redact(refusal.code)[:_LONGEST_MESSAGE], message=self._redact(refusal.message)[:_LONGEST_MESSAGE]
        )


NEXT = {
    "40310000": "Free cash or shares, or order less.",
    "40310100": "It would be a day trade too many; hold the position over the night.",
    "40410000": "Check the symbol.",
    "40110000": "Check APCA_API_KEY_ID and APCA_API_SECRET_KEY.",
    "40010001": "Correct the order.",
    "42210000": "Correct the order, or wait for one of ours on the other side to end.",
}
"""What to do about a refused order, by Alpaca's code."""
TO_BE_DECIDED = "The next cycle decides anew."


def refused_order(symbol: str, refusal: Refusal) -> str:
    """One line: whose order, Alpaca's code and words, and what happens next. Nothing was taken."""
    return f"Alpaca refuses {symbol} ({refusal}). Nothing was taken. {NEXT.get(refusal.code, TO_BE_DECIDED)}"


def meaning(refusal: Refusal) -> OversightError:
    """What a refused question means for the operator, with the broker's code and what happens next."""
    if refusal.status in (401, 403):
        return ConfigurationError(
            f"Alpaca refuses the key ({refusal})",
            "Check APCA_API_KEY_ID and APCA_API_SECRET_KEY, and that they belong to APCA_API_BASE_URL.",
        )
    if refusal.status == 429:
        return SourceUnavailable(f"Alpaca limits our requests ({refusal})", LATER)
    if refusal.status is None or refusal.status >= 500 or refusal.status == 408:
        return SourceUnavailable(f"Alpaca is out of order ({refusal})", LATER)
    return DataQualityError(f"Alpaca does not answer this question ({refusal})", "Check APCA_API_BASE_URL.")
