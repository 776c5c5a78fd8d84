"""Read the fields of users, reactions and collection entries, and collect their errors."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from dj_actions_stream.server.identity import parse_id
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.parsing.fields import FieldReader
from dj_actions_stream.server.protocol.errors import InputError, TooLargeError

# "The size of a user object can not exceed 10kB", and the same for a reaction, in Stream's
# documentation.
MAX_DATA_BYTES = 10 * 1024
# Stream's documented limits of a reaction's targets, and of objects in a batch.
MAX_TARGET_FEEDS = 20
MAX_BATCH = 1000

ID_MESSAGE = "only letters, digits, _ and - are allowed, at most 255"
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,255}")


def is_identifier(text: object) -> bool:
    """Return whether the value can be the id of a user or of a collection entry."""
    return isinstance(text, str) and bool(_IDENTIFIER.fullmatch(text))


def require_identifier(name: str, text: str) -> str:
    """Return an id from a URL, or raise InputError."""
    if not is_identifier(text):
        raise InputError.for_fields({name: [ID_MESSAGE]})
    return text


def read_flag(text: str | None) -> bool:
    """Return a boolean parameter; the Python client sends `True`, the others `true`."""
    return (text or "").lower() in {"true", "1"}


class RecordReader(FieldReader):
    """A reader of an object's fields that collects errors until `raise_errors()`."""

    def identifier(self, name: str) -> str:
        """Return an id, or "" without one. Numbers become strings, as in Stream."""
        text = self.optional(name)
        if text and not is_identifier(text):
            self._add_error(name, ID_MESSAGE)
        return text

    def required_identifier(self, name: str) -> str:
        """Return a required id."""
        text = self.identifier(name)
        if not text:
            self._add_error(name, "this field is required")
        return text

    def uuid(self, name: str) -> UUID | None:
        """Return the id of an activity or a reaction, or None without one."""
        value = self._item.get(name)
        if value is None:
            return None
        try:
            return parse_id(value if isinstance(value, str) else "")
        except InputError:
            self._add_error(name, "this field must be a UUID")
            return None

    def data(self, name: str) -> dict[str, Any] | None:
        """Return a JSON object, or None without one."""
        value = self._item.get(name)
        if value is None or isinstance(value, dict):
            _check_size(value)
            return value
        self._add_error(name, "this field must be a JSON object")
        return None

    def required_data(self, name: str) -> dict[str, Any]:
        """Return a required JSON object, which must not be empty."""
        data = self.data(name)
        if not data:
            self._add_error(name, "this field must be a JSON object that is not empty")
        return data or {}

    def target_feeds(self, name: str) -> tuple[FeedId, ...]:
        """Return the distinct feeds that a reaction notifies."""
        if self._item.get(name) is None:
            return ()
        return tuple(target.feed for target in self.feeds(name, limit=MAX_TARGET_FEEDS))


def _check_size(data: dict[str, Any] | None) -> None:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > MAX_DATA_BYTES:
        raise TooLargeError(f"The data must not exceed {MAX_DATA_BYTES} bytes as JSON.")


def read_batch(items: object, name: str) -> list[Any]:
    """Return the list of a batch, or raise InputError."""
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_BATCH:
        raise InputError.for_fields({name: [f"this field must be a list of 1 to {MAX_BATCH}"]})
    return items


def read_ids(request: HttpRequest, name: str) -> list[str]:
    """Return the ids of a batch: a parameter that is repeated, or has commas, or both."""
    ids = [part for text in request.GET.getlist(name) for part in text.split(",") if part]
    if not 1 <= len(ids) <= MAX_BATCH:
        raise InputError.for_fields({name: [f"set 1 to {MAX_BATCH} ids"]})
    return [require_identifier(name, text) for text in ids]
