"""The jobs of procrastinate that correspond to our two deliveries."""

from __future__ import annotations

from procrastinate.contrib.django import app


@app.task(name="update_feed")  # type: ignore[untyped-decorator]  # installed for `make bench` only
def update_feed(todo_id: int, actor_id: int) -> None:
    """Do nothing: no worker runs in this benchmark."""


@app.task(name="start_pipeline")  # type: ignore[untyped-decorator]  # as above
def start_pipeline(todo_id: int, actor_id: int) -> None:
    """Do nothing: no worker runs in this benchmark."""
