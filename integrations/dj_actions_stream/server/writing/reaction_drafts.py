"""Parse the JSON of a reaction that a client adds or updates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from dj_actions_stream.server.access.callers import Caller
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.parsing.records import RecordReader
from dj_actions_stream.server.protocol.errors import InputError, MissingUserError


@dataclass(frozen=True, kw_only=True, slots=True)
class Notification:
    """The feeds that a reaction notifies, and what it adds to the activity in them."""

    feeds: tuple[FeedId, ...]
    extra: Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReactionDraft:
    """A reaction that has been parsed but not stored, to an activity or to a parent."""

    id: UUID | None
    kind: str
    activity_id: UUID | None
    parent_id: UUID | None
    user_id: str
    data: Mapping[str, Any]
    notification: Notification


@dataclass(frozen=True, kw_only=True, slots=True)
class ReactionChange:
    """The new data of a reaction, None for the same, and the feeds that it notifies from now on."""

    data: Mapping[str, Any] | None
    notification: Notification


def read_reaction(item: Mapping[str, Any], caller: Caller) -> ReactionDraft:
    """Return the reaction that the caller adds.

    Raises:
        InputError: A field is invalid, or names another user than the token.
        MissingUserError: A server did not name the user.
        NotAllowedError: The caller may not notify one of the feeds.
    """
    reader = RecordReader(item)
    draft = ReactionDraft(
        id=reader.uuid("id"),
        kind=reader.verb("kind"),
        activity_id=reader.uuid("activity_id"),
        parent_id=reader.uuid("parent"),
        user_id=reader.identifier("user_id") or caller.user_id or "",
        data=reader.data("data") or {},
        notification=_read_notification(reader),
    )
    # Accepted as the service does; this server does not moderate anything.
    reader.optional("moderation_template")
    reader.raise_errors()
    _check_user(draft, caller)
    caller.require_targets(draft.notification.feeds)
    return draft


def read_change(item: Mapping[str, Any], caller: Caller) -> ReactionChange:
    """Return the change of a reaction, or raise InputError or NotAllowedError."""
    reader = RecordReader(item)
    change = ReactionChange(data=reader.data("data"), notification=_read_notification(reader))
    reader.raise_errors()
    caller.require_targets(change.notification.feeds)
    return change


def _read_notification(reader: RecordReader) -> Notification:
    return Notification(
        feeds=reader.target_feeds("target_feeds"), extra=reader.data("target_feeds_extra_data")
    )


def _check_user(draft: ReactionDraft, caller: Caller) -> None:
    if not draft.user_id:
        raise MissingUserError("A server's request must have user_id, the user who reacts.")
    if not caller.is_server and draft.user_id != caller.user_id:
        raise InputError.for_fields({"user_id": ["a user's token reacts as that user only"]})
