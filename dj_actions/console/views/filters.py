"""The filters of lists, read from the query string; an invalid value is never ignored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dj_actions.conf import get_settings
from dj_actions.console.screens.status import WORDS
from dj_actions.states import DeliveryState, Outcome, RemoteState

TRACKED = [state for state in RemoteState if state is not RemoteState.UNTRACKED]

ANY = ("", _("any"))


RETRYING = "retrying"
"""Pending, and tried before."""

STATES = (DeliveryState.PENDING, RETRYING, *list(DeliveryState)[1:])
"""What the list of deliveries filters by."""


def choices(values: Any) -> list[tuple[str, Any]]:
    """Return the choices of a filter: any, or one of these values."""
    return [ANY, *((str(value), WORDS.get(str(value), str(value))) for value in values)]


class FilterForm(forms.Form):
    """A form whose fields are all optional; empty ones do not filter."""

    def filters(self) -> Mapping[str, Any]:
        """Return the values that filter, by field; of a valid form only."""
        unset = ("", None, False)
        return {name: value for name, value in self.cleaned_data.items() if value not in unset}

    @property
    def is_used(self) -> bool:
        """Whether any field filters."""
        return any(self.data.get(name) for name in self.fields)


class Moment(forms.DateTimeField):
    """A time as the browser's own control sends it."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"})

    def clean(self, value: Any) -> datetime | None:
        """Return the time with its zone, also without USE_TZ.

        Raises:
            ValidationError: it is no time, or one that databases cannot compare in every zone.
        """
        moment: datetime | None = super().clean(value)
        if moment is None:
            return None
        if not MINYEAR < moment.year < MAXYEAR:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return moment if moment.tzinfo else timezone.make_aware(moment)


class ActionFilters(FilterForm):
    """Filters of the log of actions."""

    resource = forms.CharField(label=_("Resource"), required=False, max_length=100)
    action = forms.CharField(label=_("Action"), required=False, max_length=100)
    object = forms.CharField(label=_("Object"), required=False, max_length=255)
    actor = forms.CharField(
        label=_("Actor"), required=False, max_length=255, help_text=_("Id or name.")
    )
    outcome = forms.ChoiceField(label=_("Outcome"), required=False, choices=choices(Outcome))
    since = Moment(label=_("From"), required=False)
    until = Moment(label=_("Until"), required=False)
    id = forms.CharField(
        label=_("Any id"),
        required=False,
        max_length=500,
        help_text=_("Of an event, a delivery, a run, an activity, or an idempotency key."),
    )


class DeliveryFilters(FilterForm):
    """Filters of the list of deliveries."""

    publisher = forms.ChoiceField(label=_("Publisher"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False, choices=choices(STATES))
    remote_state = forms.ChoiceField(label=_("Run"), required=False, choices=choices(RemoteState))
    action = forms.CharField(
        label=_("Action"),
        required=False,
        max_length=200,
        help_text=_("For example todo.mark_done."),
    )
    object = forms.CharField(label=_("Object"), required=False, max_length=255)
    error = forms.CharField(label=_("Text of an error"), required=False, max_length=200)
    since = Moment(label=_("From"), required=False)
    until = Moment(label=_("Until"), required=False)
    settled_from = Moment(label=_("Settled from"), required=False)
    failed_attempts = forms.BooleanField(label=_("With failed attempts"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_publishers(self)


class RunFilters(FilterForm):
    """Filters of the list of runs."""

    publisher = forms.ChoiceField(label=_("Publisher"), required=False)
    remote_state = forms.ChoiceField(label=_("State"), required=False, choices=choices(TRACKED))
    receipt_scope = forms.CharField(label=_("DAG"), required=False, max_length=255)
    since = Moment(label=_("Started from"), required=False)
    until = Moment(label=_("Started until"), required=False)
    ended_from = Moment(label=_("Ended from"), required=False)
    failing = forms.BooleanField(
        label=_("Failing"),
        required=False,
        help_text=_("Failed, lost, or stuck for a known reason."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_publishers(self)


def choose_publishers(form: FilterForm) -> None:
    """Offer the configured publishers, and the one that was given: its deliveries may be left."""
    field: Any = form.fields["publisher"]
    # No alias has a NUL, which PostgreSQL refuses: it is not offered, so the form is invalid.
    given = str(form.data.get("publisher", "")) if form.data else ""
    given = "" if "\0" in given else given
    aliases = dict.fromkeys([*get_settings().publishers, *([given] if given else [])])
    field.choices = choices(aliases)
