"""Helpers shared by the tests with Schemathesis."""

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
"""Keys of the todos in the database. No sequence generates them, and Schemathesis tries 0 first."""


def configuration() -> schemathesis.Config:
    """Return the configuration of a long run, made short and deterministic."""
    config = schemathesis.Config.from_path(Path(__file__).with_name("schemathesis.toml"))
    config.projects.default.generation.update(max_examples=10, deterministic=True)
    return config


def schema_of_urls(urls: str, **settings: Any) -> schemathesis.BaseSchema:
    """Return the Schemathesis schema of a URLconf.

    Args:
        urls: name of the URLconf module.
        settings: settings of drf-spectacular.
    """
    with patched_settings(settings):
        generator = SchemaGenerator(urlconf=urls)  # type: ignore[no-untyped-call]
        made = generator.get_schema(public=True)  # type: ignore[no-untyped-call]
    document = json.loads(OpenApiJsonRenderer().render(made))
    schema = schemathesis.openapi.from_dict(document, config=configuration())
    schema.app = WSGIHandler()
    return schema
