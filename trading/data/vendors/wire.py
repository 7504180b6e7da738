"""What every vendor behind HTTP has in common: a bounded session, one reading of its failures, and of its figures.

No message names more than the vendor, the class of the failure and the settings to look at: addresses and bodies of
answers may carry keys or text written by others.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from domain.errors import ConfigurationError, DataQualityError, NoAnswer, OversightError, SourceUnavailable
from domain.money import decimal_of, from_float

if TYPE_CHECKING:
    from requests import PreparedRequest, Response, Session
    from requests.adapters import HTTPAdapter
    from urllib3 import Retry

LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes of an answer that are taken in: all symbols of a market are a third of that."""
LATER = "Nothing was lost; the next cycle tries again."
BUSY = (429, 500, 502, 503, 504)
"""Answers after which a question may be asked again."""

MISREAD = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a vendor's client raises itself when the answer is not of the form it expects."""

# Up to here a float keeps a fraction of a figure: it has 15 significant digits.
_LARGEST = 1e15
# By name, because requests and curl_cffi call their classes alike and neither is imported for the other's sake.
_ADDRESS = {"InvalidHeader", "InvalidProxyURL", "InvalidSchema", "InvalidURL", "MissingSchema", "URLRequired"}
_GARBAGE = {"ContentDecodingError", "DecodeError", "InvalidJSONError", "JSONDecodeError", "UnrewindableBodyError"}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a vendor may take: seconds to connect, seconds of silence, and GETs repeated when it is busy.

    ``whole_s`` bounds all of that together, and a server that is never silent: seconds for the whole answer, which may
    be of ``largest_bytes`` when unpacked.
    """

    connect_s: float = 5.0
    read_s: float = 15.0
    retries: int = 2
    pause_s: float = 0.5
    whole_s: float = 30.0
    largest_bytes: int = LARGEST_ANSWER


PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor as messages call it, with the settings that hold its keys (none for one that takes none) and address."""

    name: str
    keys: str = ""
    address: str = ""

    def without_key(self) -> ConfigurationError:
        """Nothing can be asked before there is a key."""
        return ConfigurationError(f"{self.name} needs a key", f"Set {self.keys}, or choose another source.")

    def refusal(self, status: int | None) -> OversightError:
        """What an HTTP status above 399 means for the operator."""
        # No key is sent: what turns us away is a wall or a limit, and no setting of ours mends it.
        if status in (401, 403) and not self.keys:
            return SourceUnavailable(f"{self.name} turns us away (HTTP {status})", f"Check {self.address}.")
        if status in (401, 403):
            return ConfigurationError(
                f"{self.name} refuses the key (HTTP {status})",
                f"Check {self.keys}, that the key belongs to {self.address}, and that its plan includes this data.",
            )
        if status == 429:
            return SourceUnavailable(f"{self.name} limits our requests (HTTP 429)", LATER)
        if status is None or status >= 500 or status == 408:
            return SourceUnavailable(f"{self.name} is out of order (HTTP {status})", LATER)
        return DataQualityError(
            f"{self.name} does not answer this question (HTTP {status})", f"Check what was asked, and {self.address}."
        )

    def failure(self, error: Exception) -> OversightError:
        """What an exception of an HTTP library means; requests and curl_cffi call their classes by the same names."""
        kind = type(error).__name__
        status = getattr(getattr(error, "response", None), "status_code", None)
        if kind == "HTTPError" and status is not None:
            return self.refusal(status)
        if kind in _ADDRESS:
            return ConfigurationError(f"the address of {self.name} cannot be used ({kind})", f"Check {self.address}.")
        # requests derives its errors from OSError, and some from ValueError as well: those are failures of the line.
        if kind in _GARBAGE or (isinstance(error, MISREAD) and not isinstance(error, OSError)):
            return self.garbage(kind)
        away = NoAnswer if "Timeout" in kind else SourceUnavailable
        return away(f"{self.name} did not answer ({kind})", LATER)

    def garbage(self, kind: str) -> DataQualityError:
        """An answer that cannot be read."""
        return DataQualityError(f"{self.name} answered with something unreadable ({kind})", "Look at the source.")


