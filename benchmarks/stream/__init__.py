"""How fast a relay adds activities to feeds, in batches and with one call for each."""

from __future__ import annotations
