"""Unit tests of the templates of texts and feeds."""
