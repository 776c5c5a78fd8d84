"""What the admin shows of a delivery's remote run."""

from __future__ import annotations

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dj_actions.messages import web_url
from dj_actions.models import Delivery


def link_to_failure(delivery: Delivery) -> SafeString | str:
    """Return the step that has failed and its try, linked to its page at the destination."""
    failure = delivery.remote_failure
    if not failure:
        return "-"
    text = delivery.failed_step or "-"
    tries = f" (try {failure['try_number']})" if "try_number" in failure else ""
    url = web_url(failure.get("url", ""))
    if not url:
        return f"{text}{tries}"
    return format_html('<a href="{}">{}</a>{}', url, text, tries)


def log_of_failure(delivery: Delivery) -> SafeString | str:
    """Return the last lines of the log of the step that has failed."""
    lines = (delivery.remote_failure or {}).get("log", [])
    return format_html("<pre>{}</pre>", "\n".join(lines)) if lines else "-"


def past_states(delivery: Delivery) -> SafeString | str:
    """Return the latest states of the remote run, one per line."""
    lines = (
        (entry.get("at"), entry.get("state"), entry.get("detail"))
        for entry in delivery.remote_history
    )
    return format_html_join("", "<pre>{}  {}  {}</pre>", lines) or "-"
