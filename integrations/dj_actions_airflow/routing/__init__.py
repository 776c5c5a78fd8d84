"""Which DAG runs a message has, and what each of them gets. No client, no network."""
