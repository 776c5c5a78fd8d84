"""Make the screenshots of the README and the docs: `make screenshots`."""
