-- Run once by the image of PostgreSQL, when its volume is empty.
-- The health check of the server connects to the last of these: keep `airflow` last.
CREATE DATABASE djactions;
CREATE DATABASE feeds;
CREATE DATABASE airflow;
