"""Call the API without a network, and without a client's own validation."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import jwt
from django.test import Client

API_KEY = "feeds-key"
API_SECRET = "feeds-secret-of-more-than-32-bytes"
FEED = "feed/user/eric/"
EVERYTHING = {"resource": "*", "action": "*", "feed_id": "*"}


class Caller:
    """Sends any request, valid or not, and checks what every response must have."""

    def __init__(self) -> None:
        self.client = Client(raise_request_exception=False)
        self.status = 0
        self.headers: dict[str, str] = {}

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = b"",
        *,
        claims: dict[str, Any] | None = None,
        api_key: str = API_KEY,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        response = self.client.generic(
            method,
            f"/api/v1.0/{path}?{urlencode({'api_key': api_key, **(query or {})})}",
            body if isinstance(body, bytes) else json.dumps(body).encode(),
            content_type="application/json",
            headers={
                "Authorization": token(EVERYTHING if claims is None else claims),
                "stream-auth-type": "jwt",
                **(headers or {}),
            },
        )
        self.status, self.headers = response.status_code, dict(response.headers)
        assert response["Content-Type"] == "application/json"
        document: dict[str, Any] = response.json()
        assert document["duration"].endswith("ms")
        assert (self.status >= 400) == ("exception" in document)
        assert document.get("status_code", self.status) == self.status
        return document


def token(claims: dict[str, Any], secret: str = API_SECRET, algorithm: str = "HS256") -> str:
    """Return the claims as a signed token."""
    return jwt.encode(claims, secret, algorithm=algorithm)
