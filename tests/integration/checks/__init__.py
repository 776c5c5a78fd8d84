"""What `manage.py check` reports."""
