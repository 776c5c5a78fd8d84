"""The part of a viewset that returns the serializer of an action.

DRF's browsable API and its OPTIONS response, and tools that describe an API, ask a viewset for
"the" serializer. Of an action that is its input.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from dj_actions.declaration.definition import IDS, ActionDefinition
from dj_actions.declaration.description import key_schema
from dj_actions.inputs.schema_serializer import field_from
from dj_actions.rest.catalogue import CatalogueMixin
from dj_actions.rest.errors import user_of

WITHOUT_SERIALIZER = frozenset({"unknown_instance_action", "unknown_bulk_action"})
"""Methods that only report that there is no such action."""


class InputSerializerMixin(CatalogueMixin):
    """Returns the serializer of an action's input in place of the viewset's."""

    def get_serializer(self, *args: Any, **kwargs: Any) -> serializers.BaseSerializer[Any]:
        """Return the viewset's serializer; without arguments, that of the action's input.

        With arguments it is used to render objects, or to validate other data.
        """
        if args or kwargs:
            return super().get_serializer(*args, **kwargs)
        if self.definition is not None:
            return self._input_serializer(self.definition)
        if self.requested_method in WITHOUT_SERIALIZER:
            return serializers.Serializer()
        return super().get_serializer()

    def _input_serializer(self, definition: ActionDefinition) -> serializers.BaseSerializer[Any]:
        context = self.get_serializer_context()
        user = user_of(context["request"]) if context.get("request") else None
        serializer = definition.input.serializer({**context, "actor": user, "objects": ()})
        if definition.bulk and definition.requires_objects:
            _add_ids(serializer, definition, self.lookup_field)
        return serializer


def _add_ids(
    serializer: serializers.Serializer[Any], definition: ActionDefinition, lookup_field: str
) -> None:
    serializer.fields[IDS] = _ids_field(definition, lookup_field)
    # It is no longer what its class describes: drf-yasg must not share a definition of the class.
    options = type("Meta", (getattr(serializer, "Meta", object),), {"ref_name": None})
    serializer.Meta = options  # type: ignore[attr-defined]  # its options


def _ids_field(definition: ActionDefinition, lookup_field: str) -> serializers.ListField:
    return serializers.ListField(
        child=field_from(key_schema(definition, lookup_field)),
        max_length=definition.max_items,
        allow_empty=False,
        help_text="Keys of the objects to act on.",
    )
