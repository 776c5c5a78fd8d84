"""Feeds as pages of the site and as Atom, without JavaScript."""

from __future__ import annotations
