"""Analytics and personalization: accepted, so that a client works, but without any effect.

Stream computes statistics and recommendations from them on its own machines, which no local
server can reproduce.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from dj_actions_stream.server.access.callers import Caller
from dj_actions_stream.server.protocol.endpoints import ApiResponse, Endpoint, read_body, read_items
from dj_actions_stream.server.protocol.errors import InputError, NotFoundError
from dj_actions_stream.server.reading.pagination import Page


class Engagements(Endpoint):
    """What users did with activities, such as clicks."""

    def post(self, request: HttpRequest) -> ApiResponse:
        """Accept well-formed engagements, and forget them."""
        Caller.of(request, "analytics", "write")
        if not isinstance(read_body(request).get("content_list"), list):
            raise InputError.for_fields({"content_list": ["this field must be a list"]})
        return ApiResponse(document={}, status=201)


class Impressions(Endpoint):
    """Which activities users have seen."""

    def post(self, request: HttpRequest) -> ApiResponse:
        """Accept well-formed impressions, and forget them."""
        Caller.of(request, "analytics", "write")
        read_items(request)
        return ApiResponse(document={}, status=201)


class Personalization(Endpoint):
    """A resource that Stream personalizes, such as recommendations; here it is always empty."""

    def get(self, request: HttpRequest, **_: Any) -> ApiResponse:
        """Return no results."""
        Caller.of(request, "personalization", "read")
        return ApiResponse(document={"results": [], "next": ""})

    def post(self, request: HttpRequest, **_: Any) -> ApiResponse:
        """Accept data, and forget it."""
        Caller.of(request, "personalization", "write")
        return ApiResponse(document={}, status=201)

    def delete(self, request: HttpRequest, **_: Any) -> ApiResponse:
        """Delete nothing, as nothing is stored."""
        Caller.of(request, "personalization", "delete")
        return ApiResponse(document={})


class PersonalizedFeed(Endpoint):
    """The feed that Stream makes for a user, which stream-js reads; here it is always empty."""

    def get(self, request: HttpRequest) -> ApiResponse:
        """Return no activities, to a server or to the user in `user_id`.

        Raises:
            NotAllowedError: a user's token asks for another user's feed.
            NotFoundError: `endpoint` names one that Stream would have made for the app.
        """
        caller = Caller.of(request, "personalization", "read")
        if user_id := request.GET.get("user_id"):
            caller.require_user(user_id)
        if endpoint := request.GET.get("endpoint"):
            raise NotFoundError(f"There is no personalization endpoint {endpoint!r:.100}.")
        page = Page.from_query(request.GET)
        document = {"results": [], "limit": page.limit, "offset": page.offset, "version": ""}
        return ApiResponse(document=document)
