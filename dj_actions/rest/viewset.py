"""Give a viewset one DRF extra action, with its own route, for each action of its model."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import router, transaction
from django.views import View
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from dj_actions.context import Selection
from dj_actions.declaration.definition import ActionDefinition, Precondition
from dj_actions.execution.call import ActionCall
from dj_actions.execution.error_reports import hide_parameters
from dj_actions.execution.execute import execute
from dj_actions.execution.idempotency import HEADER as IDEMPOTENCY_HEADER
from dj_actions.execution.permissions import first_denying_permission
from dj_actions.execution.preconditions import entity_tag_of
from dj_actions.execution.problems import refusing_unusable_values
from dj_actions.execution.rendering import is_declared_many, render
from dj_actions.execution.run import sensitive_fields
from dj_actions.models import ActionEvent
from dj_actions.rest.body import body_of, receive_body
from dj_actions.rest.endpoints import actions_served_by, make_endpoint
from dj_actions.rest.errors import ErrorMixin, auth_of, user_of
from dj_actions.rest.input_serializer import InputSerializerMixin
from dj_actions.rest.mistaken_forms import refuse_json_sent_as_form
from dj_actions.rest.request import header_of, parent_of, traceparent_of, wants_dry_run
from dj_actions.rest.responses import action_response, dry_run_response
from dj_actions.rest.routing import for_router
from dj_actions.rest.schema_hook import ViewSchema
from dj_actions.rest.token_scope import TokenScopeMixin
from dj_actions.text import is_storable

SET_BY_DRF = frozenset(
    {
        *("action", "action_map", "args", "format_kwarg", "headers", "kwargs", "request"),
        *("basename", "description", "detail", "name", "response", "suffix"),
    }
)
"""Attributes that DRF sets on a view: a method of that name would be overwritten."""

NOT_FOR_ACTIONS = SET_BY_DRF | set(View.http_method_names)
"""A method named after an HTTP method would handle it on every route."""

FALLBACKS = frozenset({"list_actions_as_before", "unknown_instance_action", "unknown_bulk_action"})
"""Methods whose routes match what others serve too; the router must try them last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCaller:
    """A call over HTTP, with the viewset that handles it."""

    viewset: ActionMixin
    definition: ActionDefinition

    def select(self, *, raises: bool) -> Sequence[Selection]:
        """Select the objects of the request from the viewset's queryset."""
        return self.viewset.select_objects(self.definition, raises=raises)

    def render(self, value: Any) -> Any:
        """Render the result with the action's output or the viewset's serializer."""
        output = self.definition.output
        return render(
            value,
            output,
            self.viewset.get_serializer,
            context=self.viewset.get_serializer_context() if output else None,
            many=is_declared_many(self.definition),
        )


