"""The common part of the admin pages: records can be viewed, but not edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import router
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dj_actions.admin.console_links import console_url
from dj_actions.messages import web_url
from dj_actions.models import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """An operation that the page of a record offers."""

    name: str
    """Of the admin action that it starts, with the record selected."""

    label: Any
    explanation: Any = ""


class ReadOnly:
    """A mixin that lets users with the view permission view records, and edit nothing.

    The page of a record has buttons for its operations, and a link into the console.
    """

    console_page = "overview"
    """Name of the console's page to which the list links."""

    def buttons(self, request: HttpRequest, obj: Any) -> Sequence[Button]:  # noqa: ARG002
        """Return the operations that a user may run on a record."""
        return ()

    def console_url_of(self, request: HttpRequest, obj: Any) -> str:  # noqa: ARG002
        """Return the URL of a record in the console; empty if the user may not see it."""
        return console_url(request, self.console_page)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kw: Any
    ) -> HttpResponse:
        """Show a record, with its buttons and the link into the console."""
        if obj is not None:
            context["operation_buttons"] = self.buttons(request, obj)
            context["console_url"] = self.console_url_of(request, obj)
        page: HttpResponse = super().render_change_form(  # type: ignore[misc]  # of ModelAdmin
            request, context, *args, obj=obj, **kw
        )
        return page

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, with a link into the console."""
        context = {"console_url": console_url(request, self.console_page), **(extra_context or {})}
        page: HttpResponse = super().changelist_view(request, context)  # type: ignore[misc]  # of ModelAdmin
        return page

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
    """Return a string, as a link if a page may link to the URL."""
    target = web_url(url)
    return format_html('<a href="{}">{}</a>', target, text) if target else text
