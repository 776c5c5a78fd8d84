"""The page that an admin action shows before it runs, with a form for its input or its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

MAX_LISTED = 100
"""Selected objects that the page lists; the others are counted."""

CONFIRMED = "_dj_actions_run"
"""Name of the button that submits the page."""

TEMPLATE = "admin/dj_actions/run_action.html"


class ReasonForm(forms.Form):
    """The reason for an operation."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The reason is recorded with your name."),
    )


def is_confirmed(request: HttpRequest) -> bool:
    """Return whether the page was submitted."""
    return CONFIRMED in request.POST


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What a user has to confirm."""

    title: Any
    """Heading of the page."""

    action: str
    """Name of the admin action, which the page submits again."""

    fields: Any
    """HTML of the form's fields."""

    errors: Any = None
    """Errors of an earlier submission, or None."""

    description: Any = ""
    """Text above the form."""


def confirmation_page(
    model_admin: admin.ModelAdmin[Any],
    request: HttpRequest,
    queryset: QuerySet[Any],
    confirmation: Confirmation,
    *,
    template: str = TEMPLATE,
) -> HttpResponse:
    """Return the page that lists the selected objects and requests confirmation.

    Args:
        model_admin: the admin of the change list; its method `describe`, if it has one, says what
            an object is.
        request: the request that selected the objects.
        queryset: the selected objects.
        confirmation: what is confirmed.
        template: name of the template.
    """
    context = {
        **model_admin.admin_site.each_context(request),
        **_selection(model_admin, request, queryset),
        "title": confirmation.title,
        "description": confirmation.description,
        "opts": model_admin.model._meta,
        "action": confirmation.action,
        "confirmed": CONFIRMED,
        "fields": confirmation.fields,
        "errors": confirmation.errors,
        # For the page of an object, which has the same parts: the last of its breadcrumbs.
        "original": confirmation.title,
        "has_view_permission": True,
    }
    return TemplateResponse(request, template, context)


def _selection(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Any]
) -> dict[str, Any]:
    """Return what the page lists of the selected objects, and submits again to select them."""
    describe = getattr(model_admin, "describe", str)
    return {
        "objects": [describe(entry) for entry in queryset[:MAX_LISTED]],
        "more": max(0, queryset.count() - MAX_LISTED),
        "keys": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"),
        "checkbox_name": ACTION_CHECKBOX_NAME,
    }


def submitted_reason(request: HttpRequest) -> str | None:
    """Return the submitted reason, or None if there is no valid one yet."""
    form = _reason_form(request)
    return form.cleaned_data["reason"] if form.is_valid() else None


def reason_page(
    model_admin: admin.ModelAdmin[Any],
    request: HttpRequest,
    queryset: QuerySet[Any],
    *,
    title: Any,
    description: Any = "",
    has_reason: bool = True,
) -> HttpResponse:
    """Return the page that requests the reason, with the errors of an earlier submission.

    Args:
        model_admin: the admin of the change list.
        request: the request that selected the objects.
        queryset: the selected objects.
        title: heading of the page.
        description: text above the form.
        has_reason: False for an operation without one, which is only confirmed.
    """
    form = _reason_form(request)
    return confirmation_page(
        model_admin,
        request,
        queryset,
        Confirmation(
            title=title,
            action=request.POST["action"],
            fields=form.as_p() if has_reason else "",
            errors=form.errors if has_reason else None,
            description=description,
        ),
    )


def _reason_form(request: HttpRequest) -> ReasonForm:
    return ReasonForm(request.POST if is_confirmed(request) else None)
