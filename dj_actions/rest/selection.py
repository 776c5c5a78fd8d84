"""The part of a viewset that fetches, locks and authorizes what an action acts on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.generics import GenericAPIView

from dj_actions.context import Selected
from dj_actions.declaration.definition import ActionDefinition
from dj_actions.execution.locking import can_lock, lock_rows, locked, where_writes_go
from dj_actions.execution.problems import api_exception_of
from dj_actions.rest.bulk_ids import in_order_of_request, not_found, requested_keys, require_all

if TYPE_CHECKING:
    from rest_framework.viewsets import GenericViewSet

    Base = GenericViewSet[Any]
else:
    Base = object


class SelectionMixin(Base):
    """Selects objects the way the viewset itself would, one by one, and locks them."""

    locks_objects = False
    """Whether this request fetches objects in order to change them."""

    has_locked = False
    """Whether the query that fetched them could lock them."""

    fetched: Any = None
    """The object in the URL, once it has been fetched."""

    def get_object(self) -> Any:
        """Fetch the object in the URL, and keep it for what the answer tells of it."""
        self.fetched = super().get_object()
        return self.fetched

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Lock what an action is going to change, in the query that fetches it if possible."""
        queryset = super().filter_queryset(queryset)
        if not self.locks_objects:
            return queryset
        if not can_lock(queryset):
            return where_writes_go(queryset)
        self.has_locked = True
        return locked(queryset)

    def select_objects(self, definition: ActionDefinition) -> Sequence[Selected]:
        """Fetch, lock and authorize what the request names.

        Raises:
            rest_framework.exceptions.APIException: something is missing, or may not be touched,
                and the action needs all of it.
        """
        if not definition.requires_objects:
            return ()
        self.locks_objects = True
        return (
            self.select_named_objects(definition) if definition.bulk else self.select_one_object()
        )

    def select_one_object(self) -> Sequence[Selected]:
        """Select the object in the URL."""
        found = self.get_object()
        if not self.has_locked:
            lock_rows(type(found), [found.pk])
            # As it is now that nobody else can change it.
            found = self.get_object()
        return (Selected(key=found.pk, object=found),)

    def select_named_objects(self, definition: ActionDefinition) -> Sequence[Selected]:
        """Select the objects named by `ids`, in their order.

        They are found the way each alone would be: in the viewset's queryset, by its lookup
        field, under its object permissions.
        """
        model = self.get_queryset().model
        keys = requested_keys(
            self.request.data, model, self.lookup_field, max_items=definition.max_items
        )
        if self._finds_objects_itself():
            return self._one_by_one(keys, definition)
        selected = self._fetch(keys, definition)
        if not self.has_locked:
            lock_rows(model, [entry.object.pk for entry in selected if entry.object])
            selected = self._fetch(keys, definition)
        selected = [self._authorized(entry) for entry in selected]
        if not definition.partial:
            require_all(selected)
        return selected

    def _fetch(self, keys: Sequence[Any], definition: ActionDefinition) -> Sequence[Selected]:
        field = self.lookup_field
        rows = self.filter_queryset(self.get_queryset().filter(**{f"{field}__in": keys}))
        if self.has_locked:
            # One order for all requests: two that share objects wait instead of deadlocking.
            rows = rows.order_by("pk")
        selected = in_order_of_request(rows, keys, field)
        if not definition.partial:
            require_all(selected)
        return selected

    def _finds_objects_itself(self) -> bool:
        """Tell whether the viewset has a `get_object` of its own, which may refuse some."""
        known = (SelectionMixin.get_object, GenericAPIView.get_object)
        return type(self).get_object not in known

    def _one_by_one(self, keys: Sequence[Any], definition: ActionDefinition) -> Sequence[Selected]:
        found = {key: self._own_object(key) for key in sorted(keys, key=str)}
        selected = [found[key] for key in keys]
        if not definition.partial:
            require_all(selected)
        return selected

    def _own_object(self, key: Any) -> Selected:
        name = self.lookup_url_kwarg or self.lookup_field
        of_request = self.kwargs
        self.kwargs = {**of_request, name: str(key)}
        try:
            (entry,) = self.select_one_object()
        except Exception as refusal:
            known = api_exception_of(refusal)
            if known is None:
                raise
            is_missing = isinstance(known, NotFound)
            return Selected(key=key, refusal=not_found(key) if is_missing else refusal)
        finally:
            self.kwargs, self.has_locked = of_request, False
        return replace(entry, key=key)

    def _authorized(self, entry: Selected) -> Selected:
        if entry.refusal:
            return entry
        try:
            self.check_object_permissions(self.request, entry.object)
        except Exception as refusal:
            if api_exception_of(refusal) is None:
                raise
            return replace(entry, refusal=refusal)
        return entry
