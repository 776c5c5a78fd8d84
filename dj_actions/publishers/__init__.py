"""The base class of publishers, and the configured instances: `publishers["feeds"]`."""

from __future__ import annotations

from dj_actions.publishers.base import BasePublisher
from dj_actions.publishers.handler import publishers

__all__ = ["BasePublisher", "publishers"]
