"""The log of actions, newest first."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.db import router
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from dj_actions.console.conf import get_console_settings
from dj_actions.console.screens.search import event_of_id
from dj_actions.console.views.base import ConsoleView
from dj_actions.console.views.filters import ActionFilters
from dj_actions.console.views.paging import before_event, page_of
from dj_actions.models import ActionEvent
from dj_actions.outbox.queries import ActionEventQuerySet
from dj_actions.outbox.times import aware

EXPORT_BATCH = 500
"""Events that an export reads at a time."""

EXPORT_COLUMNS = (
    *("id", "created_at", "resource", "action", "object_ids", "actor_id", "actor_label"),
    *("status_code", "duration_ms", "summary"),
)

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20")
"""A cell that begins with one of them is a formula for spreadsheet programs, some of which
read the full-width signs as well."""


class ActionsLogView(ConsoleView):
    """The actions that match the filters."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return a page of the log."""
        form = ActionFilters(request.GET)
        if not form.is_valid():
            return self.page(
                "actions_log.html", {"form": form}, section="actions", status=HTTPStatus.BAD_REQUEST
            )
        size = get_console_settings().page_size
        rows = filtered(form).page_before(before_event(request), size=size + 1)
        context = {"form": form, "page": page_of(request, rows, size=size)}
        return self.page("actions_log.html", context, section="actions")


class ActionsExportView(ConsoleView):
    """The same as a file, which is sent while it is read."""

    def get(self, request: HttpRequest, file_format: str) -> HttpResponseBase:
        """Return the file: CSV, or JSON with one object on each line."""
        form = ActionFilters(request.GET)
        if not form.is_valid():
            return HttpResponse(
                json.dumps(form.errors), status=HTTPStatus.BAD_REQUEST, content_type="text/plain"
            )
        rows = _exported(filtered(form))
        lines, kind = (
            (_as_csv(rows), "text/csv; charset=utf-8")
            if file_format == "csv"
            else (_as_json(rows), "application/x-ndjson")
        )
        response = StreamingHttpResponse(lines, content_type=kind)
        response["Content-Disposition"] = f'attachment; filename="actions.{file_format}"'
        return response


def filtered(form: ActionFilters) -> ActionEventQuerySet:
    """Return the events that match a valid form."""
    filters = dict(form.filters())
    since, until = filters.pop("since", None), filters.pop("until", None)
    text, actor = filters.pop("id", None), filters.pop("actor", None)
    events = ActionEvent.objects.using(router.db_for_write(ActionEvent))
    if text is not None:
        found = event_of_id(text)
        events = events.filter(pk=found) if found else events.none()
    if "resource" not in filters and (action := filters.pop("action", None)) is not None:
        events = events.by_action(action)
    if actor is not None:
        events = events.by_actor(actor)
    return events.matching(**filters).recorded_between(since, until)


def _exported(events: ActionEventQuerySet) -> Iterator[Mapping[str, Any]]:
    last = None
    while batch := events.page_before(last, size=EXPORT_BATCH):
        for event in batch:
            yield {name: getattr(event, name) for name in EXPORT_COLUMNS} | {
                "id": str(event.pk),
                "created_at": aware(event.created_at, using=str(event._state.db)).isoformat(),
            }
        last = batch[-1].pk


def _as_json(rows: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield json.dumps(row, ensure_ascii=False) + "\n"


class _Line:
    """A file that returns what is written to it."""

    def write(self, text: str) -> str:
        return text


def _as_csv(rows: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(EXPORT_COLUMNS)
    for row in rows:
        yield writer.writerow([_cell(row[name]) for name in EXPORT_COLUMNS])


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        value = " ".join(map(str, value))
    if isinstance(value, str) and value.startswith(FORMULA_SIGNS):
        return f"'{value}"
    return value
