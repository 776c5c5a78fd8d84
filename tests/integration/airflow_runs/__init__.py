"""Operations on DAG runs, through the real client and the database."""
