"""The catalogue of actions, and the page on which one is tried."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext
from rest_framework.exceptions import APIException, ValidationError

from dj_actions.conf import get_settings
from dj_actions.console.access import Verb, may
from dj_actions.console.screens.catalogue import catalogue, entry_of
from dj_actions.console.screens.code_samples import Call, samples_of
from dj_actions.console.screens.form_values import json_of_form
from dj_actions.console.screens.problems import problems_of
from dj_actions.console.views.base import ConsoleView
from dj_actions.declaration.definition import ActionDefinition
from dj_actions.exceptions import ActionError, ActionNotFound, InvalidAction
from dj_actions.execution.call import ActionResult
from dj_actions.execution.error_reports import hide_parameters, hiding_variables
from dj_actions.execution.invocation import invoke
from dj_actions.execution.run import sensitive_fields
from dj_actions.inputs.json_textarea import without_secrets
from dj_actions.inputs.raw_body import require_mapping
from dj_actions.redaction import is_only_size, prepare_for_storage
from dj_actions.registry import registry
from dj_actions.serialization import to_json

OWN_FIELDS = ("csrfmiddlewaretoken", "object_ids", "run")
"""Fields of the page's form that belong to no input."""

MAX_OBJECTS = 100
"""Objects that the page accepts."""


