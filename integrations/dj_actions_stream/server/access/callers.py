"""The caller of an endpoint: a server with the secret, or a user with a token of their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from django.http import HttpRequest

from dj_actions_stream.server.access import policies
from dj_actions_stream.server.access.tokens import Permission, authorize, verify
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.protocol.errors import NotAllowedError


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """The caller of an endpoint; `user_id` is None for a server."""

    user_id: str | None = None

    @classmethod
    def of(cls, request: HttpRequest, resource: str, action: str) -> Self:
        """Return the caller, whose token permits the action on the resource.

        A user's token permits every action; the endpoint has to check whose object it is.

        Raises:
            ApiKeyError: The api_key is missing or unknown.
            SignatureError: The token is missing, expired or wrong.
            NotAllowedError: A server's token is for something else.
        """
        permission = Permission(resource=resource, action=action, open_to_users=True)
        return cls(user_id=authorize(request, permission).user_id)

    @classmethod
    def identify(cls, request: HttpRequest) -> Self:
        """Return the caller of a request that has been authorized."""
        return cls(user_id=verify(request.headers.get("authorization", "")).user_id)

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
            raise NotAllowedError(f"The user {self.user_id} may not change another user's data.")

    def require_targets(self, feeds: Iterable[FeedId]) -> None:
        """Raise NotAllowedError if the caller may not send a copy to one of the feeds."""
        for feed in feeds:
            if self.user_id is not None and not policies.may_target(self.user_id, feed):
                raise NotAllowedError(f"The user {self.user_id} may not add to the feed {feed}.")
