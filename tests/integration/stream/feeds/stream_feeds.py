"""A server that speaks Stream's protocol for reading, marking and following, in memory."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote
from uuid import UUID

from tests.fixtures.scripted_server import Answer, Request, as_json

TIME = "2026-03-0{day}T12:00:00.000000"


def activity_id(number: int) -> str:
    """Return an id; that of a later activity is larger."""
    return str(UUID(int=number))


def make_activity(number: int = 1, **fields: Any) -> dict[str, Any]:
    """Return an activity as Stream returns it."""
    return {
        "id": activity_id(number),
        "actor": "user:1",
        "verb": "complete",
        "object": "todo:1",
        "target": None,
        "origin": None,
        "to": [],
        "time": TIME.format(day=number),
        "foreign_id": f"djactions:{UUID(int=number)}",
        "resource": "todo",
        "object_ids": ["1"],
        "actor_label": "ann",
        "object_label": "Buy milk",
        "summary": "ann finished “Buy milk”",
        **fields,
    }


def make_group(number: int = 1, *activities: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a group as Stream returns it."""
    newest = activities[0]
    return {
        "id": f"{activity_id(number)}.complete_2026-03-0{number}",
        "group": f"complete_2026-03-0{number}",
        "verb": newest["verb"],
        "activity_count": len(activities),
        "actor_count": len({activity["actor"] for activity in activities}),
        "activities": list(activities),
        "created_at": newest["time"],
        "updated_at": newest["time"],
        **fields,
    }


class StreamFeeds:
    """Feeds with entries that a test has put into them, newest first."""

    def __init__(self) -> None:
        self.entries: dict[str, list[dict[str, Any]]] = {}
        self.follows: list[tuple[str, str]] = []

    def __call__(self, request: Request) -> Answer:
        """Respond to one request."""
        parts = unquote(request.path).strip("/").split("/")[2:]
        if parts == ["activities"]:
            return as_json({"results": self._activities(request), "duration": "1ms"})
        _, group, feed_id, *rest = parts
        feed = f"{group}:{feed_id}"
        if not rest:
            return as_json(self._page(feed, request))
        if rest[0] == "follows" and request.method == "POST":
            self.follows.insert(0, (feed, request.body["target"]))
            return as_json({"duration": "1ms"}, 201)
        if rest[0] == "follows" and request.method == "DELETE":
            self.follows.remove((feed, rest[1]))
            return as_json({"duration": "1ms"})
        return as_json(self._listed(feed, rest[0], request))

    def _activities(self, request: Request) -> list[dict[str, Any]]:
        (wanted,) = request.query["foreign_ids"]
        entries = [entry for found in self.entries.values() for entry in found]
        return [entry for entry in entries if entry.get("foreign_id") in wanted.split(",")]

    def _page(self, feed: str, request: Request) -> dict[str, Any]:
        found = self.entries.get(feed, [])
        if before := request.query.get("id_lt"):
            found = [entry for entry in found if entry["id"] < before[0]]
        if start := request.query.get("id_lte"):
            found = [entry for entry in found if entry["id"] <= start[0]]
        limit = int(request.query["limit"][0])
        page: dict[str, Any] = {"results": found[:limit], "duration": "1ms"}
        page["next"] = "/api/v1.0/next" if len(found) > limit else ""
        if feed.startswith("notification:"):
            marks = {"unseen": "is_seen", "unread": "is_read"}
            page |= {name: sum(not e[mark] for e in found) for name, mark in marks.items()}
            for parameter, mark in (("mark_seen", "is_seen"), ("mark_read", "is_read")):
                self._mark(feed, mark, request.query.get(parameter))
        return page

    def _mark(self, feed: str, mark: str, given: list[str] | None) -> None:
        for entry in self.entries.get(feed, []) if given else []:
            if given == ["True"] or entry["id"] in str(given):
                entry[mark] = True

    def _listed(self, feed: str, kind: str, request: Request) -> dict[str, Any]:
        side = 0 if kind == "follows" else 1
        wanted = request.query.get("filter", [""])[0]
        rows = [
            {"feed_id": source, "target_id": target}
            for source, target in self.follows
            if (source, target)[side] == feed and wanted in {"", target}
        ]
        offset, limit = int(request.query["offset"][0]), int(request.query["limit"][0])
        return {"results": rows[offset : offset + limit], "duration": "1ms"}