class CatalogueView(ConsoleView):
    """All actions by resource."""

    def get(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        """Return the page."""
        return self.page("catalogue.html", {"resources": catalogue()}, section="catalogue")


class ActionPageView(ConsoleView):
    """One action: its input, what it sets off, and a form to try it."""

    uses_network = True
    http_method_names = ["get", "head", "options", "post"]

    def get(self, request: HttpRequest, resource: str, name: str) -> HttpResponse:  # noqa: ARG002
        """Return the page."""
        return self._show(_definition(resource, name))

    def post(self, request: HttpRequest, resource: str, name: str) -> HttpResponse:
        """Run the action, or run it and roll it back, as the button says.

        Raises:
            PermissionDenied: the user may not run actions here, or not change these objects.
        """
        definition = _definition(resource, name)
        if not may_run(request.user, definition):
            raise PermissionDenied(gettext("You may not run %s here.") % definition.label)
        names = sensitive_fields(definition)
        hide_parameters(request, names and names | {"data"})
        wanted = request.POST.get("run")
        is_dry = wanted != "really"
        try:
            if wanted == "samples":
                hiding_variables(_input, names)(definition, request)
                return self._show(definition)
            result = hiding_variables(_run, names)(definition, request, dry_run=is_dry)
        except ValidationError as error:
            return self._show(definition, error=error, status=HTTPStatus.BAD_REQUEST)
        except (APIException, ActionError) as error:
            refusal = str(getattr(error, "detail", error))
            return self._show(definition, refusal=refusal, status=HTTPStatus.BAD_REQUEST)
        if is_dry or not result.is_recorded:
            return self._show(definition, result=result)
        url = reverse("dj_actions_console:event", args=[result.event.pk])
        return HttpResponseRedirect(url, status=HTTPStatus.SEE_OTHER)

    def _show(
        self,
        definition: ActionDefinition,
        *,
        error: ValidationError | None = None,
        refusal: str = "",
        result: ActionResult | None = None,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> HttpResponse:
        request = self.request
        # A secret is entered again: the page would show it, and a browser keep it.
        posted = _posted(request) if request.method == "POST" else None
        sent = without_secrets(posted, sensitive_fields(definition)) if posted else None
        errors: Mapping[str, Any] | None = (
            error.detail if error and isinstance(error.detail, dict) else None
        )
        entry = entry_of(definition)
        context = {
            "entry": entry,
            "problems": problems_of(definition.label, entry.publishers),
            "definition": definition,
            "can_run": may_run(request.user, definition),
            "fields": definition.input.html(sent, errors),
            "object_ids": request.POST.get("object_ids", ""),
            "refusal": refusal or (str(error.detail) if error and errors is None else ""),
            "result": result,
            "body": json.dumps(result.body, indent=2, ensure_ascii=False) if result else "",
            "is_filled": request.method == "POST",
            "samples": samples_of(
                hiding_variables(_call, sensitive_fields(definition))(definition, request),
                site=request.build_absolute_uri("/"),
            ),
        }
        return self.page("action.html", context, section="catalogue", status=status)


def may_run(user: Any, definition: ActionDefinition) -> bool:
    """Return whether a user may run an action from the catalogue.

    There is no viewset, whose permissions would apply: the user needs the model permission to
    change the objects, as in the admin. The action's own permissions are checked when it runs.
    """
    options = definition.model._meta
    change = f"{options.app_label}.change_{options.model_name}"
    return may(user, Verb.RUN) and bool(user.has_perm(change))


def _definition(resource: str, name: str) -> ActionDefinition:
    try:
        return registry.get(resource, name)
    except ActionNotFound as error:
        raise Http404(str(error)) from error


def _run(definition: ActionDefinition, request: HttpRequest, *, dry_run: bool) -> ActionResult:
    data = _input(definition, request)
    targets = _targets(definition, request.POST.get("object_ids", ""))
    return invoke(definition, actor=request.user, data=data, dry_run=dry_run, **targets)


def _input(definition: ActionDefinition, request: HttpRequest) -> Mapping[str, Any]:
    """Return the submitted input.

    Raises:
        ValidationError: it is not JSON, or no object.
    """
    return require_mapping(definition.input.parse_form_data(_posted(request)))


def _call(definition: ActionDefinition, request: HttpRequest) -> Call:
    """Return the call with the values of the form; with those of an example before it is sent."""
    username = str(getattr(request.user, "get_username", lambda: "")())
    if request.method != "POST":
        examples = entry_of(definition).examples
        data = examples[0].payload if examples else {}
        return Call(
            definition=definition, keys=(), data=_stored(definition, data), username=username
        )
    keys = tuple(_keys(request.POST.get("object_ids", "")))
    try:
        raw = _input(definition, request)
    except ValidationError:  # it is shown with the form
        raw = {}
    data = json_of_form(raw, definition.input.json_schema())
    return Call(definition=definition, keys=keys, data=_stored(definition, data), username=username)


def _stored(definition: ActionDefinition, data: Any) -> Mapping[str, Any]:
    """Return input as it would be stored, without secrets; nothing if it could not be stored."""
    try:
        plain = to_json(data)
    except InvalidAction:
        return {}
    stored = prepare_for_storage(
        plain, sensitive=sensitive_fields(definition), limit=get_settings().max_stored_bytes
    )
    return stored if isinstance(stored, dict) and not is_only_size(stored) else {}


def _keys(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _targets(definition: ActionDefinition, text: str) -> Mapping[str, Any]:
    """Return the objects whose keys were entered, as arguments of a call.

    Raises:
        ValidationError: an object does not exist, or their number is wrong.
    """
    if not definition.requires_objects:
        return {}
    keys = _keys(text)
    limit = MAX_OBJECTS if definition.bulk else 1
    if not 1 <= len(keys) <= limit:
        raise ValidationError([gettext("Enter the keys of 1 to %d objects.") % limit])
    found = [_object(definition, key) for key in keys]
    return {"objects": found} if definition.bulk else {"object": found[0]}


def _object(definition: ActionDefinition, key: str) -> Model:
    try:
        return definition.model._default_manager.get(pk=key)
    except (ObjectDoesNotExist, ValueError, OverflowError) as error:
        text = gettext("There is no %(resource)s %(key)s.")
        raise ValidationError([text % {"resource": definition.resource, "key": key}]) from error


def _posted(request: HttpRequest) -> QueryDict:
    """Return the submitted input, without the page's own fields."""
    posted = request.POST.copy()
    for name in OWN_FIELDS:
        posted.pop(name, None)
    files: Sequence[Any] = list(request.FILES.lists())
    for name, values in files:
        posted.setlist(name, values)
    return posted
