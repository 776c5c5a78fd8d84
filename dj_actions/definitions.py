"""What an action is, once declared; and what it sees while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db.models import Model
from django.http import HttpRequest
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer

from dj_actions.exceptions import InvalidAction
from dj_actions.inputs import InputAdapter

Output = type[BaseSerializer[Any]] | Literal[False] | None
"""A serializer for the result; False for plain JSON; None for the viewset's serializer."""


@dataclass(slots=True, kw_only=True)
class Emission:
    """What an action tells publishers beside its input and result."""

    summary: str = ""
    recipients: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


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

    emission: Emission = field(default_factory=Emission)
    """What has been emitted so far."""

    def __post_init__(self) -> None:
        self.object_ids = tuple(str(entry.pk) for entry in self.objects)

    @property
    def object(self) -> Any:
        """The one object of an action that is not bulk."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionDefinition:
    """One named mutation, compiled from whichever way it was declared."""

    resource: str
    """What it acts on, for example `todo`."""

    name: str
    """Its name in URLs and records, for example `mark_done`."""

    title: str
    description: str

    version: int
    """Version of the contract that publishers and their consumers see."""

    model: type[Model]

    bulk: bool
    """Whether it acts on many objects at once."""

    input: InputAdapter
    output: Output

    permissions: tuple[type[BasePermission], ...]
    """Asked in addition to the viewset's."""

    publish: tuple[str, ...] | None
    """Aliases of the publishers; None lets the settings' ROUTES decide."""

    perform: Callable[[ActionContext, dict[str, Any]], Any]
    """The mutation itself, called inside the transaction."""

    @property
    def label(self) -> str:
        """Resource and name in one word, for example `todo.mark_done`."""
        return f"{self.resource}.{self.name}"
