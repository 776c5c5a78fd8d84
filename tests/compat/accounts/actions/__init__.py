"""The actions on accounts."""

from __future__ import annotations
