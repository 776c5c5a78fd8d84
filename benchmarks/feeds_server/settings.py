"""Settings of the benchmark of the feeds server: those of its own site, on PostgreSQL."""

from __future__ import annotations

import os

import dj_database_url
from dj_actions_stream.server.site.settings import *  # noqa: F403 - a variation of these settings

DATABASES = {"default": dict(dj_database_url.parse(os.environ["DATABASE_URL"]))}
