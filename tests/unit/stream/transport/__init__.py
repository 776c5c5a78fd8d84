"""Unit tests of what sends requests to Stream."""
