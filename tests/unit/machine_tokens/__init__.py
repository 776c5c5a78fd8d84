"""Tests of the values of machine tokens."""

from __future__ import annotations
