"""The registry of the actions on events."""

from __future__ import annotations

from pathlib import Path

from dj_actions.actions.archive_actions import ArchiveActions
from dj_actions.compat.enrich import enrich_actions

__all__ = ["ACTIONS"]

action_list = [ArchiveActions]
base = Path(__file__).parent
initial_registry = {"resource": "actionevent", "basepath": "/actionevents/", "actions": {}}

ACTIONS = enrich_actions(base, initial_registry, action_list)
"""Registry of the events' own actions."""
