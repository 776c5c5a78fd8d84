"""The feed groups of FEEDS_SERVER, with their aggregation formats and ranking formulas."""
