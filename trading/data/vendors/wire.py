"""What every vendor behind HTTP has in common: a bounded session, one reading of its failures, and of its figures.

No message names more than the vendor, the class of the failure and the settings to look at: addresses and bodies of
answers may carry keys or text written by others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from domain.errors import ConfigurationError, DataQualityError, OversightError, SourceUnavailable
from domain.money import decimal_of, from_float

if TYPE_CHECKING:
    from requests import Response, Session

LATER = "Nothing was lost; the next cycle tries again."
BUSY = (429, 500, 502, 503, 504)
"""Answers after which a question may be asked again."""

MISREAD = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a vendor's client raises itself when the answer is not of the form it expects."""

_LARGEST = 1e15
_ADDRESS = {"InvalidHeader", "InvalidProxyURL", "InvalidSchema", "InvalidURL", "MissingSchema", "URLRequired"}
_GARBAGE = {"ContentDecodingError", "InvalidJSONError", "JSONDecodeError", "UnrewindableBodyError"}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a vendor may take: seconds to connect, seconds of silence, and GETs repeated when it is busy."""

    connect_s: float = 5.0
    read_s: float = 15.0
    retries: int = 2
    pause_s: float = 0.5


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
        if kind in _GARBAGE or (isinstance(error, MISREAD) and not isinstance(error, OSError)):
            return self.garbage(kind)
        return SourceUnavailable(f"{self.name} did not answer ({kind})", LATER)

    def garbage(self, kind: str) -> DataQualityError:
        """An answer that cannot be read."""
        return DataQualityError(f"{self.name} answered with something unreadable ({kind})", "Look at the source.")


def bounded_session(patience: Patience) -> Session:
    """A session that waits no longer than told and repeats nothing but GETs, and those only when the vendor is busy."""
    from requests import Session
    from requests.adapters import HTTPAdapter
    from urllib3 import Retry

    retry = Retry(
        total=patience.retries, connect=0, read=False, allowed_methods={"GET"}, status_forcelist=BUSY,
        backoff_factor=patience.pause_s, raise_on_status=False, respect_retry_after_header=False,
    )  # fmt: skip
    session = Session()
    session.max_redirects = 5
    session.mount("http://", HTTPAdapter(max_retries=retry))
    session.mount("https://", HTTPAdapter(max_retries=retry))
    session.request = within(patience, session.request)  # type: ignore[method-assign]
    return session


def within(patience: Patience, send: Callable[..., Response]) -> Callable[..., Response]:
    """The same ``request`` function, whatever timeout its caller asks for."""
    timeout = (patience.connect_s, patience.read_s)

    def request(method: str, url: str, *positional: Any, **options: Any) -> Response:
        return send(method, url, *positional, **{**options, "timeout": timeout})

    return request


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
