"""What once went wrong, or could have."""
