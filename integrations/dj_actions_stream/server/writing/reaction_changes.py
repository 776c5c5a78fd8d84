"""Add, update, delete and restore reactions, each in one transaction.

A reaction with target feeds is shown in them as an activity of its own, which has the reaction's
time and the foreign_id `reaction:<id>`, so that adding it again overwrites it.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID, uuid4

from django.db import IntegrityError, router, transaction
from django.utils import timezone

from dj_actions_stream.server.access.callers import Caller
from dj_actions_stream.server.entities.reactions import MAX_LEVEL, Reaction, ReactionCount
from dj_actions_stream.server.identity import id_from_data, render_time
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.protocol.errors import ConflictError, InputError, NotFoundError
from dj_actions_stream.server.reading.activities import read_draft
from dj_actions_stream.server.writing import storage
from dj_actions_stream.server.writing.reaction_drafts import (
    Notification,
    ReactionChange,
    ReactionDraft,
)


def add_reaction(draft: ReactionDraft) -> Reaction:
    """Return the new reaction.

    Raises:
        InputError: There is neither an activity nor a parent, or the parent does not exist or is
            on the last level.
        ConflictError: A reaction with this id exists.
    """
    with _transaction():
        reaction = _new_reaction(draft, _parent(draft))
        _insert(reaction)
        ReactionCount.objects.change(reaction.target, reaction.kind, by=1)
        _show(reaction)
    return reaction


def update_reaction(reaction_id: UUID, change: ReactionChange, caller: Caller) -> Reaction:
    """Replace a reaction's data, if there is new data, and its target feeds in any case.

    Raises:
        NotFoundError: The reaction does not exist.
        NotAllowedError: It is another user's.
    """
    with _transaction():
        reaction = _locked(reaction_id, caller, is_deleted=False)
        previous = set(_feeds(reaction))
        if change.data is not None:
            reaction.data = dict(change.data)
        _set_notification(reaction, change.notification)
        reaction.updated_at = timezone.now()
        reaction.save()
        _hide(reaction, previous - set(change.notification.feeds))
        _show(reaction)
    return reaction


def delete_reaction(reaction_id: UUID, caller: Caller) -> None:
    """Delete a reaction with its children, and what their target feeds show of them.

    Raises:
        NotFoundError: The reaction does not exist.
        NotAllowedError: It is another user's.
    """
    with _transaction():
        reaction = _locked(reaction_id, caller)
        # Children before the counts, as when a child is deleted, so that requests do not deadlock.
        deleted = _with_locked_descendants(reaction)
        for each in deleted:
            _hide(each, _feeds(each))
        if reaction.deleted_at is None:
            ReactionCount.objects.change(reaction.target, reaction.kind, by=-1)
        ReactionCount.objects.filter(target__in=[each.pk for each in deleted]).delete()
        reaction.delete()


def delete_reaction_softly(reaction_id: UUID, caller: Caller) -> None:
    """Hide a reaction, so that it can be restored. Its children stay.

    Raises:
        NotFoundError: The reaction does not exist, or is hidden already.
        NotAllowedError: It is another user's.
    """
    with _transaction():
        reaction = _locked(reaction_id, caller, is_deleted=False)
        reaction.deleted_at = timezone.now()
        reaction.save(update_fields=["deleted_at"])
        ReactionCount.objects.change(reaction.target, reaction.kind, by=-1)
        _hide(reaction, _feeds(reaction))


def restore_reaction(reaction_id: UUID, caller: Caller) -> Reaction:
    """Show a reaction that was deleted softly again.

    Raises:
        NotFoundError: The reaction does not exist, or was not deleted softly.
        NotAllowedError: It is another user's.
    """
    with _transaction():
        reaction = _locked(reaction_id, caller, is_deleted=True)
        reaction.deleted_at = None
        reaction.save(update_fields=["deleted_at"])
        ReactionCount.objects.change(reaction.target, reaction.kind, by=1)
        _show(reaction)
    return reaction


def _locked(reaction_id: UUID, caller: Caller, *, is_deleted: bool | None = None) -> Reaction:
    """Return a reaction of the caller; `is_deleted` is None for one that is hidden or not."""
    reactions = Reaction.objects.select_for_update().filter(pk=reaction_id)
    if is_deleted is not None:
        reactions = reactions.filter(deleted_at__isnull=not is_deleted)
    reaction = reactions.first()
    if reaction is None:
        raise NotFoundError(f"The reaction {reaction_id} does not exist.")
    caller.require_user(reaction.user_id)
    return reaction


def _with_locked_descendants(reaction: Reaction) -> list[Reaction]:
    found = [reaction]
    for _ in range(MAX_LEVEL - reaction.level):
        children = Reaction.objects.select_for_update().filter(parent__in=found).order_by("id")
        found = [reaction, *children]
    return found


def _insert(reaction: Reaction) -> None:
    try:
        with _transaction():
            reaction.save(force_insert=True)
    except IntegrityError as error:
        raise ConflictError(f"The reaction {reaction.pk} already exists.") from error


def _transaction() -> transaction.Atomic:
    return transaction.atomic(using=router.db_for_write(Reaction))


def _parent(draft: ReactionDraft) -> Reaction | None:
    if draft.parent_id is None:
        return None
    # Locked, so that the parent is not deleted before the child is stored.
    parents = Reaction.objects.select_for_update(no_key=True).existing()
    parent = parents.filter(pk=draft.parent_id).first()
    if parent is None:
        raise InputError.for_fields({"parent": ["this reaction does not exist"]})
    if parent.level >= MAX_LEVEL:
        raise InputError.for_fields({"parent": [f"at most {MAX_LEVEL} levels are possible"]})
    if draft.activity_id not in (None, parent.activity_id):
        raise InputError.for_fields({"activity_id": ["the parent reacts to another activity"]})
    return parent


def _new_reaction(draft: ReactionDraft, parent: Reaction | None) -> Reaction:
    activity_id = parent.activity_id if parent else draft.activity_id
    if activity_id is None:
        raise InputError.for_fields({"activity_id": ["set activity_id or parent"]})
    now = timezone.now()
    reaction = Reaction(
        # Like an activity's id, it has the time in it, by which reactions are sorted.
        id=draft.id or id_from_data({"reaction": str(uuid4())}, now),
        kind=draft.kind,
        activity_id=activity_id,
        parent=parent,
        level=parent.level + 1 if parent else 1,
        user_id=draft.user_id,
        data=dict(draft.data),
        created_at=now,
        updated_at=now,
    )
    _set_notification(reaction, draft.notification)
    return reaction


def _set_notification(reaction: Reaction, notification: Notification) -> None:
    reaction.target_feeds = [str(feed) for feed in notification.feeds]
    reaction.target_feeds_extra_data = dict(notification.extra or {})


def _feeds(reaction: Reaction) -> list[FeedId]:
    return [FeedId.parse(text) for text in reaction.target_feeds]


def _show(reaction: Reaction) -> None:
    item = {
        **reaction.target_feeds_extra_data,
        "actor": f"SU:{reaction.user_id}",
        "verb": reaction.kind,
        "object": f"SA:{reaction.activity_id}",
        "time": render_time(reaction.created_at),
        "foreign_id": _foreign_id(reaction),
        "reaction": f"SR:{reaction.pk}",
    }
    draft = read_draft(item, received=reaction.created_at)
    for feed in _feeds(reaction):
        # The activity is the server's own, so that no token has to permit overwriting it.
        storage.add(feed, [draft], may_write=lambda _: True)


def _hide(reaction: Reaction, feeds: Iterable[FeedId]) -> None:
    for feed in sorted(feeds, key=str):
        storage.remove_by_foreign_id(feed, _foreign_id(reaction))


def _foreign_id(reaction: Reaction) -> str:
    return f"reaction:{reaction.pk}"
