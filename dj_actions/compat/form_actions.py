"""Perform an action by saving a form: `save(request, pk)`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, QuerySet
from django.db.models.manager import BaseManager

from dj_actions.context import ActionContext
from dj_actions.exceptions import InvalidAction
from dj_actions.execution.synthetic_request import synthetic_request


@dataclass(frozen=True, slots=True)
class FormAction:
    """Performs an action by saving the form that has validated its input."""

    bulk: bool

    many: bool
    """Whether the result is a list."""

    def __call__(self, context: ActionContext, data: dict[str, Any]) -> Any:
        """Save the form; return its result.

        Raises:
            InvalidAction: `save` returned something other than `(meta, result)`.
        """
        form = context.bound
        # For ActionFormMixin.post_process.
        form.context = context
        request = context.request or synthetic_request(context.actor, data)
        pk = None if self.bulk else context.object_ids[0]
        meta, result = _pair(form, form.save(request, pk))
        result = _as_list(result) if self.many else result
        context.meta |= meta
        if self.bulk:
            acted_on = _objects(result)
            # Deleted objects have no key.
            kept = (entry.pk for entry in acted_on if entry.pk is not None)
            context.object_ids = tuple(str(key) for key in kept)
        else:
            acted_on = [_instance(result, context)]
        if acted_on and not context.emission.summary and hasattr(form, "get_stream_message"):
            context.emit(summary=_message(form, acted_on))
        return result


def _pair(form: Any, returned: Any) -> tuple[dict[str, Any], Any]:
    if isinstance(returned, (tuple, list)) and len(returned) == 2:  # noqa: PLR2004 - the pair
        meta, result = returned
        if meta is None or isinstance(meta, dict):
            return meta or {}, result
    raise InvalidAction(
        f"{type(form).__qualname__}.save() returned {returned!r}. Return (meta, result), "
        "where meta is a dict."
    )


def _as_list(result: Any) -> Any:
    """Return many results as a list, as they are iterated more than once."""
    if isinstance(result, BaseManager):
        return result.all()
    is_one = result is None or isinstance(result, (Model, Mapping, str, QuerySet))
    return result if is_one or not isinstance(result, Iterable) else list(result)


def _instance(result: Any, context: ActionContext) -> Any:
    if isinstance(result, Model):
        return result
    # The form may have changed the row without the object, as `update()` does.
    with contextlib.suppress(ObjectDoesNotExist):
        context.object.refresh_from_db()
    return context.object


def _objects(result: Any) -> Sequence[Any]:
    """Return the objects among the result of a bulk form."""
    if isinstance(result, Model):
        return [result]
    entries = list(result) if isinstance(result, (list, tuple, QuerySet)) else []
    return [entry for entry in entries if isinstance(entry, Model)]


def _message(form: Any, acted_on: Sequence[Any]) -> str:
    message = str(form.get_stream_message(acted_on[0]))
    others = len(acted_on) - 1
    return f"{message} and {others} more" if others else message
