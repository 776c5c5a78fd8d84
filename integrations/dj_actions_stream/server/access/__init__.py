"""Who calls, and what the token permits."""
