"""How a request is answered: endpoints, errors, limits, and what a body may contain."""
