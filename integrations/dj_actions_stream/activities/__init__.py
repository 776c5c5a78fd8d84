"""The activity of an effect, in the form of Feeds v2 and within its limits."""
