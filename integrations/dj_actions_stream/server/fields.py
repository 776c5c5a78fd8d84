"""Read the fields of an activity, and remember all that is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from dj_actions_stream.server.errors import InputError
from dj_actions_stream.server.feeds import FeedId
from dj_actions_stream.server.identity import parse_time

MAX_FOREIGN_ID_LENGTH = 255
# Both from Stream's documentation.
MAX_VERB_BYTES = 255
MAX_TARGETS = 100


class FieldReader:
    """The fields of one JSON object; each wrong one is noted, and told at the end."""

    def __init__(self, item: Mapping[str, Any]) -> None:
        self._item = item
        self._errors: dict[str, list[str]] = {}

    def raise_errors(self) -> None:
        """Raise InputError if anything that was read is wrong."""
        if self._errors:
            raise InputError.of_fields(self._errors)

    def required(self, name: str) -> str:
        """Return a text that has to be there."""
        text = self.optional(name)
        if not text and name not in self._errors:
            self._note(name, "this field is required")
        return text

    def optional(self, name: str) -> str:
        """Return a text, or "" for none; a number becomes its text, as Stream has it."""
        value = self._item.get(name)
        if value is None or isinstance(value, str):
            return value or ""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return json.dumps(value)
        self._note(name, "this field has to be a text")
        return ""

    def verb(self, name: str) -> str:
        """Return a text that is short enough for a verb."""
        text = self.required(name)
        if len(text.encode()) > MAX_VERB_BYTES:
            self._note(name, f"this field has at most {MAX_VERB_BYTES} bytes")
        return text

    def foreign_id(self, name: str) -> str:
        """Return a text that is short enough for an index."""
        text = self.optional(name)
        if len(text) > MAX_FOREIGN_ID_LENGTH:
            self._note(name, f"this field has at most {MAX_FOREIGN_ID_LENGTH} characters")
        return text

    def time(self, name: str, *, default: datetime) -> datetime:
        """Return a time, or the default for none."""
        value = self._item.get(name)
        if value is None:
            return default
        try:
            return parse_time(value if isinstance(value, str) else "")
        except ValueError as error:
            self._note(name, str(error))
            return default

    def feeds(self, name: str) -> tuple[FeedId, ...]:
        """Return the feeds in a list of `slug:id` or `slug:id token`, each once, in its order."""
        value = self._item.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or len(value) > MAX_TARGETS:
            self._note(name, f"this field is a list of at most {MAX_TARGETS} feeds")
            return ()
        return tuple(dict.fromkeys(feed for item in value for feed in self._feed(name, item)))

    def refuse(self, names: Collection[str]) -> None:
        """Note the fields that nobody may send."""
        for name in sorted(self._item.keys() & set(names)):
            self._note(name, "this field name is reserved")

    def _feed(self, name: str, item: Any) -> tuple[FeedId, ...]:
        # The token's own right to write is not asked for: whoever holds our secret may write.
        text = item.partition(" ")[0] if isinstance(item, str) else ""
        try:
            return (FeedId.parse(text),)
        except InputError:
            self._note(name, "write each feed as slug:id")
            return ()

    def _note(self, name: str, message: str) -> None:
        messages = self._errors.setdefault(name, [])
        if message not in messages:
            messages.append(message)
