"""Carry out effects with the client of Feeds v3."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from dj_actions.exceptions import DestinationNotFound
from dj_actions_stream.chunks import chunks
from dj_actions_stream.effects import Effect, EffectKind
from dj_actions_stream.v3.activities import (
    MAX_BATCH,
    activities_of,
    activity_ids_of,
    changes_of,
    follows_of,
    unfollows_of,
    user_id_of,
    user_name_of,
)
from dj_actions_stream.v3.client import FeedsV3Client

MAX_KNOWN_USERS = 10_000
"""Users that a relay remembers, so that it looks up each of them once."""


class EffectSender:
    """Carries out effects. Each of them may be repeated: nothing is done twice.

    Args:
        client: the client to use.
    """

    def __init__(self, client: FeedsV3Client) -> None:
        self._client = client
        self._known_users: set[str] = set()
        self._operations: Mapping[EffectKind, Callable[[Effect], None]] = {
            EffectKind.ADD: lambda effect: self.add([effect]),
            EffectKind.UPDATE: self._update,
            EffectKind.REMOVE: self._remove,
            EffectKind.FOLLOW: self._follow,
            EffectKind.UNFOLLOW: self._unfollow,
            EffectKind.REACT: self._react,
        }

    def send(self, effect: Effect) -> None:
        """Carry out one effect.

        Raises:
            PublishError: it was not carried out, or not completely.
        """
        self._operations[effect.kind](effect)

    def add(self, effects: Sequence[Effect]) -> None:
        """Carry out effects that add activities, in as few requests as possible.

        Raises:
            PublishError: not all activities were added.
        """
        self._create_users(effects)
        activities = [activity for effect in effects for activity in activities_of(effect)]
        for chunk in chunks(activities, MAX_BATCH):
            self._client.upsert_activities(chunk)

    def _update(self, effect: Effect) -> None:
        with suppress(DestinationNotFound):  # it was removed, so it has nothing to update
            self._client.update_activities(changes_of(effect))

    def _remove(self, effect: Effect) -> None:
        with suppress(DestinationNotFound):  # it is removed already
            self._client.delete_activities(activity_ids_of(effect))

    def _follow(self, effect: Effect) -> None:
        for chunk in chunks(follows_of(effect), MAX_BATCH):
            self._client.follow(chunk)

    def _unfollow(self, effect: Effect) -> None:
        for chunk in chunks(unfollows_of(effect), MAX_BATCH):
            self._client.unfollow(chunk)

    def _react(self, effect: Effect) -> None:
        self._create_users([effect])
        self._client.react(effect.id, effect.verb, user_id=user_id_of(effect), custom=effect.extra)

    def _create_users(self, effects: Sequence[Effect]) -> None:
        """Create the users of effects, with their names, before they are referred to."""
        names = {user_id_of(effect): user_name_of(effect) for effect in effects}
        unknown = {key: name for key, name in names.items() if key not in self._known_users}
        if not unknown:
            return
        self._client.create_missing_users(unknown)
        if len(self._known_users) + len(unknown) > MAX_KNOWN_USERS:
            self._known_users.clear()
        self._known_users.update(unknown)
