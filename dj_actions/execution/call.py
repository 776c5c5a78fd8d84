"""A call of an action, where it comes from, and its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from django.http import HttpRequest
from rest_framework import status
from rest_framework.request import Request

from dj_actions.context import ActionContext, PlannedDelivery, Selection
from dj_actions.declaration.definition import ActionDefinition
from dj_actions.models import ActionEvent


class Caller(Protocol):
    """Where a call comes from: an HTTP request, or code."""

    def select(self, *, raises: bool) -> Sequence[Selection]:
        """Fetch and lock the objects, and refuse those the actor may not act on.

        Args:
            raises: whether one refused object fails the call.

        Raises:
            rest_framework.exceptions.APIException: an object is missing or not permitted; or, even
                if `raises` is False, the actor may not run the action on any object.
        """

    def render(self, value: Any) -> Any:
        """Turn the result of `perform` into data for the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionCall:
    """One call of an action, whichever way it was made."""

    definition: ActionDefinition

    user: Any
    """The user who acts, or None for the system itself."""

    data: object
    """The input as it was sent."""

    caller: Caller

    target: str = ""
    """The part of the call that the input does not contain, such as the object's key."""

    auth: Any = None
    """What the authentication class has set as `request.auth`: it identifies a client that is
    not a user."""

    request: Request | HttpRequest | None = None
    view: Any = None

    traceparent: str = ""
    """W3C trace context of the request."""

    idempotency_key: str | None = None
    """The caller's key for this call."""

    if_match: str | None = None
    """Entity tag of the version the caller has seen."""

    requires_version: bool = False
    """Whether to enforce `version_required`: only for clients, not for code."""

    dry_run: bool = False
    """Whether to roll everything back at the end."""

    parent: ActionContext | None = None
    """The run that makes this call."""

    parent_event: UUID | None = None
    """Id of the event that led to this call, which that run did not make itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionResult:
    """The result of a run."""

    event: ActionEvent
    """The record of the run."""

    value: Any
    """What `perform` returned; the objects themselves if it returned None."""

    body: Any
    """The value as plain JSON, as a client receives it."""

    is_recorded: bool = True
    """Whether the event is stored: not after a dry run, nor if the settings disable it."""

    status_code: int = status.HTTP_200_OK

    objects: tuple[Any, ...] = ()
    """The objects acted on, in their present state."""

    entity_tag: str | None = None
    """The object's version, if the action declares a version field."""

    is_replay: bool = False
    """Whether this repeats the result of an earlier call with the same idempotency key."""

    planned: tuple[PlannedDelivery, ...] = ()
    """The deliveries that were created, or in a dry run would have been."""
