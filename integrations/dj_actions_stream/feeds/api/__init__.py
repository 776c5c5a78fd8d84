"""Feeds over HTTP, with Django REST framework."""

from __future__ import annotations
