from decimal import Decimal

import curl_cffi.requests.exceptions
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ConfigurationError, DataQualityError, NoAnswer, SourceUnavailable
from tests.builders.vendors import HELD
from tests.servers.loopback import Loopback, json_answer
from trading.data.vendors.wire import Patience, Vendor, bounded_session, figure, price

WITH_KEY = Vendor("Acme", "ACME_KEY", "ACME_URL")
WITHOUT_KEY = Vendor("Acme", address="ACME_URL")
LATE = ("ConnectTimeout", "ReadTimeout", "Timeout")
AWAY = (
    "ChunkedEncodingError", "CertificateVerifyError", "ConnectionError", "CookieConflict", "DNSError",
    "HTTPError", "ImpersonateError", "IncompleteRead", "InterfaceError", "ProxyError",
    "RequestException", "RetryError", "SSLError", "SessionClosed", "StreamConsumedError", "TooManyRedirects",
)  # fmt: skip
ADDRESS = ("InvalidHeader", "InvalidProxyURL", "InvalidSchema", "InvalidURL", "MissingSchema", "URLRequired")
GARBAGE = ("ContentDecodingError", "InvalidJSONError", "JSONDecodeError", "UnrewindableBodyError")
MEANING = {
    **dict.fromkeys(AWAY, SourceUnavailable),
    **dict.fromkeys(LATE, NoAnswer),
    **dict.fromkeys(ADDRESS, ConfigurationError),
    **dict.fromkeys(GARBAGE, DataQualityError),
}


def exceptions_of(module):
    return [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Exception) and not issubclass(each, Warning)
        if each.__module__ == module.__name__
    ]


HTTP_EXCEPTIONS = [
    each for module in (requests.exceptions, curl_cffi.requests.exceptions) for each in exceptions_of(module)
]


@pytest.mark.parametrize("kind", HTTP_EXCEPTIONS, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_exception_of_the_http_libraries_has_a_meaning(kind):
    assert type(WITH_KEY.failure(kind.__new__(kind))) is MEANING[kind.__name__]


@pytest.mark.parametrize(
    ("vendor", "status", "meaning", "names"),
    [
        (WITH_KEY, 401, ConfigurationError, "ACME_KEY"),
        (WITH_KEY, 403, ConfigurationError, "ACME_URL"),
        (WITHOUT_KEY, 401, SourceUnavailable, "ACME_URL"),
        (WITH_KEY, 400, DataQualityError, "400"),
        (WITH_KEY, 404, DataQualityError, "404"),
        (WITH_KEY, 408, SourceUnavailable, "408"),
        (WITH_KEY, 422, DataQualityError, "422"),
        (WITH_KEY, 429, SourceUnavailable, "limits"),
        (WITH_KEY, 500, SourceUnavailable, "500"),
        (WITH_KEY, 504, SourceUnavailable, "504"),
        (WITH_KEY, None, SourceUnavailable, "Acme"),
    ],
)
def test_a_status_says_what_the_operator_must_do(vendor, status, meaning, names):
    error = vendor.refusal(status)
    assert type(error) is meaning
    assert names in str(error)
    assert error.remedy


@pytest.mark.parametrize(
    ("moods", "retries", "asked", "status"),
    [
        ([429, "well"], 1, 2, 200),
        ([503, 504, "well"], 2, 3, 200),
        ([503, 503, 503], 2, 3, 503),
        ([429], 0, 1, 429),
        ([404], 2, 1, 404),
        ([401], 2, 1, 401),
    ],
    ids=["busy_once", "busy_twice", "busy_for_good", "no_retries", "not_found_is_final", "refusal_is_final"],
)
def test_a_get_is_repeated_only_while_the_vendor_is_busy(moods, retries, asked, status):
    with Loopback(lambda request: json_answer({})) as server:
        server.moods.extend(moods)
        session = bounded_session(Patience(retries=retries, pause_s=0.0))
        assert session.get(server.url).status_code == status
    assert len(server.requests) == asked


def test_a_post_is_never_repeated():
    with Loopback(lambda request: json_answer({})) as server:
        server.mood = 503
        assert bounded_session(Patience(retries=3, pause_s=0.0)).post(server.url, json={}).status_code == 503
    assert [request.method for request in server.requests] == ["POST"]


def test_a_silent_server_ends_in_a_timeout_even_if_the_caller_asks_to_wait():
    with Loopback(lambda request: json_answer({})) as server:
        server.mood = "hang"
        with pytest.raises(requests.exceptions.ReadTimeout):
            bounded_session(HELD).get(server.url, timeout=None)


@pytest.mark.parametrize(
    ("raw", "value"),
    [(1, "1"), (1.5, "1.5"), (0.1, "0.1"), ("12.50", "12.50"), (-3, "-3"), (1e5, "100000"), (0.0, "0")],
)
def test_a_figure_is_exactly_what_was_written(raw, value):
    assert figure(raw, "x") == Decimal(value)


@pytest.mark.parametrize(
    "raw",
    [float("nan"), float("inf"), True, None, "", "nan", "1e5", "１", [], {}, 10**40, 1e300],
    ids=["nan", "inf", "bool", "null", "blank", "text_nan", "text_exponent", "wide_digit", "list", "object", "huge",
         "huge_float"],
)  # fmt: skip
def test_what_is_no_figure_is_refused(raw):
    with pytest.raises(DataQualityError):
        figure(raw, "x")


@pytest.mark.parametrize("raw", [0, -1, -0.01, "0"])
def test_a_price_is_above_zero(raw):
    with pytest.raises(DataQualityError):
        price(raw, "x")


@given(st.decimals(min_value="0.0001", max_value="999999", places=4))
def test_prices_survive_the_way_through_json_floats(value):
    assert figure(float(value), "x") == value
