"""docs/airflow-connections.md: its functions run unchanged against what they are written for."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, TypeVar

import pytest
import urllib3

from dj_actions.testing.contract import make_message
from tests.fixtures.certificates import Authority
from tests.fixtures.destinations import serve
from tests.integration.airflow.services import (
    API_TOKEN,
    Composer,
    Gateway,
    IdentityAwareProxy,
    Mwaa,
)

PAGE = (Path(__file__).resolve().parents[4] / "docs/airflow-connections.md").read_text()
BLOCK = re.compile(r"```python\n# project/(?P<name>\w+)\.py\n(?P<code>.*?)```", re.DOTALL)

ServiceT = TypeVar("ServiceT", bound=Gateway)
Open = Callable[[type[ServiceT]], ServiceT]


@pytest.fixture
def mwaa(direct_connections: None, authority: Authority) -> Iterator[Mwaa]:
    """An environment of MWAA, with TLS."""
    yield from serve(Mwaa(authority.server_context()))


@pytest.fixture
def composer(direct_connections: None, authority: Authority) -> Iterator[Composer]:
    """An environment of Composer, with TLS."""
    yield from serve(Composer(authority.server_context()))


@pytest.fixture(autouse=True)
def _trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the system trust the authority of the tests."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make modules importable while the test runs."""

    def install(**modules: Any) -> None:
        for name, content in modules.items():
            path = name.replace("__", ".")
            module = ModuleType(path)
            vars(module).update(content)
            monkeypatch.setitem(sys.modules, path, module)

    return install


def code_of(name: str) -> dict[str, Any]:
    """Run a module that the page shows, and return its names."""
    (code,) = [found["code"] for found in BLOCK.finditer(PAGE) if found["name"] == name]
    names: dict[str, Any] = {"__name__": f"project.{name}"}
    exec(compile(code, f"project/{name}.py", "exec"), names)  # noqa: S102 - our own page
    return names


def test_a_token_of_astronomer_under_its_path(
    direct_connections: None, authority: Authority
) -> None:
    astro = Gateway(authority.server_context())
    astro.prefix = "/d1234"
    for service in serve(astro):
        service.make(token=API_TOKEN).publish(make_message())

    assert [path for path, _ in astro.runs] == ["reports"]


def test_a_session_token_of_mwaa(mwaa: Mwaa, install: Callable[..., None]) -> None:
    def create_web_login_token(*, Name: str) -> Any:  # noqa: N803 - as AWS spells it
        return urllib3.request("POST", f"{mwaa.server.url}/webtoken/{Name}").json()

    client = SimpleNamespace(create_web_login_token=create_web_login_token)
    install(boto3={"client": {"mwaa": client}.__getitem__})
    install(project={}, project__mwaa=code_of("mwaa"))
    publisher = mwaa.make(token="project.mwaa.session_token")
    assert list(publisher.check()) == []

    publisher.publish(make_message())
    publisher.publish(make_message())
    assert mwaa.tokens_issued == 1
    mwaa.expire()
    receipt = publisher.publish(make_message())

    assert (mwaa.tokens_issued, len(mwaa.runs)) == (2, 3)
    assert [run.detail for run in publisher.track([receipt])] == ["queued"]


def test_an_access_token_for_composer(composer: Composer, install: Callable[..., None]) -> None:
    class Credentials:
        """What `google.auth.default` returns on a machine of Google."""

        token: str
        expiry: datetime

        def refresh(self, request: Any) -> None:
            found = request(
                f"{composer.server.url}/computeMetadata/v1/instance/service-accounts/default/token"
            )
            self.token = found["access_token"]
            lifetime = timedelta(seconds=found["expires_in"])
            self.expiry = datetime.now(UTC).replace(tzinfo=None) + lifetime

    def request_type() -> Callable[[str], Any]:
        headers = {"Metadata-Flavor": "Google"}
        return lambda url: urllib3.request("GET", url, headers=headers).json()

    def default(*, scopes: list[str]) -> tuple[Credentials, str]:
        assert scopes == ["https://www.googleapis.com/auth/cloud-platform"]
        return Credentials(), "a project"

    install(
        google={},
        google__auth={"default": default},
        google__auth__transport={},
        google__auth__transport__requests={"Request": request_type},
    )
    sys.modules["google"].auth = sys.modules["google.auth"]  # type: ignore[attr-defined]  # a stub
    install(project={}, project__composer=code_of("composer"))
    publisher = composer.make(token="project.composer.access_token")
    assert list(publisher.check()) == []

    publisher.publish(make_message())
    publisher.publish(make_message())
    assert (composer.tokens_issued, len(composer.runs)) == (1, 2)


def test_a_token_for_the_identity_aware_proxy(
    direct_connections: None, authority: Authority, install: Callable[..., None]
) -> None:
    proxy = IdentityAwareProxy(authority.server_context())

    def fetch_id_token(request: str, audience: str) -> str:
        assert (request, audience) == ("a request", "1234.apps.googleusercontent.com")
        return proxy.issue()

    install(
        google={},
        google__auth={},
        google__auth__transport={},
        google__auth__transport__requests={"Request": lambda: "a request"},
        google__oauth2={"id_token": SimpleNamespace(fetch_id_token=fetch_id_token)},
    )
    install(project={}, project__iap=code_of("iap"))
    for service in serve(proxy):
        publisher = service.make(headers="project.iap.proxy_authorization")
        assert list(publisher.check()) == []
        publisher.publish(make_message())
        publisher.publish(make_message())
        assert proxy.good_tokens == ["identity-1"]
        proxy.issue()  # the earlier one is not good any more
        publisher.publish(make_message())

    assert (proxy.good_tokens[-1], len(proxy.runs)) == ("identity-3", 3)


def test_the_page_has_a_module_for_each_of_these_tests() -> None:
    assert {found["name"] for found in BLOCK.finditer(PAGE)} == {"mwaa", "composer", "iap"}
