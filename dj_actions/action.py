"""Declare an action as a class, and run it from code."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar, Unpack

from asgiref.sync import sync_to_async
from django.db.models import Model
from rest_framework.permissions import BasePermission
from rest_framework.throttling import BaseThrottle

from dj_actions.context import ActionContext
from dj_actions.declaration.action_class import definition_of
from dj_actions.declaration.definition import ActionDefinition, Output
from dj_actions.declaration.enums import ActionStatus
from dj_actions.exceptions import InvalidAction
from dj_actions.execution.call import ActionResult
from dj_actions.execution.chain import Parent
from dj_actions.execution.invocation import RunOptions, invoke
from dj_actions.registry import registry

__all__ = ["Action", "ActionResult", "invoke", "register"]


class Action(ABC):
    """One named mutation of a model's objects.

    Subclass it in your app's `actions.py` and decorate it with `@register`: each viewset of the
    model that has the `ActionMixin` then offers it. The docstring is its documentation.
    """

    model: ClassVar[type[Model]]
    """The model it acts on."""

    resource: ClassVar[str] = ""
    """Name of the resource it acts on; by default the model's name, for example `todo`."""

    name: ClassVar[str] = ""
    """Its name in URLs and records; by default the class name in snake case."""

    version: ClassVar[int] = 1
    """Increase it when the meaning of the input or result changes for consumers."""

    status: ClassVar[str] = ActionStatus.PROD
    """Its maturity: `todo`, `alpha`, `beta` or `prod`; shown in its documentation."""

    bulk: ClassVar[bool] = False
    """Whether it acts on many objects at once: the request then lists them in `ids`."""

    partial: ClassVar[bool] = False
    """Whether a bulk action may succeed for some of its objects only.

    `perform` is then called for each object, in its own savepoint.
    """

    max_items: ClassVar[int] = 1000
    """Maximum number of objects in one call of a bulk action."""

    requires_objects: ClassVar[bool] = True
    """Whether the call names what to act on; if not, a bulk action finds its objects itself."""

    input: ClassVar[Any] = None
    """A Serializer, Form, dataclass or pydantic class, a JSON Schema, or None."""

    output: ClassVar[Output] = None
    """A serializer for the result; None for the viewset's; False for plain JSON.

    Set one if the action is also run from code: without a viewset, None records only the
    object's key.
    """

    permissions: ClassVar[Sequence[type[BasePermission]]] = ()
    """DRF permission classes, checked in addition to the viewset's."""

    publish: ClassVar[Sequence[str] | None] = None
    """Aliases of the publishers; None uses the ROUTES of the settings."""

    activity: ClassVar[Any] = None
    """How it appears in activity feeds, for example a subclass of `dj_actions_stream.Activity`."""

    throttles: ClassVar[Sequence[type[BaseThrottle] | str]] = ()
    """DRF throttle classes, or rates such as `10/min` per user, in addition to the viewset's."""

    sensitive: ClassVar[Sequence[str]] = ()
    """Names of fields whose values are never stored, published or shown. Password fields are
    recognized without being listed."""

    version_field: ClassVar[str | None] = None
    """Model field that changes with every update; If-Match is compared with its value."""

    version_required: ClassVar[bool] = False
    """Whether a request without If-Match is rejected."""

    tags: ClassVar[Sequence[str]] = ()
    examples: ClassVar[Sequence[Mapping[str, Any]]] = ()
    """Examples for the documentation: each with `name`, `payload` and optionally `description`."""

    definition: ClassVar[ActionDefinition]
    """The class in its compiled form, set by `@register`."""

    @abstractmethod
    def perform(self, context: ActionContext, data: dict[str, Any]) -> Any:
        """Perform the action, inside the transaction and with the objects locked.

        Args:
            context: actor, object or objects, and `emit()`.
            data: the validated input.

        Returns:
            The result for the client; None for the object, or objects, themselves.
        """

    def ordering_key(self, context: ActionContext) -> str | None:  # noqa: ARG002 - for subclasses
        """Return the ordering key of its deliveries; see the ORDERING setting.

        None, the default, is its object; a bulk action is ordered with all objects of its model.
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
        parent: Parent | None = None,
    ) -> ActionResult:
        """Run the action from code: the same steps as over HTTP, the same record.

        There is no viewset, so a viewset's own permissions and queryset do not apply.

        Args:
            actor: the user who acts, who must be active, and whose permissions are checked. None
                is the system itself, which is permitted everything.
            object: the object to act on; it is locked and refreshed in place.
            objects: the objects a bulk action acts on.
            data: the input, to be validated.
            idempotency_key: the caller's key for this call; a repeated call is not run again.
            dry_run: whether to roll everything back at the end.
            parent: the run that this one is a part of, see `ActionContext.run`; or the event that
                led to it, or the id of that: the event of this run is then linked to it.

        Raises:
            InvalidAction: the wrong one of `object` and `objects` was given, or `parent` is not an
                event.
            ChainTooLong: more events led to this call than MAX_CHAIN_DEPTH allows.
            rest_framework.exceptions.APIException: not found, not permitted, or invalid input.
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
    async def arun(cls, **options: Unpack[RunOptions]) -> ActionResult:
        """Run the action from async code, in a thread; see `run`."""

        def run() -> ActionResult:
            result = cls.run(**options)
            if result.is_recorded:
                _ = result.event.created_at  # deferred; async code could not load it
            return result

        return await sync_to_async(run, thread_sensitive=True)()

    @classmethod
    def _own_definition(cls) -> ActionDefinition:
        """Return this class's definition, not that of a registered base class."""
        definition = cls.__dict__.get("definition")
        if not isinstance(definition, ActionDefinition):
            raise InvalidAction(f"{cls.__qualname__} is not registered. Put @register on it.")
        return definition


_ActionClass = TypeVar("_ActionClass", bound=type[Action])


def register(action: _ActionClass) -> _ActionClass:
    """Compile an action and add it to the registry. A class decorator.

    Raises:
        InvalidAction: an attribute is missing, unknown or wrong, or contradicts another; or a
            method has the wrong signature.
        ActionAlreadyRegistered: another action has that resource and name.
    """
    action.definition = compile_action(action)
    registry.add(action.definition)
    return action


def compile_action(action: type[Action]) -> ActionDefinition:
    """Return the frozen definition of an action class.

    Raises:
        InvalidAction: an attribute is missing, unknown or wrong, or contradicts another; or a
            method has the wrong signature.
    """
    declared: object = action
    if not (isinstance(declared, type) and issubclass(declared, Action)):
        raise InvalidAction(
            f"{action!r} is registered, but is not a subclass of dj_actions.action.Action."
        )
    try:
        return definition_of(action, Action)
    except InvalidAction as error:
        raise InvalidAction(f"{action.__module__}.{action.__qualname__}: {error}") from error
