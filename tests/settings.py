"""Settings of the suite: the example project, with publishers that stay in the process."""

from __future__ import annotations

import secrets

from example.project.settings import *  # noqa: F403 - the example's settings, but for what follows
from example.project.settings import DATABASES
from example.project.settings import INSTALLED_APPS as EXAMPLE_APPS

SECRET_KEY = secrets.token_urlsafe(50)
INSTALLED_APPS = [
    *EXAMPLE_APPS,
    "dj_actions_stream.server",
    "dj_actions_stream.feeds",
    "tests.places",
]
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file: in memory, threads would share one cache, with locks that no project meets.
    DATABASES["default"]["TEST"] = {"NAME": f"{DATABASES['default']['NAME']}.test"}
# The same database by another name, for tests of projects that read from a replica.
DATABASES["replica"] = {**DATABASES["default"], "TEST": {"MIRROR": "default"}}
ROOT_URLCONF = "tests.urls"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
FEEDS_SERVER = {
    "API_KEY": "key",
    "API_SECRET": secrets.token_urlsafe(40),
    "GROUPS": {"team": "flat", "todo": "flat"},
}
DJ_ACTIONS = {
    "PUBLISHERS": {
        "memory": {
            "BACKEND": "dj_actions.publishers.memory.MemoryPublisher",
            "ROUTES": ["todo.*"],
        },
    },
}
