"""Options of the connection, errors and features, without a network."""

from __future__ import annotations
