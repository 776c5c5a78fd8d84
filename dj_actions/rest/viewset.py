"""Gives a viewset one real DRF route for each action of its model."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from types import FunctionType
from typing import Any

from django.db import router, transaction
from django.views import View
from rest_framework.decorators import action as extra_action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from dj_actions.declaration.definition import ActionDefinition, Precondition
from dj_actions.declaration.description import describe_fully
from dj_actions.execution.execute import ActionCall, ActionResult, execute
from dj_actions.execution.idempotency import HEADER as IDEMPOTENCY_HEADER
from dj_actions.execution.idempotency import REPLAYED_HEADER
from dj_actions.execution.permissions import refusing
from dj_actions.execution.preconditions import entity_tag_of
from dj_actions.execution.rendering import declared_many, render
from dj_actions.models import ActionEvent
from dj_actions.rest.errors import FailureMixin, user_of
from dj_actions.rest.request import (
    body_of,
    refuse_large_body,
    traceparent_of,
    wants_dry_run,
)
from dj_actions.rest.schema_hook import ViewSchema
from dj_actions.text import is_storable

EVENT_HEADER = "Action-Event"
"""Response header with the id of the event that was recorded."""

SET_BY_DRF = frozenset(
    {
        *("action", "action_map", "args", "format_kwarg", "headers", "kwargs", "request"),
        *("basename", "description", "detail", "name", "response", "suffix"),
    }
)
"""What DRF puts on a view while it answers: a method of that name would be overwritten."""

NOT_FOR_ACTIONS = SET_BY_DRF | set(View.http_method_names)
"""A method named after one of HTTP's would answer it on every route."""

FALLBACKS = frozenset({"unknown_instance_action", "unknown_bulk_action"})
"""Methods whose routes match any name, and so have to come last."""


class ActionMixin(FailureMixin):
    """Put it first among a viewset's bases: `class TodoViewSet(ActionMixin, ModelViewSet)`.

    `POST /todos/7/actions/mark_done/` runs an action, `GET` on it describes it, and
    `GET /todos/actions/list/` lists all of them.
    """

    schema = ViewSchema("dj_actions.openapi.actions.ActionSchema")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.attach_actions()

    @classmethod
    def attach_actions(cls) -> None:
        """Add the endpoint of each of its actions that the viewset still lacks.

        Raises:
            InvalidAction: an entry of the action registry is wrong.
        """
        cls.compile_registry()
        attached = _endpoints_of(cls)
        for definition in cls.action_definitions():
            if definition not in attached:
                name = cls._free_name(definition.name.replace("-", "_"))
                setattr(cls, name, _endpoint(definition, name))

    @classmethod
    def _free_name(cls, name: str) -> str:
        """Return the name of an action's method; another one if the viewset uses it itself."""
        taken = {attribute for base in cls.__mro__ for attribute in vars(base)}
        while name in NOT_FOR_ACTIONS or name in taken:
            name += "_action"
        return name

    @classmethod
    def get_extra_actions(cls) -> list[Callable[..., Any]]:
        """Return all extra actions for the router, the fallbacks for unknown names last."""
        # The router asks late, when all apps are ready: also what was registered after this
        # class was made is served.
        cls.require_model()
        cls.attach_actions()
        found = [
            entry
            for entry in super().get_extra_actions()
            # A base may have another model, whose actions are not for this one's objects.
            if cls._is_of_model(getattr(entry, "definition", None))
        ]
        return sorted(found, key=lambda entry: entry.__name__ in FALLBACKS)

    @classmethod
    def _is_of_model(cls, definition: ActionDefinition | None) -> bool:
        return definition is None or definition.model is cls.model_acted_on()

    @classmethod
    def as_view(cls, actions: Any = None, **initkwargs: Any) -> Any:
        """Make a view; that of an action is not wrapped by ATOMIC_REQUESTS.

        An action is a transaction of its own: so the failure of one can be recorded after its
        rollback, and the survivors of a partial one are kept.
        """
        names = {name for name in (actions or {}).values() if isinstance(name, str)}
        if names & FALLBACKS:
            # Not part of the API's description. Said here, as drf-spectacular's @extend_schema
            # on a viewset fails where a method itself says it.
            initkwargs["schema"] = None
        view = super().as_view(actions, **initkwargs)
        if any(hasattr(getattr(cls, name, None), "definition") for name in names):
            transaction.non_atomic_requests(router.db_for_write(ActionEvent))(view)
        return view

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a body that is too large before anything reads it."""
        self.started = time.perf_counter()
        if self.definition:
            refuse_large_body(request)
            if not is_storable(list(kwargs.values())):
                raise NotFound
        super().initial(request, *args, **kwargs)

    def get_throttles(self) -> list[BaseThrottle]:
        """Return the viewset's throttles; where an action is to be run, also its own."""
        own = self.definition.throttles if self.definition and self.runs_action else ()
        return [*super().get_throttles(), *(throttle() for throttle in own)]

    def check_permissions(self, request: Request) -> None:
        """Ask the viewset's permissions, then the action's."""
        super().check_permissions(request)
        self._ask_action(request, None)

    def check_object_permissions(self, request: Request, obj: Any) -> None:
        """Ask the viewset's permissions about an object, then the action's."""
        super().check_object_permissions(request, obj)
        self._ask_action(request, obj)

    def _ask_action(self, request: Request, target: Any) -> None:
        if self.definition and (refusal := refusing(self.definition, request, self, target)):
            message, code = (getattr(refusal, name, None) for name in ("message", "code"))
            self.permission_denied(request, message=message, code=code)

    def run_action(self, definition: ActionDefinition) -> Response:
        """Run the action that was asked for, and answer with its result."""
        request = self.request
        dry_run = wants_dry_run(request)
        key = request.headers.get(IDEMPOTENCY_HEADER)
        result = execute(
            ActionCall(
                definition=definition,
                actor=user_of(request),
                data=body_of(request),
                select=lambda: self.select_objects(definition),
                render=lambda value: self._render(definition, value),
                target="" if key is None else self._target(),
                request=request,
                view=self,
                traceparent=traceparent_of(request),
                idempotency_key=key,
                if_match=request.headers.get("If-Match"),
                checks_version=True,
                dry_run=dry_run,
            )
        )
        return _dry_answer(result) if dry_run else _answer(result)

    def _render(self, definition: ActionDefinition, value: Any) -> Any:
        return render(
            value,
            definition.output,
            self.get_serializer,
            context=self.get_serializer_context(),
            many=declared_many(definition),
        )

    def _target(self) -> str:
        """Return what tells this request from others with the same body."""
        # Another format of the answer is the same request.
        kwargs = {name: value for name, value in self.kwargs.items() if name != "format"}
        query = sorted(self.request.query_params.lists())
        return json.dumps([kwargs, query], default=str, sort_keys=True)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Tell the version of an object that was asked for."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.action == "retrieve" and self.fetched is not None:
            self._tell_version(response)
        return response

    def _tell_version(self, response: Response) -> None:
        """Tell the object's version, if the actions agree on which field holds it."""
        known = {
            entry.precondition.field for entry in self.action_definitions() if entry.precondition
        }
        if len(known) == 1:
            response["ETag"] = entity_tag_of(self.fetched, Precondition(field=known.pop()))


