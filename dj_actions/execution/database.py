"""Which database an action runs on."""

from __future__ import annotations

from django.db import router

from dj_actions.declaration.definition import ActionDefinition
from dj_actions.exceptions import InvalidAction
from dj_actions.models import ActionEvent


def database_for(definition: ActionDefinition) -> str:
    """Return the alias of the database that holds both the objects and the records.

    Raises:
        InvalidAction: they are in different databases, so one transaction cannot cover both.
    """
    records = router.db_for_write(ActionEvent)
    objects = router.db_for_write(definition.model)
    if objects != records:
        raise InvalidAction(
            f"{definition.label} writes to the database {objects!r}, but its records are stored "
            f"in {records!r}. Both must be in the same database, so that one transaction covers "
            "them. Check DATABASE_ROUTERS."
        )
    return objects
