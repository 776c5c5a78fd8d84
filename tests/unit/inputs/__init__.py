"""Tests of the ways to declare what an action accepts."""

from __future__ import annotations
