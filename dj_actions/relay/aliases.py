"""Which publishers to serve."""

from __future__ import annotations

from collections.abc import Iterable

from dj_actions.conf import Settings
from dj_actions.exceptions import InvalidSetting
from dj_actions.text import did_you_mean


def resolve_aliases(settings: Settings, aliases: Iterable[str]) -> tuple[str, ...]:
    """Return the aliases, or those of all publishers if none is given.

    Raises:
        InvalidSetting: an alias is not configured.
    """
    known = settings.publishers
    chosen = tuple(aliases)
    for alias in chosen:
        if alias not in known:
            raise InvalidSetting(
                f"There is no publisher {alias!r} in DJ_ACTIONS['PUBLISHERS']."
                f"{did_you_mean(alias, known)}"
            )
    return chosen or tuple(known)
