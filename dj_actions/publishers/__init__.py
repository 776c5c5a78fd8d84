"""The base class of publishers, and the configured instances: `publishers["feeds"]`."""

from __future__ import annotations

from dj_actions.publishers.base import BasePublisher, before_sending, require_stored
from dj_actions.publishers.handler import publishers

__all__ = ["BasePublisher", "before_sending", "publishers", "require_stored"]
