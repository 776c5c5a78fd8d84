"""The configured publishers: `publishers["feeds"]` gives this thread's instance."""

from __future__ import annotations

from dj_actions.publishers.base import BasePublisher
from dj_actions.publishers.handler import publisher_class, publishers

__all__ = ["BasePublisher", "publisher_class", "publishers"]
