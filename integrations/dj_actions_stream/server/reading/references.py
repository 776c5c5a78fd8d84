"""References to users, collection entries, reactions and activities."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from dj_actions_stream.server import identity
from dj_actions_stream.server.entities.collections import find_entries, render_entry
from dj_actions_stream.server.entities.people import find_users, render_user
from dj_actions_stream.server.entities.reactions import Reaction
from dj_actions_stream.server.protocol.errors import InputError
from dj_actions_stream.server.reading.reaction_trees import ReactionTrees
from dj_actions_stream.server.reading.reference_errors import missing_reference

# The names that Stream gives the types in its errors.
TYPES = {"SU": "user", "SO": "object", "SR": "reaction", "SA": "activity"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A reference such as `SU:ann`, as an activity has it in a field."""

    type: str
    collection: str = ""
    id: str
    text: str

    @classmethod
    def parse(cls, value: object) -> Self | None:
        """Return the reference in a value, or None if the value is something else."""
        if not isinstance(value, str):
            return None
        prefix, separator, rest = value.partition(":")
        if prefix not in TYPES or not separator or not rest:
            return None
        if prefix != "SO":
            return cls(type=TYPES[prefix], id=rest, text=value)
        collection, separator, entry_id = rest.partition(":")
        if not separator:
            return None
        return cls(type=TYPES[prefix], collection=collection, id=entry_id, text=value)

    def not_found(self) -> dict[str, Any]:
        """Return what replaces a reference to an object that does not exist."""
        collection = {"collection": self.collection} if self.type == "object" else {}
        return missing_reference(self.text, self.type, id=self.id, **collection)


def parse_id(reference: Reference) -> UUID | None:
    """Return the id of a reaction or an activity, or None if it cannot exist."""
    try:
        return identity.parse_id(reference.id)
    except InputError:
        return None


def load_documents(references: Iterable[Reference]) -> dict[Reference, dict[str, Any]]:
    """Return the JSON of users, collection entries and reactions, with one query for each type.

    References to activities are left out; a missing object has Stream's error for it.
    """
    by_type: dict[str, list[Reference]] = {name: [] for name in TYPES.values()}
    for reference in references:
        by_type[reference.type].append(reference)
    return _users(by_type["user"]) | _entries(by_type["object"]) | _reactions(by_type["reaction"])


def _users(references: Collection[Reference]) -> dict[Reference, dict[str, Any]]:
    if not references:
        return {}
    found = {user.id: render_user(user) for user in find_users({each.id for each in references})}
    return {each: found.get(each.id) or each.not_found() for each in references}


def _entries(references: Collection[Reference]) -> dict[Reference, dict[str, Any]]:
    keys = {(each.collection, each.id) for each in references}
    found = {
        (entry.collection, entry.entry_id): render_entry(entry) for entry in find_entries(keys)
    }
    return {each: found.get((each.collection, each.id)) or each.not_found() for each in references}


def _reactions(references: Collection[Reference]) -> dict[Reference, dict[str, Any]]:
    if not references:
        return {}
    ids = {each: parse_id(each) for each in references}
    found = Reaction.objects.existing().in_bulk([pk for pk in ids.values() if pk is not None])
    trees = ReactionTrees(list(found.values()))
    return {
        each: trees.render(found[pk]) if pk in found else each.not_found()
        for each, pk in ids.items()
    }
