"""Show an entry of a feed as a sentence: by a template of the project, or by its summary."""

from __future__ import annotations

import html
import re
from typing import Any

from django.http import HttpRequest
from django.template.loader import select_template
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe

from dj_actions_stream.feeds.values import ActivityGroup, Entry

NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
"""A resource or a verb that may be part of a template's name."""

WHITESPACE = re.compile(r"\s+")


def render_entry(entry: Entry, request: HttpRequest | None = None) -> SafeString:
    """Return the sentence about an activity or a group, as HTML.

    The template of an activity is `activities/<resource>/<verb>.html`, with the activity as
    `activity`; that of a group is `activities/<resource>/<verb>_group.html`, with `group`. Without
    such a template, the sentence is the summary, or is made from actor, verb and object.

    Args:
        entry: the activity or group.
        request: the current request, for the context processors.
    """
    kind = "group" if isinstance(entry, ActivityGroup) else "activity"
    suffix = "_group" if kind == "group" else ""
    own = f"activities/{entry.resource}/{entry.verb}{suffix}.html"
    is_safe = NAME.fullmatch(entry.resource) and NAME.fullmatch(entry.verb)
    names = [own] if is_safe else []
    template = select_template([*names, f"dj_actions_stream/feeds/{kind}.html"])
    context: dict[str, Any] = {kind: entry}
    sentence: SafeString = mark_safe(template.render(context, request).strip())  # noqa: S308 - a template's output
    return sentence


def entry_as_text(entry: Entry, request: HttpRequest | None = None) -> str:
    """Return the sentence about an activity or a group, as plain text on one line."""
    text = html.unescape(strip_tags(render_entry(entry, request)))
    return WHITESPACE.sub(" ", text).strip()
