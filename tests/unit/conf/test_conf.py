"""The DJ_ACTIONS setting: typed, checked, read once."""

from __future__ import annotations

import math
from typing import Any

import pytest
from django.test import override_settings
from pytest_django import Settings as DjangoSettings
from tenacity import wait_fixed

from dj_actions.conf import PublisherSettings, Settings, get_settings
from dj_actions.conf.publisher import ALIAS_LENGTH
from dj_actions.exceptions import InvalidSetting
from dj_actions.policies import RetryPolicy
from dj_actions.text import did_you_mean

BACKEND = "dj_actions.publishers.memory.MemoryPublisher"


def publisher(settings: DjangoSettings, **entry: Any) -> PublisherSettings:
    """Return the one publisher of a setting with this entry."""
    settings.DJ_ACTIONS = {"PUBLISHERS": {"feeds": {"BACKEND": BACKEND, **entry}}}
    return get_settings().publishers["feeds"]


def refusal(settings: DjangoSettings, value: Any) -> str:
    """Return the error message for an invalid setting."""
    settings.DJ_ACTIONS = value
    with pytest.raises(InvalidSetting) as refused:
        get_settings()
    return str(refused.value)


def test_without_the_setting_there_are_defaults(settings: DjangoSettings) -> None:
    settings.DJ_ACTIONS = {}  # sends setting_changed, which deleting it does not
    del settings.DJ_ACTIONS

    assert get_settings() == Settings()
    assert get_settings().publishers == {}


def test_a_publisher_has_defaults(settings: DjangoSettings) -> None:
    entry = publisher(settings)

    assert (entry.backend, entry.options, entry.routes, entry.batch_size) == (BACKEND, {}, {}, 1000)
    assert isinstance(entry.retry, RetryPolicy)


def test_values_replace_defaults(settings: DjangoSettings) -> None:
    settings.DJ_ACTIONS = {
        "LEASE": 5,
        "POLL_INTERVAL": 0.1,
        "TRACK_INTERVAL": 2,
        "STOP_TIMEOUT": 3,
        "MAX_BODY_BYTES": 10,
    }

    assert get_settings() == Settings(
        lease=5, poll_interval=0.1, track_interval=2, stop_timeout=3, max_body_bytes=10
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"PUBLISHER": {}}, "'PUBLISHER'. Did you mean 'PUBLISHERS'?"),
        ({"publishers": {}}, "'publishers'. Did you mean 'PUBLISHERS'?"),
        ({"LEASES": 1}, "'LEASES'. Did you mean 'LEASE'?"),
        (
            {"PUBLISHERS": {"feeds": {"BACKEND": BACKEND, "OPTION": {}}}},
            """DJ_ACTIONS["PUBLISHERS"]["feeds"]: 'OPTION'. Did you mean 'OPTIONS'?""",
        ),
        (
            {"PUBLISHERS": {"feeds": {"BACKEND": BACKEND, "RETRY": {"wiat": wait_fixed(1)}}}},
            """DJ_ACTIONS["PUBLISHERS"]["feeds"]["RETRY"]: 'wiat'. Did you mean 'wait'?""",
        ),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest(
    settings: DjangoSettings, value: Any, said: str
) -> None:
    assert said in refusal(settings, value)


