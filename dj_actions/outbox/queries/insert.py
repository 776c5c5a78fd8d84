"""Write an event and its deliveries."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db import connections, models
from django.db.models import JSONField
from django.db.models.fields import NOT_PROVIDED

from dj_actions.outbox.ordering import Line

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
        event: filled in, not yet saved; its `created_at` is fetched when somebody asks for it.
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
    # As text, which the server reads by its column's type: it costs the driver least.
    parameters = [_as_text(field, value) for field, value in values]
    is_ordered = any(line.scope for line in lines.values())
    for alias, line in lines.items():
        parameters += (str(event.pk), alias)
        if is_ordered:
            parameters += (line.scope, line.key)
    columns = tuple(field.column for field, _ in values)
    statement = _statement(type(event), deliveries, columns, len(lines), is_ordered=is_ordered)
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
    event._state.adding, event._state.db = False, using
    # Deferred: hardly anybody asks for it, and to return it costs a tenth of the statement.
    del event.created_at


def _as_text(field: Field, value: Any) -> str:
    return json.dumps(value, cls=field.encoder) if isinstance(field, JSONField) else str(value)


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
    lines: int,
    *,
    is_ordered: bool,
) -> str:
    """Return the statement, made of the names of our own tables and columns."""
    names = ", ".join(f'"{column}"' for column in columns)
    insert_event = f"INSERT INTO {event._meta.db_table} ({names}) VALUES ({_places(columns)})"  # noqa: S608
    if not lines:
        return insert_event
    own = ("event_id", "publisher", *(("ordering_scope", "ordering_key") if is_ordered else ()))
    rows = ", ".join([f"({_places(own)})"] * lines)
    return (
        f"WITH event AS ({insert_event}) "  # noqa: S608
        f"INSERT INTO {delivery._meta.db_table} ({', '.join(own)}) VALUES {rows}"
    )


def _places(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))
