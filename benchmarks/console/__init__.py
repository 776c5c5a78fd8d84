"""How long the database works for each screen of the console, with many records."""
