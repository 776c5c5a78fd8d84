"""The checks of DJ_ACTIONS, and of settings that look like ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004
from django.db import connections, router

from dj_actions.checks.actions import check_actions, check_sensitive, check_unregistered
from dj_actions.checks.publishers import check_patterns, check_publishers
from dj_actions.conf import Settings, get_settings
from dj_actions.conf.settings import OLD_SETTINGS
from dj_actions.declaration.discovery import load_viewsets
from dj_actions.exceptions import InvalidSetting
from dj_actions.models import Delivery
from dj_actions.outbox.notifications import DRIVER_HINT, DRIVER_MISSING, can_listen
from dj_actions.text import did_you_mean

SIMILAR_SETTING = re.compile(r"DJANGO_ACTIONS?(_|$)|DJ_?ACTIONS?(_|$)")
"""Names of settings that are easily mistaken for ours."""


@register("dj_actions")
def check_settings(**_: Any) -> list[CheckMessage]:
    """Check DJ_ACTIONS, its publishers, and the actions that reference them."""
    try:
        settings = get_settings()
    except InvalidSetting as error:
        return [Error(str(error), id="dj_actions.E001")]
    # Registries are read when the viewsets that have them are imported.
    is_complete = _load_viewsets()
    return [
        *_check_other_settings(),
        *_check_driver(settings),
        *check_publishers(settings),
        *(check_patterns(settings) if is_complete else ()),
        *check_actions(settings),
        *check_sensitive(),
        *check_unregistered(),
    ]


def _load_viewsets() -> bool:
    """Import the viewsets; return whether that was possible."""
    try:
        load_viewsets()
    except Exception:  # noqa: BLE001 - reported by Django's check of the URLs
        return False
    return True


def _check_other_settings() -> Iterator[CheckMessage]:
    """Report settings that look like ours but are not read."""
    if hasattr(django_settings, "TRACK_ACTIONS"):
        yield Warning(
            "The setting TRACK_ACTIONS is ignored.",
            hint='Use DJ_ACTIONS["TRACK_ACTIONS"], or DJACTION_TRACK_ACTIONS.',
            id="dj_actions.W005",
        )
    known = ("DJ_ACTIONS", *OLD_SETTINGS, *_settings_of_apps())
    for name in dir(django_settings):
        if SIMILAR_SETTING.match(name) and name not in known:
            yield Warning(
                f"The setting {name} is ignored.{did_you_mean(name, known)}",
                hint="All settings are keys of the dict DJ_ACTIONS. One of another app, such as "
                "DJ_ACTIONS_CONSOLE, needs the app in INSTALLED_APPS.",
                id="dj_actions.W005",
            )


def _settings_of_apps() -> Iterator[str]:
    """Return the settings that installed apps read, such as the console's."""
    for config in apps.get_app_configs():
        if name := getattr(config, "dj_actions_setting", ""):
            yield name


def _check_driver(settings: Settings) -> Iterator[CheckMessage]:
    alias = router.db_for_write(Delivery)
    is_postgres = alias in connections and connections[alias].vendor == "postgresql"
    if settings.notify and is_postgres and not can_listen():
        yield Warning(DRIVER_MISSING, hint=DRIVER_HINT, id="dj_actions.W010")