def test_an_unknown_key_like_no_other_is_refused_without_a_guess(
    settings: DjangoSettings,
) -> None:
    assert refusal(settings, {"XYZ": 1}) == "Unknown DJ_ACTIONS setting 'XYZ'."


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (None, "DJ_ACTIONS"),
        ([], "DJ_ACTIONS"),
        ({"PUBLISHERS": [BACKEND]}, 'DJ_ACTIONS["PUBLISHERS"]'),
        ({"PUBLISHERS": {7: {}}}, 'DJ_ACTIONS["PUBLISHERS"]'),
        ({"PUBLISHERS": {"feeds": BACKEND}}, 'DJ_ACTIONS["PUBLISHERS"]["feeds"]'),
    ],
)
def test_a_value_that_is_not_a_dict_is_reported_with_its_key(
    settings: DjangoSettings, value: Any, where: str
) -> None:
    said = refusal(settings, value)

    assert said.startswith(f"{where} must be a dict")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("OPTIONS", "api_key"),
        ("ROUTES", {"todo.*": "dag"}),
        ("ROUTES", {7: {}}),
        ("RETRY", 5),
    ],
)
def test_a_wrong_value_of_a_publisher_is_refused_and_named(
    settings: DjangoSettings, key: str, value: Any
) -> None:
    said = refusal(settings, {"PUBLISHERS": {"feeds": {"BACKEND": BACKEND, key: value}}})

    assert said.startswith(f'DJ_ACTIONS["PUBLISHERS"]["feeds"]["{key}"]')
    assert "must be a dict" in said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("todo.*", "must be a list of patterns. Did you mean ['todo.*']?"),
        ([7], "must be a list of patterns, or a dict of pattern → options, not"),
        ([{"todo.*": {}}], "must be a list of patterns, or a dict of pattern → options, not"),
        (None, "must be a list of patterns, or a dict of pattern → options, not"),
    ],
)
def test_routes_of_another_kind_are_refused_with_the_right_kinds(
    settings: DjangoSettings, value: Any, said: str
) -> None:
    message = refusal(settings, {"PUBLISHERS": {"feeds": {"BACKEND": BACKEND, "ROUTES": value}}})

    assert message.startswith(f'DJ_ACTIONS["PUBLISHERS"]["feeds"]["ROUTES"] {said}')


@pytest.mark.parametrize("value", [0, -1, "5", None, True, math.nan, math.inf])
@pytest.mark.parametrize(
    "key",
    [
        *("LEASE", "POLL_INTERVAL", "TRACK_INTERVAL", "TRACK_HORIZON", "STOP_TIMEOUT"),
        *("MAX_BODY_BYTES", "MAX_STORED_BYTES", "TTL_MINUTES"),
    ],
)
def test_a_number_above_zero_is_required(settings: DjangoSettings, key: str, value: Any) -> None:
    assert refusal(settings, {key: value}) == (
        f'DJ_ACTIONS["{key}"] must be a number above zero, not {value!r}.'
    )


@pytest.mark.parametrize(
    "key", ["LEASE", "POLL_INTERVAL", "TRACK_INTERVAL", "TRACK_HORIZON", "STOP_TIMEOUT"]
)
def test_more_than_a_year_of_seconds_is_refused(settings: DjangoSettings, key: str) -> None:
    said = refusal(settings, {key: 1e300})

    assert said == f'DJ_ACTIONS["{key}"] must be at most 31,536,000, not 1e+300.'


@pytest.mark.parametrize("value", ["short", ["a long enough secret", "short"], 7, {"x"}, [7]])
def test_a_secret_that_is_too_short_is_refused(settings: DjangoSettings, value: Any) -> None:
    said = refusal(settings, {"HINT_SECRET": value})

    assert said.startswith('DJ_ACTIONS["HINT_SECRET"] must be a string of at least 16 characters')
    assert "short" not in said


@pytest.mark.parametrize("value", ["", [], (), None])
def test_hints_may_have_no_secret(settings: DjangoSettings, value: Any) -> None:
    settings.DJ_ACTIONS = {"HINT_SECRET": value}

    assert get_settings().hint_secret == ()


