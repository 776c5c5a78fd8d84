"""What `manage.py outbox` does."""
