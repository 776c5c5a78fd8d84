"""Feeds v3 without a network."""
