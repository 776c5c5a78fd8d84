"""Show feeds in templates: `{% load stream_feeds %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from dj_actions_stream.feed_ids import FeedId, safe_id
from dj_actions_stream.feeds.errors import FeedError, FeedUnavailable
from dj_actions_stream.feeds.objects import USER
from dj_actions_stream.feeds.page.presentation import items_of
from dj_actions_stream.feeds.reading import read
from dj_actions_stream.feeds.rendering import render_entry
from dj_actions_stream.feeds.values import Entry, Reference

register = template.Library()


@register.simple_tag(takes_context=True)
def activity(context: template.Context, entry: Entry) -> SafeString:
    """Return the sentence about an activity or a group; see `activities/<resource>/<verb>.html`."""
    return render_entry(entry, context.get("request"))


@register.simple_tag
def reference(value: Reference) -> SafeString:
    """Return the label of an actor, an object or a target, as a link if it has a page."""
    if value.is_missing:
        return format_html(
            '<span class="feed-missing" title="{}">{}</span>',
            gettext("Deleted, or not visible to you"),
            value.label,
        )
    url = value.url or _page_of_user(value)
    if not url:
        return format_html("<span>{}</span>", value.label)
    return format_html('<a href="{}">{}</a>', url, value.label)


@register.filter
def words(verb: str) -> str:
    """Return the name of an action as words: `mark_done` → `mark done`."""
    return verb.replace("_", " ")


@register.inclusion_tag("dj_actions_stream/feeds/newest.html", takes_context=True)
def feed(context: template.Context, group: str, key: object, limit: int = 5) -> dict[str, Any]:
    """Show the newest entries of a feed: `{% feed "todo" todo.pk limit=5 %}`.

    Nothing is shown to a user who may not read it.

    Args:
        context: of the template, with the current request.
        group: the feed group.
        key: the feed's id, for example a primary key, or `me`.
        limit: how many entries to show.
    """
    request = context["request"]
    found = FeedId.of(group, key)
    try:
        page = read(found, viewer=request.user, limit=limit)
    except FeedUnavailable:
        return {"request": request, "is_unavailable": True}
    except FeedError:
        return {"request": request, "is_hidden": True}
    return {"request": request, "feed": found, "items": items_of(page, request.user)}


def _page_of_user(value: Reference) -> str:
    """Return the URL of the page of an actor's feed; empty if the site has no such pages."""
    if value.resource != USER or not value.key:
        return ""
    try:
        return reverse("feeds:page", args=[USER, safe_id(value.key)])
    except NoReverseMatch:
        return ""
