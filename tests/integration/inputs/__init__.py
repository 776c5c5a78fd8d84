"""Inputs that need a database."""

from __future__ import annotations
