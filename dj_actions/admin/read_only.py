"""What all pages of the admin have in common: they are there to look at."""

from __future__ import annotations

from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dj_actions.models import Delivery


class ReadOnly:
    """Nobody adds, changes or deletes; who may view, may look."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Records are made by actions."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Records of the past do not change."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Old records are archived, not deleted by hand."""
        return False


def link_to_receipt(delivery: Delivery) -> SafeString | str:
    """Return the receipt as a link where the destination has a page for it."""
    if not delivery.receipt_id:
        return "-"
    if not delivery.receipt_url.startswith(("http://", "https://")):
        return delivery.receipt_id
    return format_html('<a href="{}">{}</a>', delivery.receipt_url, delivery.receipt_id)
