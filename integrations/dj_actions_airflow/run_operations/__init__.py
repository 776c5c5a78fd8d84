"""Operations on the DAG runs of deliveries; `dj_actions_airflow.runs` is their front."""
