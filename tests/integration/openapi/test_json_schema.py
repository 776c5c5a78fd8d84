"""Conversion of JSON Schema 2020-12 to components of OpenAPI."""

from __future__ import annotations

from typing import Any

import pytest
from drf_spectacular.plumbing import ComponentRegistry
from drf_spectacular.settings import patched_settings

from dj_actions.openapi.components import Components, component_name
from dj_actions.openapi.json_schema import for_openapi

OLD = "3.0.3"
NEW = "3.1.0"
REF = "#/components/schemas/"


def converted(schema: Any, version: str = OLD) -> Any:
    with patched_settings({"OAS_VERSION": version}):
        return for_openapi(schema)


def components_of(schema: Any, version: str = OLD) -> dict[str, Any]:
    """Return the components made from a schema named `It`, by name."""
    with patched_settings({"OAS_VERSION": version}):
        registry = ComponentRegistry()
        assert Components(registry).reference("It", schema) == {"$ref": f"{REF}It"}
        found: dict[str, Any] = registry.build({})["schemas"]
        return found


@pytest.mark.parametrize(
    ("schema", "older"),
    [
        ({}, {}),
        (True, {}),
        (False, {"not": {}}),
        ({"type": "string", "maxLength": 3}, {"type": "string", "maxLength": 3}),
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        ({"type": "null"}, {"enum": [None], "nullable": True}),
        ({"enum": ["a", None]}, {"type": "string", "enum": ["a", None], "nullable": True}),
        ({"enum": ["a", 1]}, {"enum": ["a", 1]}),
        ({"const": "a"}, {"type": "string", "enum": ["a"]}),
        ({"const": None}, {"enum": [None], "nullable": True}),
        (
            {"type": ["integer", "string"], "format": "decimal"},
            {"anyOf": [{"type": "integer"}, {"type": "string"}], "format": "decimal"},
        ),
        (
            {"type": ["integer", "array", "null"]},
            {
                "anyOf": [
                    {"type": "integer"},
                    {"type": "array", "items": {}},
                    {"enum": [None], "nullable": True},
                ]
            },
        ),
        (
            {"type": ["integer", "string"], "anyOf": [{"minimum": 1}]},
            {
                "anyOf": [{"minimum": 1}],
                "allOf": [{"anyOf": [{"type": "integer"}, {"type": "string"}]}],
            },
        ),
        (
            {"anyOf": [{"type": "string"}, {"type": "null"}]},
            {"anyOf": [{"type": "string"}, {"enum": [None], "nullable": True}]},
        ),
        (
            {"type": "integer", "exclusiveMinimum": 0},
            {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
        ),
        ({"type": "array"}, {"type": "array", "items": {}}),
        ({"exclusiveMaximum": 9}, {"maximum": 9, "exclusiveMaximum": True}),
        (
            {"type": "array", "prefixItems": [{"type": "string"}, {}], "items": False},
            {"type": "array", "items": {"anyOf": [{"type": "string"}, {}]}},
        ),
        (
            {"type": "array", "prefixItems": [{"type": "string"}], "maxItems": 1},
            {"type": "array", "items": {"anyOf": [{"type": "string"}]}, "maxItems": 1},
        ),
        (
            {"type": "array", "prefixItems": [{"type": "string"}]},
            {"type": "array", "items": {}},
        ),
        (
            {"type": "array", "prefixItems": [{"const": 1}], "items": {"type": "string"}},
            {
                "type": "array",
                "items": {"anyOf": [{"type": "integer", "enum": [1]}, {"type": "string"}]},
            },
        ),
        (
            {"type": "object", "required": [], "additionalProperties": False},
            {"type": "object", "additionalProperties": False},
        ),
        (
            {"type": "object", "additionalProperties": {"const": 1}},
            {"type": "object", "additionalProperties": {"type": "integer", "enum": [1]}},
        ),
        (
            {"$ref": "#/x", "description": "It.", "allOf": [{"minLength": 1}]},
            {"allOf": [{"$ref": "#/x"}, {"minLength": 1}], "description": "It."},
        ),
        ({"$ref": "#/x", "$comment": "?"}, {"$ref": "#/x"}),
        ({"examples": ["a", "b"], "x-own": 1}, {"example": "a", "x-own": 1}),
        ({"$schema": "s", "$id": "i", "if": {}, "then": {}, "patternProperties": {}}, {}),
    ],
)
def test_a_schema_is_converted_to_the_dialect_of_3_0(schema: Any, older: Any) -> None:
    assert converted(schema) == older


@pytest.mark.parametrize(
    ("schema", "same"),
    [
        ({"type": ["string", "null"], "const": "a"}, {"type": ["string", "null"], "const": "a"}),
        ({"$schema": "s", "$id": "i", "minLength": 1}, {"minLength": 1}),
        ({"prefixItems": [{"$id": "i"}]}, {"prefixItems": [{}]}),
        ({"enum": ["a"]}, {"type": "string", "enum": ["a"]}),
        (
            {"enum": ["a", None, 1.5]},
            {"type": ["string", "null", "number"], "enum": ["a", None, 1.5]},
        ),
        ({"properties": {"a": True}}, {"properties": {"a": True}}),
    ],
)
def test_3_1_uses_json_schema_unchanged(schema: Any, same: Any) -> None:
    assert converted(schema, NEW) == same


@pytest.mark.parametrize("version", [OLD, NEW])
def test_what_a_schema_refers_to_becomes_a_component(version: str) -> None:
    tree = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Tree"}}}
    schema = {
        "type": "object",
        "properties": {"tree": {"$ref": "#/$defs/Tree"}, "again": {"$ref": "#"}},
        "$defs": {"Tree": tree, "Unused": {"type": "string"}},
    }

    assert components_of(schema, version) == {
        "It": {
            "type": "object",
            "properties": {"tree": {"$ref": f"{REF}ItTree"}, "again": {"$ref": f"{REF}It"}},
        },
        "ItTree": {"type": "object", "properties": {"next": {"$ref": f"{REF}ItTree"}}},
    }


def test_a_pointer_may_lead_anywhere_in_the_schema() -> None:
    schema = {
        "properties": {"a/b": {"type": "string"}, "c": {"$ref": "#/properties/a~1b"}},
    }

    assert components_of(schema)["It"]["properties"]["c"] == {"$ref": f"{REF}ItA1b"}
    assert components_of(schema)["ItA1b"] == {"type": "string"}


@pytest.mark.parametrize("reference", ["#/$defs/Gone", "https://example.org/x", "#anchor"])
def test_an_unresolved_reference_allows_anything(reference: str) -> None:
    assert components_of({"properties": {"a": {"$ref": reference}}})["It"]["properties"] == {
        "a": {}
    }


@pytest.mark.parametrize("version", [OLD, NEW])
def test_an_enum_becomes_a_component(version: str) -> None:
    values = {"type": "string", "enum": ["a", "b"]}
    schema = {
        "properties": {
            "one": {**values, "default": "a"},
            "some": {"type": "array", "items": values},
        }
    }
    found = components_of(schema, version)

    assert found["ItOneEnum"] == found["ItSomeEnum"] == values
    assert found["It"]["properties"]["some"] == {
        "type": "array",
        "items": {"$ref": f"{REF}ItSomeEnum"},
    }
    reference = {"$ref": f"{REF}ItOneEnum"}
    beside = {"allOf": [reference]} if version == OLD else reference
    assert found["It"]["properties"]["one"] == {**beside, "default": "a"}


def test_a_discriminator_names_components() -> None:
    schema = {
        "$defs": {"Cat": {"type": "object"}},
        "properties": {
            "pet": {
                "oneOf": [{"$ref": "#/$defs/Cat"}],
                "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/$defs/Cat"}},
            }
        },
    }

    pet = components_of(schema)["It"]["properties"]["pet"]
    assert pet["discriminator"]["mapping"] == {"cat": f"{REF}ItCat"}


def test_a_name_that_is_taken_gets_a_number() -> None:
    registry = ComponentRegistry()
    components = Components(registry)

    assert components.reference("It", {"type": "string"}) == {"$ref": f"{REF}It"}
    assert components.reference("It", {"type": "integer"}) == {"$ref": f"{REF}It2"}
    assert components.reference("It", {"type": "string"}) == {"$ref": f"{REF}It"}
    assert components.reference("It", {"type": "integer"}) == {"$ref": f"{REF}It2"}


def test_words_become_one_name() -> None:
    assert component_name("todo", "mark_done", "input") == "TodoMarkDoneInput"
    assert component_name("It", "Page[int]") == "ItPageInt"
