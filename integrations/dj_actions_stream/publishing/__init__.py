"""What publishers to activity feeds have in common, whatever version of Stream they use."""
