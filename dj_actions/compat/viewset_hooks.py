"""Overrides of viewset methods that dj-actions 0.0.7 called for each action."""

from __future__ import annotations

import inspect
from typing import Any

from dj_actions.exceptions import InvalidAction

OLD_HOOKS = ("_action", "action_docs", "actions", "bulk_actions")


def refuse_old_hooks(viewset: type[Any]) -> None:
    """Refuse a viewset with such an override: nothing would call it, not even to check access.

    Raises:
        InvalidAction: the message has the method, and what to override instead.
    """
    for name in OLD_HOOKS:
        if _is_old_hook(name, vars(viewset).get(name)):
            raise InvalidAction(
                f"{viewset.__qualname__}.{name} overrides a method of dj-actions 0.0.7 that is not "
                "called any more. Override run_action(self, definition) instead, or check access "
                "with permission_classes."
            )


def _is_old_hook(name: str, method: Any) -> bool:
    if not callable(method) or "action_id" not in inspect.signature(method).parameters:
        return False  # it has only the name
    # A list of one's own with a route of its own is served.
    return not (name == "action_docs" and hasattr(method, "mapping"))
