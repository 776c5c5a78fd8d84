"""Declaration of an action: derived attributes, and errors."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.permissions import IsAdminUser, IsAuthenticated

from dj_actions.action import Action, compile_action
from dj_actions.context import ActionContext, Emission
from dj_actions.exceptions import ActionAlreadyRegistered, InvalidAction
from dj_actions.inputs import NoInput
from dj_actions.mixins import ActionMixin
from dj_actions.registry import registry
from example.todos.actions import BulkMarkDone, MarkDone
from example.todos.models import Todo
from example.todos.serializers import TodoSerializer
from tests.conftest import Declare


def make(class_name: str = "Poke", **attributes: Any) -> type[Action]:
    """Return an action's class that is not registered."""
    body = {"model": Todo, "perform": lambda *_: None, "__module__": __name__, **attributes}
    return type(class_name, (Action,), body)


def refusal(action: type[Action]) -> str:
    with pytest.raises(InvalidAction) as refused:
        compile_action(action)
    return str(refused.value)


@pytest.mark.parametrize(
    ("class_name", "name"),
    [
        ("Poke", "poke"),
        ("MarkDone", "mark_done"),
        ("HTTPPing", "http_ping"),
        ("SendSMS", "send_sms"),
        ("Step2Go", "step2_go"),
        ("already_snake", "already_snake"),
        ("A", "a"),
    ],
)
def test_the_name_is_the_classs_in_snake_case(class_name: str, name: str) -> None:
    assert compile_action(make(class_name)).name == name


def test_names_can_be_given() -> None:
    definition = compile_action(make(name="prod", resource="job"))

    assert (definition.name, definition.resource, definition.label) == ("prod", "job", "job.prod")


def test_the_resource_is_the_models_name() -> None:
    assert compile_action(make()).resource == "todo"


@pytest.mark.parametrize(
    "name", ["Mark", "mark-done", "mark done", "1st", "_mark", "märk", "a/b", "a.b", "mark\n"]
)
def test_a_name_that_is_not_valid_in_a_url_is_refused(name: str) -> None:
    assert f"the name {name!r} cannot be used" in refusal(make(name=name))


@pytest.mark.parametrize("resource", ["todo item", "a.b", "a/b", "*", "todo\n"])
def test_a_resource_that_is_not_valid_everywhere_is_refused(resource: str) -> None:
    assert f"the resource {resource!r} cannot be used" in refusal(make(resource=resource))


def test_the_name_of_the_list_is_reserved() -> None:
    assert "not the reserved word 'list'" in refusal(make("List"))


@pytest.mark.parametrize("names", [{"name": "x" * 101}, {"resource": "x" * 101}])
def test_a_name_that_is_too_long_is_refused(names: dict[str, str]) -> None:
    assert "100 characters" in refusal(make(**names))


def test_documentation_comes_from_the_docstring() -> None:
    definition = compile_action(make(__doc__="Poke it.\n\n    Once.\n\n    Gently.\n    "))

    assert definition.title == "Poke it."
    assert definition.description == "Once.\n\nGently."


@pytest.mark.parametrize("text", [None, "", "   \n "])
def test_without_a_docstring_the_title_is_the_name(text: str | None) -> None:
    definition = compile_action(make("MarkDone", __doc__=text))

    assert (definition.title, definition.description) == ("Mark done", "")


def test_defaults() -> None:
    definition = compile_action(make())

    assert isinstance(definition.input, NoInput)
    assert (definition.version, definition.bulk, definition.output) == (1, False, None)
    assert (definition.permissions, definition.publish) == ((), None)


def test_what_is_declared_is_frozen() -> None:
    definition = compile_action(
        make(
            bulk=True,
            version=3,
            output=TodoSerializer,
            permissions=[IsAuthenticated, IsAdminUser],
            publish=["memory"],
        )
    )

    assert (definition.bulk, definition.version, definition.output) == (True, 3, TodoSerializer)
    assert definition.permissions == (IsAuthenticated, IsAdminUser)
    assert definition.publish == ("memory",)


def test_publishing_nowhere_differs_from_leaving_it_to_the_routes() -> None:
    assert compile_action(make(publish=[])).publish == ()


@pytest.mark.parametrize("model", [None, "todos.Todo", Todo(), object, int])
def test_a_model_is_required(model: Any) -> None:
    assert f"model is {model!r}. Set it to the model class" in refusal(make(model=model))


def test_a_missing_model_is_named() -> None:
    action = make()
    del action.model

    assert "model is None" in refusal(action)


def test_perform_is_required() -> None:
    body = {"model": Todo, "__module__": __name__}

    assert "does not define perform" in refusal(type("Poke", (Action,), body))


