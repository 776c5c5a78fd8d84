"""The endpoints of Feeds v3, which this server does not have."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from dj_actions_stream.server.protocol.endpoints import ApiResponse, Endpoint
from dj_actions_stream.server.protocol.errors import NotFoundError


class FeedsV3Error(NotFoundError):
    """The error of a Feeds v3 endpoint, with the fields that its clients require."""

    def document(self) -> dict[str, Any]:
        """Return the JSON that the clients of v3 can parse, and those of v2 as well."""
        own = {"message": self.detail, "StatusCode": self.status, "unrecoverable": True}
        return {**super().document(), **own, "more_info": "", "details": []}


class FeedsV3(Endpoint):
    """Any endpoint of Feeds v3."""

    def get(self, request: HttpRequest, **_: Any) -> ApiResponse:
        """Raise FeedsV3Error."""
        raise FeedsV3Error(
            f"This server implements Feeds v2 only, and {request.method} {request.path} is an "
            "endpoint of Feeds v3. Use a client of Feeds v2, such as stream-python."
        )

    post = put = patch = delete = get
