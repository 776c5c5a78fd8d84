"""What Airflow reads about this provider. Nothing of Airflow is imported here."""

from __future__ import annotations

from typing import Any

from dj_actions_airflow_provider import __version__

NAME = "DJ Actions"
PACKAGE = "dj_actions_airflow_provider"

OPTIONAL_TEXT = {"type": ["string", "null"]}


def get_provider_info() -> dict[str, Any]:
    """Return the provider's description: of its classes and of its type of connection."""
    return {
        "package-name": "airflow-provider-dj-actions",
        "name": NAME,
        "description": "Call the actions of a Django project, wait for them, report ends of DAGs.",
        "versions": [__version__],
        "integrations": [{"integration-name": NAME, "tags": ["service"]}],
        "operators": _modules("operators"),
        "sensors": _modules("sensors"),
        "hooks": _modules("hooks"),
        "triggers": _modules("triggers"),
        "notifications": [f"{PACKAGE}.notifications.DjActionsNotifier"],
        "extra-links": [f"{PACKAGE}.links.DjActionLink"],
        "connection-types": [
            {
                "connection-type": "dj_actions",
                "hook-class-name": f"{PACKAGE}.hooks.DjActionsHook",
                "hook-name": NAME,
                "ui-field-behaviour": _standard_fields(),
                "conn-fields": _extra_fields(),
            }
        ],
    }


def _modules(name: str) -> list[dict[str, Any]]:
    return [{"integration-name": NAME, "python-modules": [f"{PACKAGE}.{name}"]}]


def _standard_fields() -> dict[str, Any]:
    return {
        "hidden-fields": ["schema", "login", "port", "extra"],
        "relabeling": {"host": "URL of the project", "password": "Machine token"},
        "placeholders": {"host": "https://todos.example.com", "password": "dja_…"},
    }


def _extra_fields() -> dict[str, Any]:
    """Return the fields that are stored in the connection's extra."""
    return {
        "paths": {
            "label": "Paths of resources",
            "description": 'JSON: the path of each resource, {"todo": "/todos/"}.',
            "schema": {"type": ["object", "null"]},
        },
        "api_path": {
            "label": "Path of the API",
            "description": "Where the project includes dj_actions.urls; /api/ by default.",
            "schema": OPTIONAL_TEXT,
        },
        "hint_secret": {
            "label": "Secret for hints",
            "description": "HINT_SECRET of the project, for DjActionsNotifier.",
            "schema": {**OPTIONAL_TEXT, "format": "password"},
        },
        "event_url": {
            "label": "Page of an event",
            "description": "Where a task links to, with {event} for the id; the API by default.",
            "schema": OPTIONAL_TEXT,
        },
        "timeout": {
            "label": "Timeout",
            "description": "Seconds that a request may take; 10 by default.",
            "schema": {"type": ["number", "null"], "exclusiveMinimum": 0},
        },
        "ca_cert": {
            "label": "CA certificates",
            "description": "Path of a file with the CA certificates to trust.",
            "schema": OPTIONAL_TEXT,
        },
        "auth_scheme": {
            "label": "Authorization scheme",
            "description": "The word before the token; Bearer by default.",
            "schema": OPTIONAL_TEXT,
        },
    }
