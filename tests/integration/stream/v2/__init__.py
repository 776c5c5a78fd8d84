"""Tests of what publishes to Feeds v2."""
