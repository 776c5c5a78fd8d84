"""Help for the tests of projects that use DJ Actions."""

from __future__ import annotations
