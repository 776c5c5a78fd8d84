"""The `DJ_ACTIONS` setting as typed values: validated, cached, and reset by `override_settings`."""

from __future__ import annotations

from dj_actions.conf.publisher import PublisherSettings
from dj_actions.conf.settings import RecordFailures, Settings, get_settings

__all__ = ["PublisherSettings", "RecordFailures", "Settings", "get_settings"]
