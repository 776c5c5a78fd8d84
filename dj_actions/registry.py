"""The registry of all actions of a project."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Model

from dj_actions.declaration.definition import ActionDefinition
from dj_actions.exceptions import ActionAlreadyRegistered, ActionNotFound
from dj_actions.text import did_you_mean

__all__ = ["Registry", "registry"]


class Registry:
    """The definitions of actions, by resource and name."""

    def __init__(self) -> None:
        self._definitions: dict[str, ActionDefinition] = {}

    def __iter__(self) -> Iterator[ActionDefinition]:
        return iter(list(self._definitions.values()))

    def add(self, definition: ActionDefinition) -> None:
        """Register a definition.

        Raises:
            ActionAlreadyRegistered: another action has that resource and name.
        """
        # Registering the same definition again is allowed: two viewsets may share a registry.
        if self._definitions.get(definition.label, definition) != definition:
            raise ActionAlreadyRegistered(
                f"There is already an action {definition.label}. Give one of the two another "
                "`name` or `resource`."
            )
        self._definitions[definition.label] = definition

    def get(self, resource: str, name: str) -> ActionDefinition:
        """Return the definition of an action.

        Raises:
            ActionNotFound: no action is registered under them; the message suggests the closest.
        """
        label = f"{resource}.{name}"
        if label not in self._definitions:
            raise ActionNotFound(
                f"There is no action {label}.{did_you_mean(label, self._definitions)}"
            )
        return self._definitions[label]

    def of_model(self, model: type[Model]) -> list[ActionDefinition]:
        """Return the definitions of the actions on a model, sorted by name."""
        found = (definition for definition in self if definition.model is model)
        return sorted(found, key=lambda definition: definition.name)

    def offered_on(self, model: type[Model]) -> list[ActionDefinition]:
        """Return the definitions that every viewset of a model offers, sorted by name."""
        return [entry for entry in self.of_model(model) if entry.is_on_every_viewset]

    def remove(self, definition: ActionDefinition) -> None:
        """Remove a definition; for tests."""
        self._definitions.pop(definition.label, None)


registry = Registry()
"""The registry that `@register` adds to, and that all of DJ Actions reads."""
