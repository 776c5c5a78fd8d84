"""System checks: `manage.py check` reports a wrong configuration and how to fix it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.db import connections, router
from django.db.models import Count

from dj_actions.conf import Settings, get_settings
from dj_actions.declaration.discovery import load_viewsets
from dj_actions.exceptions import InvalidAction, InvalidSetting
from dj_actions.execution.database import database_for
from dj_actions.models import Delivery
from dj_actions.outbox.environment import ADOPT, foreign_environment
from dj_actions.outbox.notifications import DRIVER_HINT, DRIVER_MISSING, can_listen
from dj_actions.publishers import publishers
from dj_actions.publishers.handler import publisher_class
from dj_actions.registry import registry
from dj_actions.text import did_you_mean

if TYPE_CHECKING:
    from dj_actions.outbox.queries import DeliveryQuerySet


@register("dj_actions")
def check_settings(**_: Any) -> list[CheckMessage]:
    """Check DJ_ACTIONS, its publishers, and the actions that reference them."""
    try:
        settings = get_settings()
    except InvalidSetting as error:
        return [Error(str(error), id="dj_actions.E001")]
    return [
        *_check_old_settings(),
        *_check_driver(settings),
        *_check_publishers(settings),
        *_check_routes(settings),
        *_check_actions(settings),
    ]


@register(Tags.database, "dj_actions")
def check_database(*, databases: Iterable[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Check that SQLite transactions acquire the write lock when they start."""
    alias = router.db_for_write(Delivery)
    if alias not in (databases or ()) or connections[alias].vendor != "sqlite":
        return []
    options = connections[alias].settings_dict.get("OPTIONS") or {}
    if str(options.get("transaction_mode", "")).upper() == "IMMEDIATE":
        return []
    return [
        Warning(
            f"The SQLite database {alias!r} opens deferred transactions. Concurrent actions "
            "will fail with 'database is locked'.",
            hint=f"Set DATABASES[{alias!r}]['OPTIONS'] = {{'transaction_mode': 'IMMEDIATE', "
            "'timeout': 5, 'init_command': 'PRAGMA journal_mode=WAL;'}.",
            id="dj_actions.W003",
        )
    ]


@register(Tags.database, "dj_actions")
def check_open_deliveries(
    *, databases: Iterable[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Check that the publisher and the route of each open delivery are configured."""
    alias = router.db_for_write(Delivery)
    if alias not in (databases or ()) or not _has_table(alias):
        return []
    try:
        known = get_settings().publishers
    except InvalidSetting:
        return []
    rows = Delivery.objects.using(alias)
    unknown = rows.of_unknown_publishers(known).order_by()
    counts = unknown.values_list("publisher").annotate(Count("pk")).order_by("publisher")
    messages = [unknown_publisher(publisher, count) for publisher, count in counts]
    return [
        *(Warning(message, hint=hint, id="dj_actions.W004") for message, hint in messages),
        *(Warning(message, hint=hint, id="dj_actions.W007") for message, hint in unrouted(rows)),
    ]


def unrouted(rows: DeliveryQuerySet) -> Iterator[tuple[str, str]]:
    """Yield a message and a hint for open deliveries whose route has been removed since.

    The options of a route are read when a message is sent.

    Args:
        rows: the deliveries to look at.
    """
    settings = get_settings()
    definitions = {definition.label: definition for definition in registry}
    for alias, resource, action, count in rows.count_open_by_action():
        label = f"{resource}.{action}"
        definition = definitions.get(label)
        chosen = definition.publish if definition else None
        known = settings.publishers.get(alias)
        if known is None or known.route(label) is not None or alias in (chosen or ()):
            continue
        if definition is None and not known.routes:
            continue  # the action may have chosen the publisher itself
        deliveries = "delivery" if count == 1 else "deliveries"
        message = (
            f"{count} open {deliveries} of {label} for the publisher {alias!r}, whose ROUTES do "
            "not match it any more: sent without the options of the route."
        )
        command = f"outbox cancel --publisher {alias} --action {label} --reason TEXT"
        yield message, f"Add the route again, or cancel them with `manage.py {command}`."


@register(Tags.database, "dj_actions")
def check_environment(*, databases: Iterable[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Check that the data belong to this environment."""
    alias = router.db_for_write(Delivery)
    if alias not in (databases or ()) or not _has_table(alias):
        return []
    try:
        message = foreign_environment()
    except InvalidSetting:
        return []
    return [Error(message, hint=ADOPT, id="dj_actions.E005")] if message else []


def unknown_publisher(alias: str, count: int) -> tuple[str, str]:
    """Return the message and the hint for open deliveries whose publisher is not configured.

    Args:
        alias: the publisher.
        count: number of its open deliveries.
    """
    deliveries = "delivery" if count == 1 else "deliveries"
    message = (
        f"{count} open {deliveries} for the publisher {alias!r}, which is not in "
        "DJ_ACTIONS['PUBLISHERS']."
    )
    hint = (
        f"Configure {alias!r} again, or cancel its deliveries with "
        f"`manage.py outbox cancel --publisher {alias} --reason TEXT`."
    )
    return message, hint


def _has_table(alias: str) -> bool:
    return Delivery._meta.db_table in connections[alias].introspection.table_names()


def _check_old_settings() -> Iterator[CheckMessage]:
    if hasattr(django_settings, "TRACK_ACTIONS"):
        yield Warning(
            "The setting TRACK_ACTIONS is ignored.",
            hint='Use DJ_ACTIONS["TRACK_ACTIONS"], or DJACTION_TRACK_ACTIONS.',
            id="dj_actions.W005",
        )


def _check_driver(settings: Settings) -> Iterator[CheckMessage]:
    is_postgres = connections[router.db_for_write(Delivery)].vendor == "postgresql"
    if settings.notify and is_postgres and not can_listen():
        yield Warning(DRIVER_MISSING, hint=DRIVER_HINT, id="dj_actions.W006")


def _check_publishers(settings: Settings) -> Iterator[CheckMessage]:
    for alias, entry in settings.publishers.items():
        try:
            publisher_class(alias, entry)
            publisher = publishers[alias]
        except InvalidSetting as error:
            yield Error(str(error), hint=_extra_to_install(error), id="dj_actions.E002")
        else:
            yield from publisher.check()


def _extra_to_install(error: BaseException) -> str | None:
    """Return the hint of an integration whose third-party library is not installed."""
    cause = error.__cause__
    return str(cause) if isinstance(cause, ImportError) and "pip install" in str(cause) else None


def _check_routes(settings: Settings) -> Iterator[CheckMessage]:
    try:
        load_viewsets()
    except Exception:  # noqa: BLE001 - reported by Django's check of the URLs
        return
    labels = [definition.label for definition in registry]
    for alias, entry in settings.publishers.items():
        for pattern in entry.routes:
            if not any(fnmatchcase(label, pattern) for label in labels):
                yield Warning(
                    f'DJ_ACTIONS["PUBLISHERS"]["{alias}"]["ROUTES"]: {pattern!r} matches no '
                    f"registered action.{did_you_mean(pattern, labels)}",
                    hint="Patterns match `resource.action`, for example 'todo.*'.",
                    id="dj_actions.W001",
                )


def _check_actions(settings: Settings) -> Iterator[CheckMessage]:
    for definition in registry:
        try:
            settings.publishers_for(definition.label, definition.publish)
        except InvalidSetting as error:
            yield Error(str(error), id="dj_actions.E003")
        try:
            database_for(definition)
        except InvalidAction as error:
            yield Error(
                str(error),
                hint="Route both to the same database in DATABASE_ROUTERS.",
                id="dj_actions.E004",
            )
