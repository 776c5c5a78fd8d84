"""Enrich activities: replace references by what they refer to, and add their reactions.

A reference is a string like `SU:<user>`, `SO:<collection>:<id>`, `SR:<reaction>` or
`SA:<activity>` in a field of an activity.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dj_actions_stream.server.models import Activity
from dj_actions_stream.server.reading.activities import render_activity
from dj_actions_stream.server.reading.reaction_enrichment import (
    ReactionOptions,
    reactions_by_activity,
)
from dj_actions_stream.server.reading.references import Reference, load_documents, parse_id

# How many activities within activities are expanded, so that a circle of references ends.
MAX_DEPTH = 3
# Fields that are never references, whatever they look like.
PLAIN_FIELDS = frozenset({"id", "foreign_id", "verb", "time", "origin"})


def enrich(
    documents: Sequence[dict[str, Any]], options: ReactionOptions, *, depth: int = MAX_DEPTH
) -> list[dict[str, Any]]:
    """Return the enriched activities, in the order given.

    Args:
        documents: Activities as `render_activity` returns them.
        options: Which reactions are added to them, and to activities that they refer to.
        depth: How many levels of activities within activities are expanded.
    """
    references = {found for document in documents for found in _references(document).values()}
    expanded = load_documents(references) | _activities(references, options, depth)
    reactions = reactions_by_activity([document["id"] for document in documents], options)
    return [
        {**_expand(document, expanded), **reactions.get(document["id"], {})}
        for document in documents
    ]


def _references(document: dict[str, Any]) -> dict[str, Reference]:
    parsed = {name: Reference.parse(document[name]) for name in document.keys() - PLAIN_FIELDS}
    return {name: reference for name, reference in parsed.items() if reference is not None}


def _expand(document: dict[str, Any], expanded: dict[Reference, dict[str, Any]]) -> dict[str, Any]:
    references = _references(document)
    enriched = document | {
        name: expanded[reference] for name, reference in references.items() if reference in expanded
    }
    if "reaction" in references and enriched.get("target") is None:
        # As in Stream, the activity that notifies of a reaction has an empty target, not null.
        enriched["target"] = ""
    return enriched


def _activities(
    references: set[Reference], options: ReactionOptions, depth: int
) -> dict[Reference, dict[str, Any]]:
    wanted = [reference for reference in references if reference.type == "activity"]
    if not wanted or not depth:
        return {}
    ids = {reference: parse_id(reference) for reference in wanted}
    found = Activity.objects.in_bulk([pk for pk in ids.values() if pk is not None])
    documents = enrich(
        [render_activity(activity) for activity in found.values()], options, depth=depth - 1
    )
    by_id = dict(zip(found, documents, strict=True))
    return {
        reference: by_id[pk] if pk in by_id else reference.not_found()
        for reference, pk in ids.items()
    }
