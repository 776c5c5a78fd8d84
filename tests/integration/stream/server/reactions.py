"""Reactions as clients send and receive them."""

from __future__ import annotations

from typing import Any

ACTIVITY = "54a60c1e-4ee3-494b-a1e3-50c06acb5ed4"


def plain(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document without its duration."""
    return {name: value for name, value in document.items() if name != "duration"}


def ids(document: dict[str, Any]) -> list[str]:
    """Return the ids of a page of reactions."""
    return [result["id"] for result in document["results"]]


def reaction(**changes: Any) -> dict[str, Any]:
    """Return the JSON of a reaction."""
    return {"kind": "like", "activity_id": ACTIVITY, "user_id": "ann", **changes}
