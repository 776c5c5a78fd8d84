"""Tests of what publishes again what feeds have lost."""
