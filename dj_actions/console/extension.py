"""Add pages to the console.

An app registers a `Section` in the `ready` method of its AppConfig, if the console is installed.
Its views are subclasses of `ConsoleView`, and its templates extend `dj_actions_console/base.html`.
"""

from __future__ import annotations

from dj_actions.console.sections import Section, register_section
from dj_actions.console.views.base import ConsoleView

__all__ = ["ConsoleView", "Section", "register_section"]
