"""Tests of what publishers to feeds have in common."""
