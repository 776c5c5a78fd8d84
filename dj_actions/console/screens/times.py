"""Times, ages and durations as people read them."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext, ngettext

NOTHING = "\N{EN DASH}"
"""Stands for a value that there is not."""

MINUTE, HOUR, DAY = 60, 3600, 86_400
"""Seconds."""

MILLISECONDS_BELOW = 1.0
"""Durations below it are shown in milliseconds."""

TENTHS_BELOW = 10.0
"""Durations below it are shown with a decimal."""


def duration_text(seconds: float | None) -> str:
    """Return a duration in its largest suitable unit; a dash without one.

    Args:
        seconds: the duration; a negative one counts as zero.
    """
    if seconds is None:
        return NOTHING
    seconds = max(0.0, seconds)
    if seconds < MINUTE:
        return _short_text(seconds)
    if seconds < DAY:
        return _long_text(seconds)
    return ngettext("%(number)d day", "%(number)d days", int(seconds // DAY)) % {
        "number": seconds // DAY
    }


def _short_text(seconds: float) -> str:
    if seconds < MILLISECONDS_BELOW:
        return gettext("%(number)d ms") % {"number": round(seconds * 1000)}
    if seconds < TENTHS_BELOW:
        return gettext("%(number).1f s") % {"number": seconds}
    return gettext("%(number)d s") % {"number": round(seconds)}


def _long_text(seconds: float) -> str:
    if seconds < HOUR:
        return gettext("%(minutes)d min %(seconds)d s") % {
            "minutes": seconds // MINUTE,
            "seconds": seconds % MINUTE,
        }
    return gettext("%(hours)d h %(minutes)d min") % {
        "hours": seconds // HOUR,
        "minutes": seconds % HOUR // MINUTE,
    }


def relative_text(moment: datetime, now: datetime) -> str:
    """Return how long ago a moment was, or how far ahead it is."""
    seconds = (now - moment).total_seconds()
    if abs(seconds) < MILLISECONDS_BELOW:
        return gettext("now")
    if seconds < 0:
        return gettext("in %(duration)s") % {"duration": duration_text(-seconds)}
    return gettext("%(duration)s ago") % {"duration": duration_text(seconds)}
