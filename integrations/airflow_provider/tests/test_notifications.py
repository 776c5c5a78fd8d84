"""The notifier: what a hint says, and that it never breaks a run."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG

from api_server import ApiServer
from dj_actions_airflow_provider.errors import InvalidConnection, RequestRefused
from dj_actions_airflow_provider.hooks import DjActionsHook
from dj_actions_airflow_provider.notifications import DjActionsNotifier, hint_of
from run_parts import EVENT_ID, RUN_ID

Connect = Callable[..., None]
Context = dict[str, Any]

HINT = {"event_id": EVENT_ID, "dag_id": "tidy", "run_id": RUN_ID}


def test_the_end_of_a_run_is_told(api: ApiServer, connect: Connect, context: Context) -> None:
    DjActionsNotifier().notify(context)

    assert api.hints == [HINT]
    assert "authorization" not in api.requests[0].headers


def test_a_failed_task_is_told_with_its_reason(
    api: ApiServer, connect: Connect, context: Context
) -> None:
    DjActionsNotifier().notify({**context, "exception": ValueError("No milk.\nNone at all.")})

    assert api.hints == [{**HINT, "task_id": "act", "exception": "ValueError: No milk."}]


def test_a_long_reason_is_cut(context: Context) -> None:
    hint = hint_of({**context, "exception": ValueError("x" * 10_000)})

    assert hint
    assert len(hint["exception"]) == 500


def test_an_exception_without_a_text_has_its_class(context: Context) -> None:
    hint = hint_of({**context, "exception": KeyboardInterrupt()})

    assert hint
    assert hint["exception"] == "KeyboardInterrupt:"


def test_a_run_with_another_conf_is_told_by_its_id(context: Context) -> None:
    run = SimpleNamespace(run_id=RUN_ID, conf={"text": "Buy milk"})

    assert hint_of({**context, "dag_run": run}) == HINT


def test_the_callback_of_a_dag_may_have_no_run(context: Context) -> None:
    assert hint_of({"dag": context["dag"], "run_id": RUN_ID, "reason": "success"}) == HINT


def test_a_run_of_a_schedule_is_not_told(
    api: ApiServer, connect: Connect, context: Context
) -> None:
    run = SimpleNamespace(run_id="scheduled__2026-11-27T05:00:00+00:00", conf={})
    DjActionsNotifier().notify({**context, "run_id": run.run_id, "dag_run": run})

    assert api.requests == []


def test_a_wrong_secret_is_named(api: ApiServer, connect: Connect) -> None:
    connect({"hint_secret": "another"})
    with pytest.raises(RequestRefused, match=r"403 Forbidden\. The signature is wrong"):
        DjActionsHook().send_hint(HINT)
    connect({"hint_secret": ""})
    with pytest.raises(InvalidConnection, match="has no hint_secret"):
        DjActionsHook().send_hint(HINT)
    assert api.hints == []


def test_an_old_signature_is_refused(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SimpleNamespace(time=lambda: time.time() - 1000)
    monkeypatch.setattr("dj_actions_airflow_provider.hooks.time", slow)
    with pytest.raises(RequestRefused, match="too old"):
        DjActionsHook().send_hint(HINT)


@pytest.mark.parametrize(
    ("extra", "parts"),
    [({}, {"host": "http://127.0.0.1:9"}), ({"hint_secret": ""}, {}), ({"tiemout": 1}, {})],
)
def test_a_hint_that_cannot_be_sent_breaks_no_run(
    connect: Connect, context: Context, extra: Context, parts: Context
) -> None:
    connect(extra, **parts)

    DjActionsNotifier()({**context, "dag": DAG("tidy", schedule=None)})


def test_without_a_connection_no_run_is_broken(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_DJ_ACTIONS_DEFAULT", raising=False)

    DjActionsNotifier(dj_actions_conn_id="missing").notify(context)
