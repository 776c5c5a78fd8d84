"""Unit tests of what turns messages into effects."""
