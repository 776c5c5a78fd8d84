"""Read, mark and follow feeds over HTTP. `DJ_ACTIONS_FEEDS["GROUPS"]` says who may read what."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from dj_actions_stream.feeds import follows, marks, reading, tokens
from dj_actions_stream.feeds.api.errors import api_errors
from dj_actions_stream.feeds.api.schema import describe
from dj_actions_stream.feeds.api.serializers import (
    FeedPageSerializer,
    FollowQuery,
    FollowSerializer,
    MarkSerializer,
    PageQuery,
    TokenRequest,
    TokenSerializer,
)
from dj_actions_stream.feeds.connection import feeds_client
from dj_actions_stream.feeds.users import feed_user_id
from dj_actions_stream.feeds.values import FeedPage

FRAMEWORK_FIELDS = ("format", "csrfmiddlewaretoken")
"""Names in a request that Django and DRF read themselves."""


class FeedView(APIView):
    """A feed. Its group's rule decides who may read it, so it has no other permissions."""

    permission_classes = [AllowAny]

    @describe(operation_id="feeds_read", parameters=[PageQuery], responses=FeedPageSerializer)
    def get(self, request: Request, group: str, feed_id: str) -> Response:
        """Return a page of the feed, newest first. `me` as the id is your own."""
        query = _validated(PageQuery(data=request.query_params))
        with api_errors(request):
            # Of a request without a user, DRF's UNAUTHENTICATED_USER may be None.
            viewer = getattr(request, "user", None) or AnonymousUser()
            page = reading.read(f"{group}:{feed_id}", viewer=viewer, **query)
        fields = FeedPageSerializer(page, context={"request": request}).data
        return Response({**fields, "next": self._next_url(page, query)})

    def _next_url(self, page: FeedPage, query: dict[str, Any]) -> str:
        if not page.next:
            return ""
        limit = {"limit": query["limit"]} if "limit" in query else {}
        parameters = urlencode({**limit, "before": page.next})
        return self.request.build_absolute_uri(f"{self.request.path}?{parameters}")


class MarkView(APIView):
    """The marks of a notification feed."""

    permission_classes = [IsAuthenticated]

    def _mark(self, mark: Any, request: Request, feed: str) -> Response:
        ids = _validated(MarkSerializer(data=request.data)).get("ids", ())
        with api_errors(request):
            mark(feed, viewer=request.user, ids=ids)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SeenView(MarkView):
    """Marks groups of your own notification feed as seen."""

    @describe(operation_id="feeds_mark_seen", request=MarkSerializer, responses={204: None})
    def post(self, request: Request, group: str, feed_id: str) -> Response:
        """Mark groups of your own notification feed as seen; all of them without `ids`."""
        return self._mark(marks.mark_seen, request, f"{group}:{feed_id}")


class ReadView(MarkView):
    """Marks groups of your own notification feed as read."""

    @describe(operation_id="feeds_mark_read", request=MarkSerializer, responses={204: None})
    def post(self, request: Request, group: str, feed_id: str) -> Response:
        """Mark groups of your own notification feed as read; all of them without `ids`."""
        return self._mark(marks.mark_read, request, f"{group}:{feed_id}")


class FollowsView(APIView):
    """The feeds that a feed follows."""

    permission_classes = [IsAuthenticated]

    @describe(
        operation_id="feeds_following",
        parameters=[FollowQuery],
        responses=FollowSerializer(many=True),
    )
    def get(self, request: Request, group: str, feed_id: str) -> Response:
        """Return the feeds that the feed follows, newest first."""
        return _list_of(follows.following, request, f"{group}:{feed_id}")

    @describe(
        operation_id="feeds_follow", request=FollowSerializer, responses={201: FollowSerializer}
    )
    def post(self, request: Request, group: str, feed_id: str) -> Response:
        """Let your own feed follow another one."""
        target = _validated(FollowSerializer(data=request.data))["target"]
        with api_errors(request):
            entry = follows.follow(f"{group}:{feed_id}", target, viewer=request.user)
        return Response(FollowSerializer(entry).data, status=status.HTTP_201_CREATED)


class UnfollowView(APIView):
    """One feed that a feed follows."""

    permission_classes = [IsAuthenticated]

    @describe(operation_id="feeds_unfollow", responses={204: None})
    def delete(self, request: Request, group: str, feed_id: str, target: str) -> Response:
        """Let your own feed stop following another one. It is not an error if it does not."""
        with api_errors(request):
            follows.unfollow(f"{group}:{feed_id}", target, viewer=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class FollowersView(APIView):
    """The feeds that follow a feed."""

    permission_classes = [IsAuthenticated]

    @describe(
        operation_id="feeds_followers",
        parameters=[FollowQuery],
        responses=FollowSerializer(many=True),
    )
    def get(self, request: Request, group: str, feed_id: str) -> Response:
        """Return the feeds that follow the feed, newest first."""
        return _list_of(follows.followers, request, f"{group}:{feed_id}")


class TokenView(APIView):
    """Tokens with which a browser connects to Stream directly."""

    permission_classes = [IsAuthenticated]

    @describe(operation_id="feeds_token", request=TokenRequest, responses=TokenSerializer)
    def post(self, request: Request) -> Response:
        """Create a token that stands for you, or that can read one feed."""
        feed = _validated(TokenRequest(data=request.data)).get("feed")
        with api_errors(request):
            token = (
                tokens.feed_token(feed, viewer=request.user)
                if feed
                else tokens.user_token(request.user)
            )
            document = {
                "token": token,
                "user_id": feed_user_id(request.user),
                "api_key": feeds_client().api_key,
            }
        return Response(TokenSerializer(document).data, headers={"Cache-Control": "no-store"})


def _list_of(listing: Any, request: Request, feed: str) -> Response:
    query = _validated(FollowQuery(data=request.query_params))
    with api_errors(request):
        entries = listing(feed, viewer=request.user, **query)
    return Response(FollowSerializer(entries, many=True).data)


def _validated(serializer: Serializer[Any]) -> dict[str, Any]:
    """Return the valid values; a name that is unknown, and would have no effect, is refused."""
    serializer.is_valid(raise_exception=True)
    if unknown := sorted({*serializer.initial_data} - {*serializer.fields, *FRAMEWORK_FIELDS}):
        known = ", ".join(serializer.fields)
        raise ValidationError({name: [f"Unknown. Known names: {known}."] for name in unknown})
    return dict(serializer.validated_data)
