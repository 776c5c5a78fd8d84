"""WSGI entry point of the feeds server: `gunicorn example.feeds.wsgi`."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example.feeds.settings")

application = get_wsgi_application()
