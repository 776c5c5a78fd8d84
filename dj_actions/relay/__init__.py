"""The relay: claims deliveries, hands them to publishers, settles them, tracks remote runs."""

from __future__ import annotations
