"""Publish the messages of a batch, one after the other, and see what becomes of each."""

from __future__ import annotations
