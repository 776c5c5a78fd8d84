"""Look at what the project's URLs already serve, to fit new actions to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models import Model
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils.text import slugify
from rest_framework.serializers import ALL_FIELDS, HyperlinkedModelSerializer
from rest_framework.viewsets import ModelViewSet

from dj_actions.registry import registry
from dj_actions.rest.viewset import SET_BY_DRF, ActionMixin
from dj_actions.scaffolding.errors import ScaffoldingRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The viewset at a path, as far as it is known."""

    path: str
    """URL path at which it lists its objects."""

    viewset: type[Any] | None
    """None if nothing is served there yet, or the URLs cannot be loaded."""

    model: type[Model]

    def has_registry_of(self, resource: str) -> bool:
        """Tell whether the viewset offers the actions that are registered for a resource."""
        told = getattr(self.viewset, "action_registry", None) or {}
        is_mixed_in = self.viewset is not None and issubclass(self.viewset, ActionMixin)
        return is_mixed_in and told.get("resource") == resource

    @property
    def lookup(self) -> str:
        """The attribute of an object that is its key in URLs."""
        found = str(getattr(self.viewset, "lookup_field", "pk"))
        return "pk" if found == self.model._meta.pk.name else found.replace("__", ".")

    @property
    def answered_key(self) -> str:
        """The field of an answer that holds an object's primary key; empty if none is known."""
        key = str(_own_key(self.model).name)
        if self.viewset is None:
            return key
        serializer = getattr(self.viewset, "serializer_class", None)
        return next((name for name in (key, "pk") if _shows(serializer, name)), "")

    @property
    def has_number(self) -> bool:
        """Whether that key is a number in JSON."""
        key = self.model._meta.pk
        while isinstance(key, models.ForeignKey):
            key = key.target_field
        return isinstance(key, models.IntegerField)

    def require_free(self, action_id: str) -> None:
        """Refuse the name of an action that the viewset has another use for.

        Raises:
            ScaffoldingRefused: it has.
        """
        bases = (self.viewset,) if self.viewset else (ModelViewSet, ActionMixin)
        found = [getattr(base, action_id, None) for base in bases]
        is_other = any(entry is not None and not hasattr(entry, "definition") for entry in found)
        if is_other or action_id in SET_BY_DRF:
            raise ScaffoldingRefused(
                f"Viewsets have an attribute {action_id!r}, which the action would hide. Use "
                "another name, say with its object."
            )


def served_at(path: str, model: type[Model]) -> Served:
    """Return what the project's URLs serve at a path.

    Raises:
        ScaffoldingRefused: a viewset of another model.
    """
    viewset = _viewset_at(path)
    queryset = getattr(viewset, "queryset", None)
    other: Any = getattr(viewset, "action_model", None) or getattr(queryset, "model", model)
    if not (issubclass(model, other) or issubclass(other, model)):
        raise ScaffoldingRefused(
            f"The viewset at {path} serves {other.__name__}, not {model.__name__}. Give the path "
            f"at which objects of {model.__name__} are listed, or will be."
        )
    return Served(path=path, viewset=viewset, model=model)


def _viewset_at(path: str) -> type[Any] | None:
    try:
        view = resolve(path).func
    except (Resolver404, ImproperlyConfigured, ImportError):
        return None
    found = getattr(view, "cls", None)
    return found if isinstance(found, type) and hasattr(found, "get_extra_actions") else None


def likely_path(model: type[Model]) -> str:
    """Return where the model's viewset is, or would be by DRF's own habits."""
    try:
        return reverse(f"{model._meta.model_name}-list")
    except (NoReverseMatch, ImproperlyConfigured, ImportError):
        return f"/{slugify(str(model._meta.verbose_name_plural)) or model._meta.model_name}/"


def is_declared(resource: str, action_id: str) -> bool:
    """Tell whether the project has such an action already, wherever it is declared."""
    return any((entry.resource, entry.name) == (resource, action_id) for entry in registry)


def _own_key(model: type[Model]) -> Any:
    """Return the primary key's field; that of the first parent, as serializers do."""
    key = model._meta.pk
    while isinstance(key, models.OneToOneField) and key.remote_field.parent_link:
        key = key.target_field
    return key


def _shows(serializer: Any, name: str) -> bool:
    """Tell whether answers hold a field as it is, by what the serializer declares."""
    fields = getattr(getattr(serializer, "Meta", None), "fields", ())
    if name in getattr(serializer, "_declared_fields", {}):
        return False
    if fields == ALL_FIELDS:
        return name != "pk" and not issubclass(serializer, HyperlinkedModelSerializer)
    return name in fields
