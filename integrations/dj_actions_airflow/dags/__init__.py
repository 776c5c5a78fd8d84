"""DAGs as Airflow has them: which params they accept, and triggering their runs."""
