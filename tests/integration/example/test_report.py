"""What the demonstration prints of actions that DAGs call back."""

from __future__ import annotations

from typing import Any

from example.demo.report import chains


def event(key: str, actor: str | None, action: str, *rows: dict[str, Any], **more: Any) -> Any:
    return {
        "id": key,
        "actor": {"label": actor} if actor else None,
        "resource": "todo",
        "action": action,
        "object_ids": ["7"],
        "deliveries": rows,
        "parent": None,
    } | more


def test_the_way_back_is_one_line() -> None:
    feeds = {"publisher": "feeds", "state": "delivered", "remote_state": "untracked"}
    run = {
        "publisher": "pipelines",
        "state": "delivered",
        "remote_state": "succeeded",
        "receipt_scope": "todo_handed_over",
    }
    dead = feeds | {"publisher": "other", "state": "dead"}
    events = [
        event("1", "ann", "hand_over", feeds, run),
        event("2", "airflow", "remind", feeds, dead, parent="1"),
        event("3", None, "mark_done", parent="1"),
        event("4", "bob", "mark_done", run, parent="0"),
    ]

    way = "ann ran hand_over on todo 7 → run of todo_handed_over → "
    assert chains(events) == [
        way + "airflow ran remind on todo 7 → feeds",
        way + "the system ran mark_done on todo 7 → nowhere",
    ]
