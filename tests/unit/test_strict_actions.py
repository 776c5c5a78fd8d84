"""A declaration is refused if a part of it would silently do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, ClassVar

import pytest
from rest_framework import serializers
from rest_framework.permissions import IsAdminUser, IsAuthenticated

from dj_actions.action import Action, compile_action, register
from dj_actions.context import ActionContext
from dj_actions.exceptions import InvalidAction
from dj_actions.registry import registry
from example.todos.models import Todo


class Base(Action):
    """A complete action, to be varied by subclasses."""

    model = Todo

    def perform(self, context: ActionContext, data: dict[str, Any]) -> Any:
        """Do nothing."""


def variation(*bases: type, **attributes: Any) -> type[Action]:
    return type(
        "Wipe", bases or (Base,), {"__module__": __name__, "__qualname__": "Wipe", **attributes}
    )


def refusal(action: Any) -> str:
    with pytest.raises(InvalidAction) as refused:
        compile_action(action)
    return str(refused.value)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("permission_classes", "name it `permissions`."),
        ("throttle_classes", "name it `throttles`."),
        ("serializer_class", "name it `input`."),
        ("form", "name it `input`."),
        ("serializer", "name it `output`."),
        ("queryset", "name it `model`."),
        ("url_path", "name it `name`."),
        ("detail", "name it `bulk`."),
        ("multiple_results", "name it `bulk`."),
        ("lookup_field", "set it on the viewset."),
        ("authentication_classes", "set it on the viewset."),
        ("parser_classes", "set it on the viewset."),
        ("title", "write it into the docstring."),
        ("capabilities", "only a registry of dj-actions 0.0.7 has it. Remove it."),
    ],
)
def test_a_name_of_another_library_is_refused_with_ours(name: str, advice: str) -> None:
    said = refusal(variation(**{name: [IsAuthenticated]}))

    assert said == f"{__name__}.Wipe: `{name}` is not read by an action: {advice}"


@pytest.mark.parametrize(
    "name", ["get_permissions", "has_permission", "has_object_permission", "check_permissions"]
)
def test_a_method_that_would_protect_nothing_is_refused(name: str) -> None:
    said = refusal(variation(**{name: lambda *_: False}))

    assert f"`{name}` is not read by an action: name it `permissions`." in said


def test_a_nested_meta_is_refused() -> None:
    class WithMeta(Base):
        """Wipe."""

        class Meta:
            """Options."""

    assert "`Meta` is not read by an action: set its options on the action" in refusal(WithMeta)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("inputs", "input"),
        ("permission", "permissions"),
        ("permisions", "permissions"),
        ("extra_permissions", "permissions"),
        ("throttle", "throttles"),
        ("sensitive_fields", "sensitive"),
        ("publishers", "publish"),
        ("max_item", "max_items"),
        ("require_objects", "requires_objects"),
        ("version_fields", "version_field"),
    ],
)
def test_a_misspelled_attribute_is_refused_with_the_nearest(name: str, nearest: str) -> None:
    said = refusal(variation(**{name: ()}))

    assert said.endswith(f"`{name}` is not an attribute of an action. Did you mean `{nearest}`?")


@pytest.mark.parametrize(
    ("name", "nearest"), [("preform", "perform"), ("order_key", "ordering_key")]
)
def test_a_misspelled_hook_is_refused_with_the_nearest(name: str, nearest: str) -> None:
    assert f"Did you mean `{nearest}`?" in refusal(variation(**{name: lambda *_: None}))


def test_an_unknown_attribute_is_refused_with_what_makes_it_ones_own() -> None:
    said = refusal(variation(channel="ops"))

    assert "`channel` is not an attribute of an action." in said
    assert "annotate it" in said
    assert "in capitals" in said


def test_an_attribute_of_a_base_is_refused_with_the_name_of_the_base() -> None:
    base = variation(permission_classes=[IsAdminUser])
    said = refusal(type("Mine", (base,), {"__module__": __name__}))

    assert said.startswith(f"{__name__}.Mine: its base Wipe: `permission_classes`")


class Mixin:
    """A mixin with an attribute for its own methods."""

    channel = "ops"

    def notify(self) -> str:
        """Return the channel."""
        return self.channel


def test_attributes_of_mixins_are_their_own() -> None:
    assert compile_action(variation(Mixin, Base, channel="todos")).name == "wipe"


def test_a_mixin_does_not_hide_a_permission_of_another_name() -> None:
    mixin = type("Private", (), {"permission_classes": [IsAuthenticated]})

    assert "its base Private: `permission_classes`" in refusal(variation(mixin, Base))


class Own(Base):
    """All that a class may have for itself."""

    MAX_NOTE = 3
    _limit = 5
    channel: ClassVar[str] = "ops"

    class Input(serializers.Serializer[Any]):
        """What the action accepts."""

    class Helper:
        """Something else."""

    input = Input

    def perform_once(self) -> None:
        """Help."""

    def notify(self) -> None:
        """Help."""

    @staticmethod
    def text() -> str:
        """Return a text."""
        return ""

    @classmethod
    def create(cls) -> Any:
        """Return an instance."""
        return cls()

    @property
    def title_of(self) -> str:
        """Return a title."""
        return ""

    @cached_property
    def settings(self) -> str:
        """Return settings."""
        return ""


def test_what_is_the_classs_own_is_accepted() -> None:
    assert compile_action(Own).name == "own"


def test_an_annotated_attribute_of_a_base_can_be_set_without_annotation() -> None:
    assert compile_action(variation(Own, channel="todos")).name == "wipe"


def test_an_annotation_does_not_hide_a_misspelled_attribute() -> None:
    class Annotated(Base):
        """Wipe."""

        permission: ClassVar[list[Any]] = [IsAdminUser]

    assert "Did you mean `permissions`?" in refusal(Annotated)


def test_a_nested_input_that_is_not_set_is_refused() -> None:
    class WithInput(Base):
        """Wipe."""

        class Input(serializers.Serializer[Any]):
            """What the action accepts."""

    assert "the class `Input` is not used. Set `input = Input`." in refusal(WithInput)


async def coroutine(self: Any, context: Any, data: Any) -> None:
    """Do nothing."""


def generator(self: Any, context: Any, data: Any) -> Iterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("perform", "problem"),
    [
        (lambda _self: None, "cannot be called with context and data: its signature is ()"),
        (lambda _self, _context: None, "its signature is (_context)"),
        (lambda _self, _context, _data, _more: None, "its signature is (_context, _data, _more)"),
        (lambda _self, *, context, data: (context, data), "its signature is (*, context, data)"),
        (staticmethod(lambda _data: None), "its signature is (_data)"),
        (coroutine, "is a coroutine function"),
        (generator, "is a generator"),
        (None, "`perform` is None"),
    ],
)
def test_a_wrong_perform_is_refused_with_the_signature(perform: Any, problem: str) -> None:
    said = refusal(variation(perform=perform))

    assert problem in said
    assert said.endswith("Define it as `def perform(self, context, data)`.")


@pytest.mark.parametrize(
    "perform",
    [
        lambda _self, _ctx, _data: None,
        lambda *_: None,
        lambda _self, _context, _data, _more=None: None,
        staticmethod(lambda _context, _data: None),
        classmethod(lambda _cls, _context, _data: None),
    ],
)
def test_any_signature_that_takes_the_arguments_is_accepted(perform: Any) -> None:
    assert compile_action(variation(perform=perform)).name == "wipe"


def test_a_wrong_ordering_key_is_refused_with_the_signature() -> None:
    said = refusal(variation(ordering_key=lambda _self: "key"))

    assert said.endswith("Define it as `def ordering_key(self, context)`.")


def test_a_constructor_with_arguments_is_refused() -> None:
    constructor = {"__init__": lambda _self, _channel: None}

    assert "constructor requires arguments" in refusal(variation(**constructor))


@pytest.mark.parametrize("name", ["bulk", "partial", "requires_objects", "version_required"])
def test_a_switch_is_true_or_false(name: str) -> None:
    assert f"{name} is 'no'. Set it to True or False." in refusal(variation(**{name: "no"}))


@pytest.mark.parametrize("value", [IsAdminUser, IsAdminUser(), None, 7])
def test_permissions_are_a_list(value: Any) -> None:
    assert f"permissions is {value!r}. Set it to a list." in refusal(variation(permissions=value))


@pytest.mark.parametrize("entry", [IsAdminUser(), "IsAdminUser", Todo, lambda *_: True])
def test_permissions_are_permission_classes(entry: Any) -> None:
    assert f"permissions contains {entry!r}" in refusal(variation(permissions=[entry]))


def test_permissions_may_be_combined() -> None:
    combined = [IsAuthenticated & ~IsAdminUser, IsAdminUser]

    assert len(compile_action(variation(permissions=combined)).permissions) == 2


@pytest.mark.parametrize("name", ["throttles", "tags", "examples", "permissions"])
def test_a_string_is_not_a_list(name: str) -> None:
    assert f"Did you mean {name} = ('x',)?" in refusal(variation(**{name: "x"}))


def test_an_unknown_status_is_refused_with_the_nearest() -> None:
    assert "Did you mean 'prod'?" in refusal(variation(status="prd"))


def test_an_unknown_key_of_an_example_is_refused_with_the_nearest() -> None:
    said = refusal(variation(examples=[{"name": "a", "payloads": {}}]))

    assert "examples has the unknown key 'payloads'. Did you mean 'payload'?" in said


def test_a_definition_of_ones_own_is_refused() -> None:
    assert "`definition` is set by @register" in refusal(variation(definition={}))


def test_a_subclass_of_a_registered_action_can_be_registered() -> None:
    definition = compile_action(variation())
    base = variation(definition=definition)

    assert compile_action(type("Mine", (base,), {"__module__": __name__})).name == "mine"


@pytest.mark.parametrize("action", [lambda _context, _data: None, Todo, 7])
def test_only_an_action_can_be_registered(action: Any) -> None:
    with pytest.raises(InvalidAction, match=r"not a subclass of dj_actions\.action"):
        register(action)


def test_what_is_refused_is_not_offered() -> None:
    with pytest.raises(InvalidAction):
        register(variation(permission_classes=[IsAdminUser]))

    assert "wipe" not in [definition.name for definition in registry]
