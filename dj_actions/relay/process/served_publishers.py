"""Which publishers a relay serves, and which none can serve."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.db import router

from dj_actions.conf import Settings
from dj_actions.models import Delivery

logger = logging.getLogger(__name__)


def resolve_aliases(settings: Settings, aliases: Iterable[str]) -> tuple[str, ...]:
    """Return the aliases, or those of all publishers if none is given.

    Raises:
        InvalidSetting: an alias is not configured.
    """
    chosen = tuple(aliases)
    for alias in chosen:
        settings.require_publisher(alias)
    return chosen or tuple(settings.publishers)


def unknown_aliases(known: Iterable[str]) -> list[str]:
    """Return the publishers of open deliveries that no relay can serve: renamed or removed ones."""
    rows = Delivery.objects.using(router.db_for_write(Delivery)).of_unknown_publishers(known)
    return sorted(rows.order_by().values_list("publisher", flat=True).distinct())


def warn_of_unknown_publishers(known: Iterable[str]) -> None:
    """Log open deliveries that no relay can serve: their publisher was renamed or removed."""
    aliases = unknown_aliases(known)
    if aliases:
        logger.error(
            "There are open deliveries to publishers that are not configured: %s. Configure "
            "them again, or cancel these deliveries in the admin.",
            ", ".join(aliases),
        )
