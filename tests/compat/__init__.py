"""What a user of dj-actions 0.0.7 relies on, and the faults that are gone."""
