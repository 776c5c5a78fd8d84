"""The caller of an endpoint: a server with the secret, or a user with a token of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.http import HttpRequest

from dj_actions_stream.server.errors import NotAllowedError
from dj_actions_stream.server.feeds import FeedId
from dj_actions_stream.server.tokens import Permission, verified_claims

# Stream's default policy: a user adds to their own feeds, and to anyone's notification feed as
# the target of an activity or a reaction, but not to anyone else's other feeds.
OPEN_TARGET_SLUGS = frozenset({"notification"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """The caller of an endpoint; `user_id` is None for a server."""

    user_id: str | None = None

    @classmethod
    def identify(cls, request: HttpRequest) -> Self:
        """Return the caller of a request that has been authorized."""
        return cls(user_id=_user_id(verified_claims(request)))

    @classmethod
    def of(cls, request: HttpRequest, resource: str, action: str) -> Self:
        """Return the caller, whose token permits the action on the resource.

        A user's token permits every action; the endpoint has to check whose object it is.

        Raises:
            ApiKeyError: The api_key is missing or unknown.
            SignatureError: The token is missing, expired or wrong.
            NotAllowedError: A server's token is for something else.
        """
        claims = verified_claims(request)
        user_id = _user_id(claims)
        permission = Permission(resource=resource, action=action)
        if user_id is None and not permission.allowed_by(claims):
            raise NotAllowedError(f"The token does not grant the permission {permission}.")
        return cls(user_id=user_id)

    @property
    def is_server(self) -> bool:
        """Return whether the caller has the secret, and thus acts for any user."""
        return self.user_id is None

    def require_server(self) -> None:
        """Raise NotAllowedError for a user's token."""
        if not self.is_server:
            raise NotAllowedError("This endpoint requires a server's token.")

    def require_user(self, user_id: str) -> None:
        """Raise NotAllowedError if the caller is another user."""
        if not self.is_server and user_id != self.user_id:
            raise NotAllowedError(f"The user {self.user_id} may not change what is another user's.")

    def require_targets(self, feeds: Iterable[FeedId]) -> None:
        """Raise NotAllowedError if the caller may not send a copy to one of the feeds."""
        for feed in feeds:
            is_allowed = feed.user_id == self.user_id or feed.slug in OPEN_TARGET_SLUGS
            if not self.is_server and not is_allowed:
                raise NotAllowedError(f"The user {self.user_id} may not add to the feed {feed}.")


def _user_id(claims: Mapping[str, Any]) -> str | None:
    if "resource" in claims or "user_id" not in claims:
        return None
    return str(claims["user_id"])
