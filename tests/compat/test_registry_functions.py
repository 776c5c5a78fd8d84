"""`dj_actions.util`: what a registry is made with, the way of dj-actions 0.0.7."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dj_actions.exceptions import ActionNotFound, InvalidAction
from dj_actions.util import (
    ACTION_TYPE,
    STATUS,
    enrich_actions,
    get_action_docs,
    get_action_form,
)
from tests.compat.accounts.actions.action_registry import ACTIONS
from tests.compat.accounts.forms import RenameForm
from tests.compat.conftest import WriteDefinition

PLACES = ["actiondocs/poke.yaml", "actions/poke/definition.yaml", "poke/definition.yaml"]
POKE = ("poke", ACTION_TYPE.INSTANCE.value, STATUS.ALPHA.value)


def empty_registry() -> dict[str, Any]:
    return {"resource": "thing", "basepath": "/things/", "actions": {}}


def enriched(base: str | Path, **arguments: Any) -> dict[str, Any]:
    """Return what a registry of one action says about it."""
    entry: dict[str, Any] = enrich_actions(base, empty_registry(), [POKE], **arguments)["actions"]
    return entry["poke"]  # type: ignore[no-any-return]  # a registry is a dict of anything


# Words


def test_the_statuses_have_the_values_they_had() -> None:
    assert {entry.name: entry.value for entry in STATUS} == {
        "TODO": "todo",
        "ALPHA": "alpha",
        "BETA": "beta",
        "PROD": "prod",
    }


def test_the_types_have_the_values_they_had() -> None:
    assert {entry.name: entry.value for entry in ACTION_TYPE} == {
        "BULK": "bulk",
        "INSTANCE": "instance",
    }


# Where the files are found


@pytest.mark.parametrize(
    "base_of",
    [
        str,
        Path,
        lambda folder: f"{folder}/",
        lambda folder: folder.name,
        lambda folder: f"{folder.name}/",
        lambda folder: Path(folder.name),
    ],
    ids=["absolute", "path", "absolute with slash", "relative", "relative with slash", "rel. path"],
)
def test_the_base_may_be_any_kind_of_path(
    write_definition: WriteDefinition,
    monkeypatch: pytest.MonkeyPatch,
    base_of: Callable[[Path], str | Path],
) -> None:
    folder = write_definition(title="Poke")
    # A relative base counts from where the project is started.
    monkeypatch.chdir(folder.parent)

    assert enriched(base_of(folder))["title"] == "Poke"


@pytest.mark.parametrize("place", PLACES)
def test_a_definition_is_found_in_three_places(
    write_definition: WriteDefinition, place: str
) -> None:
    base = write_definition(place, title=place)

    assert get_action_docs(base, "poke") == {"title": place}


@pytest.mark.parametrize("several", [PLACES, PLACES[:2], PLACES[1:], [PLACES[0], PLACES[2]]])
def test_of_several_places_the_last_counts(
    write_definition: WriteDefinition, several: list[str]
) -> None:
    for place in reversed(several):
        base = write_definition(place, **{"title": place, place: "is read"})

    assert get_action_docs(base, "poke") == {"title": several[-1], several[-1]: "is read"}


def test_a_missing_definition_is_reported_with_the_paths_that_were_tried(tmp_path: Path) -> None:
    with pytest.raises(InvalidAction) as caught:
        get_action_docs(tmp_path, "poke")

    assert [place for place in PLACES if str(tmp_path / place) not in str(caught.value)] == []


# What they say


def test_a_definition_is_read_as_it_is_written(write_definition: WriteDefinition) -> None:
    written = {
        "title": "Poke “it”, gently: 100 % <b>safe</b> & 'sound'",
        "version": 2.5,
        "is_live": False,
        "serializer": False,
        "example_payload": {"deep": [{"number": 1, "nothing": None, "text": "a\nb\t{c}"}]},
        "owner": ["anything", {"may": "stand here"}],
    }

    assert get_action_docs(write_definition(**written), "poke") == written


def test_the_texts_of_a_definition_are_templates(write_definition: WriteDefinition) -> None:
    base = write_definition(
        title="{% if unknown %}Prod{% else %}Poke{% endif %}{{ unknown }}",
        description="{# for nobody #}Half: {% widthratio 1 2 100 %} %",
        tags=["{% firstof 'one' 'two' %}"],
        examples=[{"payload": {"text": "{% filter upper %}loud{% endfilter %}"}}],
    )

    assert get_action_docs(base, "poke") == {
        "title": "Poke",
        "description": "Half: 50 %",
        "tags": ["one"],
        "examples": [{"payload": {"text": "LOUD"}}],
    }


def test_templates_may_load_the_projects_tag_libraries(write_definition: WriteDefinition) -> None:
    base = write_definition(title="{% load static %}{% static 'poke.png' %}")

    assert get_action_docs(base, "poke") == {"title": "/static/poke.png"}


def test_a_definition_is_plain_json_whatever_its_keys_are(
    write_definition: WriteDefinition,
) -> None:
    base = write_definition(example_payload={1: "one", "more": {2: "two", True: "yes"}})
    docs = get_action_docs(base, "poke")

    assert docs == json.loads(json.dumps(docs))
    assert docs["example_payload"]["1"] == "one"


@pytest.mark.parametrize(
    "text",
    ["title: [", "- no mapping", "title: '{% if %}'", "title: '{% unknown %}'", "'just text'", ""],
)
def test_a_definition_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "poke/definition.yaml"
    path.parent.mkdir()
    path.write_text(text)

    with pytest.raises(InvalidAction, match=r"poke/definition\.yaml"):
        get_action_docs(tmp_path, "poke")


def test_a_definition_cannot_run_code(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "poke/definition.yaml"
    path.parent.mkdir()
    path.write_text('title: !!python/object/apply:os.system ["echo poked"]')

    with pytest.raises(InvalidAction):
        get_action_docs(tmp_path, "poke")
    assert capfd.readouterr().out == ""


def test_the_file_is_closed_when_it_has_been_read(write_definition: WriteDefinition) -> None:
    # A file left open is a ResourceWarning, and the suite turns warnings into errors.
    assert get_action_docs(write_definition(title="Poke"), "poke") == {"title": "Poke"}


# Registries


def test_a_registry_is_completed_in_place_and_returned(write_definition: WriteDefinition) -> None:
    registry = empty_registry() | {"owner": "the people team"}
    actions = registry["actions"]
    actions["other"] = {"title": "Stays"}

    returned = enrich_actions(write_definition(title="Poke"), registry, [POKE])

    assert returned is registry
    assert returned["actions"] is actions
    assert returned == {
        "resource": "thing",
        "basepath": "/things/",
        "owner": "the people team",
        "actions": {
            "other": {"title": "Stays"},
            "poke": {"title": "Poke", "id": "poke", "type": "instance", "status": "alpha"},
        },
    }


def test_the_list_decides_about_id_type_and_status(write_definition: WriteDefinition) -> None:
    base = write_definition(id="prod", type="bulk", status="prod")

    assert enriched(base) == {"id": "poke", "type": "instance", "status": "alpha"}


def test_the_environment_is_merged_into_each_action(write_definition: WriteDefinition) -> None:
    base = write_definition(title="Poke", version=1)
    environment = {"version": 7, "team": "people", "id": "x", "type": "x", "status": "x"}
    before = copy.deepcopy(environment)

    assert enriched(base, environment=environment) == {
        "title": "Poke",
        "version": 7,
        "team": "people",
        "id": "poke",
        "type": "instance",
        "status": "alpha",
    }
    assert environment == before


def test_one_environment_does_not_leak_into_the_next(write_definition: WriteDefinition) -> None:
    base = write_definition(title="Poke")
    enriched(base, environment={"team": "people"})

    assert "team" not in enriched(base)


@pytest.mark.parametrize("environment", [{}, None])
def test_the_environment_may_be_empty(
    write_definition: WriteDefinition, environment: dict[str, Any] | None
) -> None:
    assert enriched(write_definition(), environment=environment)["id"] == "poke"


def test_the_arguments_are_taken_by_position(write_definition: WriteDefinition) -> None:
    registry = enrich_actions(write_definition(), empty_registry(), [POKE], {"team": "people"})

    assert registry["actions"]["poke"]["team"] == "people"


def test_members_stand_for_their_values(write_definition: WriteDefinition) -> None:
    entries = [["poke", ACTION_TYPE.BULK, STATUS.BETA]]
    registry = enrich_actions(write_definition(), empty_registry(), iter(entries))

    assert json.loads(json.dumps(registry))["actions"]["poke"] == {
        "id": "poke",
        "type": "bulk",
        "status": "beta",
    }


def test_a_registry_is_plain_json() -> None:
    assert json.loads(json.dumps(ACTIONS)) == ACTIONS


@pytest.mark.parametrize("entry", ["poke", ("poke",), ("poke", "instance"), None, 7])
def test_an_entry_of_another_kind_is_refused(tmp_path: Path, entry: object) -> None:
    with pytest.raises(InvalidAction, match=r"\(id, type, status\)"):
        enrich_actions(tmp_path, empty_registry(), [entry])


def test_a_registry_of_a_yaml_file_is_as_good(write_definition: WriteDefinition) -> None:
    registry = yaml.safe_load("{resource: thing, basepath: /things/, actions: {}}")

    assert enrich_actions(write_definition(title="Poke"), registry, [POKE])["actions"].keys() == {
        "poke"
    }


# Forms


def test_the_form_of_an_action_is_found() -> None:
    assert get_action_form(ACTIONS, "rename") is RenameForm


def test_the_form_of_an_unknown_action_is_not_found() -> None:
    with pytest.raises(ActionNotFound, match=r"'renam'.*rename"):
        get_action_form(ACTIONS, "renam")


def test_an_action_without_a_form_is_reported() -> None:
    with pytest.raises(InvalidAction, match="'poke' has no `form`"):
        get_action_form({"actions": {"poke": {"title": "Poke"}}}, "poke")
