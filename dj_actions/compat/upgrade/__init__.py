"""Rewrite the references of a project to dj-actions 0.0.7, whose package was called `actions`."""

from __future__ import annotations
