"""Fixtures that generate the OpenAPI document."""

from __future__ import annotations

import json
from typing import Any, Protocol

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.settings import patched_settings
from drf_spectacular.validation import validate_schema

VERSIONS = ["3.0.3", "3.1.0"]


class MakeDocument(Protocol):
    """Generates the document; keyword arguments are settings of drf-spectacular."""

    def __call__(self, **settings: Any) -> dict[str, Any]: ...


@pytest.fixture
def make_document() -> MakeDocument:
    """Return a function that generates the document, which must be valid and without warnings."""

    def make_document(**settings: Any) -> dict[str, Any]:
        with patched_settings(settings):
            generator = SchemaGenerator()  # type: ignore[no-untyped-call]
            made = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
        assert not GENERATOR_STATS, "drf-spectacular issued warnings; see its output."
        validate_schema(made)  # type: ignore[no-untyped-call]
        document: dict[str, Any] = json.loads(OpenApiJsonRenderer().render(made))
        return document

    return make_document


@pytest.fixture(params=VERSIONS)
def document_of_version(request: pytest.FixtureRequest, make_document: MakeDocument) -> Any:
    """A function that generates the document, for each version of OpenAPI."""
    return lambda: make_document(OAS_VERSION=request.param)


def resolved(document: dict[str, Any], schema: Any) -> Any:
    """Return a schema with its references, at any depth, replaced by their targets."""
    if isinstance(schema, list):
        return [resolved(document, entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/components/schemas/")
        return resolved(document, document["components"]["schemas"][name])
    return {key: resolved(document, value) for key, value in schema.items()}
