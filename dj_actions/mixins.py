"""Gives a viewset one real DRF route for each action of its model."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn
from urllib.parse import unquote

from django.db.models import Model, QuerySet
from django.urls import NoReverseMatch
from rest_framework.decorators import action as extra_action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from dj_actions.bulk import ordered_by_request, requested_keys
from dj_actions.definitions import ActionDefinition
from dj_actions.exceptions import InvalidAction
from dj_actions.execution import ActionCall, execute
from dj_actions.locking import can_lock, lock_rows, locked
from dj_actions.payload import body_of, refuse_large_body, traceparent_of
from dj_actions.permissions import refusing
from dj_actions.registry import registry
from dj_actions.rendering import render
from dj_actions.storable import is_storable

if TYPE_CHECKING:
    from rest_framework.viewsets import GenericViewSet

    Base = GenericViewSet[Any]
else:
    Base = object

EVENT_HEADER = "Action-Event"
"""Response header with the id of the event that was recorded."""

SET_BY_DRF = frozenset(
    {
        *("action", "action_map", "args", "format_kwarg", "headers", "kwargs", "request"),
        *("basename", "description", "detail", "name", "response", "suffix"),
    }
)
"""What DRF puts on a view while it answers: an action of that name would be overwritten."""

FALLBACKS = frozenset({"unknown_instance_action", "unknown_bulk_action"})
"""Methods whose routes match any name, and so have to come last."""


class ActionMixin(Base):
    """Put it first among a viewset's bases: `class TodoViewSet(ActionMixin, ModelViewSet)`.

    `POST /todos/7/actions/mark_done/` runs an action, `GET` on it describes it, and
    `GET /todos/actions/list/` lists all of them.
    """

    action_model: ClassVar[type[Model] | None] = None
    """The model whose actions are offered; by default that of `queryset`."""

    locks_objects = False
    """Whether this request fetches objects in order to change them."""

    has_locked = False
    """Whether the query that fetched them could lock them."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.attach_actions()

    @classmethod
    def attach_actions(cls) -> None:
        """Add the endpoint of each registered action that the viewset still lacks.

        Raises:
            InvalidAction: the viewset already has a method or attribute of that name.
        """
        for definition in cls.action_definitions():
            present = getattr(cls, definition.name, None)
            if getattr(present, "definition", None) is definition:
                continue
            if hasattr(cls, definition.name) or definition.name in SET_BY_DRF:
                raise InvalidAction(
                    f"{cls.__name__} already has an attribute {definition.name!r}; give the "
                    f"action {definition.label} another `name`."
                )
            setattr(cls, definition.name, _endpoint(definition))

    @classmethod
    def action_definitions(cls) -> list[ActionDefinition]:
        """Return the actions this viewset offers, sorted by name."""
        queryset: QuerySet[Model] | None = getattr(cls, "queryset", None)
        model = cls.action_model or (queryset.model if queryset is not None else None)
        return registry.of_model(model) if model else []

    @classmethod
    def get_extra_actions(cls) -> list[Callable[..., Any]]:
        """Return all extra actions for the router, the fallbacks for unknown names last."""
        # The router asks late, when all apps are ready: also what was registered after this
        # class was made is served.
        cls.attach_actions()
        found = super().get_extra_actions()
        return sorted(found, key=lambda entry: entry.__name__ in FALLBACKS)

    @property
    def definition(self) -> ActionDefinition | None:
        """The action that this request asks for, if any."""
        return getattr(getattr(self, self.action or "", None), "definition", None)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a body that is too large before anything reads it."""
        if self.definition:
            refuse_large_body(request)
            if not is_storable(list(kwargs.values())):
                raise NotFound
        super().initial(request, *args, **kwargs)

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

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Lock what an action is going to change, in the query that fetches it if possible."""
        queryset = super().filter_queryset(queryset)
        if not (self.locks_objects and can_lock(queryset)):
            return queryset
        self.has_locked = True
        return locked(queryset)

    def run_action(self, definition: ActionDefinition) -> Response:
        """Run the action that was asked for, and answer with its result."""
        result = execute(
            ActionCall(
                definition=definition,
                actor=self.request.user,
                data=body_of(self.request),
                load=self.get_objects if definition.bulk else self.get_one_object,
                render=self._render,
                request=self.request,
                traceparent=traceparent_of(self.request),
            )
        )
        return Response(result.body, headers={EVENT_HEADER: str(result.event.pk)})

    def _render(self, value: Any) -> Any:
        output = self.definition.output if self.definition else None
        return render(value, output, self.get_serializer, context=self.get_serializer_context())

    def get_one_object(self) -> Sequence[Model]:
        """Fetch, lock and authorize the object in the URL."""
        self.locks_objects = True
        found = self.get_object()
        if not self.has_locked:
            lock_rows(type(found), [found.pk])
            # As it is now that nobody else can change it.
            found = self.get_object()
        return (found,)

    def get_objects(self) -> Sequence[Model]:
        """Fetch, lock and authorize the objects named by `ids`, in their order.

        They are found the way each alone would be: in the viewset's queryset, by its lookup
        field, under its object permissions.
        """
        self.locks_objects = True
        keys = requested_keys(self.request.data, self.get_queryset().model, self.lookup_field)
        found = self._fetch(keys)
        if not self.has_locked:
            lock_rows(self.get_queryset().model, [entry.pk for entry in found])
            found = self._fetch(keys)
        for entry in found:
            self.check_object_permissions(self.request, entry)
        return found

    def _fetch(self, keys: Sequence[Any]) -> Sequence[Model]:
        field = self.lookup_field
        rows = self.filter_queryset(self.get_queryset().filter(**{f"{field}__in": keys}))
        # One order for all requests: two that share objects wait instead of deadlocking.
        return ordered_by_request(rows.order_by("pk"), keys, field)

    @extra_action(detail=False, methods=["get"], url_path="actions/list", url_name="action-list")
    def list_actions(self, request: Request, **kwargs: Any) -> Response:  # noqa: ARG002
        """List the actions of this resource."""
        definitions = self.action_definitions()
        described = [_describe(entry, self._url_of(entry)) for entry in definitions]
        return Response(
            {
                "resource": definitions[0].resource if definitions else None,
                "instance_actions": [entry for entry in described if entry["type"] == "instance"],
                "bulk_actions": [entry for entry in described if entry["type"] == "bulk"],
            }
        )

    def _url_of(self, definition: ActionDefinition) -> str:
        """Return an action's path, with `{pk}` for the object."""
        field = self.lookup_url_kwarg or self.lookup_field
        kwargs = {} if definition.bulk else {field: f"{{{self.lookup_field}}}"}
        try:
            url = self.reverse_action(f"action-{definition.name}", kwargs=kwargs, request=None)
        except NoReverseMatch:  # the lookup's own pattern refuses the placeholder
            return ""
        return unquote(url)

    @extra_action(
        detail=True,
        methods=["get", "post"],
        url_path=r"actions/(?P<unknown_action>[^/.]+)",
        url_name="action-unknown",
        schema=None,
    )
    def unknown_instance_action(
        self,
        request: Request,  # noqa: ARG002
        unknown_action: str,
        **kwargs: Any,  # noqa: ARG002
    ) -> NoReturn:
        """Answer 404 and name the nearest action."""
        self.refuse_unknown(unknown_action, bulk=False)

    @extra_action(
        detail=False,
        methods=["get", "post"],
        url_path=r"actions/(?P<unknown_action>[^/.]+)",
        url_name="bulk-action-unknown",
        schema=None,
    )
    def unknown_bulk_action(
        self,
        request: Request,  # noqa: ARG002
        unknown_action: str,
        **kwargs: Any,  # noqa: ARG002
    ) -> NoReturn:
        """Answer 404 and name the nearest action."""
        self.refuse_unknown(unknown_action, bulk=True)

    def refuse_unknown(self, name: str, *, bulk: bool) -> NoReturn:
        """Raise NotFound, saying what the client may have meant."""
        known = {entry.name: entry for entry in self.action_definitions()}
        if name in known and known[name].bulk != bulk:
            place = "…/actions/{}/, with `ids`" if known[name].bulk else "…/{{id}}/actions/{}/"
            raise NotFound(f"{name!r} is found at {place.format(name)}.")
        nearest = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
        raise NotFound(f"There is no action {name!r}.{hint}")


def _endpoint(definition: ActionDefinition) -> Callable[..., Any]:
    """Make the viewset method that DRF's router turns into a route."""

    def endpoint(self: ActionMixin, request: Request, **kwargs: Any) -> Response:  # noqa: ARG001
        if request.method != "POST":  # DRF hands over HEAD where it hands over GET
            return Response(_describe(definition, request.path))
        return self.run_action(definition)

    endpoint.__name__ = definition.name
    endpoint.__doc__ = f"{definition.title}\n\n{definition.description}".strip()
    endpoint.definition = definition  # type: ignore[attr-defined]  # read back by `definition`
    return extra_action(
        detail=not definition.bulk,
        methods=["get", "post"],
        url_path=f"actions/{definition.name}",
        url_name=f"action-{definition.name}",
        name=definition.title,
    )(endpoint)


def _describe(definition: ActionDefinition, url: str) -> Mapping[str, Any]:
    return {
        "id": definition.name,
        "resource": definition.resource,
        "type": "bulk" if definition.bulk else "instance",
        "title": definition.title,
        "description": definition.description,
        "version": definition.version,
        "url": url,
        "fields": definition.input.describe(),
    }