def test_publish_given_as_a_string_is_refused_with_a_hint() -> None:
    assert "Did you mean publish = ('feeds',)?" in refusal(make(publish="feeds"))


def test_an_unsupported_input_is_refused() -> None:
    assert "input is 7" in refusal(make(input=7))


def test_the_error_names_the_class() -> None:
    assert refusal(make(input=7)).startswith(f"{__name__}.Poke: ")


def test_an_invalid_action_is_not_registered(declare: Declare) -> None:
    with pytest.raises(InvalidAction):
        declare(input=7)

    assert "poke" not in [definition.name for definition in registry]


def test_two_actions_of_one_name_are_refused(declare: Declare) -> None:
    declare()

    with pytest.raises(ActionAlreadyRegistered, match=r"todo\.poke"):
        declare()


def test_each_run_creates_an_instance() -> None:
    seen = []

    def perform(self: Action, context: ActionContext, data: dict[str, Any]) -> None:
        seen.append(self)

    definition = compile_action(make(perform=perform))
    context = ActionContext(actor=None, objects=())
    definition.perform(context, {})
    definition.perform(context, {})

    assert len({id(entry) for entry in seen}) == 2


@pytest.mark.parametrize(
    ("action", "given"),
    [
        (MarkDone, {}),
        (MarkDone, {"objects": [Todo()]}),
        (MarkDone, {"object": Todo(), "objects": [Todo()]}),
        (BulkMarkDone, {}),
        (BulkMarkDone, {"object": Todo()}),
        (BulkMarkDone, {"object": Todo(), "objects": [Todo()]}),
    ],
)
def test_run_wants_an_object_or_objects_as_the_action_does(
    action: type[Action], given: dict[str, Any]
) -> None:
    with pytest.raises(InvalidAction, match=f"Call {action.definition.label} with object"):
        action.run(**given)


def test_the_last_summary_counts() -> None:
    context = ActionContext(actor=None, objects=())
    context.emit(summary="first")
    context.emit(summary="second")
    context.emit()

    assert context.emission == Emission(summary="second")


def test_recipients_add_up_each_once_in_order() -> None:
    context = ActionContext(actor=None, objects=())
    context.emit(recipients=["user:2", "user:1"])
    context.emit(recipients=iter(["user:1", "user:3", "user:3"]))

    assert context.emission.recipients == ("user:2", "user:1", "user:3")


def test_a_recipient_given_as_a_string_is_refused() -> None:
    context = ActionContext(actor=None, objects=())

    with pytest.raises((TypeError, InvalidAction), match="recipients"):
        context.emit(recipients="user:1")


def test_later_keys_of_extra_win() -> None:
    context = ActionContext(actor=None, objects=())
    context.emit(extra={"a": 1, "b": 1})
    context.emit(extra={"b": 2})

    assert context.emission.extra == {"a": 1, "b": 2}


@pytest.mark.parametrize("count", [0, 2])
def test_the_one_object_is_there_only_if_it_is_one(count: int) -> None:
    context = ActionContext(actor=None, objects=(Todo(),) * count)

    with pytest.raises(ValueError, match="values to unpack"):
        _ = context.object


@pytest.mark.parametrize(
    "name",
    [
        *("definition", "run_action", "select_objects", "initial", "unknown_bulk_action"),
        *("name", "description", "suffix", "detail", "basename", "request", "action", "kwargs"),
        *("post", "delete"),
    ],
)
def test_an_action_does_not_override_attributes_of_the_viewset(declare: Declare, name: str) -> None:
    definition = declare(name=name).definition
    before = getattr(ActionMixin, name, None)
    view: Any = type("View", (ActionMixin, _View), {"action_model": Todo})

    assert getattr(view, f"{name}_action").definition is definition
    assert getattr(view, f"{name}_action").url_path == f"actions/{name}"
    assert getattr(view, name, None) in {before, getattr(_View, name, None)}


class _View:
    """Stands for what DRF puts below the mixin."""

    def initial(self) -> None:
        """Do nothing."""

    def get_permissions(self) -> list[Any]:
        """Return no permissions."""
        return []


def test_a_viewset_takes_the_actions_of_its_model() -> None:
    view: Any = type("View", (ActionMixin, _View), {"action_model": Todo})

    assert view.mark_done.definition is MarkDone.definition
    assert view.mark_done.detail
    assert not view.bulk_mark_done.detail


def test_a_viewset_without_a_model_offers_none() -> None:
    view: Any = type("View", (ActionMixin, _View), {})

    assert view.action_definitions() == []


def test_the_model_is_the_querysets() -> None:
    view: Any = type("View", (ActionMixin, _View), {"queryset": Todo.objects.none()})

    assert [entry.name for entry in view.action_definitions()] == [
        "bulk_mark_done",
        "hand_over",
        "mark_done",
        "remind",
    ]