def test_a_rate_above_the_maximum_is_refused(settings: DjangoSettings) -> None:
    entry = {"BACKEND": BACKEND, "RATE_LIMIT": 1e300}
    said = refusal(settings, {"PUBLISHERS": {"feeds": entry}})

    assert said.endswith('["RATE_LIMIT"] must be at most 1,000,000, not 1e+300.')


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("RATE_LIMIT", 1e-13, "must be at least one a day, 1 / 86400, not 1e-13."),
        ("BATCH_SIZE", 10**19, "must be at most 10,000, not 10000000000000000000."),
        ("CONCURRENCY", 101, "must be at most 100, not 101."),
    ],
)
def test_a_number_that_would_stop_the_publisher_is_refused(
    settings: DjangoSettings, key: str, value: float, expected: str
) -> None:
    said = refusal(settings, {"PUBLISHERS": {"feeds": {"BACKEND": BACKEND, key: value}}})

    assert said == f'DJ_ACTIONS["PUBLISHERS"]["feeds"]["{key}"] {expected}'


@pytest.mark.parametrize("value", [0, -1, "5", None, 2.5])
def test_a_batch_size_is_a_whole_number(settings: DjangoSettings, value: Any) -> None:
    said = refusal(settings, {"PUBLISHERS": {"feeds": {"BACKEND": BACKEND, "BATCH_SIZE": value}}})

    assert said.startswith('DJ_ACTIONS["PUBLISHERS"]["feeds"]["BATCH_SIZE"] must be a')


@pytest.mark.parametrize("entry", [{}, {"BACKEND": None}, {"BACKEND": 7}])
def test_a_publisher_without_a_backend_is_refused_with_an_example(
    settings: DjangoSettings, entry: dict[str, Any]
) -> None:
    said = refusal(settings, {"PUBLISHERS": {"feeds": entry}})

    assert 'DJ_ACTIONS["PUBLISHERS"]["feeds"] needs a BACKEND' in said
    assert "dj_actions.publishers.console.ConsolePublisher" in said


@pytest.mark.parametrize("alias", ["", "x" * (ALIAS_LENGTH + 1)])
def test_an_alias_must_fit_its_column(settings: DjangoSettings, alias: str) -> None:
    said = refusal(settings, {"PUBLISHERS": {alias: {"BACKEND": BACKEND}}})

    assert f"between 1 and {ALIAS_LENGTH} characters" in said


def test_routes_can_be_a_list(settings: DjangoSettings) -> None:
    entry = publisher(settings, ROUTES=["todo.*", "order.ship"])

    assert entry.routes == {"todo.*": {}, "order.ship": {}}


def test_routes_can_carry_options(settings: DjangoSettings) -> None:
    entry = publisher(settings, ROUTES={"todo.*": {"dag_id": "todos"}})

    assert entry.route("todo.mark_done") == {"dag_id": "todos"}


def test_the_first_route_that_matches_counts(settings: DjangoSettings) -> None:
    routes = {"todo.mark_*": {"n": 1}, "todo.*": {"n": 2}, "*": {"n": 3}}
    entry = publisher(settings, ROUTES=routes)
    labels = ["todo.mark_done", "todo.hand_over", "order.ship"]

    assert [entry.route(label) for label in labels] == [{"n": 1}, {"n": 2}, {"n": 3}]


@pytest.mark.parametrize("label", ["todos.mark_done", "Todo.mark_done", "todo"])
def test_a_route_that_does_not_match_is_none(settings: DjangoSettings, label: str) -> None:
    assert publisher(settings, ROUTES=["todo.*"]).route(label) is None


def test_a_retry_policy_can_be_given_whole(settings: DjangoSettings) -> None:
    policy = RetryPolicy(wait=wait_fixed(1))

    assert publisher(settings, RETRY=policy).retry is policy


def test_a_retry_policy_can_be_given_in_parts(settings: DjangoSettings) -> None:
    wait = wait_fixed(1)

    assert publisher(settings, RETRY={"wait": wait}).retry.wait is wait


def two_publishers() -> Settings:
    return Settings(
        publishers={
            "feeds": PublisherSettings(backend=BACKEND, routes={"todo.*": {}}),
            "pipelines": PublisherSettings(backend=BACKEND, routes={"*.mark_done": {"dag": "d"}}),
        }
    )


