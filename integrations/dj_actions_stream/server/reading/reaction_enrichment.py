"""The reactions that are added to activities when they are read with enrichment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, urlencode
from uuid import UUID

from django.http import HttpRequest

from dj_actions_stream.server.access.callers import Caller
from dj_actions_stream.server.entities.reactions import Reaction, ReactionCount
from dj_actions_stream.server.parsing.records import read_flag
from dj_actions_stream.server.protocol.errors import InputError, MissingUserError
from dj_actions_stream.server.reading.newest_reactions import newest_of_activities
from dj_actions_stream.server.reading.reaction_trees import ReactionTrees

# Stream's documented number of recent reactions of each kind, and the most that can be requested.
DEFAULT_RECENT = 5
MAX_RECENT = 25


@dataclass(frozen=True, kw_only=True, slots=True)
class ReactionOptions:
    """Which reactions are added to an activity.

    Attributes:
        user_id: Whose reactions `own` and `own_children` are, or "" without either.
        own: Whether the user's own reactions are added.
        own_children: Whether the user's own children are added to each reaction.
        recent: Whether the newest reactions of each kind are added.
        counts: Whether the number of reactions of each kind is added.
        kinds: The kinds to add, or empty for all.
        limit: The most reactions of each kind.
        api: The address of the API, for links to more reactions.
    """

    user_id: str = ""
    own: bool = False
    own_children: bool = False
    recent: bool = False
    counts: bool = False
    kinds: frozenset[str] = frozenset()
    limit: int = DEFAULT_RECENT
    api: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        """Return the options in the query string of a request that has been authorized.

        Raises:
            InputError: A parameter is invalid.
            MissingUserError: A server requests own reactions, but does not name the user.
        """
        query, caller = request.GET.dict(), Caller.identify(request)
        own, own_children = (
            read_flag(query.get(name)) for name in ("withOwnReactions", "withOwnChildren")
        )
        return cls(
            user_id=_user_id(query, caller) if own or own_children else "",
            own=own,
            own_children=own_children,
            recent=read_flag(query.get("withRecentReactions")),
            counts=read_flag(query.get("withReactionCounts")),
            kinds=_kinds(query.get("reactionKindsFilter", "")),
            limit=_limit(query.get("recentReactionsLimit")),
            api=request.build_absolute_uri("/api/v1.0/"),
        )

    @classmethod
    def everything(cls, request: HttpRequest, caller: Caller) -> Self:
        """Return the options of an activity that is returned with its reactions."""
        user_id = request.GET.get("user_id", "") if caller.is_server else caller.user_id or ""
        api = request.build_absolute_uri("/api/v1.0/")
        return cls(user_id=user_id, own=True, recent=True, counts=True, api=api)

    @property
    def adds_nothing(self) -> bool:
        """Whether an activity stays as it is."""
        return not (self.own or self.recent or self.counts)


def reactions_by_activity(
    activity_ids: Sequence[str], options: ReactionOptions
) -> dict[str, dict[str, Any]]:
    """Return the fields that are added to each activity, in a few queries for all of them."""
    if options.adds_nothing or not activity_ids:
        return {}
    ids = [UUID(activity_id) for activity_id in activity_ids]
    own, recent = _own(ids, options), _recent(ids, options)
    counts = ReactionCount.objects.by_kind(ids)
    own_children_of = options.user_id if options.own_children else None
    trees = ReactionTrees([*own, *recent], own_children_of=own_children_of)
    return {
        str(pk): _fields(
            trees,
            options,
            own=[reaction for reaction in own if reaction.activity_id == pk],
            recent=[reaction for reaction in recent if reaction.activity_id == pk],
            counts=_of_kinds(counts.get(pk, {}), options),
        )
        for pk in ids
    }


def _own(ids: Sequence[UUID], options: ReactionOptions) -> list[Reaction]:
    if not options.own:
        return []
    own = Reaction.objects.existing().of_activities(ids).filter(user_id=options.user_id)
    own = own.of_kinds(options.kinds)
    return list(own.newest_of_each("activity_id", "kind", limit=options.limit))


def _recent(ids: Sequence[UUID], options: ReactionOptions) -> list[Reaction]:
    if not options.recent:
        return []
    return newest_of_activities(ids, kinds=options.kinds, limit=options.limit)


def _of_kinds(counts: Mapping[str, int], options: ReactionOptions) -> dict[str, int]:
    return {kind: counts[kind] for kind in counts if not options.kinds or kind in options.kinds}


def _fields(
    trees: ReactionTrees,
    options: ReactionOptions,
    *,
    own: Sequence[Reaction],
    recent: Sequence[Reaction],
    counts: Mapping[str, int],
) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if options.own:
        fields["own_reactions"] = trees.by_kind(own)
    if options.recent:
        fields["latest_reactions"] = trees.by_kind(recent)
        fields["latest_reactions_extra"] = _links(recent, counts, options)
    if options.counts:
        fields["reaction_counts"] = dict(counts)
    return fields


def _links(
    recent: Iterable[Reaction], counts: Mapping[str, int], options: ReactionOptions
) -> dict[str, dict[str, str]]:
    # The last one of each kind is the oldest.
    oldest = {reaction.kind: reaction for reaction in recent}
    return {
        kind: {"next": _link(reaction, options) if counts.get(kind, 0) > options.limit else ""}
        for kind, reaction in oldest.items()
    }


def _link(oldest: Reaction, options: ReactionOptions) -> str:
    query = {
        "id_lt": str(oldest.pk),
        "limit": str(options.limit),
        "withOwnChildren": str(options.own_children).lower(),
    }
    if options.own_children:
        query["user_id"] = options.user_id
    path = f"reaction/activity_id/{oldest.activity_id}/{quote(oldest.kind, safe='')}/"
    return f"{options.api}{path}?{urlencode(query)}"


def _user_id(query: Mapping[str, str], caller: Caller) -> str:
    # Everyone may read reactions, so a user may request those of another user.
    user_id = query.get("user_id") or caller.user_id
    if not user_id:
        raise MissingUserError("Own reactions of a server's request need user_id.")
    return user_id


def _kinds(text: str) -> frozenset[str]:
    return frozenset(kind.strip() for kind in text.split(",") if kind.strip())


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_RECENT
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= MAX_RECENT:
        message = f"this parameter must be an integer from 1 to {MAX_RECENT}"
        raise InputError.for_fields({"recentReactionsLimit": [message]})
    return int(text)
