"""Authorization: the api_key, the signed token, and what its claims grant.

Stream's clients send a bare JWT (HS256 with the shared secret, no `Bearer`) in Authorization. A
server's token has `resource`, `action` and `feed_id`, where `*` stands for all; a user's token has
`user_id` and no resource.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from dj_actions_stream.server.access import policies
from dj_actions_stream.server.access.claims import feed_of_claim, misreading_of
from dj_actions_stream.server.conf import Credentials
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.protocol.errors import ApiKeyError, NotAllowedError, SignatureError

EVERYTHING = "*"


@dataclass(frozen=True, kw_only=True, slots=True)
class Permission:
    """The permission that a request needs.

    Attributes:
        resource: the claim `resource` of a server's token.
        action: the claim `action` of a server's token.
        feed: the feed that the request reads or changes; None for a request about no single feed.
        open_to_users: whether a user's token is enough for a request about no single feed; the
            endpoint then compares `Grant.user_id` with what is requested.
    """

    resource: str
    action: str
    feed: FeedId | None = None
    open_to_users: bool = False

    def __str__(self) -> str:
        return f"{self.action} {self.resource}" + (f" {self.feed}" if self.feed else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What a valid token permits."""

    claims: Mapping[str, Any]

    @property
    def user_id(self) -> str | None:
        """The user that a user's token was made for, or None for a server's token."""
        if "resource" in self.claims or "user_id" not in self.claims:
            return None
        return str(self.claims["user_id"])

    @property
    def is_application(self) -> bool:
        """Whether the token grants every action on every resource, as those of stream-js do.

        stream-js makes such tokens from the secret, and does not sign the targets of an activity.
        """
        return self.claims.get("resource") == self.claims.get("action") == EVERYTHING

    def allows(self, permission: Permission) -> bool:
        """Return whether the token grants the permission."""
        if self.user_id is not None:
            return self._user_may(self.user_id, permission)
        return (
            self.claims.get("resource") in (EVERYTHING, permission.resource)
            and self.claims.get("action") in (EVERYTHING, permission.action)
            and self._is_for(permission.feed)
        )

    def require(self, permission: Permission) -> None:
        """Raise NotAllowedError unless the token grants the permission."""
        if not self.allows(permission):
            reason = f"The token does not grant the permission {permission}."
            raise NotAllowedError(f"{reason} {self._hint(permission.feed)}".rstrip())

    def may_write(self, feed: FeedId) -> bool:
        """Return whether the token may add activities to the feed."""
        return self.allows(Permission(resource="feed", action="write", feed=feed))

    def may_target(self, feed: FeedId, token: str) -> bool:
        """Return whether an activity may be copied to the feed by `to`.

        A token for one feed needs a token for each target, which stream-python attaches.
        """
        if self.user_id is not None:
            return policies.may_target(self.user_id, feed)
        if self.is_application or self.may_write(feed):
            return True
        return bool(token) and verify(token).may_write(feed)

    def _is_for(self, feed: FeedId | None) -> bool:
        """Return whether the token is for all feeds, or for this one."""
        claim = self.claims.get("feed_id")
        return claim == EVERYTHING or (
            feed is not None and claim == feed.claim and feed_of_claim(feed.claim) == feed
        )

    def _hint(self, feed: FeedId | None) -> str:
        if feed is None or self.claims.get("feed_id") != feed.claim:
            return ""
        return misreading_of(feed)

    def _user_may(self, user_id: str, permission: Permission) -> bool:
        if permission.feed is None:
            return permission.open_to_users
        if permission.resource == "feed" and permission.action == "read":
            return policies.may_read(user_id, permission.feed)
        return policies.owns(user_id, permission.feed)


def authorize(request: HttpRequest, permission: Permission) -> Grant:
    """Return what the request's token grants.

    Raises:
        ApiKeyError: the api_key is missing or unknown.
        SignatureError: the token is missing, expired or wrong.
        NotAllowedError: the token does not grant the permission.
    """
    _check_api_key(request)
    if request.headers.get("stream-auth-type") != "jwt":
        raise SignatureError("The header stream-auth-type must be jwt.")
    grant = verify(request.headers.get("authorization", ""))
    grant.require(permission)
    return grant


def verify(token: str) -> Grant:
    """Return what the token grants, or raise SignatureError if it is not valid."""
    try:
        # Stream only uses the signature and the expiry; it does not interpret the other claims.
        claims = jwt.decode(
            token,
            Credentials.current().api_secret,
            algorithms=["HS256"],
            options={"verify_aud": False, "verify_iat": False, "verify_iss": False},
        )
    except (jwt.PyJWTError, ValueError, OverflowError) as error:
        raise SignatureError(f"Invalid token: {error}") from error
    return Grant(claims=claims)


def _check_api_key(request: HttpRequest) -> None:
    expected = Credentials.current().api_key
    if not constant_time_compare(request.GET.get("api_key", ""), expected):
        raise ApiKeyError("The api_key is missing or unknown.")
