"""The endpoints of reactions."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from dj_actions_stream.server.access.callers import Caller
from dj_actions_stream.server.entities.reactions import Reaction, ReactionQuerySet
from dj_actions_stream.server.identity import parse_id
from dj_actions_stream.server.models import Activity
from dj_actions_stream.server.parsing.records import read_flag, require_identifier
from dj_actions_stream.server.protocol.endpoints import ApiResponse, Endpoint, read_body
from dj_actions_stream.server.protocol.errors import InputError, NotFoundError
from dj_actions_stream.server.reading.activities import render_activity
from dj_actions_stream.server.reading.enrichment import enrich
from dj_actions_stream.server.reading.reaction_enrichment import ReactionOptions
from dj_actions_stream.server.reading.reaction_pages import ReactionPage
from dj_actions_stream.server.reading.reaction_trees import ReactionTrees
from dj_actions_stream.server.writing import reaction_changes
from dj_actions_stream.server.writing.reaction_drafts import read_change, read_reaction


class NewReaction(Endpoint):
    """Add a reaction."""

    def post(self, request: HttpRequest) -> ApiResponse:
        """Add a reaction to an activity or, with `parent`, to another reaction."""
        draft = read_reaction(read_body(request), Caller.of(request, "reactions", "write"))
        reaction = reaction_changes.add_reaction(draft)
        return ApiResponse(document=_written(reaction), status=201)


class ReactionById(Endpoint):
    """A reaction by id. Everyone may read it; its user and servers may change it."""

    def get(self, request: HttpRequest, reaction_id: str) -> ApiResponse:
        """Return the reaction, with `deleted_at` if it was deleted softly."""
        Caller.of(request, "reactions", "read")
        reaction = Reaction.objects.filter(pk=parse_id(reaction_id)).first()
        if reaction is None:
            raise NotFoundError(f"The reaction {reaction_id} does not exist.")
        return ApiResponse(document=ReactionTrees([reaction]).render(reaction))

    def put(self, request: HttpRequest, reaction_id: str) -> ApiResponse:
        """Replace the reaction's data and target feeds."""
        caller = Caller.of(request, "reactions", "write")
        pk, change = parse_id(reaction_id), read_change(read_body(request), caller)
        reaction = reaction_changes.update_reaction(pk, change, caller)
        return ApiResponse(document=_written(reaction))

    def delete(self, request: HttpRequest, reaction_id: str) -> ApiResponse:
        """Delete the reaction, or hide it with `soft`."""
        caller = Caller.of(request, "reactions", "delete")
        is_soft = read_flag(request.GET.get("soft"))
        changes = reaction_changes
        delete = changes.delete_reaction_softly if is_soft else changes.delete_reaction
        delete(parse_id(reaction_id), caller)
        return ApiResponse(document={})


class RestoredReaction(Endpoint):
    """A reaction that was deleted softly."""

    def put(self, request: HttpRequest, reaction_id: str) -> ApiResponse:
        """Show the reaction again."""
        caller = Caller.of(request, "reactions", "write")
        reaction = reaction_changes.restore_reaction(parse_id(reaction_id), caller)
        return ApiResponse(document=_written(reaction))


class Reactions(Endpoint):
    """The reactions to an activity or to a reaction, or those of a user."""

    def get(self, request: HttpRequest, lookup: str, value: str, kind: str = "") -> ApiResponse:
        """Return a page of reactions, the newest first unless there is only a lower bound."""
        caller = Caller.of(request, "reactions", "read")
        page = ReactionPage.from_query(request.GET.dict())
        options = ReactionOptions.of(request)
        reactions = _looked_up(lookup, value).of_kinds([kind] if kind else [])
        found, has_more = page.paginate(reactions)
        own_children_of = options.user_id if options.own_children else None
        trees = ReactionTrees(found, own_children_of=own_children_of)
        document: dict[str, Any] = {
            "results": [trees.render(reaction) for reaction in found],
            "next": page.next_link(request, found[-1]) if has_more else "",
        }
        if lookup == "activity_id" and read_flag(request.GET.get("with_activity_data")):
            document["activity"] = _activity(value, ReactionOptions.everything(request, caller))
        return ApiResponse(document=document)


def _written(reaction: Reaction) -> dict[str, Any]:
    document = ReactionTrees([reaction]).render(reaction)
    if reaction.target_feeds_extra_data:
        document["target_feeds_extra_data"] = reaction.target_feeds_extra_data
    return document


def _looked_up(lookup: str, value: str) -> ReactionQuerySet:
    reactions = Reaction.objects.existing()
    if lookup == "activity_id":
        return reactions.of_activities([parse_id(value)])
    if lookup == "reaction_id":
        return reactions.filter(parent=parse_id(value))
    if lookup == "user_id":
        return reactions.filter(user_id=require_identifier("user_id", value))
    raise InputError(f"Look up reactions by activity_id, reaction_id or user_id, not {lookup!r}.")


def _activity(activity_id: str, options: ReactionOptions) -> dict[str, Any] | None:
    activity = Activity.objects.filter(pk=parse_id(activity_id)).first()
    return enrich([render_activity(activity)], options)[0] if activity else None
