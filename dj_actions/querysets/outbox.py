"""Write an event and its deliveries."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import connections, models
from django.db.models.fields import NOT_PROVIDED

if TYPE_CHECKING:
    from dj_actions.models import ActionEvent, Delivery

    Fields = tuple[models.Field[Any, Any], ...]


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
        field.get_db_prep_save(getattr(event, field.attname), connection)
        for field in _written(type(event))
    ]
    if publishers:
        values += (*_defaults(deliveries, using), list(publishers))
    with connection.cursor() as cursor:
        cursor.execute(_statement(type(event), deliveries, has_deliveries=bool(publishers)), values)
        (event.created_at,) = cursor.fetchone()
    event._state.adding, event._state.db = False, using


@functools.cache
def _statement(event: type[ActionEvent], delivery: type[Delivery], *, has_deliveries: bool) -> str:
    """Return the statement, made of the names of our own tables and columns."""
    columns = ", ".join(_columns(_written(event)))
    values = ", ".join(["%s"] * len(_written(event)))
    insert = (
        f"INSERT INTO {event._meta.db_table} ({columns}) VALUES ({values}) RETURNING id, created_at"  # noqa: S608
    )
    if not has_deliveries:
        return f"WITH event AS ({insert}) SELECT created_at FROM event"  # noqa: S608
    same = _columns(_with_default(delivery))
    follow = (
        f"INSERT INTO {delivery._meta.db_table} ({', '.join(['event_id', 'publisher', *same])}) "  # noqa: S608
        f"SELECT event.id, alias{', %s' * len(same)} FROM event, unnest(%s::text[]) AS alias"
    )
    return f"WITH event AS ({insert}), deliveries AS ({follow}) SELECT created_at FROM event"  # noqa: S608


@functools.cache
def _written(model: type[models.Model]) -> Fields:
    """Return the fields that the database does not fill in itself."""
    return tuple(
        field
        for field in model._meta.concrete_fields
        if field.db_default is NOT_PROVIDED and not isinstance(field, models.AutoField)
    )


@functools.cache
def _with_default(model: type[models.Model]) -> Fields:
    """Return the fields that begin with one value, the same in each row, which is not NULL."""
    return tuple(
        field
        for field in _written(model)
        if (field.has_default() or not field.null) and field.name not in {"event", "publisher"}
    )


@functools.cache
def _defaults(model: type[models.Model], using: str) -> tuple[Any, ...]:
    return tuple(
        field.get_db_prep_save(field.get_default(), connections[using])
        for field in _with_default(model)
    )


def _columns(fields: Fields) -> list[str]:
    return [f'"{field.column}"' for field in fields]
