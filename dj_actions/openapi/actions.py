"""Describe the actions of a viewset to drf-spectacular, each as an operation of its own."""

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
from dj_actions.openapi.bodies import request_bodies, requires_body
from dj_actions.openapi.catalogue import DESCRIPTION, INPUT_SCHEMA, listing_schema, name_schema
from dj_actions.openapi.components import Components
from dj_actions.openapi.error_responses import refusals_of_action, refusals_of_view
from dj_actions.openapi.examples import examples_of
from dj_actions.openapi.parameters import (
    answer_headers,
    request_parameters,
    version_header,
    wait_header,
)
from dj_actions.openapi.responses import Responses, answers_of, refusals_as_responses
from dj_actions.rest.catalogue import CatalogueMixin

__all__ = ["ActionSchema"]

LISTING = CatalogueMixin.list_actions.__name__
SCHEMAS = CatalogueMixin.show_action_schema.__name__

REFUSING_STRANGERS = (IsAuthenticated, IsAdminUser, DjangoModelPermissions)
"""Permissions that an anonymous user never has."""


class ActionSchema(AutoSchema):
    """Describes named actions and their catalogue; all else as drf-spectacular does."""

    view: Any

    @property
    def definition(self) -> ActionDefinition | None:
        """The action that is described, if it is one."""
        found: ActionDefinition | None = getattr(self.view, "definition", None)
        return found

    def is_excluded(self) -> bool:
        """Leave out the page of a single action: the list of actions tells the same."""
        return bool(self.definition and self.method == "GET") or super().is_excluded()

    def get_operation_id(self) -> str:
        """Return for example `todos_mark_done`."""
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
        """Return the action's tags; without any, those of its viewset."""
        own = self.definition.documentation.tags if self.definition else ()
        return list(own) or super().get_tags()

    def get_auth(self) -> list[dict[str, Any]]:
        """Require authentication where the action's own permissions do."""
        found: list[dict[str, Any]] = super().get_auth()
        permissions = self.definition.permissions if self.definition else ()
        if any(issubclass(entry, REFUSING_STRANGERS) for entry in permissions):
            return [entry for entry in found if entry]
        return found

    def get_override_parameters(self) -> list[Any]:
        """Return the parameters and the headers of answers."""
        found: list[Any] = super().get_override_parameters()
        if self.definition:
            return [
                *found,
                *request_parameters(self.definition),
                *answer_headers(self.definition),
                wait_header(),
            ]
        if self._is_catalogue:
            return [*found, *self._action_name(), wait_header()]
        return [*found, version_header()] if self._tells_version else found

    def get_examples(self) -> list[OpenApiExample]:
        """Return the examples that the action's documentation gives."""
        return examples_of(self.definition) if self.definition else super().get_examples()

    def get_request_serializer(self) -> Any:
        """Return the action's input, for each media type that can hold it."""
        if self.definition is None:
            return super().get_request_serializer()
        return request_bodies(
            self.definition,
            Components(self.registry),
            self.map_parsers(),
            lookup_field=self.view.lookup_field,
        )

    def get_response_serializers(self) -> Any:
        """Return what is answered, by status code."""
        if self.definition:
            return self._action_responses(self.definition)
        if self._is_catalogue:
            return self._catalogue_responses()
        return super().get_response_serializers()

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> dict[str, Any] | None:
        """Return the operation; its body is required if a field of that is."""
        operation: dict[str, Any] | None = super().get_operation(
            path, path_regex, path_prefix, method, registry
        )
        if operation and self.definition and requires_body(self.definition):
            operation.get("requestBody", {})["required"] = True
        return operation

    @property
    def _is_catalogue(self) -> bool:
        return getattr(self.view, "action", None) in (LISTING, SCHEMAS)

    @property
    def _tells_version(self) -> bool:
        """Whether the object's version is told where it is fetched."""
        known = {entry.precondition for entry in self.view.action_definitions()}
        fields = {precondition.field for precondition in known if precondition}
        return self.view.action == "retrieve" and len(fields) == 1

    def _action_responses(self, definition: ActionDefinition) -> Responses:
        components = Components(self.registry)
        key = key_schema(definition, self.view.lookup_field)
        return {
            **answers_of(definition, components, self._result_schema(definition), key),
            **self.refusals(refusals_of_action(definition, self.view)),
        }

    def _catalogue_responses(self) -> Responses:
        components = Components(self.registry)
        refusals = refusals_of_view(self.view)
        if self.view.action == LISTING:
            one = components.reference("ActionDescription", DESCRIPTION)
            answer = components.reference("ActionList", listing_schema(one))
        else:
            answer = components.reference("ActionInputSchema", INPUT_SCHEMA)
            refusals[404] = "There is no such action."
        return {200: OpenApiResponse(answer), **self.refusals(refusals)}

    def refusals(self, refusals: Mapping[int, str]) -> Responses:
        """Return errors as responses.

        Args:
            refusals: status code → what it means.
        """
        media_types = self.map_renderers("media_type")
        return refusals_as_responses(refusals, Components(self.registry), media_types)

    def _action_name(self) -> list[OpenApiParameter]:
        if self.view.action == LISTING:
            return []
        names = [entry.name for entry in self.view.action_definitions()]
        return [OpenApiParameter("action_name", name_schema(names), OpenApiParameter.PATH)]

    def _result_schema(self, definition: ActionDefinition) -> Schema:
        """Return the schema of one result; an empty one if that may be anything."""
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
