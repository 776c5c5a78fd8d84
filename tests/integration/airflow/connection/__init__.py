"""Tokens, headers, certificates, versions and requests, over real HTTP."""

from __future__ import annotations
