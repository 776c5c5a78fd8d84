"""Secrets with which machines call some actions, each as one user."""

from __future__ import annotations
