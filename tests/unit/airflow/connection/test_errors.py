"""Every error of apache-airflow-client and of the transport is translated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3.exceptions as transport
from airflow_client.client import exceptions as vendor
from dj_actions_airflow.connection.errors import (
    STALE_TOKEN_DETAILS,
    TRANSLATIONS,
    is_stale_token,
    is_unauthorized,
    translate,
    translate_errors,
)
from urllib3 import HTTPHeaderDict
from urllib3.connection import HTTPConnection

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
)

FAILURE = "Airflow did not start a run of DAG 'reports'"
NO_CONNECTION = HTTPConnection("127.0.0.1", 1)


def subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    """Yield every subclass that the vendor defines."""
    for below in kind.__subclasses__():
        if below.__module__.startswith("airflow_client."):
            yield below
        yield from subclasses(below)


def refusal(kind: Any, status: int, detail: object = "why", headers: Any = None) -> Any:
    """Return the error that the client raises for a response of Airflow."""
    error = kind(status=status, reason="Reason", body=json.dumps({"detail": detail}))
    error.headers = headers
    return error


def test_every_class_of_the_vendor_is_mapped() -> None:
    classified_by_status = {vendor.ApiException}
    unmapped = set(subclasses(vendor.OpenApiException)) - TRANSLATIONS.keys() - classified_by_status

    assert unmapped == set(), "Decide in dj_actions_airflow/errors.py what these mean."


def test_the_vendors_classes_are_found() -> None:
    assert len(set(subclasses(vendor.ApiException))) >= 7


@pytest.mark.parametrize(
    ("kind", "status", "ours"),
    [
        (vendor.BadRequestException, 400, PublishRejected),
        (vendor.UnauthorizedException, 401, PublisherMisconfigured),
        (vendor.ForbiddenException, 403, PublisherMisconfigured),
        (vendor.ConflictException, 409, PublishRejected),
        (vendor.UnprocessableEntityException, 422, PublishRejected),
        (vendor.ServiceException, 500, PublisherUnavailable),
        (vendor.ServiceException, 503, PublisherUnavailable),
    ],
)
def test_a_class_of_the_vendor_is_translated(
    kind: Any, status: int, ours: type[PublishError]
) -> None:
    assert type(translate(refusal(kind, status), FAILURE)) is ours


@pytest.mark.parametrize("dag_id", ["reports", "DagOfTheDay"])
@pytest.mark.parametrize(
    ("detail", "ours"),
    [
        ("Dag with dag_id: 'reports' not found", DestinationNotFound),
        ("Not Found", PublisherMisconfigured),
    ],
)
def test_a_missing_dag_is_not_a_wrong_address(
    dag_id: str, detail: str, ours: type[PublishError]
) -> None:
    error = refusal(vendor.NotFoundException, 404, detail)

    assert type(translate(error, f"Airflow did not start a run of DAG {dag_id!r}")) is ours


def test_a_dag_that_does_not_import_now_may_do_so_soon() -> None:
    detail = "DAG with dag_id: 'reports' has import errors and cannot be triggered"

    error = translate(refusal(vendor.BadRequestException, 400, detail), FAILURE)
    assert type(error) is DestinationNotFound


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        (0, PublisherMisconfigured),
        (302, PublisherMisconfigured),
        (307, PublisherMisconfigured),
        (405, PublisherMisconfigured),
        (407, PublisherMisconfigured),
        (408, PublisherUnavailable),
        (413, PublishRejected),
        (425, PublisherUnavailable),
        (429, RateLimited),
        (600, PublisherUnavailable),
    ],
)
def test_an_error_without_a_class_is_classified_by_its_status(
    status: int, ours: type[PublishError]
) -> None:
    error = translate(refusal(vendor.ApiException, status), FAILURE)

    assert type(error) is ours
    assert f"{FAILURE}: {status} why" in str(error)


@pytest.mark.parametrize(("status", "kept"), [(503, 503), (404, 404), (0, None)])
def test_the_status_of_a_response_is_kept(status: int, kept: int | None) -> None:
    for kind in (vendor.ApiException, vendor.ServiceException):
        assert translate(refusal(kind, status), FAILURE).status == kept
    assert translate(transport.ProtocolError("cut"), FAILURE).status is None


def test_a_new_class_of_the_vendor_is_classified_by_its_status() -> None:
    kind = type("TooManyRequestsException", (vendor.ApiException,), {})

    assert type(translate(refusal(kind, 429), FAILURE)) is RateLimited


@pytest.mark.parametrize(
    "kind",
    [vendor.ApiTypeError, vendor.ApiValueError, vendor.ApiAttributeError, vendor.ApiKeyError],
)
def test_what_the_client_refuses_to_send_is_rejected(kind: Any) -> None:
    assert type(translate(kind("why"), FAILURE)) is PublishRejected


@pytest.mark.parametrize(
    "error",
    [
        transport.NewConnectionError(NO_CONNECTION, "refused"),
        transport.NameResolutionError("airflow", NO_CONNECTION, OSError(-2, "not known")),  # type: ignore[arg-type]  # a gaierror is one
        transport.ConnectTimeoutError("late"),
        transport.ReadTimeoutError(None, "/", "late"),  # type: ignore[arg-type]  # no pool needed
        transport.ProtocolError("cut"),
        transport.IncompleteRead(1, 2),
        transport.DecodeError("cut"),
        transport.ProxyError("down", OSError("refused")),
        transport.MaxRetryError(None, "/", None),  # type: ignore[arg-type]  # no pool needed
        RuntimeError("never seen before"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_transport_error_is_retried(error: Exception) -> None:
    assert type(translate(error, FAILURE)) is PublisherUnavailable


@pytest.mark.parametrize(
    "error",
    [
        transport.SSLError("certificate verify failed"),
        transport.LocationParseError("http://[::1"),
        transport.LocationValueError("no host"),
        transport.URLSchemeUnknown("ftp"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_address_that_cannot_work_stops_the_lane(error: Exception) -> None:
    assert type(translate(error, FAILURE)) is PublisherMisconfigured


@pytest.mark.parametrize(
    ("reason", "ours"),
    [
        (transport.SSLError("certificate verify failed"), PublisherMisconfigured),
        (transport.NewConnectionError(NO_CONNECTION, "refused"), PublisherUnavailable),
        (transport.ResponseError("too many redirects"), PublisherUnavailable),
    ],
    ids=lambda value: type(value).__name__,
)
def test_exhausted_retries_are_translated_by_their_reason(
    reason: Exception, ours: type[PublishError]
) -> None:
    wrapped = transport.MaxRetryError(None, "/", reason)  # type: ignore[arg-type]  # no pool needed
    error = translate(wrapped, FAILURE)

    assert type(error) is ours
    assert str(error) == f"{FAILURE}: {type(reason).__name__}: {reason}"


@pytest.mark.parametrize("word", STALE_TOKEN_DETAILS)
@pytest.mark.parametrize(
    ("kind", "status"), [(vendor.UnauthorizedException, 401), (vendor.ForbiddenException, 403)]
)
def test_a_stale_token_is_recognized(kind: Any, status: int, word: str) -> None:
    assert is_stale_token(refusal(kind, status, word))


@pytest.mark.parametrize("body", ["<html>", '{"message": "Jwt is expired"}', "", None])
def test_a_refusal_in_front_of_airflow_is_recognized(body: str | None) -> None:
    """A managed service checks tokens itself, and says so in its own words."""
    error = vendor.UnauthorizedException(status=401, reason="why", body=body)

    assert is_unauthorized(error)
    assert not is_stale_token(error)
    assert not is_unauthorized(vendor.ForbiddenException(status=403, reason="why", body=body))
    assert not is_unauthorized(refusal(vendor.UnauthorizedException, 401))


@pytest.mark.parametrize(
    "error",
    [
        refusal(vendor.ForbiddenException, 403, "Forbidden"),
        refusal(vendor.UnauthorizedException, 401, "Invalid credentials"),
        refusal(vendor.BadRequestException, 400, "Invalid JWT token"),
        refusal(vendor.ServiceException, 500, "Token Expired"),
        RuntimeError("Token Expired"),
    ],
    ids=str,
)
def test_another_refusal_is_not_a_stale_token(error: Exception) -> None:
    assert not is_stale_token(error)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("0", 0.0),
        ("7", 7.0),
        ("86400000", 86.4e6),
        ("", None),
        ("soon", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("-1", None),
        ("inf", None),
        ("nan", None),
        pytest.param("9" * 400, None, id="more than a float holds"),
    ],
)
def test_retry_after_is_parsed(header: str, wait: float | None) -> None:
    headers = HTTPHeaderDict({"retry-after": header})

    error = translate(refusal(vendor.ApiException, 429, headers=headers), FAILURE)
    assert isinstance(error, RateLimited)
    assert error.retry_after == wait


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"detail": "Dag is broken"}', "400 Dag is broken"),
        ('{"detail": [{"loc": ["body"], "msg": "extra"}]}', '400 [{"loc": ["body"], "msg": "extr'),
        ('{"title": "Bad"}', '400 Reason {"title": "Bad"}'),
        ('["detail"]', '400 Reason ["detail"]'),
        ("7", "400 Reason 7"),
        ("<html>", "400 Reason <html>"),
        ("", "400 Reason"),
        (None, "400 Reason"),
    ],
)
def test_the_message_has_airflows_own_detail(body: str | None, expected: str) -> None:
    error = vendor.BadRequestException(status=400, reason="Reason", body=body)

    assert str(translate(error, FAILURE)).startswith(f"{FAILURE}: {expected}")


def test_a_long_page_is_truncated() -> None:
    error = vendor.ServiceException(status=502, reason="Bad Gateway", body="x" * 10_000)

    assert len(str(translate(error, FAILURE))) < 300


def test_the_cause_is_chained() -> None:
    cause = transport.ProtocolError("cut")

    with pytest.raises(PublisherUnavailable) as caught, translate_errors(FAILURE):
        raise cause
    assert caught.value.__cause__ is cause


def test_our_own_errors_pass_unchanged() -> None:
    own = PublishRejected("ours")

    with pytest.raises(PublishRejected) as caught, translate_errors(FAILURE):
        raise own
    assert caught.value is own


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_request_to_stop_is_not_translated(kind: type[BaseException]) -> None:
    with pytest.raises(kind), translate_errors(FAILURE):
        raise kind
