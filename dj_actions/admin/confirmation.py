"""The page that an admin action shows before it runs, with a form for its input or its reason."""

from __future__ import annotations

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


def confirmation_page(
    model_admin: admin.ModelAdmin[Any],
    request: HttpRequest,
    queryset: QuerySet[Any],
    *,
    title: Any,
    action: str,
    fields: Any,
    errors: Any,
    description: Any = "",
    template: str = TEMPLATE,
) -> HttpResponse:
    """Return the page that lists the selected objects and asks for confirmation.

    Args:
        model_admin: the admin of the change list; its method `describe`, if it has one, says what
            an object is.
        request: the request that selected the objects.
        queryset: the selected objects.
        title: heading of the page.
        action: name of the admin action, which the page submits again.
        fields: HTML of the form's fields.
        errors: errors of an earlier submission, or None.
        description: text above the form.
        template: name of the template.
    """
    describe = getattr(model_admin, "describe", str)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "description": description,
        "opts": model_admin.model._meta,
        "objects": [describe(entry) for entry in queryset[:MAX_LISTED]],
        "more": max(0, queryset.count() - MAX_LISTED),
        "keys": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"),
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "action": action,
        "confirmed": CONFIRMED,
        "fields": fields,
        "errors": errors,
        # For the page of an object, which has the same parts: the last of its breadcrumbs.
        "original": title,
        "has_view_permission": True,
    }
    return TemplateResponse(request, template, context)


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
    asks_reason: bool = True,
) -> HttpResponse:
    """Return the page that asks for the reason, with the errors of an earlier submission.

    Args:
        model_admin: the admin of the change list.
        request: the request that selected the objects.
        queryset: the selected objects.
        title: heading of the page.
        description: text above the form.
        asks_reason: False for an operation without one, which is only confirmed.
    """
    form = _reason_form(request)
    return confirmation_page(
        model_admin,
        request,
        queryset,
        title=title,
        action=request.POST["action"],
        fields=form.as_p() if asks_reason else "",
        errors=form.errors if asks_reason else None,
        description=description,
    )


def _reason_form(request: HttpRequest) -> ReasonForm:
    return ReasonForm(request.POST if is_confirmed(request) else None)
