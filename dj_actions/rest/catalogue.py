"""The part of a viewset that lists and describes its actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn
from urllib.parse import unquote

from django.db.models import Model, QuerySet
from django.urls import NoReverseMatch
from rest_framework.decorators import action as extra_action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from dj_actions.compat.registry_entries import definitions_of
from dj_actions.compat.viewset_hooks import refuse_old_hooks
from dj_actions.declaration.attributes import refuse_misspelled_attributes
from dj_actions.declaration.definition import ActionDefinition
from dj_actions.declaration.description import describe, input_schema
from dj_actions.exceptions import InvalidAction
from dj_actions.execution.permissions import require_scope
from dj_actions.registry import registry
from dj_actions.rest.request import machine_token_of
from dj_actions.rest.swagger import document_responses
from dj_actions.text import did_you_mean

if TYPE_CHECKING:
    from rest_framework.viewsets import GenericViewSet

    Base = GenericViewSet[Any]
else:
    Base = object

LISTING = frozenset({"actions", "resource", "basepath"})
"""Keys of an action registry that the listing shows in its own place."""

OPTIONS = ("action_model", "action_registry")
"""Attributes that a viewset may set for its actions."""

EXAMPLE_KEYS = ("0", "00000000-0000-0000-0000-000000000000", "a")
"""Keys that the pattern of a lookup may match: of an integer, a UUID, a slug."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class CatalogueMixin(Base):
    """Lists and describes a viewset's actions."""

    action_model: ClassVar[type[Model] | None] = None
    """The model whose actions are offered; by default the model of `queryset`."""

    action_registry: ClassVar[dict[str, Any] | None] = None
    """The registry returned by `enrich_actions`, for actions declared in one."""

    named_definitions: ClassVar[Sequence[ActionDefinition]] = ()
    """The compiled actions of the action registry."""

    @classmethod
    def refuse_misspelled_options(cls) -> None:
        """Refuse a class with an attribute that is almost one of the mixin's.

        Raises:
            InvalidAction: the message has the attribute and the nearest one.
        """
        try:
            refuse_misspelled_attributes(cls, OPTIONS)
        except InvalidAction as error:
            raise InvalidAction(f"{cls.__qualname__}: {error}") from error

    @classmethod
    def compile_registry(cls) -> None:
        """Compile the actions of the action registry, as a viewset of 0.0.7 may have one."""
        refuse_old_hooks(cls)
        model = cls.model_acted_on()
        if cls.action_registry and model:
            cls.named_definitions = definitions_of(cls.action_registry, model)

    @classmethod
    def model_acted_on(cls) -> type[Model] | None:
        """Return the model whose actions are offered; None if the class does not specify it."""
        if cls.action_model:
            return cls.action_model
        queryset: QuerySet[Model] | None = getattr(cls, "queryset", None)
        if queryset is not None:
            return queryset.model
        meta = getattr(getattr(cls, "serializer_class", None), "Meta", None)
        model: type[Model] | None = getattr(meta, "model", None)
        return model

    @classmethod
    def require_model(cls) -> None:
        """Refuse a viewset that is served but does not specify its model.

        Raises:
            InvalidAction: it has an action registry, but no model for its actions.
        """
        if cls.action_registry and cls.model_acted_on() is None:
            raise InvalidAction(
                f"{cls.__name__} has an action_registry, but neither a queryset nor a serializer "
                "that specifies its model. Set action_model."
            )

    @classmethod
    def action_definitions(cls) -> list[ActionDefinition]:
        """Return the actions this viewset offers.

        Those of the action registry are first, in its order; the others are sorted by name.
        """
        model = cls.model_acted_on()
        everywhere = registry.offered_on(model) if model else []
        named = {entry.name: entry for entry in cls.named_definitions}
        return [*named.values(), *(entry for entry in everywhere if entry.name not in named)]

    def visible_definitions(self) -> list[ActionDefinition]:
        """Return the actions that the client may know of: for a machine, those that it may call."""
        definitions, token = self.action_definitions(), machine_token_of(self.request)
        if token is None:
            return definitions
        return [entry for entry in definitions if token.allows(entry.resource, entry.name)]

    @property
    def requested_method(self) -> str:
        """The name of the viewset's method that handles the request."""
        name = getattr(self, "action", None) or ""
        if name != "metadata":
            return name
        # While it handles OPTIONS, DRF pretends that the request was a POST, but keeps the action.
        method = str(self.request.method).lower()
        return str((getattr(self, "action_map", None) or {}).get(method, ""))

    @property
    def definition(self) -> ActionDefinition | None:
        """The action that was requested, if any."""
        return getattr(getattr(self, self.requested_method, None), "definition", None)

    @property
    def runs_action(self) -> bool:
        """Whether the request runs an action, rather than reading its description."""
        return self.definition is not None and self.request.method not in SAFE_METHODS

    @extra_action(detail=False, methods=["get"], url_path="actions/list", url_name="action-list")
    def list_actions(self, request: Request, **kwargs: Any) -> Response:  # noqa: ARG002
        """List the actions of this resource."""
        return self._listing()

    def _listing(self) -> Response:
        definitions = self.visible_definitions()
        declared = self.action_registry or {}
        resources = [entry.resource for entry in definitions]
        described = [describe(entry, self.url_of(entry)) for entry in definitions]
        return Response(
            {
                "resource": declared.get("resource") or next(iter(resources), None),
                "basepath": declared.get("basepath") or self._base_path(),
                **{key: value for key, value in declared.items() if key not in LISTING},
                "bulk_actions": [entry for entry in described if entry["type"] == "bulk"],
                "instance_actions": [entry for entry in described if entry["type"] == "instance"],
            }
        )

    @extra_action(
        detail=False,
        methods=["get"],
        url_path="actions/list",
        url_name="action-docs",
        name="List actions",  # one entry with `list_actions` in the browsable API's menu
    )
    def list_actions_as_before(self, request: Request, **kwargs: Any) -> Response:  # noqa: ARG002
        """List the actions of this resource; the route has the name that 0.0.7 gave it."""
        return self._listing()

    @extra_action(
        detail=False,
        methods=["get"],
        url_path=r"actions/(?P<action_name>[^/.]+)/schema",
        url_name="action-schema",
    )
    def show_action_schema(self, request: Request, action_name: str, **kwargs: Any) -> Response:  # noqa: ARG002
        """Show the JSON Schema of what an action accepts."""
        known = {entry.name: entry for entry in self.action_definitions()}
        if action_name not in known:
            self.refuse_unknown(action_name, bulk=None)
        require_scope(request.auth, known[action_name])
        url = request.build_absolute_uri(request.path)
        return Response(input_schema(known[action_name], url, lookup_field=self.lookup_field))

    document_responses(list_actions, get="The actions of the resource.")
    document_responses(show_action_schema, get="A JSON Schema.")

    @extra_action(
        detail=True,
        methods=["get", "post"],
        url_path=r"actions/(?P<action_id>[^/.]+)",
        url_name="actions",  # as in 0.0.7, where it served all actions
    )
    def unknown_instance_action(
        self,
        request: Request,  # noqa: ARG002
        action_id: str,
        **kwargs: Any,  # noqa: ARG002
    ) -> NoReturn:
        """Return 404 with the most similar name."""
        self.refuse_unknown(action_id, bulk=False)

    @extra_action(
        detail=False,
        methods=["get", "post"],
        url_path=r"actions/(?P<action_id>[^/.]+)",
        url_name="bulk-actions",
    )
    def unknown_bulk_action(
        self,
        request: Request,  # noqa: ARG002
        action_id: str,
        **kwargs: Any,  # noqa: ARG002
    ) -> NoReturn:
        """Return 404 with the most similar name."""
        self.refuse_unknown(action_id, bulk=True)

    def refuse_unknown(self, name: str, *, bulk: bool | None) -> NoReturn:
        """Raise NotFound with a suggestion."""
        known = {entry.name: entry for entry in self.visible_definitions()}
        if bulk is not None and name in known and known[name].bulk != bulk:
            with_ids = ", with `ids`" if known[name].requires_objects else ""
            place = "…/actions/{}/" + with_ids if known[name].bulk else "…/{{id}}/actions/{}/"
            raise NotFound(f"{name!r} is found at {place.format(name)}.")
        raise NotFound(f"There is no action {name!r}.{did_you_mean(name, known)}")

    def url_of(self, definition: ActionDefinition) -> str:
        """Return an action's path, with `{pk}` for the object."""
        if definition.bulk:
            return self._reversed(definition, {})
        field = self.lookup_url_kwarg or self.lookup_field
        placeholder = f"{{{self.lookup_field}}}"
        for key in (placeholder, *EXAMPLE_KEYS):
            url = self._reversed(definition, {field: key})
            before, separator, after = url.rpartition(f"/{key}/actions/")
            if separator:
                return f"{before}/{placeholder}/actions/{after}"
        return ""

    def _reversed(self, definition: ActionDefinition, kwargs: dict[str, Any]) -> str:
        name, kwargs = f"action-{definition.name}", self._kwargs_above() | kwargs
        try:
            return unquote(self.reverse_action(name, kwargs=kwargs, request=None))
        except NoReverseMatch:  # the lookup's pattern does not match the key
            return ""

    def _base_path(self) -> str:
        """Return the path of the list of objects."""
        try:
            url = self.reverse_action("action-list", kwargs=self._kwargs_above(), request=None)
        except NoReverseMatch:
            return ""
        return unquote(url.rstrip("/").removesuffix("actions/list"))

    def _kwargs_above(self) -> dict[str, Any]:
        """Return the URL arguments before the resource, such as a version or parent keys."""
        own = {
            self.lookup_url_kwarg or self.lookup_field,
            "action_name",
            "action_id",
            "format",
        }
        return {name: value for name, value in self.kwargs.items() if name not in own}
