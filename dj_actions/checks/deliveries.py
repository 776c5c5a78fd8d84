"""The check of open deliveries: what the settings have changed since they were recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004
from django.db.models import Count

from dj_actions.checks.database import checked_outbox
from dj_actions.conf import get_settings
from dj_actions.exceptions import InvalidSetting
from dj_actions.models import Delivery
from dj_actions.registry import registry

if TYPE_CHECKING:
    from dj_actions.outbox.queries import DeliveryQuerySet


@register(Tags.database, "dj_actions")
def check_open_deliveries(
    *, databases: Iterable[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Check that what open deliveries need is configured: their publisher, perhaps their route."""
    alias = checked_outbox(databases, Delivery)
    if alias is None:
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


def unrouted(rows: DeliveryQuerySet) -> Iterator[tuple[str, str]]:
    """Yield a message and a hint for open deliveries whose route has been removed since.

    Only deliveries whose options were not recorded depend on it: others are sent as recorded.

    Args:
        rows: the deliveries to check.
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
