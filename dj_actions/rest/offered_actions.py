"""The part of a viewset that knows which actions it offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import Model, QuerySet

from dj_actions.compat.registry_entries import definitions_of
from dj_actions.compat.viewset_hooks import refuse_old_hooks
from dj_actions.declaration.attributes import refuse_misspelled_attributes
from dj_actions.declaration.definition import ActionDefinition
from dj_actions.exceptions import InvalidAction
from dj_actions.registry import registry
from dj_actions.rest.request import machine_token_of

if TYPE_CHECKING:
    from rest_framework.viewsets import GenericViewSet

    Base = GenericViewSet[Any]
else:
    Base = object

OPTIONS = ("action_model", "action_registry")
"""Attributes that a viewset may set for its actions."""


class OfferedActionsMixin(Base):
    """Finds the actions of the viewset's model, and those of its action registry."""

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
