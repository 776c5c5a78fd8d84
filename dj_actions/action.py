"""Declare an action as a class, and run it from code."""

from __future__ import annotations

import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model
from rest_framework.exceptions import NotFound
from rest_framework.permissions import BasePermission

from dj_actions.definitions import ActionContext, ActionDefinition, Output
from dj_actions.exceptions import InvalidAction
from dj_actions.execution import ActionCall, ActionResult, execute
from dj_actions.inputs import adapter_for
from dj_actions.locking import locked
from dj_actions.permissions import authorize
from dj_actions.registry import registry
from dj_actions.rendering import render

NAME_LENGTH = 100
"""Longest name of a resource or an action: both are stored with each event."""

NAME = re.compile(r"[a-z][a-z0-9_]*")
RESERVED_NAMES = frozenset({"list"})
"""`GET /todos/actions/list/` lists the actions."""


class Action(ABC):
    """One named mutation of a model's objects.

    Subclass it in your app's `actions.py`, put `@register` on it, and each viewset of the
    model that has the `ActionMixin` offers it. The docstring is its documentation.
    """

    model: ClassVar[type[Model]]
    """What it acts on."""

    resource: ClassVar[str] = ""
    """Name of what it acts on; by default the model's name, for example `todo`."""

    name: ClassVar[str] = ""
    """Its name in URLs and records; by default the class's in snake case."""

    version: ClassVar[int] = 1
    """Raise it when the meaning of input or result changes for consumers."""

    bulk: ClassVar[bool] = False
    """Whether it acts on many objects at once: the request then names them in `ids`."""

    input: ClassVar[Any] = None
    """A DRF Serializer class, a Django Form class, or None."""

    output: ClassVar[Output] = None
    """A serializer for the result; None for the viewset's; False for plain JSON.

    Name one if the action is also run from code: there is no viewset there, and with None the
    record then holds the object's key alone.
    """

    permissions: ClassVar[Sequence[type[BasePermission]]] = ()
    """DRF permission classes, asked in addition to the viewset's."""

    publish: ClassVar[Sequence[str] | None] = None
    """Aliases of publishers; None lets the settings' ROUTES decide."""

    definition: ClassVar[ActionDefinition]
    """The class in its compiled form; made by `@register`."""

    @abstractmethod
    def perform(self, context: ActionContext, data: dict[str, Any]) -> Any:
        """Do it, inside the transaction and with the objects locked.

        Args:
            context: actor, object or objects, and `emit()`.
            data: the validated input.

        Returns:
            What the client is answered; None for the object, or objects, themselves.
        """

    @classmethod
    def run(
        cls,
        *,
        actor: Any = None,
        object: Model | None = None,
        objects: Sequence[Model] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> ActionResult:
        """Run the action from code: the same steps as over HTTP, the same record.

        The viewset's own permissions and queryset are not asked: there is no viewset.

        Args:
            actor: the user who acts, whose permissions are asked. None is the system itself,
                which may do everything.
            object: what to act on; it is locked and refreshed in place.
            objects: what a bulk action acts on.
            data: the input, to be validated.

        Raises:
            InvalidAction: the wrong one of `object` and `objects` was given.
            rest_framework.exceptions.APIException: not found, not allowed, bad input.
        """
        definition = cls._own_definition()
        given = _given_objects(definition, object, objects)

        def load() -> Sequence[Model]:
            found = _lock(definition, given)
            if actor is not None:
                authorize(definition, actor, found)
            return found

        return execute(
            ActionCall(
                definition=definition,
                actor=actor,
                data=data or {},
                load=load,
                render=lambda value: render(value, definition.output),
            )
        )

    @classmethod
    def _own_definition(cls) -> ActionDefinition:
        """Return this class's definition, not the one of a registered parent."""
        definition = cls.__dict__.get("definition")
        if not isinstance(definition, ActionDefinition):
            raise InvalidAction(f"{cls.__qualname__} is not registered. Put @register on it.")
        return definition


_ActionClass = TypeVar("_ActionClass", bound=type[Action])


def register(action: _ActionClass) -> _ActionClass:
    """Class decorator: compile an action and make it known.

    Raises:
        InvalidAction: something is missing or contradictory.
        ActionAlreadyRegistered: another action has that resource and name.
    """
    action.definition = compile_action(action)
    registry.add(action.definition)
    return action


def compile_action(action: type[Action]) -> ActionDefinition:
    """Turn the class into its frozen definition.

    Raises:
        InvalidAction: something is missing or contradictory.
    """
    try:
        return _compile(action)
    except InvalidAction as error:
        raise InvalidAction(f"{action.__module__}.{action.__qualname__}: {error}") from error


def _compile(action: type[Action]) -> ActionDefinition:
    model = getattr(action, "model", None)
    if not (isinstance(model, type) and issubclass(model, Model)):
        raise InvalidAction(f"model is {model!r}. Set it to the model class it acts on.")
    if inspect.isabstract(action):
        raise InvalidAction("it does not define perform(self, context, data).")
    if isinstance(action.publish, str):
        raise InvalidAction(f"publish is a text. Did you mean publish = ({action.publish!r},)?")
    if action.publish is not None and len(set(action.publish)) != len(action.publish):
        raise InvalidAction(f"publish names a publisher twice: {action.publish!r}.")
    name = action.name or _snake_case(action.__name__)
    if not NAME.fullmatch(name) or name in RESERVED_NAMES:
        raise InvalidAction(
            f"the name {name!r} cannot be used. Use lower-case letters, digits and underscores, "
            "starting with a letter, and not the reserved word 'list'."
        )
    resource = action.resource or str(model._meta.model_name)
    if max(len(name), len(resource)) > NAME_LENGTH:
        raise InvalidAction(f"name and resource have at most {NAME_LENGTH} characters.")
    title, description = _documentation(action, name)
    return ActionDefinition(
        resource=resource,
        name=name,
        title=title,
        description=description,
        version=action.version,
        model=model,
        bulk=action.bulk,
        input=adapter_for(action.input),
        output=action.output,
        permissions=tuple(action.permissions),
        publish=None if action.publish is None else tuple(action.publish),
        perform=lambda context, data: action().perform(context, data),
    )


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _documentation(action: type[Action], name: str) -> tuple[str, str]:
    """Return the first line of the docstring, and the rest."""
    text = inspect.cleandoc(action.__doc__ or "").strip()
    title, _, description = text.partition("\n")
    return title or name.replace("_", " ").capitalize(), description.strip()


def _given_objects(
    definition: ActionDefinition, one: Model | None, many: Sequence[Model] | None
) -> Sequence[Model]:
    given = many if definition.bulk else one
    if given is None or (one is not None and many is not None):
        name = "objects=[…]" if definition.bulk else "object=…"
        raise InvalidAction(f"Call {definition.label} with {name}, and with nothing else.")
    wanted = (given,) if isinstance(given, Model) else tuple(given)
    for entry in wanted:
        if not isinstance(entry, definition.model):
            raise InvalidAction(
                f"{definition.label} acts on {definition.model.__name__}, not on {entry!r}."
            )
    return wanted


def _lock(definition: ActionDefinition, given: Sequence[Model]) -> Sequence[Model]:
    rows = definition.model._base_manager.all()
    if not definition.bulk:
        (one,) = given
        try:
            one.refresh_from_db(from_queryset=locked(rows))
        except ObjectDoesNotExist:
            raise NotFound(f"There is no {definition.resource} {one.pk}.") from None
        return given
    keys = list(dict.fromkeys(entry.pk for entry in given))
    found = {entry.pk: entry for entry in locked(rows.filter(pk__in=keys).order_by("pk"))}
    missing = [str(key) for key in keys if key not in found]
    if missing:
        raise NotFound(f"There is no {definition.resource} {', '.join(missing)}.")
    return [found[key] for key in keys]
