"""Templates of texts and feeds, such as `team:{data.team_id}`."""
