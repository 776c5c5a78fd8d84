"""The example: a todo project, its feeds site, and the launchers of all they need."""

from __future__ import annotations
