"""Ordering keys: which deliveries of a publisher have to arrive in the order of their commits.

A key has two parts. The scope is the model that was acted on, or a custom key of the action. The
key is the one object within the scope. A bulk action has an empty key: it is ordered after all
earlier and before all later deliveries of its scope.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from dj_actions.outbox.claimed import Claimed
from dj_actions.text import sanitize

ORDERING_LENGTH = 512
"""Maximum length of an ordering scope or key, in characters."""

CUSTOM_PREFIX = "="
"""Prefix of the scope of a custom key; no model label starts with it."""


@dataclass(frozen=True, slots=True)
class OrderingKey:
    """The ordering key of a delivery."""

    scope: str = ""
    """Empty: the delivery is not ordered."""

    key: str = ""
    """Empty: the delivery concerns the whole scope."""

    @classmethod
    def custom(cls, key: str) -> Self:
        """Return the ordering key for a key that an action specifies, apart from all models."""
        return cls(f"{CUSTOM_PREFIX}{sanitize(key, ORDERING_LENGTH - len(CUSTOM_PREFIX))}")


class DeadLetter(NamedTuple):
    """The columns of a dead letter that decide whether a later delivery replaces it."""

    pk: int
    ordering_scope: str
    object_ids: list[str]


def replaces(delivered: Claimed, dead: DeadLetter) -> bool:
    """Return whether an ordered delivery makes a dead letter obsolete."""
    if dead.ordering_scope != delivered.ordering_scope or dead.pk > delivered.pk:
        return False
    is_same_key = delivered.ordering_scope.startswith(CUSTOM_PREFIX)
    return is_same_key or set(dead.object_ids) <= set(delivered.object_ids)


def are_ordered(one: Claimed, other: Claimed) -> bool:
    """Return whether two deliveries have to arrive in the order of their commits."""
    if not one.ordering_scope or one.ordering_scope != other.ordering_scope:
        return False
    keys = {one.ordering_key, other.ordering_key}
    return len(keys) == 1 or "" in keys


def independent_groups(deliveries: Sequence[Claimed]) -> list[list[Claimed]]:
    """Split deliveries, given in order, into groups within which the order does not matter."""
    if not any(delivery.ordering_scope for delivery in deliveries):
        return [list(deliveries)] if deliveries else []
    groups: list[list[Claimed]] = []
    latest: dict[tuple[str, str], int] = {}
    highest: dict[str, int] = {}
    for delivery in deliveries:
        scope, key = delivery.ordering_scope, delivery.ordering_key
        if not scope:
            number = 0
        elif key:
            number = 1 + max(latest.get((scope, key), -1), latest.get((scope, ""), -1))
        else:
            number = 1 + highest.get(scope, -1)
        latest[scope, key] = number
        highest[scope] = max(number, highest.get(scope, -1))
        if number == len(groups):
            groups.append([])
        groups[number].append(delivery)
    return groups
