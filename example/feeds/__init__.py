"""A site that is a local feeds server and nothing else."""

from __future__ import annotations
