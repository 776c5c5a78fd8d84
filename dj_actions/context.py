"""What an action sees while it runs, and tells about itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self
from uuid import UUID

from django.db.models import Model
from django.http import HttpRequest
from rest_framework.request import Request

from dj_actions.exceptions import InvalidAction
from dj_actions.identifiers import uuid7

__all__ = ["ActionContext", "Emission", "PlannedDelivery"]


class RunsInContext(Protocol):
    """An action class, as far as `ActionContext.run` needs to know it."""

    def run(
        self,
        *,
        actor: Any = None,
        object: Model | None = None,
        objects: Sequence[Model] | None = None,
        data: Mapping[str, Any] | None = None,
        parent: ActionContext | None = None,
    ) -> Any:
        """Run the action from code; see `dj_actions.action.Action.run`."""


@dataclass(slots=True, kw_only=True)
class Emission:
    """What an action tells publishers beside its input and result."""

    summary: str = ""
    recipients: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDelivery:
    """A delivery that a dry run would have made."""

    action: str
    """Label of the action, for example `todo.mark_done`."""

    publisher: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """One object that a call names: found and allowed, or refused."""

    key: Any
    """As the caller named it."""

    object: Any = None
    refusal: Exception | None = None


@dataclass(slots=True, kw_only=True)
class ActionContext:
    """What `perform` sees: who acts on what, and a way to say more about it."""

    actor: Any
    """The user, or None for the system itself."""

    objects: tuple[Any, ...]
    """The locked objects, in the order of the request."""

    object_ids: tuple[str, ...] = field(init=False)
    """Their primary keys, as text: still known when the action has deleted them."""

    request: Request | HttpRequest | None = None
    """The request, or None when the action was called from code."""

    bound: Any = None
    """The bound and valid form, serializer or model that validated the input, if any."""

    emission: Emission = field(default_factory=Emission)
    """What has been emitted so far."""

    meta: dict[str, Any] = field(default_factory=dict)
    """Told to the caller beside the result: merged into it, or as `meta` of a bulk action."""

    event_id: UUID = field(default_factory=uuid7)
    """Id the record of this run will have."""

    parent: ActionContext | None = None
    """The run that called this one with `run()`."""

    dry_run: bool = False
    """Whether all of this will be rolled back."""

    planned: list[PlannedDelivery] = field(default_factory=list)
    """Deliveries of this run and of those it called."""

    has_children: bool = False
    """Whether runs it called have been recorded, which refer to its own record."""

    def __post_init__(self) -> None:
        self.object_ids = tuple(str(entry.pk) for entry in self.objects)

    @property
    def object(self) -> Any:
        """The one object of an action that is not bulk, or the present one of a partial one."""
        (found,) = self.objects
        return found

    def emit(
        self,
        *,
        summary: str | None = None,
        recipients: Iterable[str] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Add to what publishers receive. Nothing is sent before the transaction commits.

        Args:
            summary: one sentence for people; the last one counts.
            recipients: who else should see it; what a recipient is, the publisher says.
            extra: more data, anything JSON can hold; later keys win.

        Raises:
            InvalidAction: recipients is one text instead of several.
        """
        if isinstance(recipients, str):
            raise InvalidAction(f"recipients is a text. Did you mean [{recipients!r}]?")
        if summary is not None:
            self.emission.summary = summary
        known = dict.fromkeys([*self.emission.recipients, *recipients])
        self.emission.recipients = tuple(known)
        self.emission.extra |= extra or {}

    def run(
        self,
        action: RunsInContext,
        *,
        object: Model | None = None,
        objects: Sequence[Model] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run another action as a part of this one: in its transaction, by the same actor.

        Its record names this run as its parent. Nothing of it remains if this run fails.

        Args:
            action: the action class.
            object: what to act on.
            objects: what a bulk action acts on.
            data: its input, to be validated.

        Returns:
            Its `ActionResult`.
        """
        return action.run(actor=self.actor, object=object, objects=objects, data=data, parent=self)

    def for_object(self, entry: Any) -> Self:
        """Return the context of one object of a partial action, to be `joined` if it succeeds."""
        return replace(self, objects=(entry,), emission=Emission(), meta={}, planned=[])

    def join(self, done: ActionContext) -> None:
        """Take over what was said while one object was acted on."""
        told = done.emission
        self.emit(summary=told.summary or None, recipients=told.recipients, extra=told.extra)
        self.meta |= done.meta
        self.planned += done.planned
        self.has_children |= done.has_children
