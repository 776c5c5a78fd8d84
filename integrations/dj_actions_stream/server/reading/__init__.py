"""Pages of feeds, activities and reactions, as JSON."""
