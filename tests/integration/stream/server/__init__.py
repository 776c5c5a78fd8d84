"""The local feeds server: its protocol with the real client, and what it does with bad input."""

from __future__ import annotations
