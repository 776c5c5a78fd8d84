"""Which publishers to serve."""

from __future__ import annotations

from collections.abc import Iterable

from dj_actions.conf import Settings


def resolve_aliases(settings: Settings, aliases: Iterable[str]) -> tuple[str, ...]:
    """Return the aliases, or those of all publishers if none is given.

    Raises:
        InvalidSetting: an alias is not configured.
    """
    chosen = tuple(aliases)
    for alias in chosen:
        settings.require_publisher(alias)
    return chosen or tuple(settings.publishers)
