"""Unit tests of what publishes to Feeds v2."""
