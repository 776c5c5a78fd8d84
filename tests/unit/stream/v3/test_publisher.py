"""The options of the publisher for Feeds v3 are checked."""

from __future__ import annotations

from typing import Any

import pytest
from dj_actions_stream.v3 import StreamV3Publisher

VALID: dict[str, Any] = {"api_key": "key", "api_secret": "secret-of-more-than-32-bytes-for-tests"}


def ids(**options: Any) -> list[str | None]:
    publisher = StreamV3Publisher(alias="feeds", **(VALID | options))
    return [message.id for message in publisher.check()]


def test_valid_options_have_no_messages() -> None:
    assert ids() == []
    assert ids(base_url="http://localhost:9000", to=["team:{data.team_id}"]) == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"api_key": ""}, "dj_actions_stream.E001"),
        ({"api_secret": ""}, "dj_actions_stream.E001"),
        ({"base_url": "localhost:9000"}, "dj_actions_stream.E002"),
        ({"feed": "user:{who}"}, "dj_actions_stream.E003"),
        ({"to": ["user"]}, "dj_actions_stream.E003"),
        ({"timeout": 0}, "dj_actions_stream.E004"),
        ({"activity": "no.such.module"}, "dj_actions_stream.E008"),
    ],
    ids=str,
)
def test_an_invalid_option_is_reported(options: dict[str, Any], expected: str) -> None:
    assert ids(**options) == [expected]


def test_a_route_is_checked() -> None:
    publisher = StreamV3Publisher(alias="feeds", **VALID)

    assert [message.id for message in publisher.check_route({"feed": "us er:1"}, "here")] == [
        "dj_actions_stream.E003"
    ]


def test_a_string_is_not_a_list_of_targets() -> None:
    with pytest.raises(TypeError, match=r"did you mean \['team:1'\]"):
        StreamV3Publisher(alias="feeds", to="team:1", **VALID)
