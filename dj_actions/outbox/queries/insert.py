"""Insert an event and its deliveries."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connections, models
from django.db.models import JSONField
from django.db.models.fields import NOT_PROVIDED

from dj_actions.outbox.ordering import OrderingKey

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from dj_actions.models import ActionEvent, Delivery

    Field = models.Field[Any, Any]


NO_TEXTS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """What is decided about a delivery when its event is recorded."""

    publisher: str
    ordering: OrderingKey = field(default_factory=OrderingKey)

    options: Mapping[str, Any] | None = None
    """Options of the route that matched; None leaves them to the settings of the relay."""


def insert_event(
    event: ActionEvent,
    new: Sequence[NewDelivery],
    deliveries: type[Delivery],
    *,
    using: str,
    texts: Mapping[str, str] = NO_TEXTS,
) -> None:
    """Insert an event, and one pending delivery for each publisher.

    PostgreSQL does it in one statement: it is part of every request that runs an action. As
    with any bulk insert, Django's `post_save` is not sent.

    Args:
        event: not yet saved; its `created_at` is deferred, and fetched on access.
        new: the deliveries.
        deliveries: the model of deliveries.
        using: alias of the database.
        texts: the JSON text of fields of the event that are encoded already.
    """
    connection = connections[using]
    if connection.vendor == "postgresql":
        _insert_in_one_statement(event, new, deliveries, texts, connection)
    else:
        event.save(using=using, force_insert=True)
        deliveries._default_manager.using(using).bulk_create(
            deliveries(
                event=event,
                publisher=entry.publisher,
                options=entry.options,
                ordering_scope=entry.ordering.scope,
                ordering_key=entry.ordering.key,
            )
            for entry in new
        )


def _insert_in_one_statement(
    event: ActionEvent,
    new: Sequence[NewDelivery],
    deliveries: type[Delivery],
    texts: Mapping[str, str],
    connection: BaseDatabaseWrapper,
) -> None:
    attributes = vars(event)
    # As strings, which the server casts to the column's type: it is cheapest for the driver.
    values: dict[str, str] = {
        name: texts.get(attribute) or as_text(value)
        for name, attribute, default, as_text in _columns(type(event))
        if (value := attributes[attribute]) != default
    }
    parameters: list[str | None] = [*values.values()]
    is_ordered = any(entry.ordering.scope for entry in new)
    event_id = str(event.pk)
    for entry in new:
        parameters += (event_id, entry.publisher, _options_as_text(entry.options))
        if is_ordered:
            parameters += (entry.ordering.scope, entry.ordering.key)
    statement = _statement(type(event), deliveries, tuple(values), len(new), is_ordered=is_ordered)
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
    event._state.adding, event._state.db = False, connection.alias
    # Deferred: it is rarely read, and RETURNING it costs a tenth of the statement.
    del event.created_at


class Column(NamedTuple):
    """A column of the events."""

    name: str

    attribute: str
    """Name of the event's attribute."""

    default: Any
    """The database's default."""

    as_text: Callable[[Any], str]
    """Returns the text of a value."""


@cache
def _columns(model: type[models.Model]) -> tuple[Column, ...]:
    """Return the columns to insert, with their database defaults.

    Only values that differ are sent: most are empty, and each one costs the driver time.
    """
    fields = (field for field in model._meta.concrete_fields if field.name != "created_at")
    return tuple(
        Column(str(field.column), field.attname, _database_default(field), _encoder_of(field))
        for field in fields
    )


def _encoder_of(field: Field) -> Callable[[Any], str]:
    return partial(json.dumps, cls=field.encoder) if isinstance(field, JSONField) else str


def _database_default(field: Field) -> Any:
    has_default = field.null or field.db_default is not NOT_PROVIDED
    return field.get_default() if has_default else NOT_PROVIDED


def _options_as_text(options: Mapping[str, Any] | None) -> str | None:
    if options:
        return json.dumps(options)
    return None if options is None else "{}"


@cache
def _statement(
    event: type[ActionEvent],
    delivery: type[Delivery],
    columns: tuple[str, ...],
    count: int,
    *,
    is_ordered: bool,
) -> str:
    """Return the statement; only names of our own tables and columns are interpolated."""
    names = ", ".join(f'"{column}"' for column in columns)
    insert_event = f"INSERT INTO {event._meta.db_table} ({names}) VALUES ({_placeholders(columns)})"  # noqa: S608
    if not count:
        return insert_event
    ordering = ("ordering_scope", "ordering_key") if is_ordered else ()
    own = ("event_id", "publisher", "options", *ordering)
    rows = ", ".join([f"({_placeholders(own)})"] * count)
    return (
        f"WITH event AS ({insert_event}) "  # noqa: S608
        f"INSERT INTO {delivery._meta.db_table} ({', '.join(own)}) VALUES {rows}"
    )


def _placeholders(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))
