"""The values of a request: ids of feeds and activities, and fields."""
