"""System checks: `manage.py check` reports a wrong configuration and how to fix it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.db import connections, router
from django.db.models import Count, Model

from dj_actions.checks.actions import check_actions, check_sensitive, check_unregistered
from dj_actions.conf import Settings, get_settings
from dj_actions.conf.settings import OLD_SETTINGS
from dj_actions.declaration.discovery import load_viewsets
from dj_actions.exceptions import InvalidSetting
from dj_actions.models import Delivery, PublisherState
from dj_actions.outbox.environment import ADOPT, foreign_environment
from dj_actions.outbox.notifications import DRIVER_HINT, DRIVER_MISSING, can_listen
from dj_actions.publishers import BasePublisher, publishers
from dj_actions.publishers.handler import publisher_class
from dj_actions.registry import registry
from dj_actions.text import did_you_mean

if TYPE_CHECKING:
    from dj_actions.outbox.queries import DeliveryQuerySet

SIMILAR_SETTING = re.compile(r"DJANGO_ACTIONS?(_|$)|DJ_?ACTIONS?(_|$)")
"""Names of settings that somebody might take for ours."""


@register("dj_actions")
def check_settings(**_: Any) -> list[CheckMessage]:
    """Check DJ_ACTIONS, its publishers, and the actions that reference them."""
    try:
        settings = get_settings()
    except InvalidSetting as error:
        return [Error(str(error), id="dj_actions.E001")]
    # Registries are read when the viewsets that have them are imported.
    is_complete = _load_viewsets()
    return [
        *_check_other_settings(),
        *_check_driver(settings),
        *_check_publishers(settings),
        *(_check_patterns(settings) if is_complete else ()),
        *check_actions(settings),
        *check_sensitive(),
        *check_unregistered(),
    ]


def _load_viewsets() -> bool:
    """Import the viewsets; return whether that was possible."""
    try:
        load_viewsets()
    except Exception:  # noqa: BLE001 - reported by Django's check of the URLs
        return False
    return True


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
    """Check that what open deliveries need is configured: their publisher, perhaps their route."""
    alias = router.db_for_write(Delivery)
    if alias not in (databases or ()) or not _is_migrated(Delivery, alias):
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
        *(Warning(message, hint=hint, id="dj_actions.W011") for message, hint in unrouted(rows)),
    ]


def unrouted(rows: DeliveryQuerySet) -> Iterator[tuple[str, str]]:
    """Yield a message and a hint for open deliveries whose route has been removed since.

    Only deliveries whose options were not recorded depend on it: others are sent as recorded.

    Args:
        rows: the deliveries to look at.
    """
    settings = get_settings()
    definitions = {definition.label: definition for definition in registry}
    for alias, resource, action, count in rows.count_without_options():
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
    if alias not in (databases or ()) or not _is_migrated(PublisherState, alias):
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


def _is_migrated(model: type[Model], alias: str) -> bool:
    """Return whether the table has all columns: `migrate` runs the checks before it adds them."""
    table, connection = model._meta.db_table, connections[alias]
    with connection.cursor() as cursor:
        if table not in connection.introspection.table_names(cursor):
            return False
        found = connection.introspection.get_table_description(cursor, table)
    return {field.column for field in model._meta.concrete_fields} <= {row.name for row in found}


def _check_other_settings() -> Iterator[CheckMessage]:
    """Report settings that look like ours but are not read."""
    if hasattr(django_settings, "TRACK_ACTIONS"):
        yield Warning(
            "The setting TRACK_ACTIONS is ignored.",
            hint='Use DJ_ACTIONS["TRACK_ACTIONS"], or DJACTION_TRACK_ACTIONS.',
            id="dj_actions.W005",
        )
    known = ("DJ_ACTIONS", *OLD_SETTINGS)
    for name in dir(django_settings):
        if SIMILAR_SETTING.match(name) and name not in known:
            yield Warning(
                f"The setting {name} is ignored.{did_you_mean(name, known)}",
                hint="All settings are keys of the dict DJ_ACTIONS.",
                id="dj_actions.W005",
            )


def _check_driver(settings: Settings) -> Iterator[CheckMessage]:
    alias = router.db_for_write(Delivery)
    is_postgres = alias in connections and connections[alias].vendor == "postgresql"
    if settings.notify and is_postgres and not can_listen():
        yield Warning(DRIVER_MISSING, hint=DRIVER_HINT, id="dj_actions.W010")


def _check_publishers(settings: Settings) -> Iterator[CheckMessage]:
    for alias, entry in settings.publishers.items():
        try:
            publisher_class(alias, entry)
            publisher = publishers[alias]
        except InvalidSetting as error:
            yield Error(str(error), hint=_extra_to_install(error), id="dj_actions.E002")
        else:
            yield from publisher.check()
            yield from _check_routes(settings, publisher)


def _extra_to_install(error: BaseException) -> str | None:
    """Return the hint of an integration whose third-party library is not installed."""
    cause = error.__cause__
    return str(cause) if isinstance(cause, ImportError) and "pip install" in str(cause) else None


def _check_routes(settings: Settings, publisher: BasePublisher) -> Iterator[CheckMessage]:
    """Check each route, and each action that names the publisher but has no route to it."""
    alias = publisher.alias
    entry = settings.publishers[alias]
    for pattern, options in entry.routes.items():
        where = f'DJ_ACTIONS["PUBLISHERS"]["{alias}"]["ROUTES"]["{pattern}"]'
        yield from _check_unknown_options(publisher, options, where)
        yield from publisher.check_route(options, where)
    for definition in registry:
        if alias in (definition.publish or ()) and entry.route(definition.label) is None:
            yield from publisher.check_route(
                {}, f"Action {definition.label}, which publishes to {alias!r}"
            )
    if not entry.routes and not any(alias in (action.publish or ()) for action in registry):
        yield Warning(
            f'DJ_ACTIONS["PUBLISHERS"]["{alias}"] receives nothing: it has no ROUTES, and no '
            "action names it in `publish`.",
            hint="Add ROUTES, for example ['todo.*']; or remove the publisher when its open "
            "deliveries are settled.",
            id="dj_actions.W006",
        )


def _check_unknown_options(
    publisher: BasePublisher, options: Mapping[str, Any], where: str
) -> Iterator[CheckMessage]:
    known = publisher.route_options
    for name in options:
        if name not in known:
            yield Error(
                f"{where}: unknown option {name!r}.{did_you_mean(name, known)}",
                hint=f"Options of {type(publisher).__name__} for a route: "
                f"{', '.join(known) or 'none'}. A publisher of your own lists them in "
                "`route_options`.",
                id="dj_actions.E006",
            )


def _check_patterns(settings: Settings) -> Iterator[CheckMessage]:
    labels = [definition.label for definition in registry]
    for alias, entry in settings.publishers.items():
        where = f'DJ_ACTIONS["PUBLISHERS"]["{alias}"]["ROUTES"]'
        rest = labels
        for pattern in entry.routes:
            if not any(fnmatchcase(label, pattern) for label in labels):
                yield Warning(
                    f"{where}: {pattern!r} matches no registered action."
                    f"{did_you_mean(pattern, labels)}",
                    hint="Patterns match `resource.action`, for example 'todo.*'.",
                    id="dj_actions.W001",
                )
            elif not any(fnmatchcase(label, pattern) for label in rest):
                yield Warning(
                    f"{where}: {pattern!r} is never used, as patterns above it match the same "
                    "actions.",
                    hint="The first pattern that matches counts. Move it up.",
                    id="dj_actions.W009",
                )
            rest = [label for label in rest if not fnmatchcase(label, pattern)]
