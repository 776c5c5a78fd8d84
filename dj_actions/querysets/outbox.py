"""Write an event and its deliveries."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import connections, models
from django.db.models import JSONField
from django.db.models.fields import NOT_PROVIDED

from dj_actions.ordering import Line

if TYPE_CHECKING:
    from dj_actions.models import ActionEvent, Delivery

    Field = models.Field[Any, Any]


def insert_event(
    event: ActionEvent, lines: Mapping[str, Line], deliveries: type[Delivery], *, using: str
) -> None:
    """Insert an event, and one pending delivery for each publisher.

    PostgreSQL does it in one statement: it is a part of every request that acts. As with any
    bulk insert, Django's `post_save` is not sent.

    Args:
        event: filled in, not yet saved; its `created_at` is read back.
        lines: for each publisher, where in which line its delivery stands.
        deliveries: the model of deliveries.
        using: alias of the database.
    """
    if connections[using].vendor == "postgresql":
        _insert_at_once(event, lines, deliveries, using=using)
    else:
        event.save(using=using, force_insert=True)
        deliveries._default_manager.using(using).bulk_create(
            deliveries(
                event=event,
                publisher=alias,
                ordering_scope=line.scope,
                ordering_key=line.key,
            )
            for alias, line in lines.items()
        )


def _insert_at_once(
    event: ActionEvent, lines: Mapping[str, Line], deliveries: type[Delivery], *, using: str
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
    parameters.append(list(lines))
    is_ordered = any(line.scope for line in lines.values())
    if is_ordered:
        parameters.append([line.scope for line in lines.values()])
        parameters.append([line.key for line in lines.values()])
    statement = _statement(
        type(event), deliveries, tuple(field.column for field, _ in values), is_ordered=is_ordered
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
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
def _statement(
    event: type[ActionEvent],
    delivery: type[Delivery],
    columns: tuple[str, ...],
    *,
    is_ordered: bool,
) -> str:
    """Return the statement, made of the names of our own tables and columns."""
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(["%s"] * len(columns))
    own = ("publisher", "ordering_scope", "ordering_key") if is_ordered else ("publisher",)
    arrays = ", ".join(["%s::text[]"] * len(own))
    return (
        f"WITH event AS (INSERT INTO {event._meta.db_table} ({names}) VALUES ({values}) "  # noqa: S608
        f"RETURNING id, created_at), deliveries AS (INSERT INTO {delivery._meta.db_table} "
        f"(event_id, {', '.join(own)}) "
        f"SELECT event.id, line.* FROM event, unnest({arrays}) AS line) "
        "SELECT created_at FROM event"
    )
