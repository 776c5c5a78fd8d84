"""An action and a bulk action of the same model, which find the same objects."""

from __future__ import annotations

from typing import Any

from rest_framework.test import APIClient

from tests.conftest import Declare
from tests.integration.rest.todo_calls import post


def bulk_and_single(declare: Declare, **attributes: Any) -> None:
    """Declare the two actions, with these attributes."""
    declare(**attributes)
    declare(name="poke_all", bulk=True, **attributes)


def both_statuses(client: APIClient, *keys: Any) -> tuple[int, int]:
    """Run an action on the first, a bulk action on all, and return their statuses."""
    single, _ = post(client, f"/things/{keys[0]}/actions/poke/")
    bulk, _ = post(client, "/things/actions/poke_all/", {"ids": list(keys)})
    return single, bulk
