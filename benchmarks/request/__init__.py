"""The cost of a request that runs an action, compared to the same change in a plain view."""

from __future__ import annotations
