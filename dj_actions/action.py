"""Declare an action as a class, and run it from code."""

from __future__ import annotations

import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from asgiref.sync import sync_to_async
from django.db.models import Model
from rest_framework.permissions import BasePermission
from rest_framework.throttling import BaseThrottle

from dj_actions.context import ActionContext
from dj_actions.declaration.compiler import Declaration, compile_definition, require_model
from dj_actions.declaration.definition import ActionDefinition, Documentation, Output
from dj_actions.declaration.enums import ActionStatus
from dj_actions.exceptions import InvalidAction
from dj_actions.execution.execute import ActionResult
from dj_actions.execution.invocation import invoke
from dj_actions.inputs import adapter_for
from dj_actions.registry import registry


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

    status: ClassVar[str] = ActionStatus.PROD
    """How far it has come: `todo`, `alpha`, `beta` or `prod`; told in its documentation."""

    bulk: ClassVar[bool] = False
    """Whether it acts on many objects at once: the request then names them in `ids`."""

    partial: ClassVar[bool] = False
    """Whether a bulk action may succeed for some of its objects only.

    `perform` is then called for each object, in a savepoint of its own.
    """

    max_items: ClassVar[int] = 1000
    """How many objects one call of a bulk action may name."""

    requires_objects: ClassVar[bool] = True
    """Whether the call names what to act on; if not, a bulk action finds its objects itself."""

    input: ClassVar[Any] = None
    """A Serializer, Form, dataclass or pydantic class, a JSON Schema, or None."""

    output: ClassVar[Output] = None
    """A serializer for the result; None for the viewset's; False for plain JSON.

    Name one if the action is also run from code: there is no viewset there, and with None the
    record then holds the object's key alone.
    """

    permissions: ClassVar[Sequence[type[BasePermission]]] = ()
    """DRF permission classes, asked in addition to the viewset's."""

    publish: ClassVar[Sequence[str] | None] = None
    """Aliases of publishers; None lets the settings' ROUTES decide."""

    throttles: ClassVar[Sequence[type[BaseThrottle] | str]] = ()
    """DRF throttle classes, or rates such as `10/min` for each user, beside the viewset's."""

    sensitive: ClassVar[Sequence[str]] = ()
    """Names of fields whose values are never stored, published or shown. Those of password
    fields need not be named."""

    version_field: ClassVar[str | None] = None
    """Field of the model that changes with each change: If-Match is compared with it."""

    version_required: ClassVar[bool] = False
    """Whether a request without If-Match is refused."""

    tags: ClassVar[Sequence[str]] = ()
    examples: ClassVar[Sequence[Mapping[str, Any]]] = ()
    """Each with `name`, `payload` and perhaps `description`, for the documentation."""

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

    def ordering_key(self, context: ActionContext) -> str | None:  # noqa: ARG002 - for subclasses
        """Return what its deliveries have to be in order with; see the setting ORDERING.

        None, the default, is its object; a bulk action is in order with all of its model.
        """
        return None

    @classmethod
    def run(
        cls,
        *,
        actor: Any = None,
        object: Model | None = None,
        objects: Sequence[Model] | None = None,
        data: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        dry_run: bool = False,
        parent: ActionContext | None = None,
    ) -> ActionResult:
        """Run the action from code: the same steps as over HTTP, the same record.

        The viewset's own permissions and queryset are not asked: there is no viewset.

        Args:
            actor: the user who acts, whose permissions are asked. None is the system itself,
                which may do everything.
            object: what to act on; it is locked and refreshed in place.
            objects: what a bulk action acts on.
            data: the input, to be validated.
            idempotency_key: the caller's own name for this call: repeated, it is not run again.
            dry_run: whether everything is rolled back in the end.
            parent: the run that this one is a part of; see `ActionContext.run`.

        Raises:
            InvalidAction: the wrong one of `object` and `objects` was given.
            rest_framework.exceptions.APIException: not found, not allowed, bad input.
        """
        return invoke(
            cls._own_definition(),
            actor=actor,
            object=object,
            objects=objects,
            data=data,
            idempotency_key=idempotency_key,
            dry_run=dry_run,
            parent=parent,
        )

    @classmethod
    async def arun(cls, **arguments: Any) -> ActionResult:
        """Do what `run` does, from async code: on a thread, so that nothing else waits."""

        def run() -> ActionResult:
            result = cls.run(**arguments)
            if result.is_recorded:
                _ = result.event.created_at  # fetched when it is asked for, which async code cannot
            return result

        return await sync_to_async(run, thread_sensitive=True)()

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
    model = require_model(getattr(action, "model", None))
    if inspect.isabstract(action):
        raise InvalidAction("it does not define perform(self, context, data).")
    name = name_of(action)
    return compile_definition(
        Declaration(
            publish=action.publish,
            throttles=action.throttles,
            sensitive=action.sensitive,
            version_field=action.version_field,
            version_required=action.version_required,
            definition={
                "resource": action.resource or str(model._meta.model_name),
                "name": name,
                "documentation": _documentation(action, name),
                "version": action.version,
                "model": model,
                "bulk": action.bulk,
                "input": adapter_for(action.input),
                "output": action.output,
                "permissions": tuple(action.permissions),
                "perform": lambda context, data: action().perform(context, data),
                "ordering_key": lambda context: action().ordering_key(context),
                "requires_objects": action.requires_objects,
                "partial": action.partial,
                "max_items": action.max_items,
                "has_many_results": action.bulk,
            },
        )
    )


def name_of(action: type[Action]) -> str:
    """Return the name an action has in URLs and records."""
    return action.name or _snake_case(action.__name__)


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _documentation(action: type[Action], name: str) -> Documentation:
    """Take the title from the docstring's first line, the description from the rest."""
    text = inspect.cleandoc(action.__doc__ or "").strip()
    title, _, description = text.partition("\n")
    examples = tuple(action.examples)
    return Documentation(
        title=title or name.replace("_", " ").capitalize(),
        description=description.strip(),
        status=str(action.status),
        tags=tuple(action.tags),
        example_payload=examples[0].get("payload") if examples else None,
        examples=examples,
    )
