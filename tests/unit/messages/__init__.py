"""Values that publishers receive and return."""
