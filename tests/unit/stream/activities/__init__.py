"""Unit tests of the activities of effects."""
