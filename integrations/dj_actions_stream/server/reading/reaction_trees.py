"""Render reactions with their users and their newest children, in a few queries for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from dj_actions_stream.server.entities.people import find_users, render_user
from dj_actions_stream.server.entities.reactions import MAX_LEVEL, Reaction, ReactionCount
from dj_actions_stream.server.identity import render_utc
from dj_actions_stream.server.reading.newest_reactions import newest_children
from dj_actions_stream.server.reading.reference_errors import missing_user

# As observed: the newest children of all kinds together, and a user's own ones of each kind.
MAX_CHILDREN = 10
MAX_OWN_CHILDREN = 5


class ReactionTrees:
    """Reactions with everything that is rendered with them.

    Args:
        reactions: The reactions to render.
        own_children_of: A user whose own children of these reactions are rendered, too.
    """

    def __init__(
        self, reactions: Sequence[Reaction], *, own_children_of: str | None = None
    ) -> None:
        self._children: dict[UUID | None, list[Reaction]] = {}
        self._counts: dict[UUID, dict[str, int]] = {}
        self._own: dict[UUID | None, list[Reaction]] | None = None
        loaded = [*reactions]
        if own_children_of is not None:
            own = _own_children(reactions, own_children_of)
            self._own = _by_parent(own)
            loaded += own
        self._users = self._load_users(self._load_descendants(loaded))
        self._with_own = {reaction.pk for reaction in reactions}

    def render(self, reaction: Reaction) -> dict[str, Any]:
        """Return the reaction as Stream sends it."""
        document = {
            "id": str(reaction.pk),
            "kind": reaction.kind,
            "activity_id": str(reaction.activity_id),
            "user_id": reaction.user_id,
            "user": self._users.get(reaction.user_id) or missing_user(reaction.user_id),
            "data": reaction.data,
            "parent": str(reaction.parent_id or ""),
            "created_at": render_utc(reaction.created_at),
            "updated_at": render_utc(reaction.updated_at),
            "latest_children": self.by_kind(self._children.get(reaction.pk, [])),
            "children_counts": self._counts.get(reaction.pk, {}),
        }
        if self._own is not None and reaction.pk in self._with_own:
            document["own_children"] = self.by_kind(self._own.get(reaction.pk, []))
        if reaction.target_feeds:
            document["target_feeds"] = reaction.target_feeds
        if reaction.deleted_at is not None:
            document["deleted_at"] = render_utc(reaction.deleted_at)
        return document

    def by_kind(self, reactions: Iterable[Reaction]) -> dict[str, list[dict[str, Any]]]:
        """Return the rendered reactions of each kind, in the order given."""
        documents: dict[str, list[dict[str, Any]]] = {}
        for reaction in reactions:
            documents.setdefault(reaction.kind, []).append(self.render(reaction))
        return documents

    def _load_descendants(self, reactions: Sequence[Reaction]) -> list[Reaction]:
        loaded, level = list(reactions), list(reactions)
        for _ in range(MAX_LEVEL):
            counts = ReactionCount.objects.by_kind({reaction.pk for reaction in level})
            self._counts |= counts
            parents = [pk for pk in counts if any(counts[pk].values())]
            level = newest_children(parents, limit=MAX_CHILDREN) if parents else []
            if not level:
                break
            self._children |= _by_parent(level)
            loaded += level
        return loaded

    def _load_users(self, reactions: Sequence[Reaction]) -> dict[str, dict[str, Any]]:
        users = find_users({reaction.user_id for reaction in reactions})
        return {user.id: render_user(user) for user in users}


def _own_children(parents: Sequence[Reaction], user_id: str) -> list[Reaction]:
    # The index is that of a user and an activity.
    activity_ids = {parent.activity_id for parent in parents}
    own = Reaction.objects.existing().filter(user_id=user_id, activity_id__in=activity_ids)
    own = own.filter(parent__in=parents)
    return list(own.newest_of_each("parent", "kind", limit=MAX_OWN_CHILDREN))


def _by_parent(reactions: Iterable[Reaction]) -> dict[UUID | None, list[Reaction]]:
    children: dict[UUID | None, list[Reaction]] = {}
    for reaction in reactions:
        children.setdefault(reaction.parent_id, []).append(reaction)
    return children
