"""django-reliable-outbox, in an environment of its own."""

from __future__ import annotations
