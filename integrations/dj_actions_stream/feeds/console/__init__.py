"""The feeds in the console of DJ Actions, if it is installed."""

from __future__ import annotations
