"""Read the fields of an activity and collect their errors."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dj_actions_stream.server.identity import FIRST_TIME, parse_time
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.protocol.errors import FeedConfigError, InputError

MAX_FOREIGN_ID_LENGTH = 255
# Limits from Stream's documentation.
MAX_VERB_BYTES = 255
MAX_TARGETS = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A feed in `to`, with the token that a client may have attached to it."""

    feed: FeedId
    token: str = ""


class FieldReader:
    """A reader of a JSON object's fields that collects errors until `raise_errors()`."""

    def __init__(self, item: Mapping[str, Any]) -> None:
        self._item = item
        self._errors: dict[str, list[str]] = {}
        self._group_error: FeedConfigError | None = None

    def raise_errors(self) -> None:
        """Raise an error if a field that was read is invalid.

        Raises:
            InputError: a field is invalid.
            FeedConfigError: no field is invalid, but a feed's group does not exist.
        """
        if self._errors:
            raise InputError.for_fields(self._errors)
        if self._group_error:
            raise self._group_error

    def required(self, name: str) -> str:
        """Return a required string."""
        text = self.optional(name)
        if not text and name not in self._errors:
            self._add_error(name, "this field is required")
        return text

    def optional(self, name: str) -> str:
        """Return a string, or "" without one. Numbers become strings, as in Stream."""
        value = self._item.get(name)
        if value is None or isinstance(value, str):
            return value or ""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return json.dumps(value)
        self._add_error(name, "this field must be a string")
        return ""

    def verb(self, name: str) -> str:
        """Return a required string within the limit of a verb."""
        text = self.required(name)
        if len(text.encode()) > MAX_VERB_BYTES:
            self._add_error(name, f"this field must not exceed {MAX_VERB_BYTES} bytes")
        return text

    def required_foreign_id(self, name: str) -> str:
        """Return a required foreign_id."""
        text = self.foreign_id(name)
        if not text and name not in self._errors:
            self._add_error(name, "this field is required")
        return text

    def foreign_id(self, name: str) -> str:
        """Return a string within the limit of a foreign_id, which is indexed."""
        text = self.optional(name)
        if len(text) > MAX_FOREIGN_ID_LENGTH:
            self._add_error(name, f"this field must not exceed {MAX_FOREIGN_ID_LENGTH} characters")
        return text

    def time(self, name: str, *, default: datetime) -> datetime:
        """Return a time, or the default without one."""
        value = self._item.get(name)
        if value is None:
            return default
        try:
            return parse_time(value if isinstance(value, str) else "")
        except ValueError as error:
            self._add_error(name, str(error))
            return default

    def required_time(self, name: str) -> datetime:
        """Return a required time."""
        if self._item.get(name) is None:
            self._add_error(name, "this field is required")
        return self.time(name, default=FIRST_TIME)

    def feed(self, name: str) -> tuple[FeedId, ...]:
        """Return a required feed; without one, an empty tuple and an error."""
        return tuple(target.feed for target in self._target(name, self._item.get(name)))

    def targets(self, name: str) -> tuple[Target, ...]:
        """Return the distinct feeds in a list of `slug:id` or `slug:id token`, in order."""
        value = self._item.get(name)
        if value is None:
            return ()
        return self.feeds(name, limit=MAX_TARGETS)

    def feeds(self, name: str, *, limit: int) -> tuple[Target, ...]:
        """Return the distinct feeds in a required list, in order."""
        value = self._item.get(name)
        if not isinstance(value, list) or len(value) > limit:
            self._add_error(name, f"this field must be a list of at most {limit} feeds")
            return ()
        targets = (target for item in value for target in self._target(name, item))
        return tuple({target.feed: target for target in targets}.values())

    def number(self, name: str, *, default: int, limit: int) -> int:
        """Return an integer between 0 and a limit, or the default without one."""
        value = self._item.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= limit:
            self._add_error(name, f"this field must be an integer from 0 to {limit}")
            return default
        return value

    def flag(self, name: str) -> bool:
        """Return a boolean, False without one."""
        value = self._item.get(name)
        if value is not None and not isinstance(value, bool):
            self._add_error(name, "this field must be true or false")
        return value is True

    def reject(self, names: Collection[str]) -> None:
        """Add an error for each of these fields that was sent."""
        for name in sorted(self._item.keys() & set(names)):
            self._add_error(name, "this field name is reserved")

    def _target(self, name: str, item: Any) -> tuple[Target, ...]:
        text, _, token = item.partition(" ") if isinstance(item, str) else ("", "", "")
        try:
            return (Target(feed=FeedId.parse(text), token=token),)
        except FeedConfigError as error:
            self._group_error = error
            return ()
        except InputError:
            self._add_error(name, "write each feed as slug:id")
            return ()

    def _add_error(self, name: str, message: str) -> None:
        messages = self._errors.setdefault(name, [])
        if message not in messages:
            messages.append(message)
