"""System checks of the feeds server's settings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

from dj_actions_stream.server.conf import EXAMPLE, KEYS, SETTING, configuration, missing_keys
from dj_actions_stream.server.feed_groups.groups import invalid_groups, overlapping_groups
from dj_actions_stream.server.protocol.rate_limits import invalid_limits

# RFC 7518 3.2: an HS256 key must be at least as long as the hash. PyJWT warns about shorter keys.
MIN_SECRET_BYTES = 32


def check_credentials(**_: Any) -> Iterable[CheckMessage]:
    """Yield a message for each missing, unknown or weak value in FEEDS_SERVER."""
    configured = configuration()
    missing = missing_keys(configured)
    for key in missing:
        yield Error(f"{SETTING} has no {key}.", hint=f"Set {EXAMPLE}.", id="feeds_server.E001")
    for key in sorted(str(key) for key in configured if key not in KEYS):
        yield Error(
            f"{SETTING} has an unknown key {key!r}.",
            hint=f"Remove it. The keys are {', '.join(KEYS)}.",
            id="feeds_server.E002",
        )
    if "API_SECRET" not in missing and _is_short(configured["API_SECRET"]):
        yield CheckWarning(
            f"{SETTING}['API_SECRET'] is shorter than {MIN_SECRET_BYTES} bytes.",
            hint="Use a longer secret, for example secrets.token_hex(32).",
            id="feeds_server.W001",
        )


def check_groups(**_: Any) -> Iterable[CheckMessage]:
    """Yield an error for each feed group, aggregation format or ranking that is invalid."""
    for slug, problem in invalid_groups(configuration().get("GROUPS", {})):
        where = f"{SETTING}['GROUPS']" + (f"[{slug!r}]" if slug else "")
        yield Error(
            f"{where}: {problem}.",
            hint="Declare a group as 'flat', 'aggregated' or 'notification', or as a mapping with "
            "TYPE and AGGREGATION or RANKINGS.",
            id="feeds_server.E004",
        )


def check_group_names(**_: Any) -> Iterable[CheckMessage]:
    """Yield a warning for each two feed groups that tokens for single feeds may confuse."""
    if list(invalid_groups(configuration().get("GROUPS", {}))):
        return
    for shorter, longer in overlapping_groups():
        rest = longer.removeprefix(shorter)
        yield CheckWarning(
            f"{SETTING}['GROUPS']: {longer!r} begins with {shorter!r}.",
            hint="The clients make tokens that join the group and the id of a feed, so those of "
            f"{shorter}:{rest}… are like those of {longer}:…, and refused. Rename a group.",
            id="feeds_server.W002",
        )


def check_rate_limits(**_: Any) -> Iterable[CheckMessage]:
    """Yield an error for each rate limit that is invalid."""
    for problem in invalid_limits(configuration().get("RATE_LIMITS")):
        yield Error(
            f"{SETTING}['RATE_LIMITS']: {problem}.",
            hint="For example {'add_activity': 1000, 'read_feed': {'minute': 2000}}, or 'hosted'.",
            id="feeds_server.E005",
        )


def check_origins(**_: Any) -> Iterable[CheckMessage]:
    """Yield an error if ALLOWED_ORIGINS is not a list of origins."""
    origins = configuration().get("ALLOWED_ORIGINS", ())
    is_list = isinstance(origins, list | tuple | set | frozenset)
    if not is_list or not all(isinstance(origin, str) for origin in origins):
        yield Error(
            f"{SETTING}['ALLOWED_ORIGINS'] is {origins!r}.",
            hint="List origins such as 'http://localhost:3000', or '*' for any.",
            id="feeds_server.E006",
        )


def check_time_zone(**_: Any) -> Iterable[CheckMessage]:
    """Yield an error without USE_TZ: an activity's id is derived from its time in UTC."""
    if not settings.USE_TZ:
        yield Error(
            "The feeds server requires USE_TZ.", hint="Set USE_TZ = True.", id="feeds_server.E003"
        )


def _is_short(secret: str) -> bool:
    return len(secret.encode()) < MIN_SECRET_BYTES
