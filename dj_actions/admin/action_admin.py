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
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ValidationError

from dj_actions.admin.confirmation import (
    CONFIRMED,
    TEMPLATE,
    Confirmation,
    confirmation_page,
    is_confirmed,
)
from dj_actions.declaration.definition import ActionDefinition
from dj_actions.exceptions import ActionError
from dj_actions.execution.database import database_for
from dj_actions.execution.error_reports import hide_parameters, hiding_variables
from dj_actions.execution.invocation import invoke, record_error
from dj_actions.execution.locking import lock_rows
from dj_actions.execution.run import sensitive_fields
from dj_actions.identifiers import key_text
from dj_actions.inputs.json_textarea import without_secrets
from dj_actions.inputs.raw_body import require_mapping
from dj_actions.registry import registry

if TYPE_CHECKING:
    AdminBase = admin.ModelAdmin[Model]
else:
    AdminBase = object

CHANGE_LIST_FIELDS = (
    *("action", "csrfmiddlewaretoken", "index", "select_across"),
    *(ACTION_CHECKBOX_NAME, CONFIRMED),
)
"""Form fields that belong to the change list and not to the action's input."""

AdminActions = dict[str, tuple[Callable[..., Any], str, str] | None]


class ActionAdminMixin(AdminBase):
    """A mixin that adds the actions of the model to the change list.

    Put it first among the bases of a `ModelAdmin`.
    """

    action_template = TEMPLATE

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> AdminActions:
        """Return the actions of the admin and, for the change list, those of the model.

        Args:
            request: the request.
            action_location: Django's `ActionLocation`, since Django 6.1; None: the change list.
        """
        location = () if action_location is None else (action_location,)
        actions: AdminActions = dict(super().get_actions(request, *location))
        is_change_list = action_location is None or action_location.name == "CHANGE_LIST"
        if not (is_change_list and self.has_change_permission(request)):
            return actions
        for definition in registry.of_model(self.model):
            if definition.requires_objects:
                run = functools.partial(_run_chosen, definition)
                actions[definition.name] = (run, definition.name, definition.title)
        return actions

    def run_chosen(
        self, definition: ActionDefinition, request: HttpRequest, chosen: QuerySet[Model]
    ) -> HttpResponse | None:
        """Ask for the input of the action, then run the action on the selected objects."""
        if not is_confirmed(request):
            return self._ask(definition, request, chosen)
        names = sensitive_fields(definition)
        # An input without a form of its own is sent as JSON in `data`.
        hide_parameters(request, names and names | {"data"})
        try:
            done = hiding_variables(_run_on_all, names)(definition, request, chosen)
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
        # A secret is entered again: the page would show it, and a browser keep it.
        sent = without_secrets(_posted(request), sensitive_fields(definition)) if error else None
        errors: Mapping[str, Any] | None = (
            error.detail if error and isinstance(error.detail, dict) else None
        )
        return confirmation_page(
            self,
            request,
            chosen,
            Confirmation(
                title=definition.title,
                action=definition.name,
                fields=definition.input.html(sent, errors),
                errors=errors,
                description=definition.description,
            ),
            template=self.action_template,
        )


def _run_chosen(
    definition: ActionDefinition,
    model_admin: ActionAdminMixin,
    request: HttpRequest,
    chosen: QuerySet[Model],
) -> HttpResponse | None:
    return model_admin.run_chosen(definition, request, chosen)


def _run_on_all(definition: ActionDefinition, request: HttpRequest, chosen: QuerySet[Model]) -> int:
    """Run the action on all selected objects or on none; return the number of objects."""
    entries = list(chosen)
    data = require_mapping(definition.input.parse_form_data(_posted(request)))
    if definition.bulk:
        return len(invoke(definition, actor=request.user, objects=entries, data=data).objects)
    started = time.perf_counter()
    keys: list[str] = []
    try:
        with transaction.atomic(using=database_for(definition)):
            # Lock all rows in one order: requests that sort them differently wait for each other
            # instead of deadlocking.
            lock_rows(definition.model, [entry.pk for entry in entries])
            for entry in entries:
                keys = [key_text(entry)]
                invoke(
                    definition,
                    actor=request.user,
                    object=entry,
                    data=data,
                    records_failure=False,
                )
    except Exception as error:
        # Recorded after the transaction, whose rollback would discard the record.
        record_error(definition, error, user=request.user, keys=keys, data=data, started=started)
        raise
    return len(entries)


def _posted(request: HttpRequest) -> QueryDict:
    """Return the submitted input, without the fields of the change list."""
    posted = request.POST.copy()
    for name in CHANGE_LIST_FIELDS:
        posted.pop(name, None)
    posted.update(cast("Any", request.FILES))
    return posted
