"""Both publishers, through their real clients over real HTTP, against servers that misbehave."""

from __future__ import annotations
