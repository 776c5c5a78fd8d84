"""Defaults of the environment variables, for a server without any configuration."""

from __future__ import annotations

import os
from pathlib import Path

from dj_actions_stream.server.site.secret_file import kept_secret

SETTINGS = "dj_actions_stream.server.site.settings"


def set_defaults() -> None:
    """Set the variables that are missing. What has to be kept is in FEEDS_DIRECTORY."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    if os.environ["DJANGO_SETTINGS_MODULE"] != SETTINGS:
        return
    directory = Path(os.environ.get("FEEDS_DIRECTORY") or "feeds-server").absolute()
    directory.mkdir(parents=True, exist_ok=True)
    _set("FEEDS_API_KEY", "development")
    _set("FEEDS_DATABASE_URL", f"sqlite:///{directory / 'feeds.sqlite3'}")
    if not os.environ.get("FEEDS_API_SECRET"):
        os.environ["FEEDS_API_SECRET"] = kept_secret(directory / "api-secret")


def _set(name: str, value: str) -> None:
    if not os.environ.get(name):
        os.environ[name] = value
