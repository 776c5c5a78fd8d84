"""The button on a task that leads to the event of its action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperatorLink
from airflow.sdk.execution_time.xcom import XCom

if TYPE_CHECKING:
    from airflow.sdk.types import TaskInstanceKey

EVENT_URL_KEY = "dj_actions_event_url"
"""The XCom in which a task leaves the URL."""


class DjActionLink(BaseOperatorLink):
    """Leads from a task to the event that it has caused or waited for."""

    @property
    def name(self) -> str:
        """The text of the button."""
        return "Event in DJ Actions"

    def get_link(self, operator: Any, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002
        """Return the URL that the task has left; an empty string if there is none."""
        return XCom.get_value(ti_key=ti_key, key=EVENT_URL_KEY) or ""
