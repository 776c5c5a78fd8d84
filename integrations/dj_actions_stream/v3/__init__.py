"""Publish events to Stream's Feeds v3: `dj_actions_stream.v3.StreamV3Publisher`."""

from __future__ import annotations

try:
    import getstream as _getstream
except ImportError as error:
    raise ImportError(
        "dj_actions_stream.v3 needs getstream 7. Run: pip install 'dj-actions[stream3]'"
    ) from error

from dj_actions_stream.v3.publisher import StreamV3Publisher

__all__ = ["StreamV3Publisher"]

del _getstream
