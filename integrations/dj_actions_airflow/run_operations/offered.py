"""The operations on runs as the admin offers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dj_actions.models import Delivery
from dj_actions.publishers import DeliveryOperation, OperationOutcome
from dj_actions.states import DeliveryState, RemoteState
from dj_actions_airflow.run_operations import service
from dj_actions_airflow.run_operations.requests import MAX_NOTE_LENGTH
from dj_actions_airflow.run_operations.targets import Chosen
from dj_actions_airflow.run_operations.verbs import RESOURCE, Verb

REASON_LENGTH = 2000
"""Characters of a reason."""


class ReasonForm(forms.Form):
    """Why; recorded with the user's name."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The reason is recorded with your name."),
    )


class RerunForm(ReasonForm):
    """Which tasks run again, and why."""

    only_failed = forms.BooleanField(label=_("Only the failed tasks"), required=False)


class MarkForm(ReasonForm):
    """The state, and why."""

    state = forms.ChoiceField(
        label=_("Mark as"),
        choices=[
            (str(RemoteState.SUCCEEDED), _("succeeded")),
            (str(RemoteState.FAILED), _("failed")),
        ],
    )


class OptionalReasonForm(forms.Form):
    """Why, if there is something to say; recorded with the user's name."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class NoteForm(OptionalReasonForm):
    """The note, and why."""

    text = forms.CharField(
        label=_("Note"), max_length=MAX_NOTE_LENGTH, widget=forms.Textarea(attrs={"rows": 3})
    )

    field_order = ("text", "reason")


class TriggerForm(ReasonForm):
    """The payload, and why."""

    # Not required for Django, which takes {} for no value: here, it leaves the conf as it is.
    conf = forms.JSONField(
        label=_("Conf"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "required": True}),
        help_text=_("A JSON object with the keys that change; {} if none does."),
    )
    replace = forms.BooleanField(
        label=_("This is the whole conf"),
        required=False,
        help_text=_("Otherwise, the other keys are those of the earlier run."),
    )

    def clean_conf(self) -> Any:
        """Refuse JSON that is not an object."""
        conf = self.cleaned_data["conf"]
        if not isinstance(conf, dict):
            raise forms.ValidationError(_("Enter a JSON object."))
        return conf


def _run(
    operation: Callable[..., Sequence[OperationOutcome]],
    deliveries: Chosen,
    /,
    *,
    actor: Any,
    data: Mapping[str, Any],
) -> Sequence[OperationOutcome]:
    """Run an operation; the fields of its form are named like its arguments."""
    return operation(deliveries, actor=actor, **data)


def _operation(
    verb: Verb,
    service_function: Callable[..., Sequence[OperationOutcome]],
    form: type[forms.Form],
    *states: RemoteState,
    title: Promise,
    description: Promise,
) -> DeliveryOperation:
    """Return an operation on the runs that are in one of these states."""
    return DeliveryOperation(
        name=f"airflow_{verb}",
        title=title,
        description=description,
        permission=verb.permission,
        form=form,
        run=partial(_run, service_function),
        preview=partial(_run, partial(service_function, dry_run=True)),
        resource=RESOURCE,
        applies=_has_run(*states),
    )


def _has_run(*states: RemoteState) -> Callable[[Delivery], bool]:
    """Return a function that returns whether a delivery has a run in one of these states."""

    def has_run(delivery: Delivery) -> bool:
        is_delivered = delivery.state == DeliveryState.DELIVERED and bool(delivery.receipt_id)
        return is_delivered and delivery.remote_state in states

    return has_run


STARTED = (RemoteState.RUNNING, RemoteState.SUCCEEDED, RemoteState.FAILED)
ENDED = (RemoteState.SUCCEEDED, RemoteState.FAILED, RemoteState.LOST)

OPERATIONS: Sequence[DeliveryOperation] = (
    _operation(
        Verb.RERUN,
        service.rerun,
        RerunForm,
        *STARTED,
        title=_("Rerun in Airflow"),
        description=_("Airflow runs the tasks again, in the same run and with the same conf."),
    ),
    _operation(
        Verb.MARK,
        service.mark,
        MarkForm,
        *STARTED,
        title=_("Mark the run in Airflow"),
        description=_("The run is marked whatever its tasks have done; those that run are ended."),
    ),
    _operation(
        Verb.NOTE,
        service.note,
        NoteForm,
        *STARTED,
        title=_("Write a note in Airflow"),
        description=_("The note of the run is replaced."),
    ),
    _operation(
        Verb.UNPAUSE,
        service.unpause,
        OptionalReasonForm,
        RemoteState.RUNNING,
        title=_("Unpause the DAG"),
        description=_("All runs of the DAG that are queued start, not only the selected ones."),
    ),
    _operation(
        Verb.TRIGGER,
        service.trigger,
        TriggerForm,
        *ENDED,
        title=_("Trigger again with another conf"),
        description=_("Airflow starts another run for the same event. The delivery follows it."),
    ),
)
"""What `AirflowPublisher.delivery_operations` returns."""
