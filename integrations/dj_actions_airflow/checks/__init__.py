"""What is wrong with OPTIONS and routes: by themselves, and as Airflow sees them."""
