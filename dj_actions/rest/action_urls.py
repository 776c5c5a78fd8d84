"""The part of a viewset that knows the URLs of its actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from django.urls import NoReverseMatch

from dj_actions.declaration.definition import ActionDefinition

if TYPE_CHECKING:
    from rest_framework.viewsets import GenericViewSet

    Base = GenericViewSet[Any]
else:
    Base = object

EXAMPLE_KEYS = ("0", "00000000-0000-0000-0000-000000000000", "a")
"""Keys that the pattern of a lookup may match: of an integer, a UUID, a slug."""


class ActionUrlsMixin(Base):
    """Reverses the routes of a viewset's actions."""

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