def bounded_session(patience: Patience) -> Session:
    """A session that waits no longer than told and repeats nothing but GETs, and those only when the vendor is busy."""
    from requests import Session
    from urllib3 import Retry

    retry = Retry(
        # ``read=False``: whoever was silent for ``read_s`` is not waited for once more. Retry-After is not obeyed,
        # because a vendor could hold a cycle for as long as it names.
        total=patience.retries, connect=0, read=False, allowed_methods={"GET"}, status_forcelist=BUSY,
        backoff_factor=patience.pause_s, raise_on_status=False, respect_retry_after_header=False,
    )  # fmt: skip
    session = Session()
    session.max_redirects = 5
    for scheme in ("http://", "https://"):
        session.mount(scheme, bounded_adapter(patience.whole_s, retry, patience.largest_bytes))
    # Of the session and not of each call: alpaca-py and newsapi-python give no timeout, or one of their own.
    session.request = within(patience, session.request)  # type: ignore[method-assign]
    return session


def within(patience: Patience, send: Callable[..., Response]) -> Callable[..., Response]:
    """The same ``request`` function, whatever timeout its caller asks for."""
    timeout = (patience.connect_s, patience.read_s)

    def request(method: str, url: str, *positional: Any, **options: Any) -> Response:
        return send(method, url, *positional, **{**options, "timeout": timeout})

    return request


def bounded_adapter(deadline_s: float, retries: Retry, largest_bytes: int = LARGEST_ANSWER) -> HTTPAdapter:
    """Sends and reads in a thread of its own, and waits for the whole answer no longer than the deadline.

    requests' own timeouts start again with every byte, so that a server sending one byte a second would hold a cycle,
    or an order, open for hours. Repeats of a question are inside the deadline; a redirect is a question of its own.
    """
    from requests.adapters import HTTPAdapter

    adapter = HTTPAdapter(max_retries=retries)
    adapter.send = in_time(adapter, deadline_s, largest_bytes)  # type: ignore[method-assign]
    return adapter


def in_time(adapter: HTTPAdapter, deadline_s: float, largest_bytes: int) -> Callable[..., Response]:
    """The ``send`` of this adapter, which answers with the body read, or raises ReadTimeout."""
    from requests.exceptions import ConnectionError as ConnectionFailed
    from requests.exceptions import ReadTimeout, RequestException
    from urllib3.exceptions import HTTPError

    sends = adapter.send

    def send(request: PreparedRequest, *positional: Any, **options: Any) -> Response:
        if request.method != "GET":
            # An idle connection may be closed at the other end just as an order is put on it, and nobody could tell
            # whether it arrived. A GET may be repeated then, an order may not: it gets a new connection.
            adapter.poolmanager.clear()
        # A queue of its own for each call: an answer that comes too late finds nobody, instead of the next question.
        outcome: SimpleQueue[Response | Exception] = SimpleQueue()
        begun: list[Response] = []

        def work() -> None:
            try:
                response = sends(request, *positional, **options)
                begun.append(response)
                outcome.put(whole(response, largest_bytes))
            except (RequestException, HTTPError, OSError, *MISREAD) as error:
                outcome.put(error)

        threading.Thread(target=work, name="bounded-call", daemon=True).start()
        try:
            got = outcome.get(timeout=deadline_s)
        except Empty:
            for response in begun:
                # The thread is still reading; without its socket it ends. It may have come to its end just now.
                with suppress(OSError, ValueError):
                    response.raw.shutdown()
            raise ReadTimeout(f"no whole answer within {deadline_s} s", request=request) from None
        # ``whole`` reads past requests, so urllib3's own errors come up, which nobody above expects.
        if isinstance(got, HTTPError) and not isinstance(got, RequestException):
            raise ConnectionFailed(type(got).__name__, request=request)
        if isinstance(got, Exception):
            raise got
        return got

    return send


def whole(response: Response, largest_bytes: int) -> Response:
    """Read the body, as far as it is of a decent size."""
    from requests.exceptions import ContentDecodingError

    body = response.raw.read(largest_bytes + 1, decode_content=True)
    if len(body) > largest_bytes:
        response.close()
        raise ContentDecodingError("the answer has no end")
    response.raw.release_conn()
    # As requests does it itself: everything after this, JSON included, finds the body read.
    response._content, response._content_consumed = body, True  # type: ignore[attr-defined]
    return response


def figure(raw: object, name: str) -> Decimal:
    """A number as vendors write it, in JSON or as text; NaN, infinities, bools and everything else are refused."""
    if isinstance(raw, float) and abs(raw) < _LARGEST:
        return from_float(raw, 8, name=name)
    return decimal_of(raw, name=name)


def price(raw: object, name: str) -> Decimal:
    """A figure above zero."""
    value = figure(raw, name)
    if value <= 0:
        raise DataQualityError(f"{name} {value} is not a price", "Look at the source of this figure.")
    return value
