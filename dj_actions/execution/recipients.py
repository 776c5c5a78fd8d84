"""What an action has emitted for its publishers, as it is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Model

from dj_actions.conf import Settings
from dj_actions.context import ActionContext
from dj_actions.exceptions import InvalidAction, InvalidSetting
from dj_actions.publishers import BasePublisher
from dj_actions.publishers.handler import import_publisher


def publisher_classes(aliases: Iterable[str], settings: Settings) -> list[type[BasePublisher]]:
    """Return the classes of publishers.

    A process that runs actions may lack what only relays have installed. Without the class,
    recipients and options are recorded as they are.
    """
    return [_publisher_class(alias, settings) for alias in aliases]


def recorded_options(
    alias: str, options: Mapping[str, Any], context: ActionContext, settings: Settings
) -> Mapping[str, Any]:
    """Return the options that a publisher wants to have recorded with a delivery."""
    return _publisher_class(alias, settings).recorded_options(options, context)


def recorded_recipients(
    entries: Sequence[str | Model], publishers: Sequence[type[BasePublisher]], label: str
) -> list[str]:
    """Return the strings of recipients, each one once.

    Args:
        entries: what the action has emitted.
        publishers: the classes of its publishers.
        label: the action, for an error.

    Raises:
        InvalidAction: a publisher cannot address one, or two publishers differ about it.
    """
    found = (_recorded(entry, publishers, label) for entry in entries)
    return list(dict.fromkeys(found))


def _recorded(entry: str | Model, publishers: Sequence[type[BasePublisher]], label: str) -> str:
    try:
        texts = {publisher.recipient(entry) for publisher in publishers} - {None}
    except ValueError as error:
        raise InvalidAction(f"{label} has emitted an invalid recipient: {error}") from error
    if len(texts) > 1:
        raise InvalidAction(
            f"{label} has emitted the recipient {entry!r}, which its publishers address "
            f"differently: {', '.join(sorted(map(str, texts)))}. Emit a string that suits them all."
        )
    return next(iter(texts), None) or _default_text(entry)


def _default_text(entry: str | Model) -> str:
    """Return the text of a recipient about which no publisher has anything to say."""
    return entry if isinstance(entry, str) else f"{entry._meta.model_name}:{entry.pk}"


def _publisher_class(alias: str, settings: Settings) -> type[BasePublisher]:
    try:
        return import_publisher(alias, settings.publishers[alias])
    except InvalidSetting:  # reported by `manage.py check`
        return BasePublisher
