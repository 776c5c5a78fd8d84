"""The requests of the console: one module for each screen."""
