"""WSGI entry point: `gunicorn dj_actions_stream.server.site.wsgi`."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dj_actions_stream.server.site.settings")

application = get_wsgi_application()
