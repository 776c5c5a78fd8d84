"""Write an event and its deliveries."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import connections, models
from django.db.models import JSONField
from django.db.models.fields import NOT_PROVIDED

if TYPE_CHECKING:
    from dj_actions.models import ActionEvent, Delivery

    Field = models.Field[Any, Any]


def insert_event(
    event: ActionEvent, publishers: Sequence[str], deliveries: type[Delivery], *, using: str
) -> None:
    """Insert an event, and one pending delivery for each publisher.

    PostgreSQL does it in one statement: it is a part of every request that acts. As with any
    bulk insert, Django's `post_save` is not sent.

    Args:
        event: filled in, not yet saved; its `created_at` is read back.
        publishers: aliases.
        deliveries: the model of deliveries.
        using: alias of the database.
    """
    if connections[using].vendor == "postgresql":
        _insert_at_once(event, publishers, deliveries, using=using)
    else:
        event.save(using=using, force_insert=True)
        deliveries._default_manager.using(using).bulk_create(
            deliveries(event=event, publisher=alias) for alias in publishers
        )


def _insert_at_once(
    event: ActionEvent, publishers: Sequence[str], deliveries: type[Delivery], *, using: str
) -> None:
    connection = connections[using]
    values = [
        (field, value)
        for field, initial in _written(type(event))
        if (value := getattr(event, field.attname)) != initial
    ]
    parameters = [
        # Drivers know text, numbers and ids by themselves.
        field.get_db_prep_save(value, connection) if isinstance(field, JSONField) else value
        for field, value in values
    ]
    columns = tuple(field.column for field, _ in values)
    with connection.cursor() as cursor:
        cursor.execute(
            _statement(type(event), deliveries, columns), [*parameters, list(publishers)]
        )
        (event.created_at,) = cursor.fetchone()
    event._state.adding, event._state.db = False, using


@functools.cache
def _written(model: type[models.Model]) -> tuple[tuple[Field, Any], ...]:
    """Return the fields, each with the value that the database gives it by itself.

    Only what differs is sent: most of a record is empty, and each value costs the driver time.
    """
    fields = (field for field in model._meta.concrete_fields if field.name != "created_at")
    return tuple((field, _initial(field)) for field in fields)


def _initial(field: Field) -> Any:
    given_by_database = field.null or field.db_default is not NOT_PROVIDED
    return field.get_default() if given_by_database else NOT_PROVIDED


@functools.cache
def _statement(event: type[ActionEvent], delivery: type[Delivery], columns: tuple[str, ...]) -> str:
    """Return the statement, made of the names of our own tables and columns."""
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(["%s"] * len(columns))
    return (
        f"WITH event AS (INSERT INTO {event._meta.db_table} ({names}) VALUES ({values}) "  # noqa: S608
        f"RETURNING id, created_at), deliveries AS (INSERT INTO {delivery._meta.db_table} "
        "(event_id, publisher) SELECT event.id, alias FROM event, unnest(%s::text[]) AS alias) "
        "SELECT created_at FROM event"
    )
