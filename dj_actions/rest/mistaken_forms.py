"""Bodies of JSON that are sent with the content type of a form."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from rest_framework.exceptions import ParseError

JSON_STARTS = ("{", "[{", '["', "[[")
"""How JSON objects and lists begin; HTML forms have fields named `[0]name`."""


def refuse_json_sent_as_form(data: Any) -> Any:
    """Return the parsed body of a request, unless its first field is named like JSON.

    `curl -d` sends JSON with the content type of a form. The whole text then is the name of a
    field that no action has, and the action would run as if nothing had been sent.

    Raises:
        ParseError: the message has the header to send.
    """
    is_form = isinstance(data, QueryDict)
    if is_form and next(iter(data), "").lstrip().startswith(JSON_STARTS):
        raise ParseError(
            "The body looks like JSON, but is sent as a form. Send it with the header "
            "Content-Type: application/json (with curl: --json instead of -d)."
        )
    return data
