"""Params of DAGs: what they accept, and those made of an action's input."""

from __future__ import annotations
