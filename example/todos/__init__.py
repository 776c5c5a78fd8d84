"""Todos: the smallest app that shows what actions are for."""

from __future__ import annotations
