"""What became of DAG runs: which have changed, their states, and the reasons for them."""
