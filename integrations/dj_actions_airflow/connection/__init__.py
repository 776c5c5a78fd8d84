"""Airflow's REST API: how to reach it, who we are there, and what it responds."""
