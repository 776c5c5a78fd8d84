"""Operations of a publisher on what its deliveries have started at the destination."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from django import forms
from django.utils.functional import Promise

if TYPE_CHECKING:
    from dj_actions.models import Delivery
    from dj_actions.outbox.queries import DeliveryQuerySet

MAX_DELIVERIES = 100
"""Deliveries of one request: each takes at least one request to the destination."""


class OperationStatus(StrEnum):
    """How an operation on one delivery ended."""

    DONE = "done"
    """The destination has confirmed it."""

    PLANNED = "planned"
    """It would be requested; this was a dry run."""

    SKIPPED = "skipped"
    """Nothing was requested, because the operation does not apply."""

    FAILED = "failed"
    """The destination has refused it."""

    UNKNOWN = "unknown"
    """No response: the destination may have done it or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationOutcome:
    """What an operation did for one delivery."""

    delivery: int
    """Id of the delivery."""

    status: OperationStatus

    message: str
    """One sentence about it, in the destination's words where it has responded."""

    target: str = ""
    """What it was about at the destination, for example the id of a run."""


class RunOperation(Protocol):
    """Runs an operation."""

    def __call__(
        self, deliveries: DeliveryQuerySet, /, *, actor: Any, data: Mapping[str, Any]
    ) -> Sequence[OperationOutcome]:
        """Run it, and return one outcome for each delivery; it records what it does.

        Args:
            deliveries: deliveries of publishers that offer the operation.
            actor: the user, who has the permission.
            data: the cleaned data of the form.

        Raises:
            DJActionsError: nothing was done.
        """


def _always(_delivery: Delivery) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryOperation:
    """An operation that a publisher offers for its deliveries.

    The admin has it in the list of deliveries, and as a button on the page of each one; the console
    in the list of runs, and on the page of the event. No transaction is open while it runs.
    """

    name: str
    """Identifies it among the operations of all publishers, for example `airflow_rerun`."""

    title: str | Promise
    """What the button says, for example `Rerun in Airflow`."""

    permission: str
    """The permission that a user needs, for example `dj_actions_airflow.rerun_airflowrun`."""

    run: RunOperation

    preview: RunOperation | None = None
    """Returns what it would do to each delivery, and changes nothing; None if that is not known
    before. The console shows it before it offers to run the operation."""

    form: type[forms.Form] = forms.Form
    """What the user has to enter, for example the reason."""

    description: str | Promise = ""
    """One or two sentences above the form."""

    applies: Callable[[Delivery], bool] = _always
    """Returns whether a delivery's page has the button."""

    resource: str = ""
    """The resource of the events that record it: with the id of a delivery as their object, they
    are listed on its page."""

    max_deliveries: int = MAX_DELIVERIES
    """How many deliveries may be selected."""
