"""The Stream integration without a network: activities, feeds, errors, addresses, checks."""

from __future__ import annotations
