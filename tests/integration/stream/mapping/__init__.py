"""Tests of what turns messages into effects, on records of a database."""
