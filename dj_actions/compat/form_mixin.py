"""The mixin for forms that are actions, as in dj-actions 0.0.7.

A form's `save(request, pk)` performs the action and returns `(meta, result)`. Optional methods are
`get_form(view, request, pk, instance=None)`, which returns a bound form, and
`get_stream_message(instance)`, which returns the summary for publishers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.serializers import BaseSerializer

from dj_actions.exceptions import InvalidAction
from dj_actions.serialization import to_json

if TYPE_CHECKING:
    from dj_actions.context import ActionContext


class ActionFormMixin:
    """Mixin for a form that is an action; list it before the form class."""

    action_id: str | None = None
    """`resource:action`, as in the action registry."""

    context: ActionContext | None = None
    """Context of the running action; None if the form is used outside of an action."""

    def post_process(
        self,
        channel: str,
        request: Any,  # noqa: ARG002 - part of the signature
        context_object: Any,
        serializer: type[BaseSerializer[Any]],
        custom_message: str,
    ) -> None:
        """Set the message for publishers; call it from `save`.

        Args:
            channel: recipient in addition to followers of the object, for example `user:7`.
            request: not used.
            context_object: the object of the action.
            serializer: serializer class for the data of the message.
            custom_message: the summary.

        Raises:
            InvalidAction: the form has no `action_id`.
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
