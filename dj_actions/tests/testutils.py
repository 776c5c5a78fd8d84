"""The test utilities of dj-actions 0.0.7."""

from __future__ import annotations

from dj_actions.compat.testutils import (
    assert_in_registry,
    get_bulk_action_url,
    get_instance_action_url,
)

__all__ = ["assert_in_registry", "get_bulk_action_url", "get_instance_action_url"]
