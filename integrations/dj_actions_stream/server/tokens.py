"""Authorization: the api_key, the signed token, and its claims.

Stream's clients send a bare JWT (HS256 with the shared secret, no `Bearer`) in Authorization. A
server's token has `resource`, `action` and `feed_id`, where `*` stands for all; a user's token has
`user_id` and no resource.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jwt
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from dj_actions_stream.server.conf import Credentials
from dj_actions_stream.server.errors import ApiKeyError, NotAllowedError, SignatureError
from dj_actions_stream.server.feeds import FeedId

EVERYTHING = "*"


@dataclass(frozen=True, kw_only=True, slots=True)
class Permission:
    """The permission that a request needs."""

    resource: str
    action: str
    feed: FeedId | None = None

    def __str__(self) -> str:
        return f"{self.action} {self.resource}" + (f" {self.feed}" if self.feed else "")

    def allowed_by(self, claims: dict[str, Any]) -> bool:
        """Return whether a token with these claims grants the permission."""
        if "resource" not in claims and "user_id" in claims:
            return self.resource == "feed" and self.action == "read"
        feed_id = self.feed.claim if self.feed else EVERYTHING
        return (
            claims.get("resource") in (EVERYTHING, self.resource)
            and claims.get("action") in (EVERYTHING, self.action)
            and claims.get("feed_id") in (EVERYTHING, feed_id)
        )


def authorize(request: HttpRequest, permission: Permission) -> None:
    """Raise an error unless the request's key and token grant the permission."""
    if not permission.allowed_by(verified_claims(request)):
        raise NotAllowedError(f"The token does not grant the permission {permission}.")


def verified_claims(request: HttpRequest) -> dict[str, Any]:
    """Return the claims of the request's token, or raise an error if the key or token is wrong."""
    credentials = Credentials.current()
    _check_api_key(request, credentials)
    return _claims(request, credentials)


def _check_api_key(request: HttpRequest, credentials: Credentials) -> None:
    if not constant_time_compare(request.GET.get("api_key", ""), credentials.api_key):
        raise ApiKeyError("The api_key is missing or unknown.")


def _claims(request: HttpRequest, credentials: Credentials) -> dict[str, Any]:
    if request.headers.get("stream-auth-type") != "jwt":
        raise SignatureError("The header stream-auth-type must be jwt.")
    token = request.headers.get("authorization", "")
    try:
        # Stream only uses the signature and the expiry; it does not interpret the other claims.
        return jwt.decode(
            token,
            credentials.api_secret,
            algorithms=["HS256"],
            options={"verify_aud": False, "verify_iat": False, "verify_iss": False},
        )
    except (jwt.PyJWTError, ValueError, OverflowError) as error:
        raise SignatureError(f"Invalid token in Authorization: {error}") from error
