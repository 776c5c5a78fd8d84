"""One run of an action: select, validate, perform, render, record."""

from __future__ import annotations
