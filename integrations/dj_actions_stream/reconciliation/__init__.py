"""Compare feeds with the records of what was delivered, and publish again what is missing."""
