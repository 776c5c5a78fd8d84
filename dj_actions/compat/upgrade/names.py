"""Which dotted paths belong to dj-actions 0.0.7."""

from __future__ import annotations

import re

OLD_ROOT = "actions"
NEW_ROOT = "dj_actions"

MODULES = frozenset(
    {
        *("actions", "api", "base", "fields", "forms", "helpers", "legacy"),
        *("management", "migrations", "mixins", "models", "tests", "util"),
    }
)
"""The modules and packages of 0.0.7. A project may have another package of this name."""

MODEL = "ActionEvent"
"""The model of 0.0.7, which a string names as `actions.ActionEvent`."""

GONE = (
    *("actions.base", "actions.helpers", "actions.util.get_instance_action_path"),
    "actions.actions.archive_actions.form",
    "actions.management.commands.helpers",
)
"""Paths of 0.0.7 that have no successor under the new root; docs/upgrading.md has all names."""

_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_MENTION = re.compile(rf"(?<![\w.]){OLD_ROOT}\.(?:{'|'.join(sorted(MODULES))})\b")


def is_old(path: str) -> bool:
    """Return whether a dotted path is one of 0.0.7: `actions.util`, `actions.ActionEvent`."""
    if not _DOTTED.fullmatch(path):
        return False
    root, first, *rest = path.split(".")
    return root == OLD_ROOT and (first in MODULES or (first == MODEL and not rest))


def is_gone(path: str) -> bool:
    """Return whether a path of 0.0.7 has no successor."""
    return any(f"{path}.".startswith(f"{entry}.") for entry in GONE)


def mentions_old(text: str) -> bool:
    """Return whether a string contains a path of 0.0.7, in addition to others."""
    return bool(_MENTION.search(text))
