"""What a failure means: for its attempt, for the destination, and for the relay itself."""

from __future__ import annotations
