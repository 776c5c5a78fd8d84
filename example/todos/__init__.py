"""Todos: a small app that demonstrates actions."""

from __future__ import annotations
