"""What DJ Actions costs, measured side by side with what it is compared to; see `make bench`."""

from __future__ import annotations