class ActionMixin(InputSerializerMixin, TokenScopeMixin, ErrorMixin):
    """Serves actions; the first base of a viewset: `class TodoViewSet(ActionMixin, ModelViewSet)`.

    `POST /todos/7/actions/mark_done/` runs an action, `GET` on it describes it, and
    `GET /todos/actions/list/` lists all of them.
    """

    schema = ViewSchema("dj_actions.openapi.actions.ActionSchema")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.refuse_misspelled_options()
        cls.attach_actions()

    @classmethod
    def attach_actions(cls) -> None:
        """Add an endpoint for each action that the viewset has no endpoint for yet.

        Raises:
            InvalidAction: an entry of the action registry is invalid.
        """
        cls.compile_registry()
        attached = actions_served_by(cls)
        for definition in cls.action_definitions():
            if definition not in attached:
                name = cls._free_name(definition.name.replace("-", "_"))
                setattr(cls, name, make_endpoint(definition, name))

    @classmethod
    def _free_name(cls, name: str) -> str:
        """Return a name for an action's method that the viewset does not use itself."""
        taken = {attribute for base in cls.__mro__ for attribute in vars(base)}
        while name in NOT_FOR_ACTIONS or name in taken:
            name += "_action"
        return name

    @classmethod
    def get_extra_actions(cls) -> list[Callable[..., Any]]:
        """Return all extra actions for the router, with the fallbacks for unknown names last."""
        # The router calls this when all apps are ready, so actions registered after this class
        # was created are served too.
        cls.require_model()
        cls.attach_actions()
        found = [
            for_router(entry)
            for entry in super().get_extra_actions()
            # A base class may have another model, whose actions do not apply here.
            if cls._is_of_model(getattr(entry, "definition", None))
        ]
        return sorted(found, key=lambda entry: entry.__name__ in FALLBACKS)

    @classmethod
    def _is_of_model(cls, definition: ActionDefinition | None) -> bool:
        return definition is None or definition.model is cls.model_acted_on()

    @classmethod
    def as_view(cls, actions: Any = None, **initkwargs: Any) -> Any:
        """Create a view; the view of an action is exempt from ATOMIC_REQUESTS.

        An action opens its own transaction, so that its failure can be recorded after the
        rollback, and a partial action keeps the objects it succeeded for.
        """
        names = {name for name in (actions or {}).values() if isinstance(name, str)}
        if names & FALLBACKS:
            # Not part of the OpenAPI document. Set here: on the method itself it would break
            # drf-spectacular's @extend_schema on the viewset.
            initkwargs["schema"] = None
        view = super().as_view(actions, **initkwargs)
        if any(hasattr(getattr(cls, name, None), "definition") for name in names):
            transaction.non_atomic_requests(router.db_for_write(ActionEvent))(view)
        return view

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a request body that is too large before it is read, or not complete."""
        _ = self.request_state  # its clock starts now
        if definition := self.definition:
            hide_parameters(request._request, sensitive_fields(definition))
            receive_body(request)
            if not all(map(is_storable, kwargs.values())):
                raise NotFound
        with refusing_unusable_values():
            super().initial(request, *args, **kwargs)

    def get_throttles(self) -> list[BaseThrottle]:
        """Return the viewset's throttles, and those of the action that is to be run."""
        throttles, definition = super().get_throttles(), self.definition
        if definition is None or not definition.throttles or not self.runs_action:
            return throttles
        return [*throttles, *(throttle() for throttle in definition.throttles)]

    def check_permissions(self, request: Request) -> None:
        """Check the viewset's permissions, then the action's."""
        super().check_permissions(request)
        self._check_action_permissions(request, None)

    def check_object_permissions(self, request: Request, obj: Any) -> None:
        """Check the viewset's object permissions, then the action's."""
        super().check_object_permissions(request, obj)
        self._check_action_permissions(request, obj)

    def _check_action_permissions(self, request: Request, target: Any) -> None:
        definition = self.definition
        if definition is None:
            return
        denying = first_denying_permission(definition, request, self, target)
        if denying:
            message, code = (getattr(denying, name, None) for name in ("message", "code"))
            self.permission_denied(request, message=message, code=code)

    def run_action(self, definition: ActionDefinition) -> Response:
        """Run the requested action, and return its result."""
        request = self.request
        dry_run = wants_dry_run(request)
        key = header_of(request, IDEMPOTENCY_HEADER)
        result = execute(
            ActionCall(
                definition=definition,
                user=user_of(request),
                auth=auth_of(request),
                data=refuse_json_sent_as_form(body_of(request)),
                caller=RequestCaller(viewset=self, definition=definition),
                target="" if key is None else self._target(),
                request=request,
                view=self,
                traceparent=traceparent_of(request),
                parent_event=parent_of(request),
                idempotency_key=key,
                if_match=header_of(request, "If-Match"),
                requires_version=True,
                dry_run=dry_run,
            )
        )
        return dry_run_response(result) if dry_run else action_response(result)

    def _target(self) -> str:
        """Return what distinguishes this request from others with the same body."""
        # The format of the response does not matter.
        kwargs = {name: value for name, value in self.kwargs.items() if name != "format"}
        query = sorted(self.request.query_params.lists())
        return json.dumps([kwargs, query], default=str, sort_keys=True)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Add the version of a retrieved object as its ETag."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.action == "retrieve" and self.request_state.fetched is not None:
            self._add_entity_tag(response)
        return response

    def _add_entity_tag(self, response: Response) -> None:
        """Add the object's version, if all actions declare the same version field."""
        fields = {
            entry.precondition.field for entry in self.action_definitions() if entry.precondition
        }
        if len(fields) == 1:
            precondition = Precondition(field=fields.pop())
            response["ETag"] = entity_tag_of(self.request_state.fetched, precondition)
