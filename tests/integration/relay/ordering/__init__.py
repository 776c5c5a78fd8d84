"""A stateful test of the order: what may happen to deliveries, and what was promised meanwhile."""
