"""System checks: `manage.py check` reports a wrong configuration and how to fix it.

Importing this package registers them.
"""

from __future__ import annotations

from dj_actions.checks.database import check_database, check_environment
from dj_actions.checks.deliveries import check_open_deliveries, unknown_publisher, unrouted
from dj_actions.checks.destinations import check_destination, check_destinations
from dj_actions.checks.settings import check_settings

__all__ = [
    "check_database",
    "check_destination",
    "check_destinations",
    "check_environment",
    "check_open_deliveries",
    "check_settings",
    "unknown_publisher",
    "unrouted",
]
