"""What the tests with Schemathesis share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.settings import patched_settings

# Imported for its effect: in the suite, Schemathesis does not load what its configuration names.
import tests.integration.openapi.hooks  # noqa: F401

KEYS = range(0, -4, -1)
"""Keys of the todos in the database: no sequence makes them, and 0 is what is asked for first."""


def configuration() -> schemathesis.Config:
    """Return what a long run is configured with, made short and the same each time."""
    config = schemathesis.Config.from_path(Path(__file__).with_name("schemathesis.toml"))
    config.projects.default.generation.update(max_examples=10, deterministic=True)
    return config


def schema_of_urls(urls: str, **settings: Any) -> schemathesis.BaseSchema:
    """Return what Schemathesis makes of a module of URLs.

    Args:
        urls: name of the module.
        settings: settings of drf-spectacular.
    """
    with patched_settings(settings):
        generator = SchemaGenerator(urlconf=urls)  # type: ignore[no-untyped-call]
        made = generator.get_schema(public=True)  # type: ignore[no-untyped-call]
    document = json.loads(OpenApiJsonRenderer().render(made))
    schema = schemathesis.openapi.from_dict(document, config=configuration())
    schema.app = WSGIHandler()
    return schema
