"""The functions of dj-actions 0.0.7 for action registries."""

from __future__ import annotations

from dj_actions.compat.definition_yaml import get_action_docs
from dj_actions.compat.enrich import ACTION_TYPE, STATUS, enrich_actions, get_action_form

__all__ = ["ACTION_TYPE", "STATUS", "enrich_actions", "get_action_docs", "get_action_form"]
