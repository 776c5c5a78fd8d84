"""Carry out effects with calls of Feeds v2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from stream import exceptions as vendor

from dj_actions.exceptions import DestinationNotFound, PublisherUnavailable, PublishRejected
from dj_actions_stream.activities.conversion import MAX_TARGETS, activity_of, plain, time_text
from dj_actions_stream.chunks import chunks
from dj_actions_stream.effects import Effect, EffectKind
from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.transport.responses import NOT_STREAM
from dj_actions_stream.v2.client import FeedsClient
from dj_actions_stream.v2.errors import translate_errors

MAX_UPDATES = 100
"""Activities of one partial update: https://getstream.io/activity-feeds/docs/python/updating_activities/."""

MAX_FOLLOWS = 100
"""Follows of one call; Stream accepts many more."""

MAX_REACTION_TARGETS = 20
"""Feeds that get a copy of a reaction: https://getstream.io/activity-feeds/docs/python/reactions_introduction/."""

IS_GONE = (vendor.DoesNotExistException, vendor.OldStorageBackend)
"""What Stream raises for an activity, or a follow, that does not exist."""

CONFLICT = 409


class FeedCalls:
    """The calls of a client for each kind of effect.

    All of them may be repeated. They raise what `translate_errors` documents.

    Args:
        client: the client.
    """

    def __init__(self, client: FeedsClient) -> None:
        self._client = client

    def add(self, feed: FeedId, activities: Sequence[Mapping[str, Any]]) -> list[str]:
        """Add activities to one feed, in one call, and return their ids."""
        with translate_errors():
            target = self._client.feed(feed.slug, feed.id)
            if len(activities) == 1:
                return [_id_of(target.add_activity(activities[0]))]
            added = target.add_activities(activities)
        found = added.get("activities") if isinstance(added, dict) else None
        if not isinstance(found, list) or len(found) != len(activities):
            raise _not_stream(added, "as many activities as were sent")
        return [_id_of(activity) for activity in found]

    def apply(self, effects: Sequence[Effect]) -> str:
        """Carry out effects of one kind, and return the id of what the last one added, or its own.

        Args:
            effects: at least one; several are updates.
        """
        kind = effects[0].kind
        if kind is EffectKind.UPDATE:
            return self._update(effects)
        (effect,) = effects
        return {
            EffectKind.ADD: self._add,
            EffectKind.REMOVE: self._remove,
            EffectKind.FOLLOW: self._follow,
            EffectKind.UNFOLLOW: self._unfollow,
            EffectKind.REACT: self._react,
        }[kind](effect)

    def _add(self, effect: Effect) -> str:
        """Add an activity, with as many calls as it has hundreds of targets."""
        activity = activity_of(effect)
        activity_id = ""
        # The call for its own feed comes last: what it says about the targets is what remains.
        for feed, targets in reversed(additions(effect)):
            (activity_id,) = self.add(feed, [activity | {"to": list(map(str, targets))}])
        return activity_id

    def _remove(self, effect: Effect) -> str:
        for feed, _ in additions(effect):
            with translate_errors():
                try:
                    self._client.feed(feed.slug, feed.id).remove_activity(foreign_id=effect.id)
                except IS_GONE:
                    continue
        return effect.id

    def _update(self, effects: Sequence[Effect]) -> str:
        for chunk in chunks(effects, MAX_UPDATES):
            changes = [_change(effect) for effect in chunk]
            with translate_errors():
                try:
                    _require_done(self._client.activities_partial_update(changes))
                except IS_GONE:
                    self._update_one_by_one(changes)
        return effects[-1].id

    def _update_one_by_one(self, changes: Sequence[Mapping[str, Any]]) -> None:
        """Update the activities that exist: one of them does not, so none was updated."""
        for change in changes:
            try:
                _require_done(self._client.activities_partial_update([change]))
            except IS_GONE:
                continue

    def _follow(self, effect: Effect) -> str:
        pairs = [
            {"source": str(source), "target": str(target)} for source, target in _relations(effect)
        ]
        for chunk in chunks(pairs, MAX_FOLLOWS):
            with translate_errors():
                _require_done(self._client.follow_many(list(chunk)))
        return effect.id

    def _unfollow(self, effect: Effect) -> str:
        # One by one: by default, apps may not call `unfollow_many`.
        for source, target in _relations(effect):
            with translate_errors():
                try:
                    feed = self._client.feed(source.slug, source.id)
                    _require_done(feed.unfollow(target.slug, target.id))
                except IS_GONE:
                    continue
        return effect.id

    def _react(self, effect: Effect) -> str:
        if len(effect.to) > MAX_REACTION_TARGETS:
            raise PublishRejected(
                f"A reaction can have {MAX_REACTION_TARGETS} target feeds, not {len(effect.to)}."
            )
        reaction = {
            "id": effect.event_id,
            "kind": effect.verb,
            "activity_id": self._find(effect),
            "user_id": effect.actor.partition(":")[2] or effect.actor,
            "data": plain(dict(effect.extra)),
            "target_feeds": [str(feed) for feed in effect.to],
        }
        with translate_errors():
            try:
                reactions = self._client.reactions
                return _id_of(self._client.post("reaction/", reactions.token, data=reaction))
            except vendor.StreamApiException as error:
                if error.status_code == CONFLICT:  # added by an earlier attempt
                    return effect.event_id
                raise

    def _find(self, effect: Effect) -> str:
        """Return Stream's id of the activity that an effect is about."""
        with translate_errors():
            page = self._client.get_activities(foreign_id_times=[(effect.id, effect.time)])
        results = page.get("results") if isinstance(page, dict) else None
        if not isinstance(results, list):
            raise _not_stream(page, "a list of activities")
        if not results:
            raise DestinationNotFound(f"Stream: the activity {effect.id} does not exist (yet).")
        return _id_of(results[0])


def additions(effect: Effect) -> list[tuple[FeedId, tuple[FeedId, ...]]]:
    """Return the feeds to which an activity is added, each with the targets of that call.

    Stream accepts a hundred targets per call, so the next one after them is a feed of its own.
    """
    feeds = tuple(dict.fromkeys((*effect.feeds, *effect.to)))
    return [(chunk[0], tuple(chunk[1:])) for chunk in chunks(feeds, MAX_TARGETS + 1)]


def _relations(effect: Effect) -> list[tuple[FeedId, FeedId]]:
    """Return each pair of a feed and one that it follows.

    Raises:
        PublishRejected: there is none.
    """
    if not (effect.feeds and effect.to):
        raise PublishRejected(
            f"The {effect.kind} of {effect.id} has no feeds to follow. Set `to` of its activity."
        )
    return list(product(effect.feeds, effect.to))


def _change(effect: Effect) -> dict[str, Any]:
    return {
        "foreign_id": effect.id,
        "time": time_text(effect.time),
        "set": plain(dict(effect.extra)),
        "unset": [],
    }


def _id_of(added: Any) -> str:
    """Return the id of what was added.

    The client treats any JSON without an `exception` as success, even a proxy's 404 page.
    """
    found = added.get("id") if isinstance(added, dict) else None
    if isinstance(found, str) and found:
        return found
    raise _not_stream(added, "an activity")


def _require_done(response: Any) -> None:
    if not (isinstance(response, dict) and "duration" in response):
        raise _not_stream(response, "a confirmation")


def _not_stream(response: Any, expected: str) -> PublisherUnavailable:
    return PublisherUnavailable(
        f"Stream: the response is not {expected}: {str(response)[:200]}. {NOT_STREAM}"
    )
