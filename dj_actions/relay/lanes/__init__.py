"""The lanes of a relay: each is a thread that claims, delivers and settles for one publisher."""

from __future__ import annotations
