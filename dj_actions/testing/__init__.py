"""Helpers for the tests of projects that use DJ Actions, under pytest or `manage.py test`.

`from dj_actions.testing import assert_recorded, drain, …`; see docs/testing.md.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dj_actions.testing.assertions import (
        assert_delivered,
        assert_not_recorded,
        assert_recorded,
    )
    from dj_actions.testing.capturing import Captured, captured
    from dj_actions.testing.contract import PublisherContract, make_message
    from dj_actions.testing.draining import drain
    from dj_actions.testing.failing import FailingPublisher

__all__ = [
    "Captured",
    "FailingPublisher",
    "PublisherContract",
    "assert_delivered",
    "assert_not_recorded",
    "assert_recorded",
    "captured",
    "drain",
    "make_message",
]

_MODULES = {
    "assert_delivered": "assertions",
    "assert_not_recorded": "assertions",
    "assert_recorded": "assertions",
    "Captured": "capturing",
    "captured": "capturing",
    "PublisherContract": "contract",
    "make_message": "contract",
    "drain": "draining",
    "FailingPublisher": "failing",
}

if not TYPE_CHECKING:  # otherwise a type checker would accept any name

    def __getattr__(name: str) -> object:
        """Import a helper when it is first used.

        pytest imports this package together with the plugin, before Django is configured and
        in projects without Django, so it must not import the helpers.
        """
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = importlib.import_module(f"{__name__}.{_MODULES[name]}")
        globals()[name] = getattr(module, name)
        return globals()[name]
