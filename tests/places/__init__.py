"""Models of the shapes that the example has none of."""
