"""Run a model's actions from its change list in the admin.

class TodoAdmin(ActionAdminMixin, admin.ModelAdmin): ...
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ValidationError

from dj_actions.declaration.definition import ActionDefinition
from dj_actions.exceptions import ActionError
from dj_actions.execution.database import database_of
from dj_actions.execution.invocation import invoke, record_refusal
from dj_actions.execution.locking import lock_rows
from dj_actions.inputs import require_mapping
from dj_actions.registry import registry

if TYPE_CHECKING:
    AdminBase = admin.ModelAdmin[Model]
else:
    AdminBase = object

CONFIRMED = "_dj_actions_run"
"""Name of the button that sends the action's own form."""

OF_THE_CHANGE_LIST = (
    *("action", "csrfmiddlewaretoken", "index", "select_across"),
    *(ACTION_CHECKBOX_NAME, CONFIRMED),
)

Offered = dict[str, tuple[Callable[..., Any], str, str] | None]


class ActionAdminMixin(AdminBase):
    """Put it first among the bases of a `ModelAdmin`: each action of the model is offered."""

    action_template = "admin/dj_actions/run_action.html"

    def get_actions(self, request: HttpRequest) -> Offered:
        """Return the admin's own actions and those of the model."""
        offered: Offered = dict(super().get_actions(request))
        if not self.has_change_permission(request):
            return offered
        for definition in registry.of_model(self.model):
            if definition.requires_objects:
                run = functools.partial(_run_chosen, definition)
                offered[definition.name] = (run, definition.name, definition.title)
        return offered

    def run_chosen(
        self, definition: ActionDefinition, request: HttpRequest, chosen: QuerySet[Model]
    ) -> HttpResponse | None:
        """Ask for the action's input, then run it on what was chosen in the change list."""
        if CONFIRMED not in request.POST:
            return self._ask(definition, request, chosen)
        try:
            done = _run_on_all(definition, request, chosen)
        except ValidationError as error:
            return self._ask(definition, request, chosen, error)
        except (APIException, ActionError) as error:
            text = _("%(title)s: refused. %(reason)s") % {
                "title": definition.title,
                "reason": getattr(error, "detail", error),
            }
            self.message_user(request, text, messages.ERROR)
        else:
            text = _("%(title)s: done for %(count)d.") % {"title": definition.title, "count": done}
            self.message_user(request, text, messages.SUCCESS)
        return None

    def _ask(
        self,
        definition: ActionDefinition,
        request: HttpRequest,
        chosen: QuerySet[Model],
        error: ValidationError | None = None,
    ) -> HttpResponse:
        sent = _posted(request) if error else None
        errors: Mapping[str, Any] | None = (
            error.detail if error and isinstance(error.detail, dict) else None
        )
        context = {
            **self.admin_site.each_context(request),
            "title": definition.title,
            "description": definition.description,
            "opts": self.model._meta,
            "objects": chosen,
            "keys": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
            "checkbox_name": ACTION_CHECKBOX_NAME,
            "action": definition.name,
            "confirmed": CONFIRMED,
            "fields": definition.input.html(sent, errors),
            "errors": errors,
        }
        return TemplateResponse(request, self.action_template, context)


def _run_chosen(
    definition: ActionDefinition,
    model_admin: ActionAdminMixin,
    request: HttpRequest,
    chosen: QuerySet[Model],
) -> HttpResponse | None:
    return model_admin.run_chosen(definition, request, chosen)


def _run_on_all(definition: ActionDefinition, request: HttpRequest, chosen: QuerySet[Model]) -> int:
    """Run the action on all that was chosen, or on nothing; return on how many it was run."""
    entries = list(chosen)
    data = require_mapping(definition.input.parse_form_data(_posted(request)))
    if definition.bulk:
        return len(invoke(definition, actor=request.user, objects=entries, data=data).objects)
    started = time.perf_counter()
    keys: list[str] = []
    try:
        with transaction.atomic(using=database_of(definition)):
            # All at once: two people whose lists are sorted differently wait for each other
            # instead of deadlocking.
            lock_rows(definition.model, [entry.pk for entry in entries])
            for entry in entries:
                keys = [str(entry.pk)]
                invoke(
                    definition,
                    actor=request.user,
                    object=entry,
                    data=data,
                    records_failure=False,
                )
    except Exception as error:
        # Here, as the rollback would take back what is recorded within.
        record_refusal(definition, error, actor=request.user, keys=keys, data=data, started=started)
        raise
    return len(entries)


def _posted(request: HttpRequest) -> QueryDict:
    """Return what was filled in, without what the change list itself has sent."""
    posted = request.POST.copy()
    for name in OF_THE_CHANGE_LIST:
        posted.pop(name, None)
    posted.update(cast("Any", request.FILES))
    return posted
