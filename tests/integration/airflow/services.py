"""Servers that stand in for managed Airflows and identity providers, as far as we talk to them."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.fixtures.scripted_server import Answer, Request, ScriptedServer, as_json, as_page
from tests.integration.airflow.destination import AirflowDestination

API_TOKEN = "astro-api-token-of-2026"
CLIENT_ID, CLIENT_SECRET = "dj-actions", "client/secret of: 2026"
WEB_TOKEN = "web-login-token-for-60-seconds"


class Gateway(AirflowDestination):
    """An Airflow behind a gateway that checks bearer tokens, as Astronomer's does."""

    credentials: Mapping[str, Any] = {}

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.good_tokens = {API_TOKEN}
        self.stale_answer = as_json({"message": "Jwt is expired"}, 401)

    def accepts(self, request: Request) -> bool:
        """Return whether the token is one of the good ones."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return scheme == "Bearer" and token in self.good_tokens

    def expire(self) -> None:
        """Refuse the tokens that were issued so far."""
        self.good_tokens.clear()

    def issue(self) -> str:
        """Return a new token."""
        self.tokens_issued += 1
        token = f"issued-token-{self.tokens_issued}"
        self.good_tokens.add(token)
        return token


class Mwaa(Gateway):
    """The web server of an MWAA environment, and the API of AWS that signs web login tokens."""

    def __call__(self, request: Request) -> Answer:
        """Respond to one request."""
        if request.path == "/webtoken/orders":
            host = self.server.url.partition("://")[2]
            return as_json({"WebServerHostname": host, "WebToken": WEB_TOKEN})
        if request.path == "/pluginsv2/aws_mwaa/login":
            if (request.method, request.body) != ("POST", {"token": WEB_TOKEN}):
                return as_json({"detail": "Unauthorized"}, 401)
            cookie = f"_token={self.issue()}; Path=/; HttpOnly; Secure; SameSite=Lax"
            return Answer(headers={"Set-Cookie": cookie})
        return super().__call__(request)


class Composer(Gateway):
    """A Composer environment, and the metadata server that issues Google's access tokens."""

    def __call__(self, request: Request) -> Answer:
        """Respond to one request."""
        if request.path == "/computeMetadata/v1/instance/service-accounts/default/token":
            if request.headers.get("Metadata-Flavor") != "Google":
                return as_json({}, 403)
            return as_json(
                {"access_token": self.issue(), "expires_in": 3599, "token_type": "Bearer"}
            )
        return super().__call__(request)


class IdentityAwareProxy(AirflowDestination):
    """An Airflow behind Google's proxy, which checks a header of its own."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.good_tokens: list[str] = []
        """Those for the proxy that were issued; the last one is good."""

    def __call__(self, request: Request) -> Answer:
        """Respond to one request."""
        expected = [f"Bearer {token}" for token in self.good_tokens[-1:]]
        if [request.headers.get("Proxy-Authorization")] != expected:
            return as_page(401)
        return super().__call__(request)

    def issue(self) -> str:
        """Return a new token for the proxy."""
        self.good_tokens.append(f"identity-{len(self.good_tokens) + 1}")
        return self.good_tokens[-1]


class KeycloakManager(Gateway):
    """An Airflow with Keycloak's auth manager, which issues tokens for clients itself."""

    credentials: Mapping[str, Any] = {
        "client_credentials": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    }

    def __call__(self, request: Request) -> Answer:
        """Respond to one request."""
        if request.path != "/auth/token":
            return super().__call__(request)
        expected = {"grant_type": "client_credentials", "client_id": CLIENT_ID}
        if request.body != expected | {"client_secret": CLIENT_SECRET}:
            return as_json({"detail": "Client credentials authentication failed"}, 401)
        return as_json({"access_token": self.issue()}, 201)


class IdentityProvider:
    """A token endpoint by RFC 6749.

    Args:
        gateway: accepts the tokens.
        expires_in: what it says about them.
    """

    path = "/realms/main/protocol/openid-connect/token"

    def __init__(self, gateway: Gateway, expires_in: object = 300) -> None:
        self._gateway = gateway
        self.expires_in = expires_in
        self.scopes: list[str | None] = []
        self.server = ScriptedServer(self)

    @property
    def url(self) -> str:
        """The address of the endpoint."""
        return f"{self.server.url}{self.path}"

    def __call__(self, request: Request) -> Answer:
        """Respond to one request."""
        scheme, _, pair = request.headers.get("Authorization", "").partition(" ")
        known = base64.b64encode(b"dj-actions:client%2Fsecret+of%3A+2026").decode()
        is_form = isinstance(request.body, dict) and "application/x-www-form-urlencoded" in (
            request.headers.get("Content-Type", "")
        )
        if (request.method, request.path, is_form) != ("POST", self.path, True):
            return as_json({"error": "invalid_request"}, 400)
        if (scheme, pair) != ("Basic", known):
            return as_json({"error": "invalid_client"}, 401)
        if request.body.get("grant_type") != "client_credentials":
            return as_json({"error": "unsupported_grant_type"}, 400)
        self.scopes.append(request.body.get("scope"))
        return as_json(
            {
                "access_token": self._gateway.issue(),
                "token_type": "Bearer",
                "expires_in": self.expires_in,
            }
        )


@contextmanager
def identity_provider(gateway: Gateway, **options: Any) -> Iterator[IdentityProvider]:
    """Run a token endpoint while the block runs."""
    provider = IdentityProvider(gateway, **options)
    with provider.server:
        yield provider
