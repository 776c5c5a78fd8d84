"""Tags and filters of the console's templates."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dj_actions.console.access import may
from dj_actions.console.screens.status import Status, delivery_status, remote_status
from dj_actions.console.screens.times import NOTHING, duration_text, relative_text
from dj_actions.console.sections import Section, sections
from dj_actions.models import Delivery
from dj_actions.outbox.times import aware

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
        relative_text(local, timezone.now()),
    )


@register.filter
def clock(value: datetime) -> SafeString:
    """Return a time to the millisecond, with its date and zone as a title."""
    local = timezone.localtime(_with_zone(value))
    return format_html(
        '<time datetime="{}" title="{} {}">{}</time>',
        local.isoformat(),
        date_format(local, "DATE_FORMAT"),
        local.tzname(),
        local.isoformat(sep=" ", timespec="milliseconds")[11:23],
    )


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
def is_due(delivery: Delivery) -> bool:
    """Return whether a relay may claim the delivery now."""
    return _with_zone(delivery.available_at) <= timezone.now()


@register.simple_tag(takes_context=True)
def nonce(context: Any) -> SafeString | str:
    """Return the attribute with the nonce of the page's Content Security Policy, if it has one."""
    value = context.get("csp_nonce") or getattr(context.get("request"), "csp_nonce", "")
    return format_html(' nonce="{}"', value) if value else ""


@register.simple_tag(takes_context=True)
def added_sections(context: Any) -> list[Section]:
    """Return the sections that apps have added, as far as the user may see them."""
    user = context["request"].user
    return [section for section in sections() if may(user, section.verb)]


def _with_zone(value: datetime) -> datetime:
    return aware(value, using="default")
