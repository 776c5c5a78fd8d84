"""Read the fields of an activity and collect their errors."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from dj_actions_stream.server.errors import InputError
from dj_actions_stream.server.feeds import FeedId
from dj_actions_stream.server.identity import parse_time

MAX_FOREIGN_ID_LENGTH = 255
# Limits from Stream's documentation.
MAX_VERB_BYTES = 255
MAX_TARGETS = 100


class FieldReader:
    """A reader of a JSON object's fields that collects errors until `raise_errors()`."""

    def __init__(self, item: Mapping[str, Any]) -> None:
        self._item = item
        self._errors: dict[str, list[str]] = {}

    def raise_errors(self) -> None:
        """Raise InputError if a field that was read is invalid."""
        if self._errors:
            raise InputError.for_fields(self._errors)

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

    def feeds(self, name: str) -> tuple[FeedId, ...]:
        """Return the distinct feeds in a list of `slug:id` or `slug:id token`, in order."""
        value = self._item.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or len(value) > MAX_TARGETS:
            self._add_error(name, f"this field must be a list of at most {MAX_TARGETS} feeds")
            return ()
        return tuple(dict.fromkeys(feed for item in value for feed in self._feed(name, item)))

    def reject(self, names: Collection[str]) -> None:
        """Add an error for each of these fields that was sent."""
        for name in sorted(self._item.keys() & set(names)):
            self._add_error(name, "this field name is reserved")

    def _feed(self, name: str, item: Any) -> tuple[FeedId, ...]:
        # The target's token is not verified: a client with our secret may write to any feed.
        text = item.partition(" ")[0] if isinstance(item, str) else ""
        try:
            return (FeedId.parse(text),)
        except InputError:
            self._add_error(name, "write each feed as slug:id")
            return ()

    def _add_error(self, name: str, message: str) -> None:
        messages = self._errors.setdefault(name, [])
        if message not in messages:
            messages.append(message)
