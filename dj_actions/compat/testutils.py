"""The test utilities of dj-actions 0.0.7; for new tests, see `dj_actions.testing`."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any


def get_instance_action_url(
    resource: str, pk: Any, action_id: str, context: str | None = None
) -> str:
    """Return the path of an action on one object.

    Args:
        resource: the resource's part of the path, for example `todos`.
        pk: key of the object.
        action_id: name of the action.
        context: the part of the path before the resource, for example `api/v1`.
    """
    return f"{_prefix(context)}{resource.strip('/')}/{pk}/actions/{action_id}/"


def get_bulk_action_url(resource: str, action_id: str, context: str | None = None) -> str:
    """Return the path of a bulk action; for the arguments, see `get_instance_action_url`."""
    return f"{_prefix(context)}{resource.strip('/')}/actions/{action_id}/"


def assert_in_registry(
    client: Any,
    resource: str,
    bulk_actions: Iterable[str] = (),
    instance_actions: Iterable[str] = (),
) -> None:
    """Fail unless the resource offers these actions.

    Args:
        client: a test client of Django or DRF.
        resource: the resource's part of the path, for example `todos`.
        bulk_actions: names of bulk actions.
        instance_actions: names of actions on one object.
    """
    path = f"/{resource.strip('/')}/actions/list/"
    response = client.get(path)
    if response.status_code != HTTPStatus.OK:
        raise AssertionError(f"{path} returned the status code {response.status_code}.")
    listed = response.json()
    for kind, expected in (("bulk_actions", bulk_actions), ("instance_actions", instance_actions)):
        offered = [action["id"] for action in listed[kind]]
        missing = [name for name in expected if name not in offered]
        if missing:
            raise AssertionError(f"{path} lacks {missing} among its {kind}: {offered}.")


def _prefix(context: str | None) -> str:
    return f"/{context.strip('/')}/" if context and context.strip("/") else "/"
