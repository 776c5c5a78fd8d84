"""Publish events to activity feeds of Stream: `dj_actions_stream.StreamPublisher`."""

from __future__ import annotations

try:
    import stream as _stream
except ImportError as error:
    raise ImportError(
        "dj_actions_stream needs stream-python. Run: pip install 'dj-actions[stream]'"
    ) from error

from dj_actions_stream.declaration.activity import Activity
from dj_actions_stream.effects import Effect, EffectKind
from dj_actions_stream.recipients import Feed, feed_of
from dj_actions_stream.v2.publisher import StreamPublisher

__all__ = ["Activity", "Effect", "EffectKind", "Feed", "StreamPublisher", "feed_of"]

del _stream
