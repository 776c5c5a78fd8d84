"""What listed runs mean for a delivery."""

from __future__ import annotations
