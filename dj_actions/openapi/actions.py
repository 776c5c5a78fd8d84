"""The drf-spectacular schema class of viewsets with actions: one operation per action."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.permissions import DjangoModelPermissions, IsAdminUser, IsAuthenticated

from dj_actions.declaration.definition import ActionDefinition
from dj_actions.declaration.description import key_schema
from dj_actions.inputs.schema_builders import Schema
from dj_actions.openapi import authentication  # noqa: F401 - importing it registers the scheme
from dj_actions.openapi.bodies import request_bodies, requires_body
from dj_actions.openapi.catalogue import (
    ACTION_DESCRIPTION,
    INPUT_SCHEMA,
    action_list_schema,
    action_name_schema,
)
from dj_actions.openapi.components import Components
from dj_actions.openapi.error_responses import action_errors, view_errors
from dj_actions.openapi.examples import request_examples
from dj_actions.openapi.parameters import (
    etag_header,
    request_parameters,
    response_headers,
    retry_after_header,
)
from dj_actions.openapi.responses import Responses, error_responses, success_responses
from dj_actions.rest.catalogue import CatalogueMixin

__all__ = ["ActionSchema"]

LIST_ACTIONS = CatalogueMixin.list_actions.__name__
SHOW_SCHEMA = CatalogueMixin.show_action_schema.__name__

AUTHENTICATED_ONLY = (IsAuthenticated, IsAdminUser, DjangoModelPermissions)
"""Permission classes that always deny anonymous users."""


class ActionSchema(AutoSchema):
    """Describes actions and their catalogue, and other views as drf-spectacular does."""

    view: Any

    @property
    def definition(self) -> ActionDefinition | None:
        """The definition of the action, or None for another view."""
        found: ActionDefinition | None = getattr(self.view, "definition", None)
        return found

    def is_excluded(self) -> bool:
        """Exclude the page of a single action: the list of actions has the same content."""
        return bool(self.definition and self.method == "GET") or super().is_excluded()

    def get_operation_id(self) -> str:
        """Return the path of the viewset and the name of the action, as in `todos_mark_done`."""
        if not (self.definition or self._is_catalogue):
            return super().get_operation_id()
        *words, actions, last = (word.replace("-", "_") for word in self._tokenize_path())
        name = last if self.definition else f"{actions}_{last}"
        if re.search(r"<drf_format_suffix\w*:\w+>", self.path_regex):
            words.append("formatted")
        is_first = spectacular_settings.OPERATION_ID_METHOD_POSITION == "PRE"
        return "_".join([name, *words] if is_first else [*words, name])

    def get_summary(self) -> str | None:
        """Return the action's title."""
        return self.definition.title if self.definition else super().get_summary()

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular does
        """Return the action's description, without its title."""
        return self.definition.description if self.definition else super().get_description()

    def get_tags(self) -> list[str]:
        """Return the action's tags, or those of its viewset if it has none."""
        own = self.definition.documentation.tags if self.definition else ()
        return list(own) or super().get_tags()

    def get_auth(self) -> list[dict[str, Any]]:
        """Require authentication if the action's own permissions do."""
        found: list[dict[str, Any]] = super().get_auth()
        permissions = self.definition.permissions if self.definition else ()
        if any(issubclass(entry, AUTHENTICATED_ONLY) for entry in permissions):
            return [entry for entry in found if entry]
        return found

    def get_override_parameters(self) -> list[Any]:
        """Return the parameters of the request and the headers of responses."""
        found: list[Any] = super().get_override_parameters()
        if self.definition:
            return [
                *found,
                *request_parameters(self.definition),
                *response_headers(self.definition),
                retry_after_header(),
            ]
        if self._is_catalogue:
            return [*found, *self._action_name_parameters(), retry_after_header()]
        return [*found, etag_header()] if self._has_etag else found

    def get_examples(self) -> list[OpenApiExample]:
        """Return the examples in the action's documentation."""
        return request_examples(self.definition) if self.definition else super().get_examples()

    def get_request_serializer(self) -> Any:
        """Return the schema of the action's input, by media type."""
        if self.definition is None:
            return super().get_request_serializer()
        return request_bodies(
            self.definition,
            Components(self.registry),
            self.map_parsers(),
            lookup_field=self.view.lookup_field,
        )

    def get_response_serializers(self) -> Any:
        """Return the responses of an action or of the catalogue, by status code."""
        if self.definition:
            return self._action_responses(self.definition)
        if self._is_catalogue:
            return self._catalogue_responses()
        return super().get_response_serializers()

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> dict[str, Any] | None:
        """Return the operation; its body is required if one of its fields is."""
        operation: dict[str, Any] | None = super().get_operation(
            path, path_regex, path_prefix, method, registry
        )
        if operation and self.definition and requires_body(self.definition):
            operation.get("requestBody", {})["required"] = True
        return operation

    @property
    def _is_catalogue(self) -> bool:
        return getattr(self.view, "action", None) in (LIST_ACTIONS, SHOW_SCHEMA)

    @property
    def _has_etag(self) -> bool:
        """Whether the response is one object with its version in an ETag."""
        preconditions = {entry.precondition for entry in self.view.action_definitions()}
        fields = {precondition.field for precondition in preconditions if precondition}
        return self.view.action == "retrieve" and len(fields) == 1

    def _action_responses(self, definition: ActionDefinition) -> Responses:
        components = Components(self.registry)
        key = key_schema(definition, self.view.lookup_field)
        return {
            **success_responses(definition, components, self._result_schema(definition), key),
            **self.error_responses(action_errors(definition, self.view)),
        }

    def _catalogue_responses(self) -> Responses:
        components = Components(self.registry)
        errors = view_errors(self.view)
        if self.view.action == LIST_ACTIONS:
            description = components.reference("ActionDescription", ACTION_DESCRIPTION)
            response = components.reference("ActionList", action_list_schema(description))
        else:
            response = components.reference("ActionInputSchema", INPUT_SCHEMA)
            errors[404] = "The action was not found."
        return {200: OpenApiResponse(response), **self.error_responses(errors)}

    def error_responses(self, errors: Mapping[int, str]) -> Responses:
        """Return the responses for errors.

        Args:
            errors: status code → description.
        """
        media_types = self.map_renderers("media_type")
        return error_responses(errors, Components(self.registry), media_types)

    def _action_name_parameters(self) -> list[OpenApiParameter]:
        if self.view.action == LIST_ACTIONS:
            return []
        names = [entry.name for entry in self.view.action_definitions()]
        return [OpenApiParameter("action_name", action_name_schema(names), OpenApiParameter.PATH)]

    def _result_schema(self, definition: ActionDefinition) -> Schema:
        """Return the schema of one result; an empty one allows any JSON."""
        if definition.output is False:
            return {}
        return self._schema_of(definition.output or super().get_response_serializers())

    def _schema_of(self, serializer: Any) -> Schema:
        found = serializer() if isinstance(serializer, type) else serializer
        if isinstance(found, serializers.ListSerializer):
            return {"type": "array", "items": self._schema_of(found.child)}
        if not isinstance(found, serializers.Serializer):
            return {}
        component = self.resolve_serializer(found, "response")
        return component.ref if component else {}
