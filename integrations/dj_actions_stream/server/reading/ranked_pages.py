"""Pages of flat feeds in the order of a ranking method."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from dj_actions_stream.server.feed_groups.expressions import ExpressionError
from dj_actions_stream.server.feed_groups.ranking import Ranking
from dj_actions_stream.server.feed_groups.ranking_functions import now as current_time
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.protocol.errors import InputError, PaginationError, RankingError
from dj_actions_stream.server.reading.grouping import variables_of
from dj_actions_stream.server.reading.pagination import Page
from dj_actions_stream.server.reading.windows import Entry, Render, newest_entries


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """An activity with its score."""

    entry: Entry
    score: float
    variables: Mapping[str, Any]

    def fields(self, ranking: Ranking, request: HttpRequest) -> dict[str, Any]:
        """Return the score, and what it was calculated from if the request has withScoreVars."""
        if request.GET.get("withScoreVars", "").lower() != "true":
            return {"score": self.score}
        return {"score": self.score, "score_vars": ranking.inputs(self.variables)}


def read(request: HttpRequest, feed: FeedId, ranking: Ranking, render: Render) -> dict[str, Any]:
    """Return a page of the feed's newest activities, those with the highest scores first.

    Raises:
        InputError: ranking_vars is not a JSON object.
        PaginationError: the page has bounds on ids, which ranks do not follow.
        RankingError: the method cannot be applied to an activity.
    """
    page = Page.from_query(request.GET.dict())
    if page.bounds:
        raise PaginationError("A ranked feed is paged by limit and offset, not by ids.")
    scored = _scored(feed, ranking, _external(request))
    shown = scored[page.offset : page.offset + page.limit]
    documents = render([item.entry for item in shown])
    end = page.offset + len(shown)
    return {
        "results": [
            {**document, **item.fields(ranking, request)}
            for document, item in zip(documents, shown, strict=True)
        ],
        "next": _next_link(request, page, end) if end < len(scored) else "",
    }


def _scored(feed: FeedId, ranking: Ranking, external: Mapping[str, Any]) -> list[Scored]:
    now = current_time()
    scored = [_score(entry, ranking, external, now=now) for entry in newest_entries(feed)]
    # Stable: of two with the same score, the newer comes first.
    return sorted(scored, key=lambda item: item.score, reverse=True)


def _score(entry: Entry, ranking: Ranking, external: Mapping[str, Any], *, now: float) -> Scored:
    variables = variables_of(entry.activity)
    variables |= {"time": entry.activity.time.timestamp(), "external": external}
    try:
        return Scored(entry=entry, score=ranking.score(variables, now=now), variables=variables)
    except ExpressionError as error:
        raise RankingError(
            f"The ranking fails for the activity {entry.activity.id}: {error}. "
            "Set a default for what an activity may lack."
        ) from error


def _external(request: HttpRequest) -> Mapping[str, Any]:
    try:
        variables = json.loads(request.GET.get("ranking_vars") or "{}")
    except (ValueError, RecursionError):
        variables = None
    if not isinstance(variables, dict):
        raise InputError.for_fields({"ranking_vars": ["this field must be a JSON object"]})
    return variables


def _next_link(request: HttpRequest, page: Page, offset: int) -> str:
    parameters = request.GET.dict() | {"limit": str(page.limit), "offset": str(offset)}
    return f"{request.path}?{urlencode(parameters)}"
