"""A real Airflow of its own, with DAGs that tests write: it may be broken."""
