"""What the process of a relay needs: threads, signals, notifications, its heartbeat."""

from __future__ import annotations
