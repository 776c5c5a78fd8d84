"""The part of a viewset that lists and describes its actions."""

from __future__ import annotations

from typing import Any, NoReturn

from rest_framework.decorators import action as extra_action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from dj_actions.declaration.definition import ActionDefinition
from dj_actions.declaration.description import describe, input_schema
from dj_actions.execution.permissions import require_scope
from dj_actions.rest.action_urls import ActionUrlsMixin
from dj_actions.rest.offered_actions import OfferedActionsMixin
from dj_actions.rest.swagger import document_responses
from dj_actions.text import did_you_mean

LISTING = frozenset({"actions", "resource", "basepath"})
"""Keys of an action registry that the listing shows in its own place."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class CatalogueMixin(OfferedActionsMixin, ActionUrlsMixin):
    """Lists and describes a viewset's actions."""

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
