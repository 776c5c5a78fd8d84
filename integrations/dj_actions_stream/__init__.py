"""Publish events to activity feeds of Stream: `dj_actions_stream.StreamPublisher`."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

# The client takes half a second to import and only a relay needs it: check, do not import.
if find_spec("stream") is None:
    raise ImportError(
        "dj_actions_stream needs stream-python. Run: pip install 'dj-actions[stream]'"
    )

from dj_actions_stream.declaration.activity import Activity
from dj_actions_stream.effects import Effect, EffectKind
from dj_actions_stream.recipients import Feed, feed_of

if TYPE_CHECKING:
    from dj_actions_stream.v2.publisher import StreamPublisher

__all__ = ["Activity", "Effect", "EffectKind", "Feed", "StreamPublisher", "feed_of"]


def __getattr__(name: str) -> Any:
    """Import the publisher when it is named for the first time."""
    if name != "StreamPublisher":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from dj_actions_stream.v2.publisher import StreamPublisher  # noqa: PLC0415 - see above

    globals()[name] = StreamPublisher
    return StreamPublisher
