"""What the commands share: which publisher they are about."""

from __future__ import annotations

from django.core.management.base import CommandError

from dj_actions.conf import get_settings
from dj_actions.exceptions import DJActionsError
from dj_actions.publishers import publishers
from dj_actions_stream.publishing.base import FeedsPublisher


def feeds_publishers(alias: str | None) -> list[FeedsPublisher]:
    """Return the configured publishers to activity feeds, or the one with an alias.

    Raises:
        CommandError: there is none, or it is another kind of publisher.
    """
    try:
        aliases = list(get_settings().publishers) if alias is None else [alias]
        configured = [publishers[name] for name in aliases]
    except DJActionsError as error:
        raise CommandError(str(error)) from error
    found = [publisher for publisher in configured if isinstance(publisher, FeedsPublisher)]
    if not found:
        raise CommandError(
            "DJ_ACTIONS has no publisher to activity feeds."
            if alias is None
            else f"{alias!r} is not a publisher to activity feeds."
        )
    return found


def one_feeds_publisher(alias: str | None) -> FeedsPublisher:
    """Return the configured publisher to activity feeds.

    Raises:
        CommandError: there is none, or there are several and no alias is given.
    """
    found = feeds_publishers(alias)
    if len(found) > 1:
        names = ", ".join(publisher.alias for publisher in found)
        raise CommandError(f"Choose one of several publishers with --publisher: {names}.")
    return found[0]
