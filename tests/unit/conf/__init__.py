"""The DJ_ACTIONS setting."""
