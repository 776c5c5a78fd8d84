"""The users, collections, reactions and marks that are stored."""
