"""A server that speaks Stream's protocol, as far as the publisher uses it, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dj_actions_stream import StreamPublisher

from tests.fixtures.destinations import Destination
from tests.fixtures.scripted_server import Answer, Request, as_json

API_SECRET = "hush-hush-secret-of-more-than-32-bytes"


class StreamDestination(Destination):
    """Adds activities; one `foreign_id` and `time` is one activity."""

    path = "/feed/"
    secrets = (API_SECRET,)

    def __init__(self) -> None:
        super().__init__()
        self.activities: dict[tuple[str, str], Mapping[str, Any]] = {}

    def __call__(self, request: Request) -> Answer:
        """Respond to one request."""
        if request.method == "GET":
            return as_json({"results": self._found(request), "duration": "1ms"})
        key = (request.body["foreign_id"], request.body["time"])
        self.activities[key] = {**request.body, "id": f"activity of {key[0]}", "duration": "1ms"}
        return as_json(self.activities[key], 201)

    def _found(self, request: Request) -> list[Mapping[str, Any]]:
        """Return the activities with the ids of a request, or those of any feed."""
        wanted = request.query.get("foreign_ids")
        ids = wanted[0].split(",") if wanted else [key for key, _ in self.activities]
        return [activity for (key, _), activity in self.activities.items() if key in ids]

    def make(self, **options: Any) -> StreamPublisher:
        """Return a publisher to the server; it is closed after the test."""
        defaults: dict[str, Any] = {"base_url": self.server.url, "timeout": 30.0}
        credentials = {"api_key": "key", "api_secret": API_SECRET}
        publisher = StreamPublisher(alias="feeds", **(defaults | credentials | options))
        self.closing(publisher)
        return publisher

    def count_effects(self) -> int:
        """Return how many activities there are."""
        return len(self.activities)
