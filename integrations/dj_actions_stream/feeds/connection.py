"""The connection to Stream with which feeds are read: that of the configured publisher."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from dj_actions.conf import get_settings
from dj_actions.exceptions import InvalidSetting
from dj_actions.publishers import publishers
from dj_actions_stream.feeds.conf import SETTING, get_feed_settings
from dj_actions_stream.feeds.errors import FeedUnavailable, translate_feed_errors
from dj_actions_stream.v2.client import FeedsClient
from dj_actions_stream.v2.publisher import StreamPublisher

logger = logging.getLogger(__name__)


def feeds_client() -> FeedsClient:
    """Return the client of the current thread.

    Raises:
        FeedUnavailable: there is no publisher to read with, or its OPTIONS cannot be used.
    """
    try:
        publisher = feeds_publisher()
    except InvalidSetting as error:
        logger.error("Feeds cannot be read: %s", error)  # noqa: TRY400 - the traceback says no more
        raise FeedUnavailable(str(error)) from error
    with translate_feed_errors():
        return publisher._make_client()


def feeds_publisher() -> StreamPublisher:
    """Return the publisher whose OPTIONS have the address and the credentials.

    Raises:
        InvalidSetting: there is none, there are several and the setting does not choose one, or
            the chosen one is not a StreamPublisher.
    """
    chosen = get_feed_settings().publisher
    found = stream_publishers([chosen] if chosen else get_settings().publishers)
    if len(found) == 1:
        return found[0]
    if chosen:
        raise InvalidSetting(f'{SETTING}["PUBLISHER"] is {chosen!r}, not a StreamPublisher.')
    if found:
        names = ", ".join(repr(publisher.alias) for publisher in found)
        raise InvalidSetting(
            f'{SETTING}["PUBLISHER"] is not set, and there are several StreamPublishers: {names}. '
            "Set it to the alias of the one whose feeds are read."
        )
    raise InvalidSetting(
        'Feeds are read with the OPTIONS of a StreamPublisher in DJ_ACTIONS["PUBLISHERS"], and '
        "there is none."
    )


def stream_publishers(aliases: Iterable[str]) -> list[StreamPublisher]:
    """Return the publishers to Stream among those with these aliases."""
    found = (publishers[alias] for alias in aliases)
    return [publisher for publisher in found if isinstance(publisher, StreamPublisher)]
