"""Publish events to Stream feeds: `dj_actions_stream.StreamPublisher`."""

from __future__ import annotations

try:
    import stream as _stream
except ImportError as error:
    raise ImportError(
        "dj_actions_stream needs stream-python. Run: pip install 'dj-actions[stream]'"
    ) from error

from dj_actions_stream.publisher import StreamPublisher

__all__ = ["StreamPublisher"]

del _stream
