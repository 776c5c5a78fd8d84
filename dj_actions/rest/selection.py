"""The part of a viewset that fetches, locks and authorizes the objects of an action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.generics import GenericAPIView

from dj_actions.context import Selection
from dj_actions.declaration.definition import ActionDefinition
from dj_actions.execution.locking import (
    for_update,
    lock_rows,
    on_write_database,
    supports_for_update,
)
from dj_actions.execution.problems import api_exception_for
from dj_actions.rest.bulk_ids import in_order_of_request, not_found, requested_keys, require_all
from dj_actions.rest.state import RequestState

if TYPE_CHECKING:
    from rest_framework.viewsets import GenericViewSet

    Base = GenericViewSet[Any]
else:
    Base = object


class SelectionMixin(Base):
    """Selects objects as the viewset itself does, one at a time, and locks them."""

    @cached_property
    def request_state(self) -> RequestState:
        """The state of this request; DRF creates a viewset for each request."""
        return RequestState()

    def get_object(self) -> Any:
        """Fetch the object in the URL, and remember it for the response."""
        self.request_state.fetched = super().get_object()
        return self.request_state.fetched

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Lock the objects of an action, in the query that fetches them if possible."""
        queryset = super().filter_queryset(queryset)
        if not self.request_state.locks_objects:
            return queryset
        if not supports_for_update(queryset):
            return on_write_database(queryset)
        self.request_state.has_locked = True
        return for_update(queryset)

    def select_objects(
        self, definition: ActionDefinition, *, raises: bool = True
    ) -> Sequence[Selection]:
        """Fetch, lock and authorize the objects of the request.

        Args:
            definition: the action.
            raises: whether to raise the error of the first object that is missing or not
                permitted, instead of returning all errors.

        Raises:
            rest_framework.exceptions.APIException: an object is missing or not permitted, or the
                ids are malformed.
        """
        if not definition.requires_objects:
            return ()
        self.request_state.locks_objects = True
        if definition.bulk:
            return self._select_many(definition, raises=raises)
        return (self._select_one() if raises else self._select_or_refuse(None),)

    def _select_one(self) -> Selection:
        """Select the object in the URL."""
        found = self.get_object()
        if not self.request_state.has_locked:
            lock_rows(type(found), [found.pk])
            # Fetched again: it may have changed before it was locked.
            found = self.get_object()
        return Selection(key=found.pk, object=found)

    def _select_or_refuse(self, key: Any) -> Selection:
        """Select the object in the URL; if it is refused, return the error with the key."""
        try:
            return self._select_one()
        except Exception as error:
            if api_exception_for(error) is None:
                raise
            return Selection(key=key, error=error)

    def _select_many(self, definition: ActionDefinition, *, raises: bool) -> Sequence[Selection]:
        """Select the objects in `ids`, in their order.

        Each is found as it would be alone: in the viewset's queryset, by its lookup field, with
        its object permissions.
        """
        model = self.get_queryset().model
        reads_keys = self._overrides_get_object()
        keys = requested_keys(
            self.request.data,
            model,
            self.lookup_field,
            max_items=definition.max_items,
            converts=not reads_keys,
        )
        if reads_keys:
            return self._one_by_one(keys, raises=raises)
        selection = self._fetch(keys, raises=raises)
        if not self.request_state.has_locked:
            lock_rows(model, [entry.object.pk for entry in selection if entry.object])
            selection = self._fetch(keys, raises=raises)
        selection = [self._authorized(entry) for entry in selection]
        if raises:
            require_all(selection)
        return selection

    def _fetch(self, keys: Sequence[Any], *, raises: bool) -> Sequence[Selection]:
        field = self.lookup_field
        rows = self.filter_queryset(self.get_queryset().filter(**{f"{field}__in": keys}))
        if self.request_state.has_locked:
            # The same order for every request, so that two with common objects cannot deadlock.
            rows = rows.order_by("pk")
        selection = in_order_of_request(rows, keys, field)
        if raises:
            require_all(selection)
        return selection

    def _overrides_get_object(self) -> bool:
        """Return whether the viewset has its own `get_object`, which may refuse objects."""
        return type(self).get_object not in (SelectionMixin.get_object, GenericAPIView.get_object)

    def _one_by_one(self, keys: Sequence[Any], *, raises: bool) -> Sequence[Selection]:
        found = {key: self._select_by_key(key) for key in sorted(keys, key=str)}
        selection = [found[key] for key in keys]
        if raises:
            require_all(selection)
        return selection

    def _select_by_key(self, key: Any) -> Selection:
        """Select one object as if its key were in the URL."""
        name = self.lookup_url_kwarg or self.lookup_field
        kwargs = self.kwargs
        self.kwargs = {**kwargs, name: str(key)}
        try:
            entry = self._select_or_refuse(key)
        finally:
            self.kwargs, self.request_state.has_locked = kwargs, False
        if entry.error and isinstance(api_exception_for(entry.error), NotFound):
            return replace(entry, error=not_found(key))
        return replace(entry, key=key)

    def _authorized(self, entry: Selection) -> Selection:
        if entry.error:
            return entry
        try:
            self.check_object_permissions(self.request, entry.object)
        except Exception as error:
            if api_exception_for(error) is None:
                raise
            return replace(entry, error=error)
        return entry
