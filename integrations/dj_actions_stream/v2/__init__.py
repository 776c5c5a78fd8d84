"""Feeds v2: the publisher, its calls and the errors of stream-python."""
