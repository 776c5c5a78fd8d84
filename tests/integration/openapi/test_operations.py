"""Each action is an operation of its own, typed by what it declares."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from django import forms
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.routers import DefaultRouter
from rest_framework.viewsets import ModelViewSet

from dj_actions.mixins import ActionMixin
from example.todos.models import Todo
from example.todos.serializers import TodoSerializer
from tests.conftest import Declare, Serve
from tests.integration.openapi.conftest import MakeDocument, resolved

REF = "#/components/schemas/"
JSON = "application/json"
PROBLEM = "application/problem+json"


class NoteInput(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=5)


class UploadForm(forms.Form):
    file = forms.FileField()


class Receipt(serializers.Serializer[Any]):
    """A receipt."""

    total = serializers.IntegerField()


def operation_of(document: dict[str, Any], path: str = "/things/{id}/actions/poke/") -> Any:
    return document["paths"][path]["post"]


def schema_of(operation: Any, code: int, media_type: str = JSON) -> Any:
    return operation["responses"][str(code)]["content"][media_type]["schema"]


def test_an_action_is_named_after_its_viewset_and_itself(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare()
    declare(name="poke_all", bulk=True)
    serve()
    document = make_document()

    assert operation_of(document)["operationId"] == "things_poke"
    assert operation_of(document, "/things/actions/poke_all/")["operationId"] == "things_poke_all"


def test_the_place_of_the_verb_is_that_of_the_project(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare()
    serve()
    document = make_document(OPERATION_ID_METHOD_POSITION="PRE")

    assert operation_of(document)["operationId"] == "poke_things"


def test_the_documentation_of_an_action_is_in_the_document(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare(__doc__="Poke a todo.\n\nGently, with one finger.", tags=["manners"])
    serve()
    operation = operation_of(make_document())

    assert operation["summary"] == "Poke a todo."
    assert operation["description"] == "Gently, with one finger."
    assert operation["tags"] == ["manners"]


def test_without_tags_an_action_has_those_of_its_viewset(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare()
    serve()
    document = make_document()

    assert operation_of(document)["tags"] == document["paths"]["/things/"]["get"]["tags"]


def test_only_what_runs_an_action_is_an_operation(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare()
    serve()
    paths = make_document()["paths"]

    assert {path: set(paths[path]) for path in paths if "/actions/" in path} == {
        "/things/{id}/actions/hand_over/": {"post"},
        "/things/{id}/actions/mark_done/": {"post"},
        "/things/{id}/actions/poke/": {"post"},
        "/things/{id}/actions/remind/": {"post"},
        "/things/actions/bulk_mark_done/": {"post"},
        "/things/actions/{action_name}/schema/": {"get"},
        "/things/actions/list/": {"get"},
    }


def test_the_input_is_a_component(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare(input=NoteInput)
    serve()
    document = make_document()
    body = operation_of(document)["requestBody"]

    assert body["required"] is True
    assert {media["schema"]["$ref"] for media in body["content"].values()} == {
        f"{REF}TodoPokeInput"
    }
    assert document["components"]["schemas"]["TodoPokeInput"] == {
        "title": "Poke a todo.",
        "type": "object",
        "properties": {"note": {"type": "string", "minLength": 1, "maxLength": 5}},
        "required": ["note"],
    }


def test_an_action_without_input_has_no_body(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare()
    serve()

    assert "requestBody" not in operation_of(make_document())


def test_a_bulk_action_names_its_objects(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare(bulk=True, max_items=7)
    serve()
    document = make_document()
    body = operation_of(document, "/things/actions/poke/")["requestBody"]

    assert body["required"] is True
    assert resolved(document, body["content"][JSON]["schema"])["properties"]["ids"] == {
        "type": "array",
        "description": "Keys of the objects to act on.",
        "items": {"type": "integer"},
        "minItems": 1,
        "maxItems": 7,
    }


def test_the_objects_are_named_by_the_field_that_the_viewset_looks_up(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare(bulk=True)
    serve(lookup_field="title")
    schemas = make_document()["components"]["schemas"]

    assert schemas["TodoPokeInput"]["properties"]["ids"]["items"] == {"type": "string"}


def test_a_file_is_sent_in_parts(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare(input=UploadForm)
    serve()

    content = operation_of(make_document())["requestBody"]["content"]
    assert list(content) == ["multipart/form-data"]


def test_examples_are_those_of_the_documentation(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare(
        input=NoteInput,
        examples=[
            {"name": "Short", "payload": {"note": "a"}, "description": "One letter."},
            {"payload": {"note": "b"}},
        ],
    )
    serve()
    content = operation_of(make_document())["requestBody"]["content"]

    assert content[JSON]["examples"] == {
        "Short": {"value": {"note": "a"}, "description": "One letter."},
        "Example2": {"value": {"note": "b"}, "summary": "Example 2"},
    }


def test_the_result_is_what_the_viewset_shows(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare()
    serve()

    either = schema_of(operation_of(make_document()), 200)["anyOf"]
    assert either == [{"$ref": f"{REF}Todo"}, {"$ref": f"{REF}TodoPokeDryRun"}]


def test_the_result_is_what_the_action_names(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare(output=Receipt)
    serve()

    assert schema_of(operation_of(make_document()), 200)["anyOf"][0] == {"$ref": f"{REF}Receipt"}


def test_plain_json_may_be_anything(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare(output=False)
    serve()

    assert schema_of(operation_of(make_document()), 200)["anyOf"][0] == {}


def test_a_bulk_action_responds_with_results(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare(bulk=True, output=Receipt)
    serve()
    document = make_document()
    answer, _dry_run = schema_of(operation_of(document, "/things/actions/poke/"), 200)["anyOf"]

    assert answer == {"$ref": f"{REF}TodoPokeResponse"}
    assert document["components"]["schemas"]["TodoPokeResponse"]["properties"] == {
        "meta": {"type": "object", "additionalProperties": True},
        "results": {"type": "array", "items": {"$ref": f"{REF}Receipt"}},
    }


def test_a_partial_action_responds_with_outcomes(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare(bulk=True, partial=True, output=Receipt)
    serve()
    document = make_document()
    operation = operation_of(document, "/things/actions/poke/")
    answer = resolved(document, schema_of(operation, 207))
    outcome = answer["properties"]["results"]["items"]

    assert "404" not in operation["responses"]
    assert schema_of(operation, 200) == {"$ref": f"{REF}TodoPokeDryRun"}
    assert set(answer["properties"]["meta"]["properties"]) == {"succeeded", "failed"}
    assert outcome["required"] == ["id", "ok", "status"]
    assert outcome["properties"]["id"] == {"type": "integer"}
    assert outcome["properties"]["result"]["properties"]["total"] == {"type": "integer"}
    assert "pointer" in outcome["properties"]["error"]["properties"]["errors"]["items"]["required"]


def test_a_dry_run_is_described(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare()
    serve()
    document = make_document()
    (parameter,) = [
        entry for entry in operation_of(document)["parameters"] if entry["name"] == "dry_run"
    ]
    answer = document["components"]["schemas"]["TodoPokeDryRun"]

    assert (parameter["in"], parameter["schema"]) == ("query", {"type": "boolean"})
    assert answer["required"] == ["dry_run", "status", "result", "deliveries"]
    assert answer["properties"]["result"] == {"$ref": f"{REF}Todo"}


def headers_of(operation: Any, code: int) -> set[str]:
    return set(operation["responses"][str(code)].get("headers", ()))


def required_headers(operation: Any) -> dict[str, bool]:
    return {
        entry["name"]: entry.get("required", False)
        for entry in operation["parameters"]
        if entry["in"] == "header"
    }


def test_headers_are_described(declare: Declare, serve: Serve, make_document: MakeDocument) -> None:
    declare()
    serve()
    operation = operation_of(make_document())

    assert required_headers(operation) == {"Idempotency-Key": False, "DJ-Actions-Parent": False}
    assert headers_of(operation, 200) == {"Action-Event", "Idempotent-Replayed"}
    assert headers_of(operation, 400) == set()


@pytest.mark.parametrize("required", [True, False])
def test_a_version_field_adds_if_match_and_etag(
    declare: Declare, serve: Serve, make_document: MakeDocument, required: bool
) -> None:
    declare(version_field="note", version_required=required)
    serve()
    document = make_document()
    operation = operation_of(document)

    assert required_headers(operation)["If-Match"] is required
    assert "ETag" in headers_of(operation, 200)
    assert "412" in operation["responses"]
    assert ("428" in operation["responses"]) is required
    assert headers_of(document["paths"]["/things/{id}/"]["get"], 200) == {"ETag"}


def test_errors_have_two_shapes(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare(throttles=["5/min"])
    serve()
    operation = operation_of(make_document())
    errors = {code for code in operation["responses"] if code >= "400"}

    assert errors == {"400", "401", "403", "404", "409", "411", "413", "415", "422", "429"}
    assert headers_of(operation, 429) == {"Retry-After"}
    for code in errors:
        usual = "ActionMessages" if code == "400" else "ActionError"
        assert schema_of(operation, int(code)) == {"$ref": REF + usual}
        assert schema_of(operation, int(code), PROBLEM) == {"$ref": f"{REF}ActionProblem"}


def test_only_possible_errors_are_described(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare(bulk=True, requires_objects=False)
    serve(authentication_classes=[])
    operation = operation_of(make_document(), "/things/actions/poke/")

    assert {code for code in operation["responses"] if code >= "400"} == {
        *("400", "409", "411", "413", "415", "422")
    }


def test_the_errors_of_a_custom_exception_handler_have_no_schema(
    declare: Declare, serve: Serve, make_document: MakeDocument, settings: Any
) -> None:
    settings.REST_FRAMEWORK = {
        **settings.REST_FRAMEWORK,
        "EXCEPTION_HANDLER": "tests.integration.openapi.test_operations.own_handler",
    }
    declare()
    serve()
    operation = operation_of(make_document())

    assert set(schema_of(operation, 404)) == {"description"}
    assert schema_of(operation, 404, PROBLEM) == {"$ref": f"{REF}ActionProblem"}


def own_handler(_error: Exception, _context: Any) -> None:
    """An exception handler of a project."""


def test_an_action_may_require_authentication_where_its_viewset_does_not(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare(permissions=[IsAuthenticated])
    declare(name="peek", permissions=[AllowAny])
    serve()
    document = make_document()

    assert {} not in operation_of(document)["security"]
    assert {} in operation_of(document, "/things/{id}/actions/peek/")["security"]


def test_a_project_may_extend_the_schema_of_an_action(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare(input=NoteInput)
    extended = extend_schema_view(poke=extend_schema(operation_id="prod", tags=["fingers"]))
    extended(serve())
    operation = operation_of(make_document())

    assert (operation["operationId"], operation["tags"]) == ("prod", ["fingers"])
    assert operation["requestBody"]["content"][JSON]["schema"] == {"$ref": f"{REF}TodoPokeInput"}


def test_a_project_may_extend_the_schema_of_a_viewset(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare(input=NoteInput)
    extend_schema(tags=["fingers"])(serve())
    operation = operation_of(make_document())

    assert operation["tags"] == ["fingers"]
    assert operation["requestBody"]["content"][JSON]["schema"] == {"$ref": f"{REF}TodoPokeInput"}


def test_the_catalogue_is_typed(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare()
    viewset = serve()
    paths = make_document()["paths"]
    listing = paths["/things/actions/list/"]["get"]
    schema = paths["/things/actions/{action_name}/schema/"]["get"]
    offered = [entry.name for entry in viewset.action_definitions()]  # type: ignore[attr-defined]

    assert listing["operationId"] == "things_actions_list"
    assert schema_of(listing, 200) == {"$ref": f"{REF}ActionList"}
    assert schema["operationId"] == "things_actions_schema"
    assert schema_of(schema, 200) == {"$ref": f"{REF}ActionInputSchema"}
    assert schema["parameters"][0]["schema"]["enum"] == offered
    assert "404" in schema["responses"]
    assert "404" not in listing["responses"]


class Brief(serializers.ModelSerializer[Todo]):
    class Meta:
        model = Todo
        fields = ["id"]


def test_two_viewsets_may_offer_one_action(
    declare: Declare, settings: Any, make_document: MakeDocument
) -> None:
    declare(input=NoteInput)
    router = DefaultRouter()
    for name, shown in (("briefs", Brief), ("todos", TodoSerializer)):
        attributes = {"queryset": Todo.objects.all(), "serializer_class": shown}
        router.register(name, type(name, (ActionMixin, ModelViewSet), attributes), basename=name)
    settings.ROOT_URLCONF = ModuleType("throw_away_urls")
    settings.ROOT_URLCONF.urlpatterns = router.urls
    document = make_document()
    briefs = operation_of(document, "/briefs/{id}/actions/poke/")
    todos = operation_of(document, "/todos/{id}/actions/poke/")

    assert briefs["requestBody"] == todos["requestBody"]
    assert schema_of(briefs, 200)["anyOf"][1] == {"$ref": f"{REF}TodoPokeDryRun"}
    assert schema_of(todos, 200)["anyOf"][1] == {"$ref": f"{REF}TodoPokeDryRun2"}
