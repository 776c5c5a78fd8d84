"""How the time of a request to the feeds server depends on how much the server has stored."""
