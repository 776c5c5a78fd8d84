"""Fill templates of strings and feeds, and name the cause if they cannot be filled."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from dj_actions.exceptions import DestinationNotFound, PublishError, PublishRejected
from dj_actions.messages import Message
from dj_actions.publishers.templates import AVAILABLE, SYSTEM, MissingValue, Template
from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.feed_templates import FeedTemplate
from dj_actions_stream.recipients import recipient

LATER_EVENTS = " A route applies only to events that are recorded after it was set."

COLLECTION = "*"
"""What stands for the object in a reference to all that a bulk action acted on."""

INVALID = (LookupError, AttributeError, TypeError, ValueError)
"""What a template that no message can fill raises."""

text_template = lru_cache(Template.parse)
feed_template = lru_cache(FeedTemplate.parse)


def fill_feeds(
    templates: Any, message: Message, failure: type[PublishError], hint: str = ""
) -> list[FeedId]:
    """Return the feeds of templates, or of a method.

    Args:
        templates: a template, a list of them, or a method that returns recipients of a message.
        message: the message.
        failure: what to raise for a template that no message can fill.
        hint: a sentence to add to an error.

    Raises:
        PublishRejected: the message has no value for a template, or a recipient is invalid.
        PublishError: `failure`.
    """
    if callable(templates):
        return [_feed_id(entry, message) for entry in templates(message)]
    listed = [templates] if isinstance(templates, str) else templates
    try:
        return [feed for entry in listed for feed in feed_template(entry).feeds(message)]
    except MissingValue as error:
        raise PublishRejected(
            f"{message.label} cannot fill the feed template {templates!r}: {error.args[0]}." + hint
        ) from error
    except INVALID as error:
        raise failure(
            f"Invalid feed template {templates!r} for {message.label}: {error}. {AVAILABLE}" + hint
        ) from error


def recipients_of(message: Message) -> list[FeedId]:
    """Return the feeds of the recipients that the action has emitted.

    Raises:
        PublishRejected: one is not a feed.
    """
    return [_recorded(entry) or _feed_id(entry, message) for entry in message.recipients]


def _recorded(entry: str) -> FeedId | None:
    """Return the feed of a recipient that was made safe when it was recorded."""
    try:
        return FeedId.parse(entry)
    except ValueError:
        return None


def _feed_id(entry: Any, message: Message) -> FeedId:
    try:
        return FeedId.parse(recipient(entry))
    except ValueError as error:
        raise PublishRejected(f"Invalid recipient of {message.label}: {error}") from error


def fill_text(value: Any, message: Message) -> str:
    """Return the text of a template, or of a method.

    Raises:
        PublishRejected: the message has no value for it.
        DestinationNotFound: no message has.
    """
    if callable(value):
        return str(value(message))
    try:
        return text_template(value).text(message)
    except MissingValue as error:
        raise PublishRejected(
            f"{message.label} cannot fill the template {value!r}: {error.args[0]}."
        ) from error
    except INVALID as error:
        raise DestinationNotFound(
            f"Invalid template {value!r} for {message.label}: {error}. {AVAILABLE}"
        ) from error


def fill_actor(value: Any, message: Message) -> str:
    """Return the reference to the actor: `system` if the template needs one and there is none."""
    is_template = isinstance(value, str)
    if is_template and message.actor is None and "actor" in text_template(value).names:
        return SYSTEM
    return fill_text(value, message)


def with_collection(message: Message) -> Message:
    """Return a message whose object, if it has several, is the whole collection."""
    return message if message.object_id is not None else replace(message, object_id=COLLECTION)
