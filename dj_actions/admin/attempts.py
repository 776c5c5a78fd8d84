"""The attempts of a delivery as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from dj_actions.admin.times import moment
from dj_actions.models import Attempt

HEADINGS = (
    gettext_lazy("attempt"),
    gettext_lazy("began"),
    gettext_lazy("took"),
    gettext_lazy("outcome"),
    gettext_lazy("HTTP status"),
    gettext_lazy("relay"),
    gettext_lazy("message"),
)


def attempt_table(attempts: Sequence[Attempt], *, using: str) -> SafeString | str:
    """Return a table with a row for each attempt; a hyphen without one.

    Args:
        attempts: the attempts of a delivery.
        using: alias of the database that they were read from.
    """
    if not attempts:
        return "-"
    headings = format_html_join("", '<th scope="col">{}</th>', ((text,) for text in HEADINGS))
    rows = format_html_join("", "<tr>{}</tr>", ((_cells(attempt, using),) for attempt in attempts))
    return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", headings, rows)


def _cells(attempt: Attempt, using: str) -> SafeString:
    outcome = attempt.kind if attempt.is_counted else f"{attempt.kind}, {gettext('not counted')}"
    values: tuple[Any, ...] = (
        "-" if attempt.number is None else attempt.number,
        moment(attempt.started_at, using=using),
        "-" if attempt.seconds is None else f"{attempt.seconds:.3f} s",
        outcome or "-",
        attempt.status or "-",
        attempt.relay or "-",
        attempt.message or "-",
    )
    return format_html_join("", "<td>{}</td>", ((value,) for value in values))
