"""For forms that are actions: the contract of dj-actions 0.0.7, fulfilled.

A form's `save(request, pk)` does the work and returns `(meta, result)`. It may say how it is made
(`get_form(view, request, pk, instance=None)`, returning a bound form) and what publishers tell
people (`get_stream_message(instance)`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.serializers import BaseSerializer

from dj_actions.exceptions import InvalidAction
from dj_actions.serialization import to_json

if TYPE_CHECKING:
    from dj_actions.context import ActionContext


class ActionFormMixin:
    """Put it first among the bases of a form that is an action."""

    action_id: str | None = None
    """`resource:action`, as in the action registry."""

    context: ActionContext | None = None
    """What the action sees while it runs; None when the form is used by itself."""

    def post_process(
        self,
        channel: str,
        request: Any,  # noqa: ARG002 - the contract's own
        context_object: Any,
        serializer: type[BaseSerializer[Any]],
        custom_message: str,
    ) -> None:
        """Tell publishers about the action: called from `save`.

        Args:
            channel: who is to see it beside those who follow the object, for example `user:7`.
            request: not looked at.
            context_object: what was acted on.
            serializer: class that makes the data which go along.
            custom_message: what people are told.

        Raises:
            InvalidAction: the form does not say its `action_id`.
        """
        if self.action_id is None:
            raise InvalidAction(
                f"{type(self).__qualname__} does not say its action_id. Set it to "
                "'resource:action', as in the action registry."
            )
        if self.context is None:
            return
        data = to_json(serializer(context_object).data)
        self.context.emit(summary=custom_message, recipients=[channel], extra={"context": data})
