"""What an action is: its frozen definition, how it is compiled, and how it is described."""

from __future__ import annotations
