"""The feed groups of FEEDS_SERVER["GROUPS"]; Stream's dashboard has them for a hosted app."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, Self

from django.core.signals import setting_changed

from dj_actions_stream.server.conf import SETTING, configuration
from dj_actions_stream.server.feed_groups.aggregation import DEFAULT_FORMAT, AggregationFormat
from dj_actions_stream.server.feed_groups.expressions import ExpressionError
from dj_actions_stream.server.feed_groups.ranking import Ranking
from dj_actions_stream.server.protocol.errors import FeedConfigError

KEYS = frozenset({"TYPE", "AGGREGATION", "RANKINGS"})


class GroupType(StrEnum):
    """The three types of feeds."""

    FLAT = "flat"
    AGGREGATED = "aggregated"
    NOTIFICATION = "notification"


# Those of a new hosted app, and those that the test suites of Stream's clients use.
DEFAULT_GROUPS: Mapping[str, Any] = {
    "user": GroupType.FLAT,
    "timeline": GroupType.FLAT,
    "timeline_aggregated": GroupType.AGGREGATED,
    "notification": GroupType.NOTIFICATION,
    "flat": GroupType.FLAT,
    "topic": GroupType.FLAT,
    "aggregated": GroupType.AGGREGATED,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedGroup:
    """A feed group: its type, and how its feeds are aggregated or ranked."""

    slug: str
    type: GroupType
    aggregation: AggregationFormat
    rankings: Mapping[str, Ranking] = field(default_factory=dict)

    @classmethod
    def parse(cls, slug: str, config: object) -> Self:
        """Return the group that is declared as a type or as a mapping with TYPE.

        Raises:
            ValueError: the declaration is invalid.
        """
        options = config if isinstance(config, Mapping) else {"TYPE": config}
        if unknown := sorted(map(str, options.keys() - KEYS)):
            raise ValueError(f"unknown key {unknown[0]!r}; the keys are {', '.join(sorted(KEYS))}")
        rankings = options.get("RANKINGS", {})
        if not isinstance(rankings, Mapping):
            raise ValueError("RANKINGS must be a mapping of names to ranking methods")  # noqa: TRY004
        group = cls(
            slug=slug,
            type=_type(options.get("TYPE")),
            aggregation=_format(options.get("AGGREGATION", DEFAULT_FORMAT)),
            rankings={str(name): _ranking(name, method) for name, method in rankings.items()},
        )
        group.check(options)
        return group

    def check(self, options: Mapping[Any, Any]) -> None:
        """Raise ValueError for an option that has no effect on this type of feed."""
        if self.is_flat and "AGGREGATION" in options:
            raise ValueError("a flat feed is not aggregated; remove AGGREGATION")
        if self.rankings and not self.is_flat:
            raise ValueError("only a flat feed can be ranked; remove RANKINGS")

    @property
    def is_flat(self) -> bool:
        """Whether feeds return activities instead of groups of activities."""
        return self.type == GroupType.FLAT


def configured_groups() -> Mapping[str, FeedGroup]:
    """Return the groups by slug: the default ones, and those of the setting.

    Raises:
        ValueError: a declaration is invalid; `manage.py check` reports it first.
    """
    return _configured_groups()


def group_of(slug: str) -> FeedGroup:
    """Return the group, or raise FeedConfigError if there is none."""
    group = configured_groups().get(slug)
    if group is None:
        raise FeedConfigError(
            f"The feed group {slug!r} does not exist. "
            f"Declare it in {SETTING}['GROUPS'], for example {{{slug!r}: 'flat'}}."
        )
    return group


def overlapping_groups() -> Iterator[tuple[str, str]]:
    """Yield each pair of groups of which the second name begins with the first.

    `timeline` and `timeline_aggregated` are left out: a hosted app has both.
    """
    groups = configured_groups()
    for longer in groups:
        for shorter in groups:
            is_default = {shorter, longer} <= DEFAULT_GROUPS.keys()
            if longer != shorter and longer.startswith(shorter) and not is_default:
                yield shorter, longer


def invalid_groups(declared: object) -> Iterator[tuple[str, str]]:
    """Yield the slug and the error of each group in the setting that is invalid."""
    if not isinstance(declared, Mapping):
        yield "", "it must be a mapping of slugs to groups"
        return
    for slug, config in declared.items():
        try:
            _declared(slug, config)
        except ValueError as error:
            yield str(slug), str(error)


@cache
def _configured_groups() -> Mapping[str, FeedGroup]:
    declared = {**DEFAULT_GROUPS, **configuration().get("GROUPS", {})}
    return {slug: _declared(slug, config) for slug, config in declared.items()}


def _declared(slug: object, config: object) -> FeedGroup:
    if not isinstance(slug, str) or not slug.isascii() or not slug.replace("_", "a").isalnum():
        raise ValueError("a slug consists of letters, digits and underscores")
    return FeedGroup.parse(slug, config)


def _type(value: object) -> GroupType:
    try:
        return GroupType(str(value))
    except ValueError:
        raise ValueError(f"TYPE is {value!r}; use {', '.join(GroupType)}") from None


def _format(text: object) -> AggregationFormat:
    if not isinstance(text, str):
        raise ValueError("AGGREGATION must be a format")  # noqa: TRY004
    try:
        return AggregationFormat.parse(text)
    except ExpressionError as error:
        raise ValueError(f"AGGREGATION is not a format: {error}") from error


def _ranking(name: object, method: object) -> Ranking:
    try:
        return Ranking.parse(method)
    except ExpressionError as error:
        raise ValueError(f"ranking {name!r}: {error}") from error


def _forget(*, setting: str, **_: Any) -> None:
    if setting == SETTING:
        _configured_groups.cache_clear()


setting_changed.connect(_forget, dispatch_uid="feeds_server.groups")
