"""What a destination confirms, and what it has later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dj_actions.text import UNSTORABLE_CHARACTERS

RECEIPT_ID_LENGTH = 255
RECEIPT_URL_LENGTH = 2000
"""Maximum lengths of the values of a receipt, in characters."""

MAX_PARTS = 1000
"""Maximum number of parts of a receipt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPart:
    """One of several results of a message at the destination, for example one of its DAG runs.

    Raises:
        ValueError: a value has the wrong type, is too long, or cannot be stored.
    """

    id: str
    """The destination's own id for the result."""

    scope: str = ""
    """Namespace of `id`, if it is not unique by itself."""

    url: str = ""
    """Link to the result, for operators."""

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError("A part of a receipt needs an `id`, as the receipt itself does.")
        _require_storable("id", self.id, RECEIPT_ID_LENGTH)
        _require_storable("scope", self.scope, RECEIPT_ID_LENGTH)
        _require_storable("url", self.url, RECEIPT_URL_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The destination's confirmation of a message.

    Raises:
        ValueError: a value has the wrong type, is too long, or cannot be stored.
    """

    id: str
    """The destination's own id for the result, for example an activity id or a DAG run id."""

    url: str = ""
    """Link to the result, for operators."""

    scope: str = ""
    """Namespace of `id`, if it is not unique by itself: the DAG of a DAG run."""

    tracked: bool = False
    """Whether `id` is a remote run whose end is tracked."""

    parts: tuple[ReceiptPart, ...] = ()
    """All results, if the message has several: the first one is that of the receipt itself, too.
    Empty for one result."""

    options: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """Options of the route, for `track`: a relay adds them, a publisher does not."""

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError("A receipt needs an `id`: the destination's own id for the result.")
        _require_storable("id", self.id, RECEIPT_ID_LENGTH)
        _require_storable("scope", self.scope, RECEIPT_ID_LENGTH)
        _require_storable("url", self.url, RECEIPT_URL_LENGTH)
        if not isinstance(self.tracked, bool):
            raise ValueError(f"A receipt's `tracked` must be True or False, not {self.tracked!r}.")  # noqa: TRY004 - as documented
        if self.parts:
            self._require_parts()

    def _require_parts(self) -> None:
        if not all(isinstance(part, ReceiptPart) for part in self.parts):
            raise ValueError(f"A receipt's `parts` must be ReceiptParts, not {self.parts!r:.100}.")
        if len(self.parts) > MAX_PARTS:
            raise ValueError(
                f"A receipt has {len(self.parts)} `parts`; at most {MAX_PARTS} are stored."
            )
        first = self.parts[0]
        if (first.id, first.scope) != (self.id, self.scope):
            raise ValueError("The first of a receipt's `parts` must have its `id` and `scope`.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentResult:
    """What a destination has now, in one place, of a message that was delivered to it."""

    scope: str
    """The place, for example a feed."""

    exists: bool | None
    """Whether it is there; None if the destination does not show enough to say."""

    id: str = ""
    """The destination's own id, with which it is found in that place; empty without one."""

    text: str = ""
    """One sentence about it, for readers."""

    data: Mapping[str, Any] = field(default_factory=dict)
    """All of it, as JSON."""


def web_url(url: str) -> str:
    """Return the URL of a receipt or a failure if a page may link to it; an empty string if not.

    A destination may have sent anything, such as `javascript:`. Only `http:` and `https:` pass.
    """
    return url if url.startswith(("http://", "https://")) else ""


def _require_storable(name: str, value: object, length: int) -> None:
    if value == "":
        return
    if not isinstance(value, str) or len(value) > length or UNSTORABLE_CHARACTERS.search(value):
        raise ValueError(
            f"A receipt's `{name}` must be a storable string of at most {length} characters, "
            f"not {str(value)[:100]!r}."
        )
