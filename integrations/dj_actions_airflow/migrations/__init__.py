"""The migrations of the app: permissions only, without tables."""