def _endpoints_of(viewset: type[Any]) -> list[ActionDefinition]:
    """Return the actions whose endpoints a viewset has, its own and inherited ones."""
    attributes = [attribute for base in viewset.__mro__ for attribute in vars(base).values()]
    return [
        entry.definition
        for entry in attributes
        if isinstance(entry, FunctionType) and hasattr(entry, "definition")
    ]


def _endpoint(definition: ActionDefinition, name: str) -> Callable[..., Any]:
    """Make the viewset method that DRF's router turns into a route."""

    def endpoint(self: ActionMixin, request: Request, **kwargs: Any) -> Response:  # noqa: ARG001
        if not self.runs_action:  # DRF hands over HEAD where it hands over GET
            return Response(describe_fully(definition, request.path, self.get_serializer))
        return self.run_action(definition)

    endpoint.__name__ = name
    endpoint.__doc__ = f"{definition.title}\n\n{definition.description}".strip()
    endpoint.definition = definition  # type: ignore[attr-defined]  # read back by `definition`
    return extra_action(
        detail=not definition.bulk,
        methods=["get", "post"],
        url_path=f"actions/{definition.name}",
        url_name=f"action-{definition.name}",
        name=definition.title,
    )(endpoint)


def _answer(result: ActionResult) -> Response:
    headers = {EVENT_HEADER: str(result.event.pk)} if result.is_recorded else {}
    if result.is_replay:
        headers[REPLAYED_HEADER] = "true"
    if result.entity_tag:
        headers["ETag"] = result.entity_tag
    return Response(result.body, status=result.status_code, headers=headers)


def _dry_answer(result: ActionResult) -> Response:
    """Tell what would have been answered, and what would have been set off."""
    return Response(
        {
            "dry_run": True,
            "status": result.status_code,
            "result": result.body,
            "deliveries": [asdict(delivery) for delivery in result.planned],
        }
    )
