"""The common part of the admin pages: records can be viewed, but not edited."""

from __future__ import annotations

from typing import Any

from django.db import router
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dj_actions.messages import web_url
from dj_actions.models import Delivery


class ReadOnly:
    """A mixin that lets users with the view permission view records, and edit nothing."""

    def get_queryset(self, request: HttpRequest) -> Any:
        """Read the database that is written to: operations change what the pages show."""
        rows = super().get_queryset(request)  # type: ignore[misc]  # of ModelAdmin
        return rows.using(router.db_for_write(rows.model))

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Return False: records are created by actions."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Return False: records are not edited."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Return False: old records are archived, not deleted by hand."""
        return False


def link_to_receipt(delivery: Delivery) -> SafeString | str:
    """Return the receipt id, as a link if the destination has a page for it."""
    if not delivery.receipt_id:
        return "-"
    link = _link(delivery.receipt_id, delivery.receipt_url)
    others = len(delivery.receipt_parts) - 1
    return format_html("{} (+{})", link, others) if others > 0 else link


def links_to_parts(delivery: Delivery) -> SafeString | str:
    """Return a line for each of several results, with what distinguishes it."""
    if not delivery.receipt_parts:
        return "-"
    lines = (
        (part.get("scope", ""), _link(part.get("id", ""), part.get("url", "")))
        for part in delivery.receipt_parts
    )
    return format_html_join(SafeString("<br>"), "{} {}", lines)


def _link(text: str, url: str) -> SafeString | str:
    """Return a text, as a link if a page may link to the URL."""
    target = web_url(url)
    return format_html('<a href="{}">{}</a>', target, text) if target else text
