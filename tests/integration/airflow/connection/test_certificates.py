"""Certificates: of an authority of one's own, and of clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dj_actions.exceptions import PublisherMisconfigured
from dj_actions.testing.contract import make_message
from tests.fixtures.certificates import Authority
from tests.fixtures.destinations import failure_of, serve
from tests.integration.airflow.destination import AirflowDestination


@pytest.fixture
def secure(direct_connections: None, authority: Authority) -> Iterator[AirflowDestination]:
    """An Airflow with a certificate that no system trusts."""
    yield from serve(AirflowDestination(authority.server_context()))


@pytest.fixture
def mutual(direct_connections: None, authority: Authority) -> Iterator[AirflowDestination]:
    """An Airflow that requires certificates of its clients."""
    context = authority.server_context(asks_for_certificate=True)
    yield from serve(AirflowDestination(context))


def test_a_certificate_of_an_unknown_authority_stops_the_lane(secure: AirflowDestination) -> None:
    error = failure_of(lambda: secure.make().publish(make_message()))

    assert type(error) is PublisherMisconfigured
    assert "certificate verify failed" in str(error)
    assert secure.server.requests == []


def test_an_authority_of_ones_own_is_trusted(
    secure: AirflowDestination, authority: Authority
) -> None:
    publisher = secure.make(ca_cert=authority.certificate)
    receipt = publisher.publish(make_message())

    assert [run.detail for run in publisher.track([receipt])] == ["queued"]
    assert secure.tokens_issued == 1


def test_another_authority_is_not(
    secure: AirflowDestination, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Authority(tmp_path_factory.mktemp("another"))
    publisher = secure.make(ca_cert=other.certificate)

    assert type(failure_of(lambda: publisher.publish(make_message()))) is PublisherMisconfigured


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_verification_can_be_turned_off(secure: AirflowDestination) -> None:
    secure.make(verify=False).publish(make_message())

    assert len(secure.runs) == 1


@pytest.mark.parametrize("together", [True, False])
def test_a_client_presents_its_certificate(
    mutual: AirflowDestination, authority: Authority, together: bool
) -> None:
    own = authority.issue("relay")
    options: dict[str, Any] = {"client_cert": own.certificate, "client_key": own.key}
    if together:
        both = authority.folder / "together.pem"
        both.write_text(own.certificate.read_text() + own.key.read_text())
        options = {"client_cert": both}
    publisher = mutual.make(ca_cert=authority.certificate, **options)
    assert list(publisher.check()) == []
    publisher.publish(make_message())

    assert len(mutual.runs) == 1


def test_a_client_without_a_certificate_stops_the_lane(
    mutual: AirflowDestination, authority: Authority
) -> None:
    publisher = mutual.make(ca_cert=authority.certificate)
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherMisconfigured
    assert mutual.server.requests == []
