"""Write the outcome of deliveries: receipts, retries, dead letters; release and rescue the rest."""

from __future__ import annotations
