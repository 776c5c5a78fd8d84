"""Actions that give the console and the feeds something to show from the start."""

from __future__ import annotations

from http import HTTPStatus

from example.demo.client import TodoClient


def run_first_actions(ann: TodoClient, bob: TodoClient) -> int:
    """Run one action of each kind, one of which is refused.

    Returns:
        The id of another todo of Ann, on which no action was run.
    """
    plants, call, bike, rent = map(ann.create, ("Water plants", "Call Eve", "Fix bike", "Pay rent"))
    responses = [
        ann.act(plants, "mark_done", {"note": "all of them"}),
        ann.act(call, "hand_over", {"to": "bob"}),
        ann.act_on_many("bulk_mark_done", {"ids": [bike, rent], "note": "at last"}),
    ]
    for response in responses:
        response.raise_for_status()
    refused = bob.act(plants, "mark_done", {})
    if refused.status_code != HTTPStatus.FORBIDDEN:
        refused.raise_for_status()
    return ann.create("Buy milk")
