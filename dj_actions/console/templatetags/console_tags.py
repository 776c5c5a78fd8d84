"""Tags and filters of the console's templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django import template
from django.apps import apps
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from dj_actions.console.screens.search import OPERATED
from dj_actions.console.screens.status import Status, delivery_status, remote_status, word_of
from dj_actions.console.screens.times import NOTHING, duration_text, relative_text
from dj_actions.console.sections import Section, sections
from dj_actions.models import ActionEvent, Delivery
from dj_actions.operations.delivery_changes import CHANGES, DeliveryChange
from dj_actions.outbox.times import aware
from dj_actions.publishers import DeliveryOperation
from dj_actions.publishers.offers import Offer

register = template.Library()


@register.filter
def status_badge(status: Status) -> SafeString:
    """Return a state as its symbol and its word."""
    return format_html(
        '<span class="status status-{}"><span aria-hidden="true">{}</span> {}</span>',
        status.tone.value,
        status.symbol,
        status.word,
    )


@register.filter
def state_word(state: str) -> str:
    """Return the word for a state."""
    return word_of(state)


@register.filter
def delivery_badge(delivery: Delivery) -> SafeString:
    """Return the state of a delivery."""
    return status_badge(delivery_status(delivery.state, attempts=delivery.attempts))


@register.filter
def run_badge(delivery: Delivery) -> SafeString:
    """Return the state of a delivery's remote run."""
    return status_badge(remote_status(delivery.remote_state))


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """Return a time relative to now, with the time itself and its zone as a title."""
    if value is None:
        return NOTHING
    local = timezone.localtime(_with_zone(value))
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(),
        f"{date_format(local, 'DATETIME_FORMAT')} {local.tzname()}",
        relative_text(local, datetime.now(UTC)),
    )


@register.filter
def clock(value: datetime) -> SafeString:
    """Return a time to the millisecond, with its date, its zone and its age as a title."""
    local = timezone.localtime(_with_zone(value))
    return format_html(
        '<time datetime="{}" title="{} {}, {}">{}</time>',
        local.isoformat(),
        date_format(local, "DATE_FORMAT"),
        local.tzname(),
        relative_text(local, datetime.now(UTC)),
        local.isoformat(sep=" ", timespec="milliseconds")[11:23],
    )


@register.filter
def filter_value(value: datetime) -> str:
    """Return a time as the value of a filter in a link: that of the viewer's time zone."""
    return quote(f"{timezone.localtime(_with_zone(value)):%Y-%m-%dT%H:%M:%S}")


@register.filter
def lasted(value: timedelta | float | None) -> str:
    """Return a duration."""
    if isinstance(value, timedelta):
        return duration_text(value.total_seconds())
    return duration_text(value if isinstance(value, (int, float)) else None)


@register.filter
def last_error(delivery: Delivery) -> str:
    """Return the first line of a delivery's latest error."""
    if not delivery.errors:
        return ""
    error = delivery.errors[-1]
    lines = str(error.get("message", "")).splitlines()
    return f"{error.get('kind', '')}: {lines[0] if lines else ''}"


@register.filter
def objects(event: ActionEvent) -> SafeString | str:
    """Return what was acted on: a link to everything that happened to an object, or a number."""
    if not event.object_id:
        count = len(event.object_ids)
        return ngettext("%d object", "%d objects", count) % count
    return object_link(event.resource, event.object_id)


@register.simple_tag
def object_link(resource: str, object_id: str) -> SafeString:
    """Return an object as a link to everything that happened to it."""
    if resource == OPERATED:
        query = urlencode({"q": f"{resource}:{object_id}"})
        url = f"{reverse('dj_actions_console:search')}?{query}"
    else:
        query = urlencode({"resource": resource, "object": object_id})
        url = f"{reverse('dj_actions_console:object')}?{query}"
    return format_html('<a href="{}">{} {}</a>', url, resource, object_id)


@register.filter
def is_due(delivery: Delivery) -> bool:
    """Return whether a relay may claim the delivery now."""
    return _with_zone(delivery.available_at) <= datetime.now(UTC)


@register.filter
def acts_for(may: Mapping[str, bool], delivery: Delivery) -> list[DeliveryChange]:
    """Return the acts that a delivery's state and the user's permissions allow."""
    return [
        change
        for change in CHANGES.values()
        if change.state == delivery.state and may[change.permitted_as]
    ]


@register.filter
def concerning(offers: Iterable[Offer], delivery: Delivery) -> list[DeliveryOperation]:
    """Return those of the publishers' operations that can be run on a delivery."""
    return [offer.operation for offer in offers if offer.concerns(delivery)]


@register.simple_tag(takes_context=True)
def admin_url(context: Any, model: str = "", *arguments: Any) -> str:
    """Return the URL of a record in the admin, or of the admin itself.

    Empty without the admin, or if the user may not see the page there.

    Args:
        context: of the template.
        model: name of the record's model, in lower case; empty for the admin itself.
        arguments: key of the record; without one, the list is meant.
    """
    user = context["request"].user
    if not (apps.is_installed("django.contrib.admin") and user.is_active):
        return ""
    if not (getattr(user, "is_staff", False) and _may_view(user, model)):
        return ""
    page = f"dj_actions_{model}_{'change' if arguments else 'changelist'}" if model else "index"
    try:
        return reverse(f"admin:{page}", args=arguments)
    except NoReverseMatch:
        return ""


def _may_view(user: Any, model: str) -> bool:
    return not model or bool(user.has_perm(f"dj_actions.view_{model}"))


@register.simple_tag(takes_context=True)
def nonce(context: Any) -> SafeString | str:
    """Return the attribute with the nonce of the page's Content Security Policy, if it has one."""
    value = context.get("csp_nonce")
    if value is None:
        value = getattr(context.get("request"), "csp_nonce", None)
    # Not by its truth: a nonce of Django or django-csp is false until it is used.
    text = "" if value is None else str(value)
    return format_html(' nonce="{}"', text) if text else ""


@register.simple_tag(takes_context=True)
def added_sections(context: Any) -> list[Section]:
    """Return the sections that apps have added, as far as the user may see them."""
    may = context["may"]
    return [section for section in sections() if may[section.verb.name.lower()]]


def _with_zone(value: datetime) -> datetime:
    return aware(value, using="default")
