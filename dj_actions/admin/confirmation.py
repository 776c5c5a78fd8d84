"""The page that asks why, before an operation that is recorded with its reason."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

CONFIRMED = "_dj_actions_run"
"""Name of the button that sends the reason."""

TEMPLATE = "admin/dj_actions/run_action.html"


class ReasonForm(forms.Form):
    """Why it is done."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It is recorded, with your name."),
    )


def reason_given(request: HttpRequest) -> str | None:
    """Return the reason, or None if there is none yet."""
    form = _form(request)
    return form.cleaned_data["reason"] if form.is_valid() else None


def ask_reason(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, chosen: QuerySet[Any], title: Any
) -> HttpResponse:
    """Return the page that asks for it, and says what is wrong with an earlier answer."""
    form = _form(request)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": model_admin.model._meta,
        "objects": chosen,
        "keys": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"),
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "action": request.POST["action"],
        "confirmed": CONFIRMED,
        "fields": form.as_p(),
        "errors": form.errors,
    }
    return TemplateResponse(request, TEMPLATE, context)


def _form(request: HttpRequest) -> ReasonForm:
    return ReasonForm(request.POST if CONFIRMED in request.POST else None)
