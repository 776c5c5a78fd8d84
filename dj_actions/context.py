"""What an action sees while it runs, and how it describes itself to publishers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db.models import Model
from django.http import HttpRequest
from rest_framework.request import Request

from dj_actions.exceptions import InvalidAction
from dj_actions.identifiers import key_text, uuid7

if TYPE_CHECKING:
    from dj_actions.action import Action
    from dj_actions.execution.call import ActionResult

__all__ = ["ActionContext", "Emission", "PlannedDelivery"]


@dataclass(slots=True, kw_only=True)
class Emission:
    """What an action sends to publishers in addition to its input and result."""

    summary: str = ""

    recipients: tuple[str | Model, ...] = ()
    """Each one once; publishers define what they mean."""

    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDelivery:
    """A delivery that a run creates; in a dry run, one that it would have created."""

    action: str
    """Label of the action, for example `todo.mark_done`."""

    publisher: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """One object that a call refers to: either found and permitted, or refused."""

    key: Any
    """The key the caller used."""

    object: Any = None
    """The object; None if it does not exist, or the caller may not see it."""

    error: Exception | None = None
    """Why the action may not be run on it."""


MAX_RECORDED_DEPTH = 32_767
"""The largest depth that its column can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainPosition:
    """Where an event is in the chain of events that led to it."""

    parent: UUID | None = None
    """Id of the event that led to it; None for the first one of a chain."""

    root: UUID | None = None
    """Id of the first event of the chain; None if that is this one."""

    depth: int = 0
    """Number of events that led to it."""

    def below(self, event_id: UUID) -> ChainPosition:
        """Return the position of an event that the event at this position, with this id, led to."""
        return ChainPosition(
            parent=event_id,
            root=self.root or event_id,
            depth=min(self.depth + 1, MAX_RECORDED_DEPTH),
        )


@dataclass(slots=True, kw_only=True)
class ActionContext:
    """What `perform` receives: the actor, the objects, and `emit()`."""

    actor: Any
    """The user, or None for the system itself."""

    label: str = ""
    """Resource and name of the action, for example `todo.mark_done`."""

    objects: tuple[Any, ...]
    """The locked objects, in the order of the request."""

    object_ids: tuple[str, ...] = field(init=False)
    """Their primary keys as strings; still available after the action has deleted them."""

    request: Request | HttpRequest | None = None
    """The request, or None when the action was called from code."""

    bound: Any = None
    """The bound and valid form, serializer or model that validated the input, if any."""

    emission: Emission = field(default_factory=Emission)
    """What has been emitted so far."""

    meta: dict[str, Any] = field(default_factory=dict)
    """Returned with the result: merged into it, or as `meta` of a bulk action."""

    event_id: UUID = field(default_factory=uuid7)
    """Id that the event of this run will have."""

    parent: ActionContext | None = None
    """The run that called this one with `run()`."""

    position: ChainPosition = field(default_factory=ChainPosition)
    """Where the event of this run will be in the chain of events that led to it."""

    dry_run: bool = False
    """Whether everything will be rolled back."""

    planned: list[PlannedDelivery] = field(default_factory=list)
    """Deliveries of this run and of the runs it called."""

    has_children: bool = False
    """Whether runs it called have been recorded; their events refer to the event of this run."""

    def __post_init__(self) -> None:
        self.object_ids = tuple(key_text(entry) for entry in self.objects)

    @property
    def object(self) -> Any:
        """The object of a single-object action, or the current one of a partial bulk action."""
        (found,) = self.objects
        return found

    def emit(
        self,
        *,
        summary: str | None = None,
        recipients: Iterable[str | Model] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Add to what publishers receive. Nothing is sent before the transaction commits.

        Args:
            summary: one sentence for readers; a later call replaces an earlier one.
            recipients: who else should see it: strings, users and other saved objects. Publishers
                define what they mean; the action fails if one of them cannot address a recipient.
            extra: more data that can be encoded as JSON; later keys win.

        Raises:
            InvalidAction: `recipients` is a string instead of a list, or a recipient is neither a
                string nor a saved object.
        """
        if isinstance(recipients, str):
            raise InvalidAction(
                f"recipients must be a list, not a string. Did you mean [{recipients!r}]?"
            )
        if summary is not None:
            self.emission.summary = summary
        entries = [_require_recipient(entry) for entry in recipients]
        self.emission.recipients = tuple(dict.fromkeys([*self.emission.recipients, *entries]))
        self.emission.extra |= extra or {}

    def run(
        self,
        action: type[Action],
        *,
        object: Model | None = None,
        objects: Sequence[Model] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> ActionResult:
        """Run another action as a part of this one: same transaction, same actor.

        Its event has this run's event as its parent. If this run fails, everything the other
        action did is rolled back too.

        Args:
            action: the action class.
            object: the object to act on.
            objects: the objects a bulk action acts on.
            data: its input, to be validated.
        """
        return action.run(actor=self.actor, object=object, objects=objects, data=data, parent=self)

    def for_object(self, entry: Any) -> Self:
        """Return the context for one object of a partial action; `join` it if it succeeds."""
        return replace(self, objects=(entry,), emission=Emission(), meta={}, planned=[])

    def join(self, done: ActionContext) -> None:
        """Merge what was emitted while one object was acted on."""
        emitted = done.emission
        self.emit(
            summary=emitted.summary or None, recipients=emitted.recipients, extra=emitted.extra
        )
        self.meta |= done.meta
        self.planned += done.planned
        self.has_children |= done.has_children


def _require_recipient(entry: object) -> str | Model:
    if isinstance(entry, str) or (isinstance(entry, Model) and entry.pk is not None):
        return entry
    raise InvalidAction(f"The recipient {entry!r} is neither a string nor a saved object.")
