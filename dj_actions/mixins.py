"""Gives a viewset one real DRF route for each action of its model."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from types import FunctionType
from typing import Any

from django.db import router, transaction
from django.views import View
from rest_framework.decorators import action as extra_action
from rest_framework.exceptions import NotAcceptable, NotFound
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from dj_actions.catalogue import CatalogueMixin
from dj_actions.definitions import ActionDefinition, Precondition
from dj_actions.descriptions import describe_fully
from dj_actions.execution import ActionCall, ActionResult, execute
from dj_actions.idempotency import HEADER as IDEMPOTENCY_HEADER
from dj_actions.idempotency import REPLAYED_HEADER
from dj_actions.models import ActionEvent
from dj_actions.payload import (
    DRY_RUN,
    body_of,
    refuse_large_body,
    traceparent_of,
    wants_dry_run,
)
from dj_actions.permissions import refusing
from dj_actions.preconditions import entity_tag_of
from dj_actions.problems import ProblemRenderer, problem_of, wants_problem
from dj_actions.recording import Failed, record_failure
from dj_actions.rendering import declared_many, render
from dj_actions.selection import SelectionMixin
from dj_actions.storable import is_storable
from dj_actions.view_schema import ViewSchema

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

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class ActionMixin(CatalogueMixin, SelectionMixin):
    """Put it first among a viewset's bases: `class TodoViewSet(ActionMixin, ModelViewSet)`.

    `POST /todos/7/actions/mark_done/` runs an action, `GET` on it describes it, and
    `GET /todos/actions/list/` lists all of them.
    """

    schema = ViewSchema("dj_actions.openapi.actions.ActionSchema")

    action_started = 0.0
    """When this request began, by the process's clock in seconds."""

    fetched: Any = None
    """The object in the URL, once it has been fetched."""

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
        found = super().get_extra_actions()
        return sorted(found, key=lambda entry: entry.__name__ in FALLBACKS)

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

    @property
    def definition(self) -> ActionDefinition | None:
        """The action that this request asks for, if any."""
        return getattr(getattr(self, self.action or "", None), "definition", None)

    @property
    def runs_action(self) -> bool:
        """Whether this request is to run an action, not only to read about one."""
        return self.definition is not None and self.request.method not in SAFE_METHODS

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a body that is too large before anything reads it."""
        self.action_started = time.perf_counter()
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
        result = execute(
            ActionCall(
                definition=definition,
                actor=request.user,
                data=body_of(request),
                select=lambda: self.select_objects(definition),
                render=lambda value: self._render(definition, value),
                target=request.path,
                request=request,
                view=self,
                traceparent=traceparent_of(request),
                idempotency_key=request.headers.get(IDEMPOTENCY_HEADER),
                if_match=request.headers.get("If-Match"),
                checks_version=True,
                dry_run=dry_run,
            )
        )
        return _dry_answer(result) if dry_run else _answer(definition, result)

    def _render(self, definition: ActionDefinition, value: Any) -> Any:
        return render(
            value,
            definition.output,
            self.get_serializer,
            context=self.get_serializer_context(),
            many=declared_many(definition),
        )

    def _object_ids(self) -> tuple[str, ...]:
        key = self.kwargs.get(self.lookup_url_kwarg or self.lookup_field)
        return () if key is None else (str(key),)

    def handle_exception(self, exc: Exception) -> Response:
        """Answer an error, and record that the action failed."""
        try:
            response = super().handle_exception(exc)
        except Exception as error:
            # Now a fault of the server, which Django answers.
            self._record_failure(500, {"detail": type(error).__name__})
            raise
        self._record_failure(response.status_code, response.data)
        if wants_problem(self.request):
            response.data = problem_of(exc, instance=self.request.path)
        return response

    def _record_failure(self, status_code: int, body: Any) -> None:
        if not (self.definition and self.runs_action) or DRY_RUN in self.request.query_params:
            return
        record_failure(
            self.definition,
            Failed(
                actor=self.request.user,
                object_ids=self._object_ids(),
                data=_sent(self.request),
                body=body,
                status_code=status_code,
                duration_ms=(time.perf_counter() - self.action_started) * 1000,
                traceparent=traceparent_of(self.request),
            ),
        )

    def get_object(self) -> Any:
        """Fetch the object in the URL, and keep it for the version that the answer tells."""
        self.fetched = super().get_object()
        return self.fetched

    def perform_content_negotiation(
        self,
        request: Request,
        force: bool = False,  # noqa: FBT001, FBT002 - DRF's own
    ) -> tuple[BaseRenderer, str]:
        """Let a client ask for nothing but problem details: what succeeds is answered as usual."""
        try:
            return super().perform_content_negotiation(request, force)
        except NotAcceptable:
            if not wants_problem(request):
                raise
        renderer = self.get_renderers()[0]
        return renderer, str(renderer.media_type)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Mark an error as problem details if its client asked for them; tell a version."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.action == "retrieve" and self.fetched is not None:
            self._tell_version(response)
        if getattr(response, "exception", False) and wants_problem(request):
            response.accepted_renderer = ProblemRenderer()
            response.accepted_media_type = ProblemRenderer.media_type
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


def _answer(definition: ActionDefinition, result: ActionResult) -> Response:
    headers = {EVENT_HEADER: str(result.event.pk)} if result.is_recorded else {}
    if result.is_replay:
        headers[REPLAYED_HEADER] = "true"
    elif definition.precondition and result.objects:
        (entry,) = result.objects
        if entry.pk is not None:  # it has not been deleted
            headers["ETag"] = entity_tag_of(entry, definition.precondition)
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


def _sent(request: Request) -> Any:
    """Return the body of a request that was refused, perhaps for its very body."""
    try:
        return body_of(request)
    except Exception:  # noqa: BLE001 - whatever is wrong with it has been answered already
        return None
