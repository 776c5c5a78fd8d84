"""The getstream client, with our timeouts, transport and errors."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import getstream
from getstream.models import (
    ActivityRequest,
    ActivityResponse,
    FollowRequest,
    QueryUsersPayload,
    UnfollowPair,
    UpdateActivityPartialChangeRequest,
    UserRequest,
)
from getstream.stream import BASE_URL

from dj_actions.exceptions import PublisherUnavailable
from dj_actions.publishers.http import is_base_url, without_credentials
from dj_actions_stream.chunks import chunks
from dj_actions_stream.transport.responses import NOT_STREAM
from dj_actions_stream.v3.errors import translate_errors
from dj_actions_stream.v3.transport import BoundedTransport

MAX_LOOKED_UP = 30
"""Users of one lookup: their ids are in the URL, whose length is limited."""

IDLE_SECONDS = 55.0
"""Time after which a connection that is not used is closed."""


class FeedsV3Client:
    """A client of Feeds v3. An instance belongs to one thread.

    All methods may be called again with the same arguments: nothing is done twice.

    Args:
        base_url: scheme, host and port of another server than Stream's.
        timeouts: seconds to wait for a connection, and for the whole of each response.

    Raises:
        ValueError: an argument cannot be used.
    """

    def __init__(
        self,
        api_key: str,
        api_secret: str,
        *,
        base_url: str | None,
        timeouts: tuple[float, float],
    ) -> None:
        if base_url is not None and not is_base_url(base_url):
            raise ValueError(f"{without_credentials(base_url)!r} is not a base URL")
        connect_timeout, timeout = timeouts
        # Each argument that is left out would be read from the environment.
        self._stream = getstream.Stream(
            api_key,
            api_secret,
            base_url=base_url or BASE_URL,
            transport=BoundedTransport(),
            connect_timeout=connect_timeout,
            request_timeout=timeout,
            idle_timeout=IDLE_SECONDS,
            max_conns_per_host=1,
        )
        # getstream reads the proxies of the environment here, although it does not use them.
        self._feeds = self._stream.feeds

    def create_missing_users(self, names: Mapping[str, str]) -> None:
        """Create the users that Stream does not have; those that it has stay as they are.

        Args:
            names: id → name for readers.

        Raises:
            PublishError: not all of them exist now.
        """
        with translate_errors():
            missing = names.keys() - self._existing_users(names)
            if missing:
                users = (UserRequest(id=key, name=names[key] or None) for key in sorted(missing))
                self._stream.upsert_users(*users)

    def upsert_activities(self, activities: Sequence[ActivityRequest]) -> None:
        """Store activities; one that exists is replaced.

        Raises:
            PublishError: not all of them are stored.
        """
        with translate_errors():
            response = self._feeds.upsert_activities(list(activities), create_users=True)
        stored = {getattr(entry, "id", None) for entry in response.data.activities or ()}
        for activity in activities:
            if activity.id not in stored:
                raise PublisherUnavailable(
                    f"Stream: the response does not contain activity {activity.id}. {NOT_STREAM}"
                )

    def update_activities(self, changes: Sequence[UpdateActivityPartialChangeRequest]) -> None:
        """Set fields of activities.

        Raises:
            DestinationNotFound: one of them does not exist.
            PublishError: not all of them are changed.
        """
        with translate_errors():
            self._feeds.update_activities_partial_batch(list(changes))

    def delete_activities(self, ids: Sequence[str]) -> None:
        """Delete activities from all of their feeds.

        Raises:
            DestinationNotFound: they do not exist.
            PublishError: not all of them are deleted.
        """
        with translate_errors():
            self._feeds.delete_activities(list(ids), hard_delete=True)

    def follow(self, follows: Sequence[FollowRequest]) -> None:
        """Create follows, and the users of their feeds.

        Raises:
            PublishError: not all of them exist now.
        """
        with translate_errors():
            self._feeds.get_or_create_follows(list(follows), create_users=True)

    def unfollow(self, follows: Sequence[UnfollowPair]) -> None:
        """Remove follows.

        Raises:
            PublishError: not all of them are removed.
        """
        with translate_errors():
            self._feeds.get_or_create_unfollows(list(follows))

    def react(
        self, activity_id: str, kind: str, *, user_id: str, custom: Mapping[str, object]
    ) -> None:
        """Add a reaction of a user to an activity.

        Raises:
            DestinationNotFound: the activity does not exist.
            PublishError: the reaction is not stored.
        """
        with translate_errors():
            self._feeds.add_activity_reaction(
                activity_id, kind, user_id=user_id, custom=dict(custom), create_users=True
            )

    def feeds_of(self, ids: Sequence[str]) -> dict[str, set[str]]:
        """Return the feeds of activities, by their ids; those that do not exist are left out.

        Raises:
            PublishError: Stream does not return them.
        """
        return {activity.id: set(activity.feeds or ()) for activity in self.activities(ids)}

    def activities(self, ids: Sequence[str]) -> list[ActivityResponse]:
        """Return the activities with these ids, as far as they exist.

        Raises:
            PublishError: Stream does not return them.
        """
        with translate_errors():
            found = self._feeds.query_activities(
                filter={"id": {"$in": list(ids)}}, limit=len(ids)
            ).data.activities
        if not isinstance(found, list):
            raise PublisherUnavailable(f"Stream: the response has no activities. {NOT_STREAM}")
        return found

    def feed_groups(self) -> list[str]:
        """Return the names of the app's feed groups.

        Raises:
            PublishError: Stream does not return them.
        """
        with translate_errors():
            groups = self._feeds.list_feed_groups().data.groups
        if not isinstance(groups, dict):
            raise PublisherUnavailable(f"Stream: the response has no feed groups. {NOT_STREAM}")
        return sorted(groups)

    def close(self) -> None:
        """Close all connections."""
        self._stream.close()

    def _existing_users(self, keys: Collection[str]) -> set[str]:
        found: set[str] = set()
        for chunk in chunks(sorted(keys), MAX_LOOKED_UP):
            wanted = {"id": {"$in": list(chunk)}}
            payload = QueryUsersPayload(filter_conditions=wanted, limit=len(chunk))
            users = self._stream.query_users(payload).data.users
            found |= {getattr(user, "id", "") for user in users or ()}
        return found
