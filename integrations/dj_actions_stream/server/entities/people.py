"""The users that activities and reactions refer to, as `SU:<id>`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import models
from django.utils import timezone

from dj_actions_stream.server.identity import render_utc
from dj_actions_stream.server.protocol.errors import ConflictError, NotFoundError


class User(models.Model):
    """A user of the feeds, who is not a user of the site."""

    id = models.CharField(primary_key=True, max_length=255)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.id


def add_user(user_id: str, data: Mapping[str, Any], *, get_or_create: bool) -> User:
    """Return a new user, or with `get_or_create` the one that exists, unchanged.

    Raises:
        ConflictError: The user exists.
    """
    now = timezone.now()
    defaults = {"data": dict(data), "created_at": now, "updated_at": now}
    user, is_new = User.objects.get_or_create(id=user_id, defaults=defaults)
    if not is_new and not get_or_create:
        raise ConflictError(f"The user {user_id} already exists.")
    return user


def add_users(data_of: Mapping[str, Mapping[str, Any]], *, override: bool) -> list[User]:
    """Add users, and overwrite or leave those that exist; return the ones that were written."""
    now = timezone.now()
    known = set() if override else set(User.objects.in_bulk(list(data_of)))
    users = [
        User(id=user_id, data=dict(data), created_at=now, updated_at=now)
        for user_id, data in sorted(data_of.items())
        if user_id not in known
    ]
    if override:
        User.objects.bulk_create(
            users,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["data", "updated_at"],
        )
        return find_users(data_of)
    User.objects.bulk_create(users, ignore_conflicts=True)
    return users


def get_user(user_id: str) -> User:
    """Return a user, or raise NotFoundError."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFoundError(f"The user {user_id} does not exist.")
    return user


def find_users(user_ids: Iterable[str]) -> list[User]:
    """Return the users that exist, in the order of their ids."""
    return list(User.objects.filter(pk__in=list(user_ids)).order_by("pk"))


def update_user(user_id: str, data: Mapping[str, Any]) -> User:
    """Replace a user's data and return the user, or raise NotFoundError."""
    user = get_user(user_id)
    user.data, user.updated_at = dict(data), timezone.now()
    user.save(update_fields=["data", "updated_at"])
    return user


def delete_users(user_ids: Sequence[str]) -> list[str]:
    """Delete users and return the ids of those that existed; references to them stay."""
    existing = [user.id for user in find_users(user_ids)]
    User.objects.filter(pk__in=existing).delete()
    return existing


def render_user(user: User) -> dict[str, Any]:
    """Return the user as Stream sends it."""
    return {
        "id": user.id,
        "created_at": render_utc(user.created_at),
        "updated_at": render_utc(user.updated_at),
        "data": user.data,
    }
