"""TODO."""

from __future__ import annotations

from django.db import router

from dj_actions.declaration.definition import ActionDefinition
from dj_actions.exceptions import InvalidAction
from dj_actions.models import ActionEvent


def database_of(definition: ActionDefinition) -> str:
    """Return the alias of the database that holds both the objects and the records.

    Raises:
        InvalidAction: they lie in different databases, so one transaction cannot hold both.
    """
    records = router.db_for_write(ActionEvent)
    objects = router.db_for_write(definition.model)
    if objects != records:
        raise InvalidAction(
            f"{definition.label} writes to the database {objects!r}, but its records lie in "
            f"{records!r}; they must share one, or a rollback could not take both back."
        )
    return objects