@pytest.mark.parametrize(
    ("label", "aliases"),
    [
        ("todo.mark_done", ("feeds", "pipelines")),
        ("todo.hand_over", ("feeds",)),
        ("order.ship", ()),
    ],
)
def test_routes_choose_the_publishers(label: str, aliases: tuple[str, ...]) -> None:
    assert two_publishers().publishers_for(label, None) == aliases


@pytest.mark.parametrize("chosen", [(), ("pipelines",), ("pipelines", "feeds")])
def test_the_publish_of_an_action_overrides_the_routes(chosen: tuple[str, ...]) -> None:
    assert two_publishers().publishers_for("todo.mark_done", chosen) == chosen


def test_an_action_cannot_choose_an_unknown_publisher() -> None:
    with pytest.raises(InvalidSetting, match=r"'pipeline'.*Did you mean 'pipelines'\?"):
        two_publishers().publishers_for("todo.mark_done", ("pipeline",))


@pytest.mark.parametrize(
    ("alias", "options"), [("pipelines", {"dag": "d"}), ("feeds", {}), ("gone", {})]
)
def test_options_of_a_route(alias: str, options: dict[str, Any]) -> None:
    assert two_publishers().route_options(alias, "todo.mark_done") == options


def test_the_setting_is_read_once(settings: DjangoSettings) -> None:
    settings.DJ_ACTIONS = {"LEASE": 7}

    assert get_settings() is get_settings()


def test_override_settings_is_respected_and_undone() -> None:
    before = get_settings().lease
    with override_settings(DJ_ACTIONS={"LEASE": before + 1}):
        assert get_settings().lease == before + 1

    assert get_settings().lease == before


def test_other_settings_leave_the_cache_alone() -> None:
    before = get_settings()
    with override_settings(DEBUG=True):
        assert get_settings() is before


def test_a_setting_that_was_refused_is_read_again(settings: DjangoSettings) -> None:
    refusal(settings, {"LEASE": 0})
    settings.DJ_ACTIONS = {"LEASE": 1}

    assert get_settings().lease == 1


@pytest.mark.parametrize(
    ("word", "said"), [("fedes", " Did you mean 'feeds'?"), ("xyz", ""), ("", "")]
)
def test_did_you_mean(word: str, said: str) -> None:
    assert did_you_mean(word, ["feeds", "pipelines"]) == said


def test_the_settings_of_the_original_are_read(settings: DjangoSettings) -> None:
    settings.DJACTION_TRACK_ACTIONS = False
    settings.DJACTION_TTL_MINUTES = 5
    settings.DJ_ACTIONS = {}

    assert (get_settings().track_actions, get_settings().ttl_minutes) == (False, 5)


def test_our_own_settings_count_more_than_the_originals(settings: DjangoSettings) -> None:
    settings.DJACTION_TTL_MINUTES = 5
    settings.DJ_ACTIONS = {"TTL_MINUTES": 7}

    assert get_settings().ttl_minutes == 7


@pytest.mark.parametrize("value", [1, 0, "False", None])
def test_whether_events_are_tracked_is_true_or_false(settings: DjangoSettings, value: Any) -> None:
    said = refusal(settings, {"TRACK_ACTIONS": value})

    assert said == f'DJ_ACTIONS["TRACK_ACTIONS"] must be True or False, not {value!r}.'


@pytest.mark.parametrize("value", ["pin", 7, [7], None, {"pin": 1}])
def test_sensitive_fields_are_a_list_of_names(settings: DjangoSettings, value: Any) -> None:
    said = refusal(settings, {"SENSITIVE_FIELDS": value})

    assert said.startswith('DJ_ACTIONS["SENSITIVE_FIELDS"] must be a list of names, not ')


def test_the_case_of_sensitive_names_does_not_matter(settings: DjangoSettings) -> None:
    settings.DJ_ACTIONS = {"SENSITIVE_FIELDS": {"PIN"}}

    assert get_settings().sensitive_fields == ("pin",)
