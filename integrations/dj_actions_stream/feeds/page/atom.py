"""A page of a feed as Atom."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed

from dj_actions_stream.feeds.page.presentation import heading_of
from dj_actions_stream.feeds.rendering import entry_as_text
from dj_actions_stream.feeds.values import ActivityGroup, Entry, FeedActivity, FeedPage

NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may contain."""


def atom_of(page: FeedPage, request: HttpRequest) -> HttpResponse:
    """Return the entries of a page as Atom (RFC 4287)."""
    path = reverse("feeds:page", args=[page.feed.slug, page.feed.id])
    link = request.build_absolute_uri(path)
    document = Atom1Feed(
        title=_as_xml(heading_of(page.feed, request.user)),
        link=link,
        description="",
        feed_url=request.build_absolute_uri(),
    )
    for entry in page.entries:
        url = entry.object.url if isinstance(entry, FeedActivity) else ""
        document.add_item(
            title=_as_xml(entry_as_text(entry, request)),
            link=request.build_absolute_uri(url or path),
            description="",
            unique_id=f"{link}#{entry.id}",
            pubdate=entry.time,
            updateddate=entry.time,
            author_name=_as_xml(_authors(entry)),
        )
    response = HttpResponse(content_type=document.content_type)
    document.write(response, "utf-8")
    return response


def _authors(entry: Entry) -> str:
    actors = entry.actors if isinstance(entry, ActivityGroup) else (entry.actor,)
    return ", ".join(actor.label for actor in actors) or "-"


def _as_xml(text: str) -> str:
    return NOT_IN_XML.sub("\ufffd", text)
