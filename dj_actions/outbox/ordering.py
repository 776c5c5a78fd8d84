"""In which line deliveries stand, for publishers that keep an order.

A delivery's scope is what can be in order at all: the model acted on, or the key that an action
names itself. Its key is the one object in it; a bulk action has none, and comes after all earlier
and before all later deliveries of its scope.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

OWN_KEY = "="
"""How the scope of a key begins that an action names; no model is called so."""


@dataclass(frozen=True, slots=True)
class Line:
    """Where a delivery stands."""

    scope: str = ""
    """Empty: in no line."""

    key: str = ""
    """Empty: of the whole scope."""


class InLine(Protocol):
    """A delivery, as far as its line goes."""

    @property
    def ordering_scope(self) -> str:
        """Its scope."""

    @property
    def ordering_key(self) -> str:
        """Its key."""


class Replaceable(Protocol):
    """A delivery, as far as it matters whether it is replaced by a later one, or replaces one."""

    @property
    def pk(self) -> int:
        """Its place."""

    @property
    def ordering_scope(self) -> str:
        """Its scope."""

    @property
    def object_ids(self) -> Sequence[str]:
        """Keys of the objects that it is about."""


_Delivery = TypeVar("_Delivery", bound=InLine)


def line_of_own_key(key: str) -> Line:
    """Return the line of a key that an action names, beside those of models."""
    return Line(f"{OWN_KEY}{key}")


def replaces(arrived: Replaceable, dead: Replaceable) -> bool:
    """Tell whether a dead letter is needless once another one, which is in a line, has arrived."""
    if dead.ordering_scope != arrived.ordering_scope or dead.pk > arrived.pk:
        return False
    is_same_line = arrived.ordering_scope.startswith(OWN_KEY)
    return is_same_line or set(dead.object_ids) <= set(arrived.object_ids)


def conflict(one: InLine, other: InLine) -> bool:
    """Tell whether the order of two deliveries matters."""
    if not one.ordering_scope or one.ordering_scope != other.ordering_scope:
        return False
    keys = {one.ordering_key, other.ordering_key}
    return len(keys) == 1 or "" in keys


def waves(deliveries: Sequence[_Delivery]) -> list[list[_Delivery]]:
    """Part deliveries, given in their order, so that no two in one wave have to be in order."""
    parted: list[list[_Delivery]] = []
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
        if number == len(parted):
            parted.append([])
        parted[number].append(delivery)
    return parted
