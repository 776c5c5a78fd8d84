"""Serializers of feeds."""

from __future__ import annotations

import logging
from typing import Any

from rest_framework import serializers

from dj_actions_stream.feeds.conf import MAX_PAGE_SIZE, get_feed_settings
from dj_actions_stream.feeds.marks import MAX_MARKED
from dj_actions_stream.feeds.values import FeedActivity

logger = logging.getLogger(__name__)


class ReferenceSerializer(serializers.Serializer[Any]):
    """The actor, an object or the target of an activity."""

    reference = serializers.CharField(source="text", help_text="For example `todo:7`.")
    label = serializers.CharField(  # type: ignore[assignment]  # a field of that name
        help_text="How to show it."
    )
    url = serializers.CharField(help_text="The page of the object; empty without one.")
    is_missing = serializers.BooleanField(
        help_text="Whether the object was deleted, or may not be seen."
    )


class ActivitySerializer(serializers.Serializer[Any]):
    """One action of an actor, as it is in a feed."""

    id = serializers.CharField()
    verb = serializers.CharField(help_text="For example `mark_done`.")
    time = serializers.DateTimeField()
    summary = serializers.CharField(help_text="One sentence; empty without one.")
    resource = serializers.CharField(help_text="What was acted on, for example `todo`.")
    actor = ReferenceSerializer()
    object = ReferenceSerializer()
    target = ReferenceSerializer(allow_null=True)
    objects = ReferenceSerializer(many=True, help_text="The first objects of a bulk action.")
    object_count = serializers.IntegerField()
    foreign_id = serializers.CharField()
    details = serializers.SerializerMethodField(
        help_text="What the serializer of the resource and verb returns; empty without one."
    )

    def get_details(self, activity: FeedActivity) -> dict[str, Any]:
        """Return what the project's serializer shows of the activity.

        Other programs and browsers write activities, too: one that the serializer cannot show has
        no details, and does not keep the rest of the page from being read.
        """
        name = f"{activity.resource}.{activity.verb}"
        serializer = get_feed_settings().serializers.get(name)
        if serializer is None:
            return {}
        try:
            return dict(serializer(activity, context=self.context).data)
        except Exception:
            logger.exception("%s cannot show the activity %s.", serializer.__name__, activity.id)
            return {}


class GroupSerializer(serializers.Serializer[Any]):
    """Activities that Stream has aggregated."""

    id = serializers.CharField()
    verb = serializers.CharField()
    updated_at = serializers.DateTimeField()
    activity_count = serializers.IntegerField()
    actor_count = serializers.IntegerField()
    activities = ActivitySerializer(many=True, help_text="The newest ones.")
    is_seen = serializers.BooleanField(allow_null=True)
    is_read = serializers.BooleanField(allow_null=True)


class FeedPageSerializer(serializers.Serializer[Any]):
    """One page of a feed, newest first."""

    feed = serializers.CharField(help_text="For example `user:7`.")
    activities = ActivitySerializer(many=True, help_text="The entries of a flat feed.")
    groups = GroupSerializer(many=True, help_text="The entries of an aggregated feed.")
    next = serializers.CharField(help_text="The URL of the next page; empty on the last one.")
    unseen = serializers.IntegerField(allow_null=True)
    unread = serializers.IntegerField(allow_null=True)


class PageQuery(serializers.Serializer[Any]):
    """Query parameters of a page."""

    before = serializers.CharField(
        required=False, max_length=255, help_text="Return the entries older than this id."
    )
    at = serializers.CharField(
        required=False, max_length=255, help_text="Start the page with the entry of this id."
    )
    limit = serializers.IntegerField(required=False, min_value=1, max_value=MAX_PAGE_SIZE)


class MarkSerializer(serializers.Serializer[Any]):
    """The groups to mark."""

    ids = serializers.ListField(
        child=serializers.CharField(max_length=255),
        required=False,
        max_length=MAX_MARKED,
        help_text="Ids of the groups; all groups without ids.",
    )


class FollowQuery(serializers.Serializer[Any]):
    """Query parameters of a list of follows."""

    offset = serializers.IntegerField(required=False, min_value=0)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=MAX_PAGE_SIZE)


class FollowSerializer(serializers.Serializer[Any]):
    """One feed that follows another."""

    source = serializers.CharField(  # type: ignore[assignment]  # a field of that name
        read_only=True, help_text="The feed that receives copies."
    )
    target = serializers.CharField(max_length=255, help_text="The feed that is followed.")


class TokenRequest(serializers.Serializer[Any]):
    """What a token is for."""

    feed = serializers.CharField(
        required=False,
        max_length=255,
        help_text="A feed to read, for example `todo:7`; without it, the token stands for you.",
    )


class TokenSerializer(serializers.Serializer[Any]):
    """What a browser needs to connect to Stream."""

    token = serializers.CharField()
    user_id = serializers.CharField(help_text="Your id in feeds.")
    api_key = serializers.CharField()
