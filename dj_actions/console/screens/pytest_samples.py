"""An event as a pytest test, which runs the action again and expects the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.dateparse import parse_datetime

from dj_actions.console.screens.code_samples import Call, literal
from dj_actions.console.screens.sample_rows import RowCollector, SampleRow
from dj_actions.identifiers import parse_key
from dj_actions.models import ActionEvent
from dj_actions.outbox.queries import FAILED_FROM
from dj_actions.redaction import REDACTED, is_only_size

HEADER = '''\
"""{label} as it was recorded in event {id}."""

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
{imports}
from dj_actions.testing import assert_recorded, captured

# As they are now: change back what the action has changed.
ROWS = {rows}


@pytest.fixture
def rows(db):
    for model, columns in ROWS:
        apps.get_model(model)(**columns).save_base(raw=True)


def test_{name}(rows):
    actor = {actor}
'''

OVER_HTTP = """\
    client = APIClient()
    client.force_authenticate(actor)
    data = {data}
    with captured() as sent:
        response = client.post(reverse({route!r}, args={arguments!r}), data, format="json")

    assert response.status_code == {status_code}
"""

FROM_CODE = """\
    action = registry.get({resource!r}, {action!r})
    target = dict({targets})
    data = {data}
    with captured() as sent:
        result = invoke(action, actor=actor, data=data, **target)

    assert result.status_code == {status_code}
"""

REFUSED_FROM_CODE = """\
    action = registry.get({resource!r}, {action!r})
    target = dict({targets})
    data = {data}
    with captured() as sent, pytest.raises(Exception):
        invoke(action, actor=actor, data=data, **target)
"""

PUBLISHED = """\
    published = {published}
    assert {{
        alias: [
            message.summary for message in sent.of(alias) if message.label == {label!r}
        ]
        for alias in published
    }} == published
"""


def pytest_source(event: ActionEvent, call: Call, viewer: Any) -> str:
    """Return the source of a test that runs the action of an event again.

    Args:
        event: the event.
        call: the call that it records.
        viewer: the user who reads the test; of models that they may not view, it has only keys.
    """
    actor = _actor(event)
    objects = _objects(call)
    collector = RowCollector(viewer)
    for row in filter(None, (actor, *objects)):
        collector.add(row)
    is_over_http = actor is not None and bool(call.path)
    header = HEADER.format(
        label=event.label,
        id=event.pk,
        imports="\n".join(_imports(over_http=is_over_http)),
        rows=_rows(collector.rows),
        name=re.sub(r"\W", "_", f"{event.resource}_{event.action}"),
        actor="None" if actor is None else f"get_user_model().objects.get(pk={_key(actor)!r})",
    )
    run = _over_http(event, call) if is_over_http else _from_code(event, call)
    result = "response.json()" if is_over_http else "result.body"
    return "".join((header, run, *_result_lines(event, result), *_record_lines(event, call)))


def _imports(*, over_http: bool) -> Sequence[str]:
    if over_http:
        return ("from django.urls import reverse", "from rest_framework.test import APIClient", "")
    return ("", "from dj_actions.action import invoke", "from dj_actions.registry import registry")


def _over_http(event: ActionEvent, call: Call) -> str:
    return OVER_HTTP.format(
        data=literal(call.body, inside=4),
        route=call.route_name,
        arguments=[] if call.definition.bulk else list(call.keys[:1]),
        status_code=event.status_code,
    )


def _from_code(event: ActionEvent, call: Call) -> str:
    definition = call.definition
    model = f"apps.get_model({definition.model._meta.label_lower!r})._base_manager"
    targets = ""
    if definition.requires_objects and definition.bulk:
        targets = f"objects=list({model}.filter(pk__in={list(call.keys)!r}))"
    elif definition.requires_objects:
        targets = f"object={model}.get(pk={call.keys[0]!r})"
    template = REFUSED_FROM_CODE if event.status_code >= FAILED_FROM else FROM_CODE
    return template.format(
        resource=definition.resource,
        action=definition.name,
        data=literal(call.data, inside=4),
        targets=targets,
        status_code=event.status_code,
    )


def _result_lines(event: ActionEvent, result: str) -> Iterator[str]:
    """Yield the lines that compare the result, but for times, which differ each time."""
    if event.status_code >= FAILED_FROM or is_only_size(event.response_data):
        return
    expected = _without_times(event.response_data)
    yield f"    result = {result}\n"
    yield f"    expected = {literal(expected, inside=4)}\n"
    if isinstance(expected, dict):
        yield "    assert {name: result[name] for name in expected} == expected\n"
    elif isinstance(expected, list) and all(isinstance(entry, dict) for entry in expected):
        yield "    pairs = zip(result, expected, strict=True)\n"
        yield "    assert [{name: found[name] for name in wanted} for found, wanted in pairs] "
        yield "== expected\n"
    else:
        yield "    assert result == expected\n"


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _without_times(entry)
            for name, entry in value.items()
            if not _is_time(entry) and entry != REDACTED
        }
    return [_without_times(entry) for entry in value] if isinstance(value, list) else value


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and parse_datetime(value) is not None
    except ValueError:  # it only looks like one
        return False


def _record_lines(event: ActionEvent, call: Call) -> Iterator[str]:
    """Yield the lines about the record and about what was published."""
    arguments = [repr(event.label), "actor=actor", f"status_code={event.status_code}"]
    if call.keys:
        arguments.append(f"object={call.keys[0]!r}")
    yield f"    assert_recorded({', '.join(arguments)})\n"
    published = {row.publisher: [event.summary] for row in event.deliveries.order_by("publisher")}
    if not published:
        yield f"    assert [m for m in sent.messages if m.label == {event.label!r}] == []\n"
        return
    yield PUBLISHED.format(published=literal(published, inside=4), label=event.label)


def _rows(rows: Sequence[SampleRow]) -> str:
    lines = [f"    ({row.model!r}, {literal(dict(row.columns), inside=4)}),\n" for row in rows]
    return f"[\n{''.join(lines)}]" if lines else "[]"


def _actor(event: ActionEvent) -> Model | None:
    """Return the user who ran the action; None for the system, or if the user was deleted."""
    if event.actor_id is None:
        return None
    return _found(get_user_model(), event.actor_id)


def _objects(call: Call) -> list[Model | None]:
    if not call.definition.requires_objects:
        return []
    return [_found(call.definition.model, key) for key in call.keys]


def _found(model: type[Model], key: str) -> Model | None:
    try:
        return model._base_manager.filter(pk=parse_key(model, key)).first()
    except (ValidationError, ValueError, OverflowError):
        return None


def _key(row: Model) -> Any:
    return row.pk if isinstance(row.pk, (int, str)) else str(row.pk)
